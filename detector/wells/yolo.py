"""The name by which weights folders made before there were several families call their adapter."""

from __future__ import annotations

from detector.wells.net import CLASSES, CLOSER_LOOK, CONTENT, WELLS, NetFinder

YoloFinder = NetFinder

__all__ = ["CLASSES", "CLOSER_LOOK", "CONTENT", "WELLS", "YoloFinder"]
