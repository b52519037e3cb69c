"""The process that owns a device: a real one, asked by real clients over its socket."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from detector.errors import DetectorError, WeightsError
from detector.loading import SHIPPED, SHIPPED_STAGERS, WEIGHTS_HOME, load_finder
from detector.serving import client, wire
from detector.serving.client import RemoteNet
from detector.serving.nets import SOCKET, Values, device_number, on_device
from detector.serving.shelf import Shelf
from detector.synth import render_dish

Start = Callable[..., Path]


def net_of(folder: str, member: str) -> bytes:
    with zipfile.ZipFile(WEIGHTS_HOME / folder / "weights.zip") as members:
        return members.read(member)


CONTENTS = net_of(SHIPPED["yolo"], "contents.onnx")
ENCODER = net_of(SHIPPED_STAGERS["convnextv2"], "encoder.onnx")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(*more: str) -> Path:
        path = tmp_path / "device.sock"
        path.unlink(missing_ok=True)
        words = ["serve", "--socket", str(path), "--device", "cpu", "--threads", "1", "--status", str(tmp_path / "status.json"), *more]
        running.append(subprocess.Popen([sys.executable, "-m", "detector", *words]))
        until = time.monotonic() + 60
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.05)
        return path

    yield begin
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def crops() -> Values:
    shape = on_shape(CONTENTS)
    return np.random.default_rng(5).random((40, *shape[1:]), dtype=np.float32)


def on_shape(onnx: bytes) -> tuple[int, ...]:
    import onnxruntime

    return tuple(side if isinstance(side, int) else 1 for side in onnxruntime.InferenceSession(onnx).get_inputs()[0].shape)


def test_another_process_answers_what_this_one_would(start: Start, crops: Values) -> None:
    here = on_device(CONTENTS, "contents", device="cpu", threads=1, share=8)
    there = RemoteNet(str(start()), CONTENTS, "contents", share=8)
    assert np.array_equal(there.answers(crops), here.answers(crops))


def test_eight_clients_at_once_each_get_their_own_answers_though_they_are_computed_together(
    start: Start, crops: Values, tmp_path: Path
) -> None:
    path = str(start())
    here = on_device(CONTENTS, "contents", device="cpu", threads=1, share=8)

    def ask(number: int) -> bool:
        net = RemoteNet(path, CONTENTS, "contents", share=8)
        mine = crops[number : number + 3 + number % 4]
        wanted = here_answers[number]
        return all(np.allclose(net.answers(mine), wanted, atol=1e-6) for _ in range(20))

    here_answers = {number: here.answers(crops[number : number + 3 + number % 4]) for number in range(8)}
    with ThreadPoolExecutor(8) as clients:
        assert all(clients.map(ask, range(8)))
    time.sleep(5.5)
    told = json.loads((tmp_path / "status.json").read_text())
    assert told["rounds_for_several"] > 0
    assert told["inputs"] == sum(20 * (3 + number % 4) for number in range(8))


def test_a_finder_whose_nets_run_elsewhere_finds_the_same_wells(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = render_dish(3).image
    here = load_finder("yolo").find([picture])
    monkeypatch.setenv(SOCKET, str(start()))
    assert load_finder("yolo").find([picture]) == here


def test_what_was_not_asked_for_longest_makes_room_and_is_opened_again_when_it_is(start: Start, crops: Values, tmp_path: Path) -> None:
    path = str(start("--memory-mb", "1"))
    contents, encoder = RemoteNet(path, CONTENTS, "contents", share=8), RemoteNet(path, ENCODER, "encoder", share=8)
    first = contents.answers(crops)
    assert encoder.answers(np.zeros((2, *on_shape(ENCODER)[1:]), np.float32)).shape[0] == 2
    assert np.array_equal(contents.answers(crops), first)
    time.sleep(5.5)
    told = json.loads((tmp_path / "status.json").read_text())
    assert (told["nets"], told["nets_let_go"] >= 2) == (1, True)


def test_a_device_process_that_died_and_came_back_is_told_the_net_again(start: Start, crops: Values) -> None:
    path = start()
    net = RemoteNet(str(path), CONTENTS, "contents", share=8)
    before = net.answers(crops)
    pid = _owner_of(path)
    os.kill(pid, 9)
    start()
    assert np.array_equal(net.answers(crops), before)


def test_a_device_process_that_stays_away_is_a_refusal_that_may_pass(start: Start, crops: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RETURN_S", 0.5)
    path = start()
    net = RemoteNet(str(path), CONTENTS, "contents", share=8)
    os.kill(_owner_of(path), 9)
    with pytest.raises(DetectorError) as refusal:
        net.answers(crops)
    assert refusal.value.code == "device_lost"


def test_what_is_no_net_is_refused_and_the_next_one_is_served(start: Start, crops: Values) -> None:
    path = str(start())
    with pytest.raises(WeightsError) as refusal:
        RemoteNet(path, b"this is no net", "nonsense", share=8)
    assert refusal.value.code == "weights_unreadable"
    assert len(RemoteNet(path, CONTENTS, "contents", share=8).answers(crops)) == 40


def test_a_net_that_is_not_the_one_announced_is_refused(start: Start) -> None:
    with _connected(start()) as door:
        wire.send(door, {"open": "0" * 64, "name": "other", "share": 1}, CONTENTS)
        assert wire.receive(door)[0]["code"] == "weights_changed"


@pytest.mark.parametrize(
    "said",
    [
        b"\xff" * 12,
        struct.pack("!IQ", 4, 2**60) + b"null",
        struct.pack("!IQ", 4, 0) + b"null",
        struct.pack("!IQ", 3, 0) + b"{{{",
        struct.pack("!IQ", 40, 4)[:7],
    ],
)
def test_nonsense_ends_the_conversation_and_nothing_else(start: Start, crops: Values, said: bytes) -> None:
    path = start()
    with _connected(path) as door:
        door.sendall(said)
        door.shutdown(socket.SHUT_WR)
        assert _has_hung_up(door)
    assert len(RemoteNet(str(path), CONTENTS, "contents", share=8).answers(crops)) == 40


def test_inputs_whose_bytes_are_not_of_their_shape_are_not_read(start: Start) -> None:
    with _connected(start()) as door:
        wire.send(door, {"ask": "0" * 64, "shape": [2**31, 2**31]}, b"\0\0\0\0")
        assert _has_hung_up(door)


def test_inputs_that_the_net_cannot_take_are_answered_with_the_reason(start: Start) -> None:
    net = RemoteNet(str(start()), CONTENTS, "contents", share=8)
    with pytest.raises(DetectorError) as refusal:
        net.answers(np.zeros((2, 5, 3, 3), np.float32))
    assert refusal.value.code == "net_failed"


def test_the_socket_is_for_its_own_user_alone(start: Start) -> None:
    assert start().stat().st_mode & 0o077 == 0


def test_a_device_that_is_not_there_is_refused_with_what_to_do() -> None:
    assert device_number("cpu") is None
    for device, code in (("cuda:0", "no_such_device"), ("tpu", "bad_device"), ("cuda:one", "bad_device")):
        if code == "no_such_device" and _has_card():
            continue
        with pytest.raises(DetectorError) as refusal:
            device_number(device)
        assert refusal.value.code == code
        assert refusal.value.hint


def test_a_shelf_lets_go_of_what_was_asked_for_longest_ago_and_never_of_the_last() -> None:
    shelf: Shelf[str] = Shelf(most_bytes=10 * 1024**3)
    for key in "abc":
        shelf.put(key, lambda key=key: key.upper(), at_least=4 * 1024**3)
    assert [shelf.get(key) for key in "abc"] == [None, "B", "C"]
    shelf.put("d", lambda: "D", at_least=20 * 1024**3)
    assert ([shelf.get(key) for key in "bcd"], shelf.let_go) == ([None, None, "D"], 3)


def _connected(path: Path) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.settimeout(20)
    door.connect(str(path))
    return door


def _has_hung_up(door: socket.socket) -> bool:
    try:
        return door.recv(1) == b""
    except ConnectionResetError:
        # What it did not read of ours is thrown back.
        return True


def _owner_of(path: Path) -> int:
    with _connected(path) as door:
        pid, _, _ = struct.unpack("3i", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(pid)


def _has_card() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()
