"""What is shown of one wrong gradient: where its numbers are off, and the code that made them.  Pure; runs nothing.

Shows sizes of errors, never the right numbers themselves.
"""

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from grader.checks.check import check_shape
from grader.config.keys import Gradient
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.records.run import Answer

MAX_SIDE = 40
MAX_CODE_LINES = 30
MAX_CODE_COLUMNS = 160

# The bucket of an entry by its relative error |a - b| / max(|a|, |b|): "a" right, "b" to "e" up to each bound, "f" above 1,
# where the signs differ; "o" for a zero where the right number is none, "z" for no finite number.
BOUNDS = (0.0, 0.01, 0.1, 0.5, 1.0)
BUCKETS = np.array(list("abcdef"))
RIGHT, ZERO, NOT_FINITE = "a", "o", "z"


class Heat(Struct, frozen=True):
    """The errors of one answer, entry by entry, at the sample point where it is worst.

    Attributes:
        point: from 1.
        axes: the symbolic dimensions of rows and columns.
        shape: rows and columns of the whole answer; more than MAX_SIDE of either are not drawn.
        cells: the bucket of each drawn entry, row by row.
        differ: how many entries of the whole answer differ.
        error: relative error of the whole answer; None where some entry is not finite.
    """

    point: int
    axes: tuple[str, str]
    shape: tuple[int, int]
    cells: str
    differ: int
    error: float | None


def heat_map(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> Heat | None:
    """The errors of one gradient; None where its answers are not arrays of real numbers of the right shape."""
    if len(answers) != len(assignment.points):
        return None
    _, values = check_shape(assignment, gradient, answers)
    if values is None or any(value.dtype.kind not in "biuf" for value in values):
        return None
    values = [assignment.config.sign * value.astype(float) for value in values]
    numeric = assignment.numeric[gradient.name]
    # The same point as in the message of the failed check: the worst against the numerical derivative.
    with np.errstate(all="ignore"):  # a student's numbers may be as large as they like
        errors = [d.error_of(value, point) for d, value, point in zip(numeric, values, assignment.points, strict=True)]
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    symbolic = [str(axis) for axis in assignment.symbolic(gradient)]
    columns = values[worst].shape[-1] if symbolic else 1
    value, right = values[worst].reshape(-1, columns), assignment.exact[gradient.name][worst].reshape(-1, columns)
    buckets = _buckets(value, right, assignment.config.checks.finite_difference.tolerance)
    error = relative_error(value, right)
    return Heat(
        point=worst + 1,
        axes=(" × ".join(symbolic[:-1]) or "1", symbolic[-1] if symbolic else "1"),
        shape=(len(value), columns),
        cells="".join(buckets[:MAX_SIDE, :MAX_SIDE].ravel()),
        differ=int((buckets != RIGHT).sum()),
        error=float(f"{error:.3g}") if np.isfinite(error) else None,
    )


def _buckets(value: Array, right: Array, tolerance: float) -> Array:
    """The bucket of each entry; an entry is right as in the check, relative to the largest right number."""
    with np.errstate(all="ignore"):
        gap = np.abs(value - right)
        relative = gap / np.maximum(np.abs(value), np.abs(right))
        buckets = BUCKETS[np.searchsorted(BOUNDS, np.where(np.isfinite(relative), relative, 0.0), side="left")]
        buckets = np.where(value == 0, ZERO, buckets)
        buckets = np.where(gap <= tolerance * np.max(np.abs(right)), RIGHT, buckets)
    return np.where(np.isfinite(value), buckets, NOT_FINITE)


class Code(Struct, frozen=True):
    """Lines of the student's file: the number of the first, and their text."""

    first: int
    lines: list[str]


def excerpt(lines: Sequence[str], name: str, line: int = 0) -> Code | None:
    """The function `name` in a student's file, or the lines around `line` where that is elsewhere.

    Found by its first characters, not by parsing: hostile text cannot upset that.
    """
    define = re.compile(rf"(async\s+)?def\s+{re.escape(name)}\b")
    starts = [k for k, text in enumerate(lines) if define.match(text)]
    if starts:
        start = starts[-1]  # the last definition is the one that counts
        end = _end_of_block(lines, start)
        if not line or start < line <= end:
            return _cut(lines, start, end)
    return around(lines, line)


def around(lines: Sequence[str], line: int) -> Code | None:
    """A line of a student's file with two before and after it; None where there is no such line."""
    return _cut(lines, max(0, line - 3), min(len(lines), line + 2)) if 0 < line <= len(lines) else None


def _end_of_block(lines: Sequence[str], start: int) -> int:
    """The first line after `start` that begins in the first column, less blank ones and comments before it."""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t)#]"):
        end += 1
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _cut(lines: Sequence[str], start: int, end: int) -> Code:
    shown = [text[:MAX_CODE_COLUMNS] + ("…" if len(text) > MAX_CODE_COLUMNS else "") for text in lines[start:end]]
    if len(shown) > MAX_CODE_LINES:
        shown = [*shown[:MAX_CODE_LINES], f"… {len(shown) - MAX_CODE_LINES} more lines"]
    return Code(start + 1, shown)
