"""The grader's end of the pipe: write a job, read replies.  The reader trusts nothing: the student may control the child.

A reply that breaks a rule raises `Violation`.  No reply is unpickled, evaluated or given to numpy before its type,
shape and size have been checked against each other.
"""

import marshal
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from grader.records.run import DTYPES, MAX_DIMENSIONS, MAX_ENTRIES, Answer, ArrayData, Traced
from grader.sandbox.placing import described, placed
from grader.text import several_lines

if TYPE_CHECKING:
    import numpy as np

MAX_HEADER = 2**20  # texts may be escaped to twelve bytes a character
MAX_DATA = MAX_ENTRIES * 16
MAX_TOTAL = 40 * 2**20
MAX_TRACED, MAX_TRACED_BYTES = 172, 2**17  # of one call
MAX_READ = 24  # names, that a traced value is computed from
USUAL_HEADER = 512
MAX_LINES, MAX_LINE = 4, 400  # of an explanation
MAX_NAME = 64
_NO_NUMBERS = re.compile(
    r"it has shape \([\d, ]*\)|the type of its entries is [\w<>|=\[\]]{1,40}|setting an array element with a sequence\."
    r"(?: The requested array has an inhomogeneous shape after \d+ dimensions\. The detected shape was \([\d, ]*\)"
    r" \+ inhomogeneous part\.)?"
    r"|[\w.]{1,129} returns (?:\d+ arrays?; \d+ are expected: [\w, ]+|None for \w+|a dict without \w+(?:; its keys are [\w, ]+)?)"
)
_TRACED_NAME = re.compile(r'[^\W\d]\w*(?:\["\w+"\]|\[\d+\])?')  # sentences are made of these
_LENGTHS = struct.Struct("!II")


class Violation(Exception):
    """A child sent something that our code never sends."""


class _Described(msgspec.Struct, frozen=True):
    """One of the float64 arrays that follow the value: where it was traced, and its shape."""

    function: str
    line: int
    name: str
    shape: tuple[int, ...]
    cell: int = 0
    called: str = ""
    read: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """The header of one reply; `call` is -1 for the loading of the file."""

    call: int
    outcome: Literal[
        "returned", "missing", "raised", "out_of_memory"
    ]  # only the grader reports that it took too long or died
    returned: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    message: str = ""
    line: int = 0
    cell: int = 0
    printed: str = ""
    warnings: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    traced: tuple[_Described, ...] = ()
    within: str = ""


_DECODER = msgspec.json.Decoder(Reply)
_DISAGREE = "an array whose shape and bytes do not agree"


class ReplyReader:
    """Turns the bytes of one child into answers, in the order of the calls."""

    def __init__(self, text_limit: int) -> None:
        self._text_limit = text_limit
        self._rest = bytearray()
        self._needed = _LENGTHS.size
        self._total = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, Answer]]:
        """The replies that are complete with `data`, as (call, answer); those before a violation come first.

        Raises:
            Violation: the child broke the protocol.
        """
        self._total += len(data)
        if self._total > MAX_TOTAL:
            raise Violation(f"more than {MAX_TOTAL // 2**20} MB of results")
        received = data
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:  # to parse an incomplete reply would copy it each time
                return
            received = bytes(self._rest)
        start, size = 0, len(received)
        self._needed = _LENGTHS.size
        while size - start >= _LENGTHS.size:
            head_size, data_size = _LENGTHS.unpack_from(received, start)
            if head_size > MAX_HEADER or data_size > MAX_DATA:
                raise Violation("a result too large")
            middle = start + _LENGTHS.size + head_size
            end = middle + data_size
            if size < end:
                self._needed = end - start
                break
            head, start = received[start + _LENGTHS.size : middle], end
            yield self._answer(head, received[middle:end])
        self._rest = bytearray(received[start:])

    def _answer(self, head: bytes, data: bytes) -> tuple[int, Answer]:
        reply, answer, size = (_read_again if len(head) <= USUAL_HEADER else _read)(head, self._text_limit)
        if reply.traced:
            data, traced = _split(reply, data)
            answer = msgspec.structs.replace(answer, traced=traced)
        if len(data) != size:
            raise Violation(_DISAGREE if reply.dtype else "data without a type")
        if reply.dtype:
            answer = msgspec.structs.replace(answer, value=ArrayData(reply.dtype, reply.shape, data))
        return reply.call, answer


def _read(head: bytes, limit: int) -> tuple[Reply, Answer, int]:
    """A header, the answer without its arrays, and the number of bytes of its value; texts are cut at `limit`."""
    try:
        reply = _DECODER.decode(head)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Violation("a result that is not in the agreed form") from error
    if reply.dtype and reply.outcome != "returned":
        raise Violation("a value beside a failure")
    answer = Answer(
        outcome=reply.outcome,
        returned=reply.returned[:MAX_NAME] if reply.returned.isidentifier() else "object",
        message=_message(reply, limit),
        line=_number(reply.line),
        cell=_number(reply.cell),
        printed=several_lines(reply.printed, limit),
        warnings=tuple([several_lines(warning, limit // 5) for warning in reply.warnings[:5]]),
        mutated=tuple([name[:MAX_NAME] for name in reply.mutated[:64] if name.isidentifier()]),
        within=reply.within[:MAX_NAME] if reply.within.isidentifier() else "",
        explanation=tuple([several_lines(line, MAX_LINE).replace("\n", " ") for line in reply.explanation[:MAX_LINES]]),
    )
    return reply, answer, _bytes_of(reply.dtype, reply.shape) if reply.dtype else 0


def _message(reply: Reply, limit: int) -> str:
    """The message of a reply, in such a form that the student's words cannot be taken for the grader's own.

    An exception begins with its type.  Of a value that is no array of numbers, only the child's and numpy's words are repeated.
    """
    text = several_lines(reply.message, limit)
    if reply.call < 0 and (not text or reply.outcome != "returned"):  # why the file could not be loaded
        return text
    if reply.call >= 0 and reply.outcome == "returned":
        return text if _NO_NUMBERS.fullmatch(text) else ""
    if reply.outcome == "missing" or text.partition(":")[0].isidentifier():
        return text
    return f"Exception: {text}"[:limit]


_read_again = lru_cache(maxsize=1024)(_read)  # most headers are those of another submission too


def _split(reply: Reply, data: bytes) -> tuple[bytes, tuple[Traced, ...]]:
    """The bytes of the value, and the traced arrays that follow them."""
    if len(reply.traced) > MAX_TRACED:
        raise Violation("too many traced values")
    sizes = [8 * _entries(one.shape) for one in reply.traced]
    if sum(sizes) > min(len(data), MAX_TRACED_BYTES):
        raise Violation("traced values whose shapes and bytes do not agree")
    start = len(data) - sum(sizes)
    value, traced = data[:start], []
    for one, size in zip(reply.traced, sizes, strict=True):
        array = ArrayData("<f8", one.shape, data[start : start + size])
        line, cell = _number(one.line), _number(one.cell)
        function, name, called = one.function, one.name, one.called
        if function.isidentifier() and _TRACED_NAME.fullmatch(name) and (called.isidentifier() or not called):
            read = tuple([other[:MAX_NAME] for other in one.read[:MAX_READ] if _TRACED_NAME.fullmatch(other)])
            traced.append(Traced(function[:MAX_NAME], line, name[:MAX_NAME], array, cell, called[:MAX_NAME], read))
        start += size
    return value, tuple(traced)


def _bytes_of(dtype: str, shape: tuple[int, ...]) -> int:
    if dtype not in DTYPES:
        raise Violation("an array of another type than plain numbers")
    entries = _entries(shape)
    if entries > MAX_ENTRIES:
        raise Violation(_DISAGREE)
    return entries * int(dtype[2:])


def _entries(shape: tuple[int, ...]) -> int:
    """How many entries an array of this shape has.  Checked before multiplying: long products take seconds."""
    if len(shape) > MAX_DIMENSIONS or not all(0 <= size <= MAX_ENTRIES for size in shape):
        raise Violation("an array of an impossible shape")
    return math.prod(shape)


def _number(number: int) -> int:
    """The number of a line or cell; 0 for an impossible one."""
    return number if 0 <= number < 10**7 else 0


Fresh = Callable[[bytes], tuple[Mapping[str, Any], Mapping[str, int]]]


class JobWriter:
    """Writes jobs that share their sample points, except for one that each file may have for itself."""

    def __init__(
        self,
        points: Sequence[Mapping[str, Any]],
        output_bytes: int,
        sizes: Sequence[Mapping[str, int]] | None = None,
        asked: Sequence[str] = (),
        interface: Mapping[str, Any] | None = None,
        fresh: Fresh | None = None,
    ) -> None:
        """Prepare the points, each a mapping of quantities to arrays or plain numbers.

        Args:
            sizes: the dimensions of each point by name, in which explanations show shapes.
            asked: the names of all functions that a file should have.
            interface: how they are called, as `Interface` in the child reads it; each with a sample point where it is None.
            fresh: gives one more point, and its dimensions, for the bytes of a file; its number is `len(points)`.

        `names` are those of the quantities, the dimensions and the functions; `together` has, for each gradient, those that its
        function returns.
        """
        blob = bytearray()
        self._points = [described(blob, point, sizes[k] if sizes else {}, start=0) for k, point in enumerate(points)]
        self._blob = bytes(blob)
        self._output_bytes = output_bytes
        self._asked = list(asked)
        self._interface = dict(interface or _with_points(asked))
        returned = [function[1] for function in self._interface["functions"]]
        self.together: dict[str, list[str]] = {name: names for names in returned for name in names}
        named = [*asked, *self._interface["of"], *self._interface["groups"]]
        named += [word for function in self._interface["functions"] for word in function[0].split(".")]
        self.names = frozenset([*named, *(name for known in (*points, *(sizes or ())) for name in known)])
        self._fresh = fresh

    def job(
        self,
        source: bytes,
        calls: Sequence[tuple[str, int]],
        *,
        trace: bool = False,
        replaced: Mapping[str, Sequence[str]] | None = None,
        stand_ins: "Mapping[str, Sequence[np.ndarray[Any, Any]]] | None" = None,
    ) -> bytes:
        """One frame: execute `source`, then call each gradient at each point number of `calls`, traced if wanted.

        Args:
            replaced: for each gradient that is called, the functions that it must not call.
            stand_ins: what these return instead, at each point; without any, they raise.
        """
        more, points = bytearray(), self._points
        if self._fresh is not None and any(k == len(points) for _, k in calls):
            points = [*points, described(more, *self._fresh(source), start=len(self._blob))]
        header = {
            "points": points,
            "source": len(self._blob) + len(more),
            "calls": list(calls),
            "trace": trace,
            "output_bytes": self._output_bytes,
            "asked": self._asked,
            "interface": self._interface,
        }
        if replaced:
            header["replaced"] = {gradient: list(names) for gradient, names in replaced.items()}
            arrays, start = stand_ins or {}, len(self._blob)
            header["stand_ins"] = {name: [placed(more, one, start) for one in arrays[name]] for name in arrays}
            header["source"] = len(self._blob) + len(more)
        head, size = marshal.dumps(header), len(self._blob) + len(more) + len(source)
        return b"".join((_LENGTHS.pack(len(head), size), head, self._blob, more, source))


def _with_points(asked: Sequence[str]) -> dict[str, Any]:
    return {"by_name": False, "of": {name: name for name in asked}, "groups": {}, "functions": []}
