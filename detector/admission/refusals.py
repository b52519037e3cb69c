"""Why a file is not let in: a code of its own for every reason, and what to do about it."""

from __future__ import annotations

from detector.errors import WeightsError

HINTS = {
    "file_empty": "Export the weights again.",
    "file_too_large": "Weights have 512 MiB at most.",
    "kind_unknown": "Bring a weights folder as ZIP, an ONNX or safetensors file, or a PyTorch checkpoint (.pt).",
    "conversion_off": "Export the net as ONNX where it was made, and bring that; or run the server on a kernel with Landlock and seccomp.",
    "timed_out": "The file asks for more than a detector needs. Export the net as ONNX where it was made.",
    "memory_exceeded": "The file asks for more memory than a detector needs. Export the net as ONNX where it was made.",
    "scratch_exceeded": "The file asks for more disk than a detector needs.",
    "reader_crashed": "The file is damaged or was made to break programs. Export the weights again where they were made.",
    "forbidden_attempt": "The file tried to do what weights never need. Do not use it, and ask where it came from.",
    "manifest_missing": "Pack manifest.toml together with the weights file into one ZIP.",
    "manifest_broken": "Compare manifest.toml with that of a weights folder made by this program.",
    "weights_changed": "Pack the weights folder again from where it was made.",
    "family_unknown": "Bring the net as ONNX, or as one of the families that `python -m detector families` lists.",
    "classes_wrong": "The net's answers and its list of classes do not belong together; export both again.",
    "classes_unmapped": "Say for each class what it means here; at least one has to mean what a well holds.",
    "not_finite": "The training went wrong, or the file is damaged: the net holds or answers what is no number.",
    "answers_wrong": "Bring a net that finds wells as boxes, exported without its own selection of boxes (nms=False).",
    "net_unreadable": "Export the net again with opset 17, and see that it runs where it was made.",
    "server_busy": "Bring it again when the server has less to do.",
    "answers_too_many": "Export the net for pictures of 640 pixels or fewer.",
    "weights_too_slow": "Choose a smaller net, or export it for smaller pictures.",
    "checkpoint_shape": "The tensors do not fit the net that the checkpoint names; save both from the same program.",
}
_RULES = "The file is not as programs write it; it is not opened any further. Export the weights again where they were made."


def refused(code: str, detail: str, hint: str | None = None) -> WeightsError:
    """The refusal of a file, with the hint that belongs to its code."""
    return WeightsError(code, detail, HINTS.get(code, _RULES) if hint is None else hint)


def shown(text: object, most: int = 80) -> str:
    """A stranger's text as it may stand in a message: one line, nothing invisible, not long."""
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(text)[: 2 * most])
    return f'"{plain}"' if len(plain) <= most else f'"{plain[:most]}..."'
