"""What a .pt file holds, told from its description alone: which kind of net, its settings, and where each tensor lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from detector.admission.packed import members
from detector.admission.pickles import Storage, Tensor, Thing, read_pickle
from detector.admission.refusals import refused, shown
from detector.admission.vocabulary import ACTIVATIONS, DETECTION, LAYERS, SETTINGS, WORDS

MOST_TENSORS = 5000
_DEEPEST = 40
_OF_CONV = ("kernel_size", "stride", "padding", "dilation", "groups")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors by name, as they lie in the archive, and what the file says of the net they belong to."""

    tensors: dict[str, Tensor]
    stored: dict[str, bytes]
    """The numbers of each storage."""
    said: dict[str, Any]
    layers: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Of a YOLO: the class of every part and how its convolutions step, to compare with the net that is built anew."""
    is_yolo: bool = False


def read_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint of a file that torch.save wrote; raises the refusal of any other."""
    files = members(data, only_stored=True)
    roots = [name.rpartition("data.pkl")[0] for name in files if name.rpartition("/")[2] == "data.pkl"]
    if any("/code/" in f"/{name}" or name.endswith("constants.pkl") for name in files):
        raise refused("checkpoint_script", "It is a TorchScript program, not a checkpoint.", "Export the net as ONNX where it was made.")
    if len(roots) != 1:
        raise refused("checkpoint_pickles", f"It holds {len(roots)} descriptions (data.pkl) where one belongs.")
    root = roots[0]
    if any(not name.startswith(root) for name in files) or files.get(f"{root}byteorder", b"little") != b"little":
        raise refused("checkpoint_members", "It holds files that torch.save does not write.")
    stored = {name.removeprefix(f"{root}data/"): value for name, value in files.items() if name.startswith(f"{root}data/")}
    told = read_pickle(files[f"{root}data.pkl"], {key: len(value) for key, value in stored.items()})
    if not isinstance(told, dict):
        raise refused("checkpoint_unknown", "It describes no table of a net and its settings.", _KNOWN)
    net = next((told[key] for key in ("ema", "model") if isinstance(told.get(key), Thing)), None)
    if net is not None:
        return _yolo(net, told, stored)
    return _plain(told, stored)


def _plain(told: dict[Any, Any], stored: dict[str, bytes]) -> Checkpoint:
    """Tensors and settings: {family, classes, state_dict}, or what our own training of stages keeps."""
    state = next((told[key] for key in ("state_dict", "average") if isinstance(told.get(key), dict)), None)
    if state is None or not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()):
        raise refused("checkpoint_unknown", f"It holds {shown(', '.join(map(str, told)))} and no state_dict of tensors.", _KNOWN)
    family = told.get("family", "convnextv2" if isinstance(told.get("shape"), dict) else None)
    if not isinstance(family, str):
        raise refused("family_unknown", "It does not say which family of nets it belongs to.")
    said = {"family": family, "classes": told.get("classes"), "shape": told.get("shape")}
    return Checkpoint(_counted(state), stored, said)


def _yolo(net: Thing, told: dict[Any, Any], stored: dict[str, bytes]) -> Checkpoint:
    if net.name != DETECTION:
        raise refused("checkpoint_unknown", f"Its net is {shown(net.name)}; nets that find boxes ({DETECTION}) are converted.", _KNOWN)
    tensors: dict[str, Tensor] = {}
    layers: dict[str, tuple[Any, ...]] = {}
    _walk(net, "", tensors, layers, 0)
    said = {"plan": _plan(net.state.get("yaml")), "names": net.state.get("names"), "size": _size(net, told)}
    return Checkpoint(_counted(tensors), stored, said, layers, is_yolo=True)


def _walk(thing: Thing, path: str, tensors: dict[str, Tensor], layers: dict[str, tuple[Any, ...]], depth: int) -> None:
    if depth > _DEEPEST or len(layers) > MOST_TENSORS:
        raise refused("nested_too_deep", "Its net has parts within parts without end.")
    layers[path] = (thing.name, *(thing.state.get(name) for name in _OF_CONV if name in thing.state))
    passing = thing.state.get("_non_persistent_buffers_set", ())
    for group in ("_parameters", "_buffers"):
        for name, value in _table(thing, group).items():
            if isinstance(value, Tensor) and name not in passing:
                tensors[f"{path}{name}"] = value
            elif value is not None and not isinstance(value, Tensor):
                raise refused("checkpoint_unknown", f"{shown(path + str(name))} is no tensor.", _KNOWN)
    for name, part in _table(thing, "_modules").items():
        if isinstance(part, Thing):
            _walk(part, f"{path}{name}.", tensors, layers, depth + 1)
        elif part is not None:
            raise refused("checkpoint_unknown", f"{shown(path + str(name))} is no part of a net.", _KNOWN)


def _table(thing: Thing, name: str) -> Mapping[Any, Any]:
    value = thing.state.get(name, {})
    if not isinstance(value, dict):
        raise refused("pickle_damaged", f"The {name.strip('_')} of a part are no table.")
    return value


def _counted(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if not 0 < len(tensors) <= MOST_TENSORS:
        raise refused("checkpoint_shape", f"It holds {len(tensors)} tensors; nets that are served have 1 to {MOST_TENSORS}.")
    return tensors


def _plan(told: Any) -> dict[str, Any]:
    """The description of a YOLO, of words and numbers that ultralytics may be handed: it evaluates some of them."""
    if not isinstance(told, dict):
        raise refused("checkpoint_unknown", "Its net does not say how it is built.", _KNOWN)
    plan: dict[str, Any] = {"nc": _whole(told.get("nc"), 1, 80), "channels": _whole(told.get("channels", told.get("ch", 3)), 1, 3)}
    for name, most in (("reg_max", 64), ("max_channels", 4096)):
        if name in told:
            plan[name] = _whole(told[name], 1, most)
    for name in ("depth_multiple", "width_multiple"):
        if name in told:
            plan[name] = _share(told[name])
    if isinstance(told.get("end2end"), bool):
        plan["end2end"] = told["end2end"]
    activation = told.get("activation")
    if activation is not None:
        if activation not in ACTIVATIONS:
            raise refused("plan_refused", f"It names the activation {shown(activation)}, which is not on the list.")
        plan["activation"] = activation
    scales = told.get("scales")
    if isinstance(scales, dict) and told.get("scale") in scales:
        depth, width, most = scales[told["scale"]]
        plan["scales"] = {"n": [_share(depth), _share(width), _whole(most, 1, 4096)]}
        plan["scale"] = "n"
    for part in ("backbone", "head"):
        rows = told.get(part)
        if not isinstance(rows, list) or not 0 < len(rows) <= 100:
            raise refused("plan_refused", f"Its {part} is no list of layers.")
        plan[part] = [_row(row) for row in rows]
    return plan


def _row(row: Any) -> list[Any]:
    if not isinstance(row, list | tuple) or len(row) != 4 or row[2] not in LAYERS:
        raise refused("plan_refused", f"It is built with {shown(row[2] if isinstance(row, list | tuple) and len(row) == 4 else row)}.")
    source, times, layer, arguments = row
    sources = [_whole(one, -100, 100) for one in (source if isinstance(source, list) else [source])]
    if not isinstance(arguments, list | tuple) or len(arguments) > 8:
        raise refused("plan_refused", "A layer has no list of settings.")
    return [sources if isinstance(source, list) else sources[0], _whole(times, 1, 100), layer, [_setting(one) for one in arguments]]


def _setting(value: Any) -> Any:
    if value is None or isinstance(value, bool) or (isinstance(value, str) and value in WORDS):
        return value
    if isinstance(value, list | tuple) and len(value) <= 4:
        return [_whole(one, -4096, 4096) for one in value]
    return _share(value) if isinstance(value, float) else _whole(value, -1, 4096)


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise refused("plan_refused", f"Where a number from {least} to {most} belongs, it says {shown(value)}.")
    return value


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 64:
        raise refused("plan_refused", f"Where a factor belongs, it says {shown(value)}.")
    return float(value)


def _size(net: Thing, told: dict[Any, Any]) -> tuple[int, int]:
    """(height, width) of the pictures it was taught with; 640 where nothing is said."""
    for held in (net.state.get("args"), told.get("train_args")):
        table = held.state if isinstance(held, Thing) and held.name == SETTINGS else held
        asked = table.get("imgsz") if isinstance(table, dict) else None
        if isinstance(asked, list | tuple) and len(asked) == 2:
            return _whole(asked[0], 32, 1280), _whole(asked[1], 32, 1280)
        if asked is not None:
            side = _whole(asked, 32, 1280)
            return side, side
    return 640, 640


def storage_of(checkpoint: Checkpoint, tensor: Tensor) -> tuple[Storage, bytes]:
    """The storage of a tensor and its bytes."""
    return tensor.storage, checkpoint.stored[tensor.storage.key]


_KNOWN = "Bring an ultralytics YOLO that finds boxes, or a checkpoint {family, classes, state_dict} of tensors; anything else as ONNX."
