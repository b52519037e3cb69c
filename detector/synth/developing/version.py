"""Raised whenever the same seed would draw another embryo or picture; caches and manifests name it."""

DEVELOPING_VERSION = "7"
