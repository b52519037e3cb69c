"""What must be refused is refused with its reason; one bad task never takes the others with it."""

from __future__ import annotations

import json
import resource
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.labels.formats.counting import Tally
from backend.labels.formats.mapping import WOW
from backend.labels.formats.reading import Reading, read
from backend.labels.formats.references import picture_reference
from backend.labels.formats.values import Task, Unreadable
from tests.backend.labels.exports import annotation, dish, packed, result, task, well, written


def tasks_of(path: Path) -> tuple[list[Task], Reading]:
    with read(path) as reading:
        return list(reading), reading


def refusal_of(path: Path) -> str:
    began = time.monotonic()
    with pytest.raises(Unreadable) as refused, read(path) as reading:
        list(reading)
    assert time.monotonic() - began < 10
    assert refused.value.detail
    assert refused.value.hint
    return refused.value.code


def raw(tmp_path: Path, data: bytes | str, name: str = "export.json") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def generated(path: Path, megabytes: int) -> int:
    """An export of about so many megabytes; gives how many tasks it holds."""
    one = json.dumps(dish([("E",), (), ("E", "B")] * 3))
    count = megabytes * 1024**2 // (len(one) + 1)
    with path.open("w") as file:
        file.write("[")
        for number in range(count):
            file.write(("," if number else "") + one.replace('"id": 1,', f'"id": {number},', 1))
        file.write("]")
    return count


def test_a_large_export_is_read_piece_by_piece_in_the_memory_of_a_small_one(tmp_path: Path) -> None:
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    generated(small, 1)
    count = generated(large, 24)
    with read(small) as reading:
        list(reading)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally = Tally()
    with read(large) as reading:
        for one in reading:
            tally.add(one, WOW)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert tally.tasks == count
    assert grown_kib < 16 * 1024


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "file_empty"),
        ("[", "file_truncated"),
        ("{", "file_truncated"),
        ('[{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result"', "file_truncated"),
        ("[]", "no_tasks"),
        ('{"hello": "world"}', "not_an_export"),
        ("[1, 2, 3]", "not_an_export"),
        ("hello", "not_an_export"),
        ("a,b\n1,2\n", "not_an_export"),
        ("%PDF-1.7", "not_an_export"),
        ("<html><body>no</body></html>", "not_an_export"),
        ('[{"data": {"image": "a.jpg"}, "annotations": []}] and more', "not_json"),
        ('[{"data": {"x": NaN}, "annotations": []}]', "not_a_number"),
        ('[{"data": {"x": -Infinity}, "annotations": []}]', "not_a_number"),
        ('[{"data": {"x": 1e999}, "annotations": []}]', "not_a_number"),
        ('[{"data": {"x": 1, "x": 2}, "annotations": []}]', "duplicate_key"),
        ('[{"data": {"x": "\\u0000"}, "annotations": []}]', "nul_in_text"),
        ('[{"data": {"x": ' + "[" * 100_000 + "]" * 100_000 + '}, "annotations": []}]', "too_deep"),
        ("[" * 100_000, "file_truncated"),
        ('{"a":' * 100_000, "file_truncated"),
        ('[{"data": {"image": "Ж.jpg"}, "annotations": []}]'.encode("cp1251"), "wrong_encoding"),
        ('id,annotator,image\n1,1,"a.jp', "file_truncated"),
        ("id,annotator,image\n1,1,Ж.jpg\n".encode("cp1251"), "wrong_encoding"),
        ("id,id,annotator\n1,1,1\n", "duplicate_columns"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>', "xml_doctype"),
        ("<annotation>" + "<a>" * 1000, "too_deep"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_is_no_export_is_refused_with_its_reason(tmp_path: Path, data: str | bytes, code: str) -> None:
    assert refusal_of(raw(tmp_path, data)) == code


@pytest.mark.parametrize("at", [1, 2, 20, 100, 300, 500, -40, -2, -1])
def test_an_export_cut_off_anywhere_is_refused(tmp_path: Path, at: int) -> None:
    whole = json.dumps([dish([("E",)]), dish([()], id_=2)])
    assert refusal_of(raw(tmp_path, whole[:at])) == "file_truncated"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_how_the_file_is_written(tmp_path: Path, encoding: str) -> None:
    tasks, _ = tasks_of(raw(tmp_path, json.dumps([dish([("E",)], name="Ж.jpg")], ensure_ascii=False).encode(encoding)))
    assert tasks[0].data["image"].endswith("Ж.jpg")


@pytest.mark.parametrize(
    "fault",
    [
        '{"id": 2, "id": 3, "data": {}}',
        '{"id": 2, "data": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}",
        '{"id": 2, "data": {"image": "\\u0000"}, "annotations": []}',
        '{"id": 2, "data": [], "annotations": []}',
        '{"id": 2, "data": {}, "annotations": {"result": []}}',
        '{"id": 2, "data": {}, "annotations": [{"result": "none"}]}',
        '{"id": 2, "data": {}, "annotations": [{"result": [1]}]}',
        '{"id": 2, "data": {}, "annotations": [7]}',
        "17",
        "null",
    ],
    ids=lambda value: value[:50],
)
def test_a_fault_in_one_task_is_told_with_its_place_and_loses_no_other(tmp_path: Path, fault: str) -> None:
    good = json.dumps(dish([("E",)]))
    tasks, reading = tasks_of(raw(tmp_path, f"[{good},{fault},{good}]"))
    assert len(tasks) == 2
    assert [remark.place.split(" (")[0] for remark in reading.faults] == ["export.json, task 2"]


def test_an_outline_of_ten_million_points_is_passed_over_without_being_kept(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    good = json.dumps(dish([("E",)]))
    with path.open("w") as file:
        file.write(f'[{good},{{"id":2,"data":{{}},"annotations":[{{"result":[{{"type":"polygonlabels","value":{{"points":[')
        for number in range(1000):
            file.write(("," if number else "") + ",".join(["[1,2]"] * 10_000))
        file.write(f"]}}}}]}}]}},{good}]")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    tasks, reading = tasks_of(path)
    assert (len(tasks), [remark.code for remark in reading.faults]) == (2, ["task_too_large"])
    # Up to the limit the values are held; the rest of them costs nothing.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024
    assert time.process_time() - began < 60


def test_pictures_that_a_file_names_are_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def no_network(*args: Any, **_: Any) -> None:
        asked.append(args)
        raise AssertionError("somebody tried to connect")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    names = ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data/a.jpg", "http://localhost/a.png", "s3://bucket/a.jpg"]
    raws = [{"id": number, "data": {"image": name}, "annotations": [annotation(*well(0))]} for number, name in enumerate(names)]
    tasks, _ = tasks_of(written(tmp_path / "export.json", *raws))
    assert [one.data["image"] for one in tasks] == names
    assert [reference and reference.scheme for reference in map(picture_reference, (one.data for one in tasks))] == [
        None,
        "web",
        "web",
        "cloud",
    ]
    assert asked == []


def test_markup_in_labels_is_text_like_any_other(tmp_path: Path) -> None:
    word = "<img src=x onerror=alert(1)>"
    (found,), _ = tasks_of(written(tmp_path / "export.json", task(annotation(result("choices", {"choices": [word]}, "a")))))
    assert found.annotations[0].result[0]["value"]["choices"] == [word]


def test_formulas_in_a_table_are_kept_as_text(tmp_path: Path) -> None:
    (found,), _ = tasks_of(raw(tmp_path, 'id,annotator,annotation_id,image,note\n1,1,5,a.jpg,"=HYPERLINK(""http://x"")"\n', "labels.csv"))
    assert found.data["note"] == '=HYPERLINK("http://x")'


# --- archives ---


def evil(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name
    return info


@pytest.mark.parametrize(
    "name",
    ["../tasks.json", "/etc/tasks.json", "C:\\tasks.json", "a\\..\\..\\tasks.json", "a\x01b.json", "tasks\u202enosj.json", "x" * 1001],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(evil(name), json.dumps([dish([("E",)])]))
    assert refusal_of(path) == "name_refused"
    assert [found.name for found in tmp_path.iterdir()] == ["export.zip"]


def bombs(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    good = json.dumps([dish([("E",)])])
    yield packed(tmp_path / "ratio.zip", {"tasks.json": b"[" + b" " * 64 * 1024**2 + b"]"}), "archive_bomb"
    yield packed(tmp_path / "nested.zip", {"tasks.json": good, "more.zip": b"PK"}), "archive_nested"
    link = zipfile.ZipInfo("tasks.json")
    link.external_attr = 0o120777 << 16
    link.create_system = 3
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    yield tmp_path / "link.zip", "link_refused"
    whole = packed(tmp_path / "cut.zip", {"tasks.json": good}).read_bytes()
    yield raw(tmp_path, whole[: len(whole) // 2], "cut.zip"), "file_truncated"
    packed(tmp_path / "damaged.zip", {"tasks.json": good}, zipfile.ZIP_STORED)
    data = bytearray((tmp_path / "damaged.zip").read_bytes())
    data[60] ^= 0xFF
    yield raw(tmp_path, bytes(data), "damaged.zip"), "archive_damaged"


def test_bombs_links_nested_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    for path, code in bombs(tmp_path):
        assert refusal_of(path) == code, path.name


def test_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    written(tmp_path / "outside.json", dish([("E",)]))
    (folder / "tasks.json").symlink_to(tmp_path / "outside.json")
    assert refusal_of(folder) == "not_an_export"
