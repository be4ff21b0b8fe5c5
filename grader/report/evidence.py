"""The evidence on one wrong gradient: where its numbers are off, and the code that made them.  Pure; runs nothing.

Shows sizes of errors, never the right numbers themselves.
"""

import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from grader.answers import Answer
from grader.assignment import Assignment
from grader.config import Gradient
from grader.graph import Array
from grader.judge import check_shape

MAX_SIDE = 40
MAX_CODE_LINES = 30
MAX_CODE_COLUMNS = 160

# One letter an entry: the size of its error relative to the largest right number.  "z" is no finite number.
LEVELS = (1e-6, 1e-4, 1e-2, 1e-1, 1.0)
RIGHT, NOT_FINITE = "a", "z"


class Heat(Struct, frozen=True, omit_defaults=True):
    """The errors of one answer, entry by entry, at the step where they are largest.

    Attributes:
        step: from 1.
        axes: what rows and columns run over, in the letters of the assignment.
        shape: rows and columns of the whole answer; more than MAX_SIDE of either are not drawn.
        cells: a letter for each drawn entry, row by row: "a" right, then "b" to "f" for ever larger errors, in capitals
            where the sign is the opposite one; "z" where it is no finite number.
        differ: how many entries differ.
        error: relative error of the whole answer; None where some entry is not finite.
    """

    step: int
    axes: tuple[str, str]
    shape: tuple[int, int]
    cells: str
    differ: int
    error: float | None


def heat_map(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> Heat | None:
    """The errors of one gradient; None where its answers are not arrays of real numbers of the right shape."""
    if len(answers) != len(assignment.steps):
        return None
    _, values = check_shape(assignment, gradient, answers)
    if values is None or any(value.dtype.kind not in "biuf" for value in values):
        return None
    values = [assignment.config.sign * value.astype(float) for value in values]
    right = assignment.exact[gradient.name]
    with np.errstate(all="ignore"):
        errors = [np.abs(value - exact) / np.max(np.abs(exact)) for value, exact in zip(values, right, strict=True)]
    worst = int(np.argmax([np.inf if not np.all(np.isfinite(error)) else error.max() for error in errors]))
    symbolic = [str(axis) for axis in assignment.symbolic(gradient)]
    axes = (" × ".join(symbolic[:-1]) or "1", symbolic[-1])
    return _drawn(worst, axes, values[worst], right[worst], errors[worst])


def _drawn(step: int, axes: tuple[str, str], value: Array, right: Array, error: Array) -> Heat:
    columns = value.shape[-1]
    flat = error.reshape(-1, columns)
    finite = np.isfinite(flat)
    levels = np.searchsorted(LEVELS, np.where(finite, flat, 0.0), side="left")
    with np.errstate(all="ignore"):
        opposite = ((value * right).reshape(-1, columns) < 0) & (levels > 0)
        norm = max(np.linalg.norm(value), np.linalg.norm(right))
        whole = float(np.linalg.norm(value - right) / norm) if norm else 0.0
    letters = np.array(list("abcdef"))[levels]
    letters = np.where(opposite, np.char.upper(letters), letters)
    letters = np.where(finite, letters, NOT_FINITE)
    return Heat(
        step=step + 1,
        axes=axes,
        shape=(len(flat), columns),
        cells="".join(letters[:MAX_SIDE, :MAX_SIDE].ravel()),
        differ=int((letters != RIGHT).sum()),
        error=whole if np.isfinite(whole) else None,
    )


class Code(Struct, frozen=True):
    """Lines of the student's file: the number of the first, and their text."""

    first: int
    lines: list[str]


def excerpt(lines: Sequence[str], name: str, line: int = 0) -> Code | None:
    """The function `name` in a student's file, or the lines around `line` where that is elsewhere.

    Found by its first letters, not by parsing: hostile text cannot upset that.
    """
    start = next((k for k, text in reversed(list(enumerate(lines))) if re.match(rf"(async\s+)?def\s+{re.escape(name)}\b", text)), None)
    if start is not None:
        end = _end_of_block(lines, start)
        if not line or start < line <= end:
            return _cut(lines, start, end)
    if line and line <= len(lines):
        return _cut(lines, max(0, line - 3), min(len(lines), line + 2))
    return None


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
