"""Renders dishes with exact truth; the training set, the demonstration and the test bed."""

from detector.synth.dish import RenderedDish, render_dish
from detector.synth.recording import RecordingSettings, render_recording
from detector.synth.settings import DEMO, FAINT, HARD, RENDERER_VERSION, TRAINING, DishSettings

__all__ = [
    "DEMO",
    "FAINT",
    "HARD",
    "RENDERER_VERSION",
    "TRAINING",
    "DishSettings",
    "RecordingSettings",
    "RenderedDish",
    "render_dish",
    "render_recording",
]
