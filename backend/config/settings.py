"""Every setting in one file; what differs between machines comes from the environment."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from backend.config.enum_names import ENUM_NAMES

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.str("DATA", default=str(BASE_DIR / "var"))).resolve()
IS_PRODUCTION = env.bool("PRODUCTION", default=False)
DEBUG = False


def _own_secret(name: str) -> str:
    """A secret of this installation, made once and readable by its owner only."""
    file = DATA_DIR / name
    if not file.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        # link() fails where another process was first, so all processes end with one secret.
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or _own_secret("secret_key")
AUDIT_KEY = env.str("AUDIT_KEY", default="") or _own_secret("audit_key")
"""Chains the record of changes; never in the database, the same on every host, and never changed: older rows verify with it alone."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_ORIGINS = env.list("PUBLIC_ORIGINS", default=[])
"""Scheme, host and port under which browsers reach the product; websockets from elsewhere are refused."""
CSRF_TRUSTED_ORIGINS = PUBLIC_ORIGINS

if IS_PRODUCTION:
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10:
        advice = "make one with `python -c 'import secrets; print(secrets.token_urlsafe(64))'`."
        raise ImproperlyConfigured(f"SECRET_KEY is shorter than 50 characters or hardly random; {advice}")
    if len(AUDIT_KEY) < 32 or len(set(AUDIT_KEY)) < 10:
        advice = "make one with `python -c 'import secrets; print(secrets.token_urlsafe(64))'`, before the first start."
        raise ImproperlyConfigured(f"AUDIT_KEY is shorter than 32 characters or hardly random; {advice}")
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS holds '*'; name the hosts under which the product is reached.")
    if not PUBLIC_ORIGINS:
        raise ImproperlyConfigured("PUBLIC_ORIGINS is empty; name scheme, host and port, such as https://embryo.example.org.")
    if any("*" in origin or not origin.startswith("https://") for origin in PUBLIC_ORIGINS):
        raise ImproperlyConfigured("PUBLIC_ORIGINS holds an address that is not https:// or has a '*'; name each in full.")
    if env.bool("DEBUG", default=False):
        raise ImproperlyConfigured("DEBUG is set; errors in production are logged and never shown.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "channels",
    "axes",
    "backend.core",
    "backend.accounts",
    "backend.audit",
    "backend.live",
    "backend.registry",
    "backend.imaging",
    "backend.analysis",
    "backend.adaptation",
    "backend.review",
    "backend.readers",
    "backend.worklist",
    "backend.selection",
    "backend.exchange",
    "backend.labels",
    "backend.datasets",
    "backend.training",
    "backend.admission",
    "backend.judging",
    "backend.drift",
    "backend.config",
]

MIDDLEWARE = [
    "backend.config.metrics.counting",
    "django.middleware.security.SecurityMiddleware",
    # Outside of WhiteNoise, which serves index.html under its own name too.
    "csp.middleware.CSPMiddleware",
    "backend.config.static.BuiltFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [], "APP_DIRS": False, "OPTIONS": {}}]

# --- database: SQLite needs WAL, early locks and patience to bear several writers ---
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'embryovision.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=134217728;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- broker and doorbell: hints only, the truth is in the database ---
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # One more try and no long waits: somebody's request stands behind a message, and the sweeper sends what was lost.
    {"visibility_timeout": 3600, "socket_connect_timeout": 2, "max_retries": 1, "interval_start": 0.1}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# An upload is taken in while a long run is worked on, and neither waits for a gigabyte of labels or for weights that learn.
CELERY_TASK_DEFAULT_QUEUE = "intake"
CELERY_TASK_ROUTES = {
    "analysis.*": {"queue": "runs"},
    "labels.*": {"queue": "labels"},
    "datasets.*": {"queue": "labels"},
    "adaptation.*": {"queue": "learning"},
    "recalibration.*": {"queue": "learning"},
    "training.*": {"queue": "learning"},
    "admission.*": {"queue": "labels"},
    "judging.*": {"queue": "learning"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A run reserved by a busy worker would wait although another host's is idle; only Redis knows how.
CELERY_WORKER_DISABLE_PREFETCH = bool(REDIS_URL)
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A forking pool whose idle child is killed waits for ever for the lock that the child held; one process a worker has no such lock,
# and the supervisor starts it again.
CELERY_WORKER_POOL = "solo"
CELERY_WORKER_CONCURRENCY = 1
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=1)
# Libraries keep memory they once took; a process that has grown is replaced after its task.
WORKER_MEMORY_KIB = env.int("WORKER_MEMORY_KIB", default=1_300_000)
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

CHANNEL_LAYERS = (
    {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_connect_timeout": 2}], "prefix": "embryovision"},
        }
    }
    if REDIS_URL
    else {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
)

# --- live channel ---
LIVE_RECHECK_S = env.float("LIVE_RECHECK_S", default=60)
"""How often an open socket's rights are looked at again."""
LIVE_SEND_TIMEOUT_S = env.float("LIVE_SEND_TIMEOUT_S", default=10)
"""A socket that takes nothing for so long is closed; its page comes back and asks for what it missed."""

# --- files ---
STORAGE_URL = env.str("STORAGE_URL", default="")
"""s3://key:secret@host:port/bucket puts originals into an S3-compatible store; empty: DATA/content."""
CONTENT_DIR = DATA_DIR / "content"
UPLOAD_DIR = DATA_DIR / "uploads"
QUARANTINE_DIR = DATA_DIR / "quarantine"
"""Recordings that were refused, kept apart for whoever has to find out why."""
FRAME_CACHE_DIR = DATA_DIR / "cache" / "frames"
FRAME_CACHE_BYTES = env.int("FRAME_CACHE_BYTES", default=4 * 1024**3)
SERVER_FOLDER = env.str("SERVER_FOLDER", default="")
"""The only folder recordings may be imported from on the server itself; empty: none."""
UPLOAD_CHUNK_BYTES = 8 * 1024**2
UPLOAD_MAX_BYTES = 64 * 1024**3
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_CHUNK_BYTES + 1024

# --- what is kept for a while only; every hour the worker forgets what is over ---
LIVE_KEEP_HOURS = env.float("LIVE_KEEP_HOURS", default=72)
"""Events on the push channel; a page that was away for longer loads its state anew."""
UPLOAD_KEEP_HOURS = env.float("UPLOAD_KEEP_HOURS", default=48)
"""Unfinished uploads, since their last byte."""
QUARANTINE_KEEP_DAYS = env.float("QUARANTINE_KEEP_DAYS", default=30)
"""The bytes of refused recordings."""
LINK_KEEP_DAYS = env.float("LINK_KEEP_DAYS", default=30)
"""Set-up links and invitations, since they were used or expired."""
ATTEMPT_KEEP_HOURS = env.float("ATTEMPT_KEEP_HOURS", default=24)
"""Failed attempts to sign in, with the addresses they came from; never less than a lock-out lasts."""

# --- weights ---
WEIGHTS_DIR = Path(env.str("WEIGHTS_DIR", default=str(BASE_DIR / "detector" / "weights")))

LAB_WEIGHTS_DIR = DATA_DIR / "weights"
"""What labs' own recordings taught; never part of what is shipped."""

# --- weights brought in ---
ADMISSION_DIR = DATA_DIR / "admitting"
"""Scratch: files of weights while they are read."""
ADMISSION_ANSWER_DAYS = env.float("ADMISSION_ANSWER_DAYS", default=30)
"""Files whose classes nobody has explained, since that was asked."""

# --- adapting to a lab ---
ADAPT_DIR = DATA_DIR / "adapting"
"""Scratch: pictures and checkpoints of adaptations under way."""
ADAPT_LEAST_EMBRYOS = 8
ADAPT_FRAMES_AN_EMBRYO = 60
ADAPT_STEPS = env.int("ADAPT_STEPS", default=0)
"""Steps of the last training; 0: the recipe's own."""
ADAPT_SILENCE_S = env.float("ADAPT_SILENCE_S", default=1800)
"""A training that says nothing for so long hangs and is started again."""

# --- training from a data set ---
TRAIN_DIR = DATA_DIR / "training"
"""Scratch: pictures and checkpoints of trainings under way."""
TRAIN_STEPS = env.int("TRAIN_STEPS", default=0)
"""At most so many steps; 0: the recipe's own."""
TRAIN_RENDERINGS = env.int("TRAIN_RENDERINGS", default=0)
"""Renderings that wells are trained and judged with besides; 0: the recipe's own numbers."""
TRAIN_PATIENCE = env.int("TRAIN_PATIENCE", default=4)
"""A training that does no better on its validation split for so many looks has learned what it can."""
TRAIN_KEEP_FAILED_DAYS = 7
"""How long a failed training's folder is kept so that it can go on from its last checkpoint."""

# --- checking weights before they are used ---
CHECK_DIR = DATA_DIR / "judging"
"""Scratch: held-out labels and pictures of checks under way."""
CHECK_SET_DIR = DATA_DIR / "check-set"
"""The frozen renderings that weights are checked on, each set under its own hash."""
CHECK_DISHES = env.int("CHECK_DISHES", default=60)
"""Rendered dishes of each of three kinds that weights for wells are checked on."""
CHECK_EMBRYOS = env.int("CHECK_EMBRYOS", default=380)
"""Rendered embryos that weights for stages are checked on."""

# --- labels ---
LABEL_STUDIO_ALLOWED = env.list("LABEL_STUDIO_ALLOWED", default=[])
"""Addresses of Label Studio servers that labs may be connected to, such as https://labels.example.org; no other is ever opened."""
LABEL_STUDIO_PACE_S = env.float("LABEL_STUDIO_PACE_S", default=0.2)
"""Requests to such a server begin at least so long apart."""
LABEL_STUDIO_TIMEOUT_S = env.float("LABEL_STUDIO_TIMEOUT_S", default=60)

# --- reports ---
REPORT_PICTURES_S = env.float("REPORT_PICTURES_S", default=2)
"""How long one request for a report waits for pictures; the page asks again until all are there."""

# --- runs ---
RUN_LEASE_S = env.float("RUN_LEASE_S", default=30)
RUN_MAX_ATTEMPTS = 3
RUN_STALL_S = env.float("RUN_STALL_S", default=120)
"""A run that reads no frame for so long hangs; its process is ended and another attempt made."""
RUN_REMIND_S = env.float("RUN_REMIND_S", default=15)
"""A message that no idle worker has taken for so long is lost and sent again."""
RUN_THREADS = env.int("RUN_THREADS", default=max(1, (os.cpu_count() or 2) // WORKER_PROCESSES))
SWEEP_EVERY_S = env.float("SWEEP_EVERY_S", default=5)

# --- where nets run ---
DETECTOR_DEVICE = env.str("DETECTOR_DEVICE", default="auto")
"""auto, cpu or cuda:N."""
_HAS_CARD = DETECTOR_DEVICE.startswith("cuda") or (DETECTOR_DEVICE == "auto" and Path("/dev/nvidiactl").exists())
DETECTOR_SHARED = env.bool("DETECTOR_SHARED", default=WORKER_PROCESSES > 1 and _HAS_CARD)
"""One process owns the device and computes together what the processes that take runs ask for; false: each has nets of its own,
which on processors is a third faster (docs/operating.md)."""
DETECTOR_MEMORY_MB = env.int("DETECTOR_MEMORY_MB", default=512)
"""Of nets that are kept open; what was not asked for longest is let go first."""
DETECTOR_STATUS = DATA_DIR / "run" / "device.json"
"""What the process that owns the device says of itself."""

# --- metrics ---
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
"""Whoever sends it as a bearer token may read /metrics; empty: only this host itself, and nobody behind a proxy."""

# --- accounts ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_USERNAME_FORM_FIELD = "email"
AXES_LOCKOUT_CALLABLE = "backend.accounts.lockout.answer"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
ONE_TIME_LINK_HOURS = 1
INVITATION_HOURS = 72
SESSION_COOKIE_NAME = "embryovision_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_NAME = "embryovision_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_HSTS_SECONDS = 31536000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# --- interface ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backend.accounts.authentication.SessionUser", "backend.accounts.authentication.TokenUser"],
    "DEFAULT_PERMISSION_CLASSES": ["backend.core.permissions.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "backend.core.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "backend.core.answers.answer",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EmbryoVision",
    "DESCRIPTION": "Recordings, runs, findings and the live channel of one EmbryoVision instance.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["backend.core.permissions.SignedIn"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "backend.config.contract.add_live_messages"],
    "ENUM_NAME_OVERRIDES": ENUM_NAMES,
}

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
FRONTEND_DIR = BASE_DIR / "frontend" / "build"
WHITENOISE_ROOT = FRONTEND_DIR if FRONTEND_DIR.exists() else None
# Vite names what lies there after its content.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8}\.\w+$"
SILENCED_SYSTEM_CHECKS: list[str] = []

VERSION = "0.1.0"
CODE_VERSION = env.str("CODE_VERSION", default=VERSION)
IS_TEST = "pytest" in sys.modules
INSTANCE_KEY = hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:12]
"""Tells this installation's processes from another's on one machine."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"axes": {"level": "WARNING"}, "uvicorn.access": {"level": "WARNING"}},
}
