"""The grader's end of the pipe: write a job, read replies.  The reader trusts nothing: the child may be the student's.

A reply that breaks a rule raises `Violation`.  No reply is unpickled, evaluated or given to numpy before its type,
shape and size have been checked against each other.
"""

import marshal
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from grader.answers import DTYPES, MAX_DIMENSIONS, MAX_ENTRIES, Answer, ArrayData, Outcome, Traced
from grader.graph import Array

MAX_HEADER = 2**20  # texts may be escaped to twelve bytes a character
MAX_DATA = MAX_ENTRIES * 16
MAX_TOTAL = 40 * 2**20
MAX_TRACED = 40
USUAL_HEADER = 512
MAX_LINES, MAX_LINE = 4, 400  # of an explanation
_LENGTHS = struct.Struct("!II")


class Violation(Exception):
    """A child sent something that no child of ours sends."""


class _Described(msgspec.Struct, frozen=True):
    """One of the float64 arrays that follow the value: where it was traced, and its shape."""

    function: str
    line: int
    name: str
    shape: tuple[int, ...]
    cell: int = 0


class Reply(msgspec.Struct, frozen=True):
    """The header of one reply; `call` is -1 for the loading of the file."""

    call: int
    outcome: Outcome
    returned: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    message: str = ""
    line: int = 0
    cell: int = 0
    printed: str = ""
    warnings: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    traced: tuple[_Described, ...] = ()


_DECODER = msgspec.json.Decoder(Reply)


class ReplyReader:
    """Turns the bytes of one child into answers, in the order of the calls."""

    def __init__(self, text_limit: int) -> None:
        self._text_limit = text_limit
        self._buffer = bytearray()
        self._total = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, Answer]]:
        """The replies that are complete with `data`: (call, answer), each before anything is said of what follows it.

        Raises:
            Violation: the child broke the protocol.
        """
        self._total += len(data)
        if self._total > MAX_TOTAL:
            raise Violation(f"more than {MAX_TOTAL // 2**20} MB of results")
        self._buffer += data
        end = 0
        while len(self._buffer) - end >= _LENGTHS.size:
            head_size, data_size = _LENGTHS.unpack_from(self._buffer, end)
            if head_size > MAX_HEADER or data_size > MAX_DATA:
                raise Violation("a result too large")
            start, middle = end + _LENGTHS.size, end + _LENGTHS.size + head_size
            if len(self._buffer) < middle + data_size:
                break
            end = middle + data_size
            yield self._answer(bytes(self._buffer[start:middle]), bytes(self._buffer[middle:end]))
        del self._buffer[:end]

    def _answer(self, head: bytes, data: bytes) -> tuple[int, Answer]:
        reply, answer = (_read_again if len(head) <= USUAL_HEADER else _read)(head, self._text_limit)
        if reply.traced:
            data, traced = _split(reply, data)
            answer = msgspec.structs.replace(answer, traced=traced)
        if reply.dtype:
            answer = msgspec.structs.replace(answer, value=_array(reply.dtype, reply.shape, data))
        elif data:
            raise Violation("data without a type")
        return reply.call, answer


def _read(head: bytes, limit: int) -> tuple[Reply, Answer]:
    """A header, and all that it says of the answer but for its arrays; texts are cut at `limit`."""
    try:
        reply = _DECODER.decode(head)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Violation("a result that is not in the agreed form") from error
    if reply.dtype and reply.outcome != "returned":
        raise Violation("a value beside a failure")
    return reply, Answer(
        outcome=reply.outcome,
        returned=_text(reply.returned, limit),
        message=_text(reply.message, limit),
        line=_number(reply.line),
        cell=_number(reply.cell),
        printed=_text(reply.printed, limit),
        warnings=tuple([_text(warning, limit) for warning in reply.warnings[:5]]),
        mutated=tuple([_text(name, 64) for name in reply.mutated[:64]]),
        evidence=tuple([_text(what, 64).replace("\n", " ") for what in reply.evidence[:4]]),
        explanation=tuple([_text(line, MAX_LINE).replace("\n", " ") for line in reply.explanation[:MAX_LINES]]),
    )


_read_again = lru_cache(maxsize=1024)(_read)  # most headers are those of another submission too


def _split(reply: Reply, data: bytes) -> tuple[bytes, tuple[Traced, ...]]:
    """The bytes of the value, and the traced arrays that follow them."""
    if len(reply.traced) > MAX_TRACED:
        raise Violation("too many traced values")
    sizes = [8 * _entries(described.shape) for described in reply.traced]
    if sum(sizes) > len(data):
        raise Violation("traced values whose shapes and bytes do not agree")
    start = len(data) - sum(sizes)
    value, traced = data[:start], []
    for described, size in zip(reply.traced, sizes, strict=True):
        array = _array("<f8", described.shape, data[start : start + size])
        line, cell = _number(described.line), _number(described.cell)
        traced.append(Traced(_text(described.function, 64), line, _text(described.name, 64), array, cell))
        start += size
    return value, tuple(traced)


def _array(dtype: str, shape: tuple[int, ...], data: bytes) -> ArrayData:
    if dtype not in DTYPES:
        raise Violation("an array of another type than plain numbers")
    entries = _entries(shape)
    if entries > MAX_ENTRIES or entries * int(dtype[2:]) != len(data):
        raise Violation("an array whose shape and bytes do not agree")
    return ArrayData(dtype, shape, data)


def _entries(shape: tuple[int, ...]) -> int:
    """How many entries an array of this shape has.  Looked at before it is multiplied: long products take seconds."""
    if len(shape) > MAX_DIMENSIONS:
        raise Violation("an array of an impossible shape")
    for size in shape:
        if not 0 <= size <= MAX_ENTRIES:
            raise Violation("an array of an impossible shape")
    return math.prod(shape)


def _number(number: int) -> int:
    """The number of a line or cell; 0, which is none, where it cannot be one."""
    return number if 0 <= number < 10**7 else 0


def _text(text: str, limit: int) -> str:
    """Printable characters and newlines only, cut; lone surrogates, which no encoder takes, are among what goes."""
    text = text[:limit]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


class JobWriter:
    """Writes jobs that share their steps."""

    def __init__(
        self,
        steps: Sequence[Mapping[str, Any]],
        output_bytes: int,
        sizes: Sequence[Mapping[str, int]] | None = None,
        asked: Sequence[str] = (),
    ) -> None:
        """Prepare the steps, each a mapping of quantities to arrays or whole numbers.

        Args:
            sizes: the dimensions of each step by name, with which shapes are told in letters.
            asked: the names of all functions that a file is to have.
        """
        blob = bytearray()
        described = []
        for k, step in enumerate(steps):
            arrays: dict[str, tuple[int, int, tuple[int, ...]]] = {}
            indices = {name: int(value) for name, value in step.items() if isinstance(value, int)}
            for name, value in step.items():
                if not isinstance(value, int):
                    arrays[name] = self._append(blob, value)
            described.append({"indices": indices, "arrays": arrays, "sizes": sizes[k] if sizes else {}})
        self._blob = bytes(blob)
        self._steps = described
        self._output_bytes = output_bytes
        self._asked = list(asked)
        self._heads: dict[tuple[tuple[tuple[str, int], ...], bool], bytes] = {}

    def job(self, source: bytes, calls: Sequence[tuple[str, int]], *, trace: bool = False) -> bytes:
        """One frame: execute `source`, then call each gradient at each step number of `calls`, traced if wanted.

        The header is the same for every file of which the same is called.
        """
        key = (tuple(calls), trace)
        head = self._heads.get(key)
        if head is None:
            header = {
                "steps": self._steps,
                "source": len(self._blob),
                "calls": list(calls),
                "trace": trace,
                "output_bytes": self._output_bytes,
                "asked": self._asked,
            }
            head = self._heads[key] = marshal.dumps(header)
        return _LENGTHS.pack(len(head), len(self._blob) + len(source)) + head + self._blob + source

    @staticmethod
    def _append(blob: bytearray, value: Array) -> tuple[int, int, tuple[int, ...]]:
        start = len(blob)
        blob += value.astype("<f8").tobytes()
        return start, len(blob), value.shape
