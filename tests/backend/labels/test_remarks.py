"""Whatever an import remarks on can be said in Russian: every code has its sentence, and the sentence gets what it fills in."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.labels.formats.counting import Tally, summary
from backend.labels.formats.mapping import WOW
from backend.labels.formats.reading import read
from tests.backend.labels.exports import annotation, box, packed, result, task, well, written

ROOT = Path(__file__).resolve().parents[3]
RUSSIAN = ROOT / "frontend" / "src" / "lib" / "i18n" / "ru"
LOSSY = {f"{form}_is_lossy" for form in ("json_min", "csv", "coco", "yolo", "voc")}
OF_EXPORTS = {"no_area", "no_picture", "picture_left_out", "several_annotations", "type_unknown", "unlabelled"}
"""Said in the English remarks.csv of an export, not on a page."""
TELLERS = {"Remark": 1, "Fault": 0, "Faulty": 0, "tell": 0}


def codes() -> set[str]:
    return {code for path in (ROOT / "backend" / "labels").rglob("*.py") for code in _codes_in(ast.parse(path.read_text()))}


def _codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        at = TELLERS.get(name)
        given = node.args[at : at + 1] if isinstance(node, ast.Call) and at is not None else []
        yield from (part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, str))


def sentences() -> dict[str, str]:
    """Code to everything that stands under it."""
    text = (RUSSIAN / "remarks.ts").read_text()
    body = text[text.index("REMARK_WORDS") : text.index("export const REMARK_VALUES")]
    found = re.split(r"^  (\w+): ?", body, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_remark_of_an_import_has_its_russian_sentence_and_no_sentence_is_idle() -> None:
    said = sentences()
    known = codes() | LOSSY | {"voc_no_box", "voc_no_size"}
    assert known - OF_EXPORTS == said.keys()


def remarks_of(path: Path, *tasks: Any) -> list[dict[str, Any]]:
    with read(written(path, *tasks)) as reading:
        tally = Tally()
        for one in reading:
            tally.add(one, WOW)
        return [dict(one) for one in summary(tally, reading)["warnings"]]


@pytest.mark.parametrize(
    ("raw", "code", "values"),
    [
        (task(annotation(*[row for n in range(26) for row in well(n % 9, "E")])), None, {}),
        (task(annotation(result("ellipselabels", {"x": 200, "y": 50, "radiusX": 5, "radiusY": 5, "ellipselabels": ["Well"]}))), None, {}),
        (task({"id": 1}), "result_missing", {"kind": "annotation"}),
        (task(annotation(result("rectanglelabels", {"x": 1, "rectanglelabels": ["Well"]}))), "shape_incomplete", {"lacks": "y"}),
        (task(annotation(result("rectanglelabels", box(1, 1, 5, 5), image_rotation=45))), "image_rotation_odd", {"degrees": "45"}),
        ({**task(), "predictions": [7, 8]}, "numbers_only", {"n": 2, "kind": "prediction"}),
        ({**task(), "annotations": "none"}, "annotations_not_list", {"found": "text", "kind": "annotation"}),
    ],
)
def test_a_remark_carries_what_its_sentence_fills_in(tmp_path: Path, raw: Any, code: str | None, values: dict[str, Any]) -> None:
    told = remarks_of(tmp_path / "export.json", raw, task(annotation(), id_=9))
    if code is not None:
        (one,) = [remark for remark in told if remark["code"] == code]
        assert values.items() <= one["values"].items()
    for remark in told:
        missing = set(re.findall(r"(?<!\$)\{(\w+)\}", sentences()[remark["code"]])) - remark["values"].keys()
        assert not missing, remark


def test_a_form_that_was_left_out_is_told_with_its_files(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        "tasks.json": json.dumps([task(annotation(*well(0)))]),
        "tasks.csv": "id,image,annotation_id,annotator\n1,a.jpg,1,1\n",
    }
    with read(packed(tmp_path / "both.zip", members)) as reading:
        (one,) = reading.remarks
    assert (one.code, one.values) == ("other_form_left_out", {"n": 1, "files": "tasks.csv", "form": "json"})
