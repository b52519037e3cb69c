"""From optical paths to relative brightness: defocus as a lens makes it, oblique relief, and light lost at steep edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from detector.synth.developing.sheet import DEPTHS, Sheet
from detector.synth.scene import Canvas


@dataclass(frozen=True, slots=True)
class Lens:
    """How a microscope sees transparent things; lengths in micrometres."""

    focus_um: float = 0.0
    """Height the lens is focused on, from the embryo's middle; the sign turns contrast around."""
    wavelength_um: float = 0.42
    condenser: float = 0.08
    """Spread of the light's directions: the larger, the sooner things blur out of focus."""
    finest_um: float = 1.3
    """Smallest detail the lens resolves."""
    phase_gain: float = 0.16
    """How strongly paths become brightness."""
    relief: float = 0.0
    """Strength of oblique shading; 0 for plain bright field."""
    relief_angle: float = 0.8
    edge_loss: float = 0.35
    """Share of light that the steepest edges throw out of the lens."""
    absorption: float = 1.0
    offset_um: float = 6.0
    """Height at which the embryo's middle gives no contrast; below it outlines are dark, above it bright."""


@lru_cache(maxsize=16)
def _frequencies(size: int, um_per_px: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    down = np.fft.fftfreq(size, um_per_px)[:, None]
    across = np.fft.rfftfreq(size, um_per_px)[None, :]
    squared = down**2 + across**2
    return down.astype(np.float32), across.astype(np.float32), squared.astype(np.float32)


def develop(sheet: Sheet, lens: Lens) -> Canvas:
    """Relative contrast of every pixel of the sheet, 0 where nothing changes the light."""
    path, dark = sheet.path, lens.absorption * sheet.dark
    if lens.edge_loss > 0:
        down, across = np.gradient(path, sheet.um, axis=(1, 2))
        steep = (down * down + across * across) / np.float32(30.0)
        dark = dark + lens.edge_loss * steep / (1.0 + steep)
    spectra = np.fft.rfft2(np.concatenate([path, dark]), axes=(1, 2)).astype(np.complex64)
    down_f, across_f, squared = _frequencies(sheet.size, round(sheet.um, 4))
    slant = (2 * np.pi) * (np.float32(np.cos(lens.relief_angle)) * across_f + np.float32(np.sin(lens.relief_angle)) * down_f)
    result = np.zeros(squared.shape, dtype=np.complex64)
    for depth in range(DEPTHS):
        z = sheet.depth_um * (depth - 1) - lens.focus_um
        away = z + lens.offset_um
        turned = np.float32(np.pi * lens.wavelength_um * away) * squared
        sharp = np.exp(-squared * np.float32((np.pi * lens.condenser * z) ** 2))
        # A sine of the whole turn would swing ever faster; light of many wavelengths damps it.
        bright = (lens.phase_gain * 2.0) * np.sin(turned) * np.exp(-((turned / 4.0) ** 2))
        if lens.relief:
            result += spectra[depth] * (sharp * (bright + 1j * lens.relief * 0.22 * slant))
        else:
            result += spectra[depth] * (sharp * bright)
        result -= spectra[DEPTHS + depth] * (sharp * np.cos(np.minimum(turned, 2.5)))
    result *= np.exp(-squared * np.float32((0.6 * lens.finest_um) ** 2 * np.pi))
    contrast = np.fft.irfft2(result, s=(sheet.size, sheet.size)).astype(np.float32)
    return np.asarray(contrast - np.median(contrast[0]), dtype=np.float32)
