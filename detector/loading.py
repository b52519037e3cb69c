"""The only door to finders and stagers: by name or by weights folder, never before the weights' hash was verified."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.errors import WeightsError
from detector.protocols import DishReader, EmbryoFollower, WellFinder
from detector.types import Layout

if TYPE_CHECKING:
    from detector.stages.looks import FrameStager
    from detector.stages.profiles import ProfileBuilder
    from detector.types import StackInfo

WEIGHTS_HOME = Path(__file__).parent / "weights"
SHIPPED = {"yolo": "wells-yolo11n"}
DEFAULT = "yolo"
SHIPPED_STAGERS = {"convnextv2": "stages-convnextv2"}
DEFAULT_STAGER = "convnextv2"
READER = "detector.wells.reading:WowDishReader"
PROFILES = "detector.stages.profiles:builder_from"
FOLLOWER = "detector.following.follower:follower_of"
WEIGHTLESS = {"hough": "detector.wells.hough:HoughFinder"}
_LARGEST_BYTES = 512 * 1024 * 1024
_REMAKE = "Copy the weights folder again from where it was made, or make it anew with `make train`."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a weights folder says of itself, checked for form."""

    name: str
    task: str
    family: str
    adapter: str
    classes: tuple[str, ...]
    width: int
    height: int
    channels: int
    preprocessing: str
    file: str
    sha256: str
    licence: str
    renderer_version: str
    code_version: str
    created: str
    command: str
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stages:
    """What names the stages of embryos; stateless, so one may be kept for any number of recordings, one after the other."""

    stager: FrameStager
    builder: ProfileBuilder


def load_finder(name_or_folder: str | Path | None = None, *, threads: int = 1) -> WellFinder:
    """The finder called "yolo" or "hough", that of a weights folder, or the shipped default.

    Raises WeightsError where the folder is missing, incomplete, changed since it was made, or of another kind.
    """
    wanted = DEFAULT if name_or_folder is None else str(name_or_folder)
    if wanted in WEIGHTLESS:
        finder: WellFinder = _adapter(WEIGHTLESS[wanted])()
        return finder
    folder = WEIGHTS_HOME / SHIPPED[wanted] if wanted in SHIPPED else Path(wanted)
    manifest, data = read_verified(folder)
    if manifest.task != "wells":
        raise WeightsError(
            "weights_task", f"{manifest.name} is made for {manifest.task!r}, not for finding wells", "Choose weights for wells."
        )
    served: WellFinder = _adapter(manifest.adapter)(manifest, data, threads=threads)
    return served


def load_stager(name_or_folder: str | Path | None = None, *, threads: int = 1) -> FrameStager:
    """The frame encoder called "convnextv2", that of a weights folder, or the shipped default.

    Raises WeightsError where the folder is missing, incomplete, changed since it was made, or of another kind.
    """
    wanted = DEFAULT_STAGER if name_or_folder is None else str(name_or_folder)
    folder = WEIGHTS_HOME / SHIPPED_STAGERS[wanted] if wanted in SHIPPED_STAGERS else Path(wanted)
    manifest, data = read_verified(folder)
    if manifest.task != "stages":
        raise WeightsError("weights_task", f"{manifest.name} is made for {manifest.task!r}, not for stages", "Choose weights for stages.")
    served: FrameStager = _adapter(manifest.adapter)(manifest, data, threads=threads)
    return served


def load_profile_builder(name_or_folder: str | Path | None = None, *, threads: int = 1) -> ProfileBuilder:
    """What reads the frames of one embryo together, with the calibration and the temporal net of the stager of that name."""
    wanted = DEFAULT_STAGER if name_or_folder is None else str(name_or_folder)
    _, data = read_verified(WEIGHTS_HOME / SHIPPED_STAGERS[wanted] if wanted in SHIPPED_STAGERS else Path(wanted))
    builder: ProfileBuilder = _adapter(PROFILES)(data, threads=threads)
    return builder


def shipped_stager() -> str | None:
    """The name of the default stager, None where its weights are not installed."""
    return DEFAULT_STAGER if (WEIGHTS_HOME / SHIPPED_STAGERS[DEFAULT_STAGER] / "manifest.toml").is_file() else None


def load_stages(name_or_folder: str | Path | None = None, *, threads: int = 1) -> Stages:
    """Both halves of a stager, by name or weights folder, or the shipped default's; raises WeightsError."""
    return Stages(load_stager(name_or_folder, threads=threads), load_profile_builder(name_or_folder, threads=threads))


def load_follower(
    stages: Stages | str | Path | None, info: StackInfo, *, start_hpi: float | None = None, interval_minutes: float | None = None,
    threads: int = 1,
) -> EmbryoFollower:  # fmt: skip
    """What follows the embryos of one recording, with stages that are loaded already or with those of a name or weights folder.

    `start_hpi` is the hour post insemination of frame 0, `interval_minutes` stands in where the recording tells no times; without them
    no hours are told, for none are guessed. Raises WeightsError.
    """
    loaded = stages if isinstance(stages, Stages) else load_stages(stages, threads=threads)
    follower: EmbryoFollower = _adapter(FOLLOWER)(loaded.stager, loaded.builder, info, start_hpi, interval_minutes)
    return follower


def load_reader(layout: Layout | None = None) -> DishReader:
    """What turns a finder's sightings into findings about one recording; `layout` where a person has said it."""
    reader: DishReader = _adapter(READER)(layout)
    return reader


def load_weights(folder: Path) -> Manifest:
    """The manifest of `folder` once the weights beside it have the hash it names; raises WeightsError otherwise."""
    return read_verified(folder)[0]


def read_verified(folder: Path) -> tuple[Manifest, bytes]:
    """Manifest and weights, read once, so that what was verified is what is served."""
    manifest = _read_manifest(folder)
    path = folder / manifest.file
    if not path.is_file():
        raise WeightsError("weights_missing", f"{manifest.file} is missing in {folder.name}", _REMAKE)
    if path.stat().st_size > _LARGEST_BYTES:
        raise WeightsError("weights_too_large", f"{manifest.file} has {path.stat().st_size} bytes", "Weights are at most 512 MiB.")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != manifest.sha256:
        detail = f"{manifest.file} in {folder.name} has the SHA-256 {found[:12]}…, its manifest says {manifest.sha256[:12]}…"
        raise WeightsError("weights_changed", detail, _REMAKE)
    return manifest, data


def _read_manifest(folder: Path) -> Manifest:
    path = folder / "manifest.toml"
    if not path.is_file():
        known = ", ".join(sorted([*SHIPPED, *WEIGHTLESS, *SHIPPED_STAGERS]))
        raise WeightsError("weights_missing", f"no manifest.toml in {folder}", f"Name a weights folder or one of: {known}.")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        shape = table["input"]
        texts = {
            name: str(table[name])
            for name in (
                "name", "task", "family", "adapter", "preprocessing", "file", "sha256", "licence", "renderer_version", "code_version",
                "created", "command",
            )
        }  # fmt: skip
        manifest = Manifest(
            classes=tuple(str(c) for c in table["classes"]),
            width=int(shape["width"]),
            height=int(shape["height"]),
            channels=int(shape["channels"]),
            metrics=dict(table.get("metrics", {})),
            **texts,
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as reason:
        raise WeightsError("manifest_broken", f"manifest.toml in {folder.name} cannot be read: {reason!r}", _REMAKE) from reason
    # A manifest must not reach outside its folder, nor name code that is not ours.
    if Path(manifest.file).name != manifest.file or not manifest.adapter.startswith("detector."):
        raise WeightsError("manifest_broken", f"manifest.toml names {manifest.file!r} and {manifest.adapter!r}", _REMAKE)
    return manifest


def _adapter(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as reason:
        raise WeightsError(
            "adapter_missing", f"{dotted} cannot be loaded: {reason}", "These weights need another version of this program."
        ) from reason
