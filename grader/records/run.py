"""What a run of a student's file left, as plain data.  All text in it is hostile.

Imports numpy only to look at an array: storing and passing on answers needs none.
"""

import hashlib
import math
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from grader.text import one_line

if TYPE_CHECKING:
    import numpy as np

Outcome = Literal["returned", "missing", "raised", "timed_out", "out_of_memory", "died"]

# Arrays that may cross the wall: booleans, integers, floats and complex numbers of the usual sizes.
DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
MAX_DIMENSIONS = 6
MAX_ENTRIES = 2**20
MAX_REASON = 200  # characters of a student's text in one of our sentences

LEAST_ROOM = 64  # entries that an array may always have: they take no more bytes than a hash and a little


class ArrayData(Struct, frozen=True):
    """An array as it crossed the wall.

    Attributes:
        data: its entries, C order, little endian; of an array too large to keep only a hash of them.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @property
    def entries(self) -> int:
        return math.prod(self.shape)

    @property
    def kept(self) -> bool:
        """Whether the entries are here; otherwise only their type and shape are known."""
        return len(self.data) == self.entries * int(self.dtype[2:])

    def array(self) -> "np.ndarray[Any, Any]":
        """The array, read-only; zeros, in no memory, in place of entries that were not kept."""
        import numpy as np

        if not self.kept:
            return np.broadcast_to(np.zeros((), dtype=np.dtype(self.dtype)), self.shape)
        return np.frombuffer(self.data, dtype=np.dtype(self.dtype)).reshape(self.shape)

    def within(self, entries: int) -> "ArrayData":
        """This array or, where it has more entries, its type, its shape and a hash."""
        if self.entries <= max(entries, LEAST_ROOM) or not self.kept:
            return self
        return ArrayData(self.dtype, self.shape, hashlib.sha256(self.data).digest())


def place(line: int, cell: int = 0) -> str:
    """Where in a student's file, in words: a line, or a notebook's cell and the line in it; "" where it is unknown."""
    return "" if not line else f"cell {cell}, line {line}" if cell else f"line {line}"


class Traced(Struct, frozen=True):
    """An array that a name of the student's came to hold.

    Attributes:
        function, line, cell: where in the file.
        name: "return" is what a function returned, "return[0]" one of several results, "for" a loop that begins here: its
            value is the first line and the last one.
        called: the function that is given the array, which is not its own then but its caller's.
        read: the names that it was computed from.
    """

    function: str
    line: int
    name: str
    value: ArrayData
    cell: int = 0
    called: str = ""
    read: tuple[str, ...] = ()


class Answer(Struct, frozen=True, omit_defaults=True):
    """What one call of one gradient function left.

    Attributes:
        value: the array that it returned, where it returned one.
        returned: the type of what it returned, such as "list".
        message: the exception or other reason, in the student's or Python's words.
        line: the line of the student's file where it was raised, 0 if unknown; in a notebook of the cell.
        cell: the cell of the notebook, counted from 1; 0 where there are none.
        printed: what it printed, cut.
        warnings: what Python or numpy warned of, cut.
        mutated: the quantities of `s` that it changed in place.
        explanation: which expression raised and why or, in a traced call, what numpy did without complaint.  Made in the
            student's process, and checked to be sentences of the grader about expressions of the file.
        forged: it came with an explanation that is not the grader's, which was dropped.
        within: the gradient function that raised: this one, or one that it calls.
        traced: the arrays that its names came to hold, in order of time, where the call was traced.
    """

    outcome: Outcome
    value: ArrayData | None = None
    returned: str = ""
    message: str = ""
    line: int = 0
    printed: str = ""
    warnings: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    traced: tuple[Traced, ...] = ()
    forged: bool = False
    cell: int = 0
    within: str = ""


def stopped(loading: Answer) -> str:
    """In words: where a file stopped, and why, although the functions that it had defined could be called."""
    where = place(loading.line, loading.cell)
    reason = one_line(loading.message, MAX_REASON)
    return (
        f"the file stopped{where and f' at {where}'} ({reason}): nothing after that was run,"
        " but the functions defined before it were graded as usual"
    )


class Substituted(Struct, frozen=True, omit_defaults=True):
    """The calls of one gradient while others, which gave no numbers to build on, were replaced.

    Attributes:
        replaced: these others; each returned random arrays of the right shape (`Assignment.substitutes`).
        answers: one per sample point that all files share; fewer where an earlier one was no value.
    """

    replaced: tuple[str, ...]
    answers: list[Answer]


class Run(Struct, frozen=True, omit_defaults=True):
    """What one submission left.

    Attributes:
        answers: for each gradient its answers, one per sample point; fewer where an earlier one was no value.
        loading: the outcome of executing the file itself; "returned" where its functions could be called, with a message
            where it did not run to its end.
        printed: what it printed while it was loaded.
        cpu_seconds: processor time of all its processes together.
        attempts: how many processes were started for it.
        traces: for wrong gradients the traced calls of a second run, one per sample point.
        wall_seconds: elapsed time, without waiting for a processor.
        fresh: for each gradient its answer at the sample point that is drawn for this file alone.
        inconsistent: for each gradient its answer at the sample point whose computed quantities contradict its inputs.
        source_hash: the SHA-256 of the file in hexadecimal, from which its own sample point is drawn.
        substituted: for gradients that could not be checked because of others, what they answered with these replaced.
        violations: the system calls that no honest file makes (see sandbox/shared/reported.py), by name.  The kernel reports
            them, so these cannot be forged.  Empty where the kernel does not report them.
    """

    answers: dict[str, list[Answer]]
    loading: Answer = Answer("returned")
    cpu_seconds: float = 0.0
    attempts: int = 0
    traces: dict[str, list[Answer]] = {}
    wall_seconds: float = 0.0
    fresh: dict[str, Answer] = {}
    inconsistent: dict[str, Answer] = {}
    source_hash: str = ""
    violations: tuple[str, ...] = ()
    substituted: dict[str, Substituted] = {}
