from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image, PngImagePlugin

from detector.archive.codecs import keep, restore
from detector.archive.ingesting import Plan, ingest
from detector.archive.journal import Journal
from detector.archive.looks import distance, look_of
from detector.archive.reading import look_alikes, restore_all, verify
from detector.archive.walking import walk
from detector.errors import DetectorError

ROOT = Path(__file__).resolve().parents[3]


def dish(seed: int = 0, shape: tuple[int, ...] = (200, 260)) -> Any:
    """Something with large and small structure, as a picture of a dish has."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    waves = sum(40 * np.sin(rows / rng.uniform(6, 30) + columns / rng.uniform(6, 30) + rng.uniform(0, 6)) for _ in range(3))
    grey = np.clip(128 + waves + rng.normal(0, 6, shape[:2]), 0, 255).astype(np.uint8)
    return grey if len(shape) == 2 else np.repeat(grey[..., None], shape[2], 2)


def written(picture: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def say(said: dict[str, Any]) -> None:
    """Nobody listens."""


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 100, "subsampling": 0}, {"optimize": True}])
def test_a_jpeg_comes_back_byte_for_byte_and_takes_less_room(options: dict[str, Any]) -> None:
    for shape in ((200, 260), (200, 260, 3)):
        original = written(dish(1, shape), "JPEG", **options)
        kept = keep(original)
        assert kept.code == "jpeg-xl"
        assert len(kept.payload) < len(original)
        assert restore(kept.code, kept.payload, kept.facts) == original


def test_the_pixels_and_texts_of_a_png_come_back() -> None:
    about = PngImagePlugin.PngInfo()
    about.add_text("Well", "A1 ячейка")
    for picture in (dish(2), dish(3, (40, 60, 3)), (dish(4).astype(np.uint16) << 7)):
        original = written(picture, "PNG", pnginfo=about, dpi=(300, 300))
        kept = keep(original)
        assert kept.code == "pixels-xl"
        back = restore(kept.code, kept.payload, kept.facts)
        assert np.array_equal(pixels(back), picture)
        assert Image.open(io.BytesIO(back)).info["Well"] == "A1 ячейка"
        assert Image.open(io.BytesIO(back)).info["dpi"] == Image.open(io.BytesIO(original)).info["dpi"]


def test_an_exact_archive_gives_back_the_very_bytes_of_a_png() -> None:
    original = written(dish(5), "PNG")
    kept = keep(original, exact=True)
    assert restore(kept.code, kept.payload, kept.facts) == original


def test_what_a_codec_cannot_say_whole_is_kept_as_it_is() -> None:
    palette = io.BytesIO()
    Image.fromarray(dish(6)).convert("P").save(palette, "PNG")
    whole = written(dish(7), "JPEG")
    others = [palette.getvalue(), whole[:-200], whole + b"and more", written(dish(8), "PNG") + b"x", b"", b"a,b\n" * 400, os.urandom(3000)]
    for original in others:
        kept = keep(original)
        assert kept.code != "pixels-xl"
        assert restore(kept.code, kept.payload, kept.facts) == original


def test_looks_are_near_for_the_same_picture_otherwise_encoded_and_far_for_another() -> None:
    one = look_of(written(dish(9), "PNG"))
    smaller = io.BytesIO()
    Image.fromarray(dish(9)).resize((100, 75)).save(smaller, "JPEG", quality=60)
    again, other = look_of(smaller.getvalue()), look_of(written(dish(10), "PNG"))
    assert one is not None
    assert again is not None
    assert other is not None
    assert distance(one, again) <= 3 < 10 <= distance(one, other)
    assert look_of(b"no picture") is None
    assert look_of(written(np.full((50, 50), 7, np.uint8), "PNG")) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty pictures in two recordings, two copies, a picture of the first in the second otherwise encoded, a table and a link."""
    home = tmp_path / "lab"
    for number in range(40):
        place = home / f"recording {number // 20}"
        place.mkdir(parents=True, exist_ok=True)
        kind = "PNG" if number % 4 == 0 else "JPEG"
        (place / f"кадр {number}.{kind.lower()}").write_bytes(written(dish(100 + number), kind))
    (home / "recording 1" / "copy.jpeg").write_bytes((home / "recording 0" / "кадр 1.jpeg").read_bytes())
    (home / "recording 1" / "again.png").write_bytes((home / "recording 0" / "кадр 0.png").read_bytes())
    (home / "recording 1" / "softer.jpeg").write_bytes(written(dish(102), "JPEG", quality=50))
    (home / "table.csv").write_text("a,b\n" * 200)
    (home / "elsewhere").symlink_to("/etc")
    (home / ".hidden").write_text("no")
    return home


FILES, PICTURES = 44, 42


def test_everything_is_kept_once_and_everything_comes_back(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    told = ingest(folder, out, Plan(workers=2, exact=True, shard_bytes=150_000), say)
    assert (told["files"], told["pictures"], told["duplicates"], told["unreadable"]) == (FILES, PICTURES, 2, 0)
    assert told["shards"] > 2
    assert told["bytes_kept"] < told["bytes_of_pictures"]
    assert verify(out, say) == {"pictures": PICTURES, "damaged": []}
    assert restore_all(out, tmp_path / "back", say) == {"files": FILES}
    for found in walk(folder):
        assert (tmp_path / "back" / found.path).read_bytes() == (folder / found.path).read_bytes()


def test_a_picture_that_was_encoded_again_is_told_of_and_not_left_out(folder: Path, tmp_path: Path) -> None:
    ingest(folder, tmp_path / "archive", Plan(workers=1), say)
    pairs = [{Path(pair["first"]).name, Path(pair["second"]).name} for pair in look_alikes(tmp_path / "archive")]
    assert pairs == [{"кадр 2.jpeg", "softer.jpeg"}]


def test_a_second_run_takes_only_what_is_new_or_changed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    ingest(folder, out, Plan(workers=1), say)
    assert ingest(folder, out, Plan(workers=1), say)["run"]["files_new"] == 0
    (folder / "new.jpeg").write_bytes(written(dish(500), "JPEG"))
    (folder / "table.csv").write_text("c,d\n" * 300)
    told = ingest(folder, out, Plan(workers=1), say)
    assert (told["run"]["files_new"], told["files"], told["pictures"]) == (2, FILES + 1, PICTURES + 2)
    assert verify(out, say)["damaged"] == []


def test_shards_are_tar_files_whose_members_are_named_by_what_they_hold(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    ingest(folder, out, Plan(workers=1), say)
    lines = [json.loads(line) for line in (out / "shard-000000.jsonl").read_text().splitlines()]
    with tarfile.open(out / "shard-000000.tar") as shard:
        for member, line in zip(shard.getmembers(), lines, strict=True):
            key, _, ending = member.name.partition(".")
            file = shard.extractfile(member)
            assert file is not None
            assert key == line["key"]
            if ending == "jpg.jxl":
                assert hashlib.sha256(restore("jpeg-xl", file.read(), {})).hexdigest() == key


def test_a_run_that_is_killed_at_any_moment_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    out.mkdir()
    words = [sys.executable, "-m", "detector", "ingest", str(folder), "--out", str(out), "--workers", "1", "--shard-mib", "1"]
    for wait_s in (0.6, 1.0, 1.6):
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(wait_s)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # They hold the archive's lock until they are gone too.
        psutil.wait_procs(workers, timeout=60)
    told = ingest(folder, out, Plan(workers=1), say)
    assert (told["files"], told["pictures"]) == (FILES, PICTURES)
    assert verify(out, say) == {"pictures": PICTURES, "damaged": []}
    with tarfile.open(out / "shard-000000.tar") as shard:
        assert len(shard.getnames()) == PICTURES


def test_what_an_interrupted_run_wrote_beyond_its_journal_is_cut_off(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    ingest(folder, out, Plan(workers=1), say)
    journal = Journal(out)
    first = [member for member in journal.members() if member.shard == 0][:5]
    end = first[-1].at + first[-1].kept + -first[-1].kept % 512
    journal._rows.execute("DELETE FROM pictures WHERE at > ?", (first[-1].at,))
    journal._rows.execute("DELETE FROM files WHERE sha256 NOT IN (SELECT sha256 FROM pictures)")
    journal._rows.execute("DELETE FROM looks")
    journal.note_shard(0, end, is_closed=False)
    journal.close()
    with (out / "shard-000000.tar").open("ab") as file:
        file.write(b"half a picture" * 10_000)
    told = ingest(folder, out, Plan(workers=1), say)
    assert (told["files"], told["pictures"]) == (FILES, PICTURES)
    assert verify(out, say)["damaged"] == []
    assert (out / "shard-000000.tar").stat().st_size == Journal(out, is_reader=True).shard(0)[0]


def test_damage_is_found_and_named(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    ingest(folder, out, Plan(workers=1), say)
    journal = Journal(out, is_reader=True)
    member = next(member for member in journal.members() if member.code == "jpeg-xl")
    with (out / "shard-000000.tar").open("r+b") as file:
        file.seek(member.at + member.kept // 2)
        file.write(b"\0" * 40)
    assert [one["key"] for one in verify(out, say)["damaged"]] == [member.sha256.hex()]
    with pytest.raises(DetectorError, match="does not come back"):
        restore_all(out, tmp_path / "back", say)


def test_a_large_file_is_copied_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.archive.ingesting.LARGE_BYTES", 50_000)
    home = tmp_path / "lab"
    home.mkdir()
    (home / "film.avi").write_bytes(os.urandom(200_000))
    (home / "same.avi").write_bytes((home / "film.avi").read_bytes())
    (home / "frame.jpeg").write_bytes(written(dish(1), "JPEG"))
    told = ingest(home, tmp_path / "archive", Plan(workers=1), say)
    assert (told["pictures"], told["duplicates"]) == (2, 1)
    restore_all(tmp_path / "archive", tmp_path / "back", say)
    assert (tmp_path / "back" / "same.avi").read_bytes() == (home / "film.avi").read_bytes()


def test_two_writers_never_share_an_archive(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "archive"
    heard: list[str] = []

    def meanwhile(said: dict[str, Any]) -> None:
        if not heard:
            with pytest.raises(DetectorError) as refused:
                ingest(folder, out, Plan(workers=1), say)
            heard.append(refused.value.code)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("detector.archive.ingesting.SAY_EVERY_S", 0.0)
        ingest(folder, out, Plan(workers=1), meanwhile)
    assert heard == ["archive_busy"]


def test_what_cannot_be_done_is_refused_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="no folder"):
        ingest(tmp_path / "nothing", tmp_path / "archive", Plan(), say)
    with pytest.raises(DetectorError, match="lies within"):
        ingest(folder, folder / "archive", Plan(), say)
    with pytest.raises(DetectorError, match="no archive"):
        verify(folder, say)


def test_a_file_that_takes_its_process_down_is_kept_and_the_others_with_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deadly.jpeg").write_bytes(b"\xff\xd8\xff" + b"DEADLY" * 50)
    monkeypatch.setattr("detector.archive.ingesting._take", _dying)
    told = ingest(folder, tmp_path / "archive", Plan(workers=1), say)
    assert (told["files"], told["pictures"], told["unreadable"]) == (FILES + 1, PICTURES + 1, 0)
    assert verify(tmp_path / "archive", say)["damaged"] == []


def _dying(source: Path, out: Path, batch: list[Any], exact: bool) -> Any:
    """A codec that crashes on one file, in a real process."""
    from detector.archive import ingesting

    if any(found.path.startswith("deadly") for found in batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return [ingesting._one(source, found, exact, Journal(out, is_reader=True)) for found in batch]
