"""The product's own settings over a temporary data folder; nothing a developer has set in the environment reaches the tests."""

import atexit
import os
import shutil
import tempfile

for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "SECRET_KEY",
    "AUDIT_KEY",
    "PRODUCTION",
    "PUBLIC_ORIGINS",
    "ALLOWED_HOSTS",
    "SERVER_FOLDER",
    "WEIGHTS_DIR",
    "LABEL_STUDIO_ALLOWED",
):
    os.environ.pop(name, None)
os.environ["DATA"] = tempfile.mkdtemp(prefix="embryovision-tests-")
atexit.register(shutil.rmtree, os.environ["DATA"], ignore_errors=True)

from backend.config.settings import *  # noqa: E402, F403
from backend.config.settings import ALLOWED_HOSTS, DATA_DIR, DATABASES  # noqa: E402

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
# A file, not memory: the tests' threads and the product's share it under the same locks as in use.
DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
# A slow hash protects real passwords; here it only costs seconds.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nothing answers there; a test that has a server allows its address itself.
LABEL_STUDIO_ALLOWED = ["https://labels.example.org"]
