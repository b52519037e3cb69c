"""What the pixels say: finds wells, follows embryos and names phases; runs without Django."""

import os

# ONNX Runtime keeps a store of what is done with it in the home folder, and an uploader for it. Read once, when it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
