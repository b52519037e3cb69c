"""Reads what a PyTorch checkpoint says without making it: a pickle is taken as data, its calls as words, and no object comes to life.

Opcodes: CPython Lib/pickletools.py; only those that torch.save writes are known here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from detector.admission.refusals import refused, shown
from detector.admission.vocabulary import CLASSES, DTYPES, NAMESPACES, STORAGES

MOST_BYTES = 32 * 1024**2
MOST_STEPS = 5_000_000
MOST_NUMBERS = 1 << 31


@dataclass(frozen=True, slots=True)
class Word:
    """The name of a class or function."""

    name: str


@dataclass(slots=True)
class Thing:
    """What would have been an object of a class: its name and its state."""

    name: str
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers that lie in a member of the archive."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """A view into a storage, found to lie within it."""

    storage: Storage
    offset: int
    sides: tuple[int, ...]
    steps: tuple[int, ...]


class _Mark:
    pass


_MARK = _Mark()
_LEFT_OUT = "left out"
_GONE = frozenset({"os", "posix", "nt", "subprocess", "sys", "builtins", "__builtin__", "socket", "importlib", "shutil", "ctypes", "runpy"})


def read_pickle(data: bytes, sizes: dict[str, int]) -> Any:
    """What the pickle describes, of dicts, lists, tuples, numbers, texts, Tensors and Things; `sizes` are the bytes of each storage.

    Raises the refusal of a pickle that calls anything, or names a class that nets are not made of.
    """
    if len(data) > MOST_BYTES:
        raise refused("pickle_too_large", f"Its description has {len(data)} bytes, more than {MOST_BYTES}.")
    try:
        return _Reader(data, sizes).run()
    except (IndexError, struct.error, KeyError, TypeError, ValueError, AttributeError, UnicodeDecodeError) as reason:
        raise refused("pickle_damaged", f"Its description cannot be read: {shown(repr(reason))}.") from None


class _Reader:
    def __init__(self, data: bytes, sizes: dict[str, int]) -> None:
        self._data, self._at = data, 0
        self._sizes = sizes
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(MOST_STEPS):
            code = self._take(1)[0]
            if code == 0x2E:
                if len(self._stack) != 1 or self._at != len(self._data):
                    raise refused("pickle_damaged", "Its description ends before its end.")
                return self._stack[0]
            step = _STEPS.get(code)
            if step is None:
                raise refused("pickle_opcode", f"Its description holds the instruction 0x{code:02x}, which torch.save never writes.")
            step(self)
        raise refused("pickle_too_large", f"Its description takes more than {MOST_STEPS} steps.")

    def _take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) != count:
            raise refused("pickle_damaged", "Its description is cut off.")
        self._at += count
        return part

    def _line(self) -> str:
        end = self._data.index(b"\n", self._at, self._at + 300)
        line = self._data[self._at : end]
        self._at = end + 1
        return line.decode("ascii")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise refused("pickle_damaged", "Its description closes what it never opened.")
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def protocol(self) -> None:
        if (version := self._take(1)[0]) != 2:
            raise refused("pickle_opcode", f"It is written in protocol {version}; torch.save writes 2.")

    def word(self) -> None:
        name = f"{self._line()}.{self._line()}"
        if name not in _CALLS and name not in CLASSES and name not in STORAGES and name not in DTYPES:
            danger = name.split(".")[0] in _GONE
            code, hint = ("pickle_call", None) if danger else ("pickle_class", _CLASS_HINT)
            raise refused(code, f"It names {shown(name)}, which no net needs.", hint)
        self._push(Word(name))

    def new(self) -> None:
        arguments, word = self._stack.pop(), self._stack.pop()
        if not isinstance(word, Word) or word.name not in CLASSES or arguments != ():
            raise refused("pickle_call", f"It makes {shown(getattr(word, 'name', 'something'))} out of values of its own.")
        self._push(Thing(word.name))

    def call(self) -> None:
        arguments, word = self._stack.pop(), self._stack.pop()
        if isinstance(word, Word) and word.name in NAMESPACES and arguments == ():
            self._push(Thing(word.name))
            return
        if not isinstance(word, Word) or not isinstance(arguments, tuple) or word.name not in _CALLS:
            raise refused("pickle_call", f"It calls {shown(getattr(word, 'name', 'what is no function'))}.")
        self._push(_CALLS[word.name](*arguments))

    def build(self) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, Thing) and isinstance(state, dict):
            target.state |= state
        elif not isinstance(target, dict) and not (isinstance(target, Thing) and target.name == _LEFT_OUT):
            raise refused("pickle_call", f"It sets the state of {shown(type(target).__name__)}.")

    def storage(self) -> None:
        told = self._stack.pop()
        if not isinstance(told, tuple) or len(told) != 5 or told[0] != "storage" or not isinstance(told[1], Word):
            raise refused("pickle_damaged", "It refers to something that is no storage.")
        _, word, key, _, count = told
        kind = STORAGES.get(word.name)
        if kind is None or not isinstance(key, str) or type(count) is not int or count < 0:
            raise refused("pickle_damaged", f"It refers to the storage {shown(key)} of {shown(word.name)}.")
        if key not in self._sizes:
            raise refused("storage_missing", f"The storage {shown(key)} is not in the file.")
        if count * kind.bytes != self._sizes[key]:
            raise refused(
                "storage_size", f"The storage {shown(key)} claims {count} numbers of {kind.bytes} bytes and has {self._sizes[key]}."
            )
        self._push(Storage(kind.name, key, count))

    def append(self) -> None:
        value = self._stack.pop()
        self._list().append(value)

    def extend(self) -> None:
        values = self._since_mark()
        self._list().extend(values)

    def _list(self) -> list[Any]:
        target = self._stack[-1]
        if type(target) is not list:
            raise refused("pickle_damaged", "It appends to what is no list.")
        return target

    def set_one(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._fill([(key, value)])

    def set_many(self) -> None:
        values = self._since_mark()
        self._fill(list(zip(values[::2], values[1::2], strict=True)))

    def _fill(self, pairs: list[tuple[Any, Any]]) -> None:
        target = self._stack[-1]
        if type(target) is not dict:
            raise refused("pickle_damaged", "It fills what is no table.")
        # Tuples in tuples as a key would take for ever to hash.
        if any(type(key) not in (str, int, float) for key, _ in pairs):
            raise refused("pickle_damaged", "A table has a key that is neither text nor number.")
        target.update(pairs)

    def mark(self) -> None:
        self._push(_MARK)

    def tuple_since(self) -> None:
        self._push(tuple(self._since_mark()))

    def tuple_of(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        if len(items) != count or _MARK in items:
            raise refused("pickle_damaged", "It gathers more than there is.")
        del self._stack[-count:]
        self._push(items)

    def integer(self) -> None:
        self._push(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def text(self) -> None:
        self._push(self._take(self._number("<I")).decode("utf-8", "surrogatepass"))

    def short_text(self) -> None:
        self._push(self._take(self._take(1)[0]).decode("latin-1"))

    def remember(self, form: str) -> None:
        self._memo[self._number(form)] = self._stack[-1]

    def recall(self, form: str) -> None:
        self._push(self._memo[self._number(form)])


_CLASS_HINT = "Save only tensors (a state_dict), or export the net as ONNX where it was made."
_STEPS: dict[int, Any] = {
    0x80: _Reader.protocol, 0x63: _Reader.word, 0x81: _Reader.new, 0x52: _Reader.call, 0x62: _Reader.build, 0x51: _Reader.storage,
    0x61: _Reader.append, 0x65: _Reader.extend, 0x73: _Reader.set_one, 0x75: _Reader.set_many, 0x28: _Reader.mark,
    0x74: _Reader.tuple_since, 0x85: lambda r: r.tuple_of(1), 0x86: lambda r: r.tuple_of(2), 0x87: lambda r: r.tuple_of(3),
    0x4E: lambda r: r._push(None), 0x89: lambda r: r._push(False), 0x88: lambda r: r._push(True), 0x29: lambda r: r._push(()),
    0x5D: lambda r: r._push([]), 0x7D: lambda r: r._push({}), 0x8F: lambda r: r._push(set()),
    0x4A: lambda r: r._push(r._number("<i")), 0x4B: lambda r: r._push(r._number("<B")), 0x4D: lambda r: r._push(r._number("<H")),
    0x47: lambda r: r._push(r._number(">d")), 0x58: _Reader.text, 0x55: _Reader.short_text, 0x8A: _Reader.integer,
    0x71: lambda r: r.remember("<B"), 0x72: lambda r: r.remember("<I"), 0x68: lambda r: r.recall("<B"), 0x6A: lambda r: r.recall("<I"),
}  # fmt: skip


def _tensor(storage: Any, offset: Any, sides: Any, steps: Any, *_: Any) -> Tensor:
    counts = (offset, *sides, *steps)
    if not isinstance(storage, Storage) or len(sides) != len(steps) or len(sides) > 8:
        raise refused("storage_size", "A tensor is no view into a storage.")
    if any(type(value) is not int or not 0 <= value < MOST_NUMBERS for value in counts):
        raise refused("storage_size", "A tensor claims sides and steps that are no counts.")
    count = 1
    for side in sides:
        count *= side
    last = offset + sum((side - 1) * step for side, step in zip(sides, steps, strict=True))
    # A step of nothing makes a huge tensor out of one number.
    if count and (last >= storage.count or count > storage.count):
        detail = f"A tensor of {shown(sides)} reaches number {last} of a storage that has {storage.count}."
        raise refused("storage_size", detail)
    return Tensor(storage, offset, tuple(sides), tuple(steps))


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _table(pairs: Any = ()) -> dict[Any, Any]:
    return dict(pairs)


def _set(items: Any = ()) -> tuple[Any, ...]:
    return tuple(items)


def _size(sides: Any = ()) -> tuple[Any, ...]:
    return tuple(sides)


def _nothing(*_: Any) -> Thing:
    """Values beside the net, such as figures of its training, are left out."""
    return Thing(_LEFT_OUT)


_CALLS: dict[str, Any] = {
    "torch._utils._rebuild_tensor_v2": _tensor, "torch._utils._rebuild_parameter": _parameter, "collections.OrderedDict": _table,
    "__builtin__.set": _set, "builtins.set": _set, "torch.Size": _size, "torch.device": _nothing, "_codecs.encode": _nothing,
    "numpy.dtype": _nothing, "numpy.core.multiarray.scalar": _nothing, "numpy._core.multiarray.scalar": _nothing,
}  # fmt: skip
