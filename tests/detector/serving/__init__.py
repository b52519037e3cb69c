"""Nets in this process and in the one that owns the device."""
