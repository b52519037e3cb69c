"""The first job inside the sandbox: tells what a file is, holds it against its rules, and leaves what a weights folder is made of."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from detector.admission.meaning import CONTENTS, OUTSIDE, checked_names, meaning_of, names_of
from detector.admission.onnx_rules import Net, Port, check_onnx
from detector.admission.packed import LARGEST_BYTES, members
from detector.admission.refusals import refused, shown
from detector.admission.tensors import check_safetensors

WELLS, CONTENT, NET, READING, ENCODER = "wells.onnx", "contents.onnx", "net.onnx", "reading.json", "encoder.onnx"
OUT = "out"
CANONICAL = (*CONTENTS, OUTSIDE)
OF_WELLS = {WELLS, CONTENT}
OF_GENERAL = {NET, READING}
OF_STAGES = {ENCODER, "calibration.json", "temporal.onnx", "encoder.safetensors", "shape.json"}
MOST_MANIFEST_BYTES = 64 * 1024
_SIDES = range(32, 1281)
Told = dict[str, Any]


def read_in(told: Told) -> Told:
    """What the file is, with its members written below the scratch folder."""
    data = _bytes(int(told["file"]))
    found = _recognised(data)(data, told)
    out = Path(told["scratch"]) / OUT
    out.mkdir()
    for name, value in found.pop("members").items():
        (out / name).write_bytes(value)
    return found


def _bytes(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size == 0:
        raise refused("file_empty", "The file is empty.")
    if size > LARGEST_BYTES:
        raise refused("file_too_large", f"The file has {size} bytes, more than {LARGEST_BYTES}.")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(size)


def _recognised(data: bytes) -> Callable[[bytes, Told], Told]:
    """By its first bytes; a name proves nothing."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _checkpoint if _looks_like_checkpoint(data) else _folder
    # Before pickles: a header of 640 bytes begins like one.
    if data[4:9] == b"\0\0\0\0{":
        return _safetensors
    if data[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        hint = "Save it again with torch.save of today, or bring the net as ONNX."
        raise refused("checkpoint_legacy", "It is a pickle by itself, as old versions of PyTorch wrote them; it is not opened.", hint)
    if data[257:262] == b"ustar" or data[:2] == b"\x1f\x8b":
        raise refused("checkpoint_legacy", "It is a tar archive, as the oldest versions of PyTorch wrote them; it is not opened.")
    if data[8:9] == b"{":
        raise refused("safetensors_header", "Its header claims more bytes than there are.")
    if data[0] in (0x08, 0x12, 0x3A, 0x42):
        return _onnx
    raise refused("kind_unknown", f"It begins with {data[:8].hex(' ')}, which no kind of weights does.")


def _looks_like_checkpoint(data: bytes) -> bool:
    """Names in the last part of the file, where the directory is; the rules decide afterwards."""
    return b"data.pkl" in data[-(1 << 20) :]


def _checkpoint(data: bytes, told: Told) -> Told:
    if not told["confined"]:
        raise refused("conversion_off", f"Checkpoints are converted in a sandbox only. {told.get('why_off', '')}".strip())
    from detector.admission.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(data)
    if not checkpoint.is_yolo:
        said = checkpoint.said
        return _from_tensors(said["family"], said["classes"], said["shape"], lambda: _converting().tensors_of(checkpoint))
    names = checked_names(checkpoint.said["names"])
    if len(names) != checkpoint.said["plan"]["nc"]:
        raise refused("classes_wrong", f"It names {len(names)} classes and its net tells {checkpoint.said['plan']['nc']}.")
    meaning = meaning_of(names, told.get("mapping"))
    onnx, (channels, height, width) = _converting().convert_yolo(checkpoint)
    check_onnx(onnx)
    return _general(onnx, names, meaning, (channels, height, width), how="converted", is_batched=True)


def _from_tensors(family: str, classes: Any, shape: Any, tensors: Callable[[], Any]) -> Told:
    """A net of ours by the name of its family."""
    converting = _converting()
    if converting.is_stager(family):
        _require_stages(classes)
        return _stages(converting.convert_stager(shape, tensors()), family, how="converted")
    names = checked_names(classes)
    if names != CANONICAL:
        raise refused("classes_wrong", f"Its classes are {shown(', '.join(names))}; this family tells {', '.join(CANONICAL)}.")
    onnx = converting.convert_family(family, names, tensors())
    check_onnx(onnx)
    return _wells({WELLS: onnx}, family, how="converted")


def _converting() -> Any:
    """Only what has passed the rules pays for torch."""
    from detector.admission import converting

    converting.ready()
    return converting


def _require_stages(classes: Any) -> None:
    from detector.stages.stager import CLASSES

    if classes is not None and checked_names(classes) != CLASSES:
        raise refused("classes_wrong", f"Its classes are not the {len(CLASSES)} stages in their order.")


def _safetensors(data: bytes, _: Told, manifest: Mapping[str, Any] | None = None) -> Told:
    tensors, notes = check_safetensors(data)
    said = dict(manifest or notes)
    if not isinstance(said.get("family"), str):
        raise refused("manifest_missing", "The file does not say which family of nets its tensors belong to.")
    values = {name: _parsed(said.get(name)) for name in ("classes", "shape")}
    family = said["family"]
    return _from_tensors(family, values["classes"], values["shape"], lambda: _converting().declared_tensors(data, tensors))


def _parsed(value: Any) -> Any:
    """Notes of safetensors are texts; a list among them is written as JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise refused("manifest_broken", f"{shown(value)} is no JSON.") from None


def _folder(data: bytes, told: Told) -> Told:
    """Our own weights folder as a ZIP, in a folder of its own or not."""
    files = members(data)
    tops = {name.rpartition("/")[0] for name in files}
    if len(tops) != 1:
        raise refused("manifest_missing", "Its files lie in several folders.")
    files = {name.rpartition("/")[2]: value for name, value in files.items()}
    if "manifest.toml" not in files:
        raise refused("manifest_missing", "It holds no manifest.toml.")
    manifest = _manifest(files["manifest.toml"])
    weights = files.get(manifest["file"])
    if weights is None or (extra := set(files) - {"manifest.toml", "card.md", manifest["file"]}):
        what = f"{shown(manifest['file'])} is missing" if weights is None else f"{shown(sorted(extra)[0])} does not belong there"
        raise refused("manifest_broken", f"Beside manifest.toml, {what}.")
    if manifest.get("sha256") and hashlib.sha256(weights).hexdigest() != str(manifest["sha256"]).lower():
        raise refused("weights_changed", f"{shown(manifest['file'])} is not the file whose hash manifest.toml tells.")
    return _of_manifest(manifest, weights, told) | {"claims": _claims(manifest), "card": _text(files.get("card.md", b""))}


def _manifest(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_MANIFEST_BYTES:
        raise refused("manifest_broken", f"manifest.toml has {len(data)} bytes, more than {MOST_MANIFEST_BYTES}.")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as reason:
        raise refused("manifest_broken", f"manifest.toml cannot be read: {shown(reason)}.") from None
    for name in ("task", "family", "file"):
        if not isinstance(table.get(name), str) or not table[name]:
            raise refused("manifest_broken", f"manifest.toml does not name its {name}.")
    return table


def _of_manifest(manifest: dict[str, Any], weights: bytes, told: Told) -> Told:
    if weights[:2] != b"PK":
        return _onnx(weights, told) if weights[8:9] != b"{" else _safetensors(weights, told, manifest)
    inner = members(weights)
    family, names = manifest["family"], set(inner)
    for name, value in inner.items():
        if name.endswith(".onnx"):
            check_onnx(value)
        elif name.endswith(".safetensors"):
            check_safetensors(value)
        elif name.endswith(".json"):
            check_json(name, value)
    if manifest["task"] == "wells" and WELLS in names and names <= OF_WELLS:
        return _wells(inner, family, how="as it was")
    if manifest["task"] == "wells" and names == OF_GENERAL:
        said = check_json(READING, inner[READING])
        net = check_onnx(inner[NET])
        return _from_onnx(inner[NET], net, checked_names(said.get("names")), told | {"mapping": told.get("mapping") or said.get("mapping")})
    if manifest["task"] == "stages" and ENCODER in names and names <= OF_STAGES:
        return _stages(inner, family, how="as it was")
    raise refused("manifest_broken", f"Weights for {shown(manifest['task'])} do not consist of {shown(', '.join(sorted(names)))}.")


def check_json(name: str, data: bytes) -> dict[str, Any]:
    """The table of a short JSON file; raises the refusal of anything else."""
    try:
        table = json.loads(data.decode("utf-8")) if len(data) <= MOST_MANIFEST_BYTES else None
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise refused("manifest_broken", f"{name} is no short table in JSON.")
    return table


def _onnx(data: bytes, told: Told) -> Told:
    """A net by itself; what it is for is told by what goes in."""
    net = check_onnx(data)
    if len(net.inputs) != 1 or not net.outputs:
        raise refused("onnx_inputs", f"It takes {len(net.inputs)} inputs and gives {len(net.outputs)} answers; one of each is served.")
    port = net.inputs[0]
    if port.sides is not None and port.sides[1:] == (1, 112, 112):
        return _stages({ENCODER: data}, "convnextv2", how="as it was")
    if port.sides is not None and port.sides[1:] == (1, 288, 384) and "names" not in net.metadata and told.get("mapping") is None:
        return _wells({WELLS: data}, "onnx", how="as it was")
    return _from_onnx(data, net, _names(net), told)


def _names(net: Net) -> tuple[str, ...]:
    if "names" in net.metadata:
        return names_of(net.metadata["names"])
    sides = net.outputs[0].sides
    if sides is None or len(sides) != 3 or sides[1] is None or not 5 <= sides[1] <= 84:
        raise refused("classes_wrong", "The net does not tell its classes.")
    return tuple(f"class {number}" for number in range(sides[1] - 4))


def _from_onnx(data: bytes, net: Net, names: tuple[str, ...], told: Told) -> Told:
    port = net.inputs[0]
    channels, height, width = _picture(port, net.metadata.get("imgsz", ""))
    answer = net.outputs[0].sides
    if len(net.outputs) != 1 or (answer is not None and len(answer) != 3):
        raise refused("answers_wrong", f"It gives {len(net.outputs)} answers, the first with the sides {shown(answer)}.")
    if answer is not None and answer[1] not in (None, 4 + len(names)) and answer[2] != 6:
        raise refused("classes_wrong", f"It names {len(names)} classes and answers {answer[1]} rows, where {4 + len(names)} belong.")
    meaning = meaning_of(names, told.get("mapping"))
    is_batched = port.sides is not None and port.sides[0] is None
    return _general(data, names, meaning, (channels, height, width), how="as it was", is_batched=is_batched)


def _picture(port: Port, noted: str) -> tuple[int, int, int]:
    """(channels, height, width) of the pictures a net takes; sides that are open are those that its exporter noted, else 640."""
    if port.element != 1 or port.sides is None or len(port.sides) != 4 or port.sides[1] not in (1, 3) or port.sides[0] not in (None, 1):
        detail = f"It takes {shown(port.sides)} of type {port.element}; pictures (n, 1 or 3, height, width) of 32-bit floats are served."
        raise refused("onnx_inputs", detail, "Export the net with a batch of one or an open one, and without half precision.")
    try:
        said = json.loads(noted) if noted else [640, 640]
        usual = [int(side) for side in said]
    except (ValueError, TypeError, RecursionError):
        usual = [640, 640]
    channels, height, width = port.sides[1], port.sides[2] or usual[0], port.sides[3] or usual[-1]
    if height not in _SIDES or width not in _SIDES:
        raise refused("onnx_inputs", f"It takes pictures of {width}x{height}; sides of 32 to 1280 pixels are served.")
    return channels, height, width


def _general(
    onnx: bytes, names: tuple[str, ...], meaning: list[str], picture: tuple[int, int, int], *, how: str, is_batched: bool
) -> Told:  # fmt: skip
    channels, height, width = picture
    said = {"names": list(names), "mapping": dict(zip(names, meaning, strict=True)), "is_batched": is_batched}
    return {
        "members": {NET: onnx, READING: json.dumps(said, ensure_ascii=False, indent=1).encode()}, "task": "wells", "family": "yolo-general",
        "classes": [one for one in CANONICAL if one in meaning], "names": list(names), "meaning": meaning,
        "input": {"width": width, "height": height, "channels": channels}, "how": how,
    }  # fmt: skip


def _wells(nets: dict[str, bytes], family: str, *, how: str) -> Told:
    from detector.wells.preprocess import HEIGHT, WIDTH

    shape = {"width": WIDTH, "height": HEIGHT, "channels": 1}
    return {"members": nets, "task": "wells", "family": _family(family), "classes": list(CANONICAL), "input": shape, "how": how}


def _stages(parts: dict[str, bytes], family: str, *, how: str) -> Told:
    from detector.stages.crops import SIZE
    from detector.stages.stager import CLASSES

    check_onnx(parts[ENCODER])
    shape = {"width": SIZE, "height": SIZE, "channels": 1}
    return {"members": parts, "task": "stages", "family": _family(family), "classes": list(CLASSES), "input": shape, "how": how}


def _family(name: str) -> str:
    """A short plain word, as the registry shows it."""
    if not name.isascii() or not name.replace("-", "").isalnum() or len(name) > 24:
        raise refused("family_unknown", f"{shown(name)} is no name of a family.")
    return name


def _claims(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the folder says of itself beyond what was checked, as short texts and numbers."""
    words = ("name", "licence", "created", "code_version", "renderer_version", "learned_from", "command")
    said: dict[str, Any] = {name: _text(manifest[name].encode())[:300] for name in words if isinstance(manifest.get(name), str)}
    metrics = manifest.get("metrics")
    if isinstance(metrics, dict):
        said["metrics"] = {
            str(name)[:60]: value for name, value in list(metrics.items())[:100] if isinstance(value, int | float) and value == value
        }
    return said


def _text(data: bytes) -> str:
    plain = data[:20_000].decode("utf-8", errors="replace")
    return "".join(c for c in plain if c.isprintable() or c == "\n")
