"""The right numbers in another order, or with some of them never filled in."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, islice, permutations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.pattern import Case, Edits, Pattern
from grader.problem.model import Array

Change = Callable[[Array], Array]

SHIFTS = (1, -1)
BLOCKS = (2, 3, 4)
LEAST_ENTRIES = 3
_PARTS: tuple[tuple[str, Callable[[int], slice]], ...] = (
    ("first", lambda n: slice(0, 1)),
    ("last", lambda n: slice(n - 1, n)),
)


def _orders(case: Case) -> Iterator[tuple[str, Change]]:
    """What it is called, and how it is done."""
    axes = [axis for axis in range(case.right[0].ndim) if case.right[0].shape[axis] > 1]
    for axis in axes:
        what = _axis_name(axes, axis)
        yield f"in reverse order{what}", partial(np.flip, axis=axis)
        for shift in SHIFTS:
            way = "on" if shift > 0 else "back"
            yield f"moved {way} by one place{what}", partial(np.roll, shift=shift, axis=axis)
        yield f"sorted{what}", partial(np.sort, axis=axis)
        yield f"sorted{what}, the largest first", partial(_descending, axis=axis)
        yield from _block_orders(case, axis, what)
    if len(axes) > 1:
        yield "in reverse order along every axis", np.flip
        yield "sorted", lambda a: np.sort(a, axis=None).reshape(a.shape)


def _block_orders(case: Case, axis: int, what: str) -> Iterator[tuple[str, Change]]:
    """Several arrays side by side, such as the gates of a cell, in another order."""
    for count in BLOCKS:
        if all(right.shape[axis] % count == 0 and right.shape[axis] > count for right in case.right):
            for order in islice(permutations(range(count)), 1, None):
                shown = ", ".join(str(k + 1) for k in order)
                yield f"{count} blocks are in the order {shown}{what}", partial(_in_blocks, axis=axis, order=order)


def _in_blocks(a: Array, axis: int, order: Sequence[int]) -> Array:
    blocks = np.split(a, len(order), axis)
    return np.concatenate([blocks[k] for k in order], axis)


def _descending(a: Array, axis: int) -> Array:
    return np.flip(np.sort(a, axis), axis)


def _axis_name(axes: list[int], axis: int) -> str:
    return "" if len(axes) == 1 else f" along axis {axis}"


def _axis_names(axes: list[int], some: Sequence[int]) -> str:
    if len(some) == 1:
        return _axis_name(axes, some[0])
    return f" along axes {', '.join(map(str, some[:-1]))} and {some[-1]}"


def _reordered(case: Case) -> Iterator[Edits]:
    if case.same_shape():
        for what, change in _orders(case):
            if case.matches(map(change, case.right)):
                yield (OPERATORS["reordered"].edit("the result", new=what),)


def _shifted(case: Case) -> Iterator[Edits]:
    """Moved by several places along an axis, zeros in the places that are left: a padding on the wrong side."""
    axes = [axis for axis in range(case.right[0].ndim) if case.right[0].shape[axis] > 1]
    if not case.same_shape() or min(right.size for right in case.right) < LEAST_ENTRIES:
        return
    chosen = [(axis,) for axis in axes] + list(combinations(axes, 2))
    for some in chosen:
        for way, sign in (("on", 1), ("back", -1)):
            pairs = zip(case.values, case.right, strict=True)
            if all(_is_moved(value, right, some, sign, case.tolerance) for value, right in pairs):
                new = f"moved {way}{_axis_names(axes, some)}, and what is moved out is lost"
                yield (OPERATORS["reordered"].edit("the result", new=new),)


def _is_moved(value: Array, right: Array, axes: tuple[int, ...], sign: int, tolerance: float) -> bool:
    allowed = tolerance * float(np.max(np.abs(value)))
    places = [_empty(value, axis, sign) - _empty(right, axis, sign) for axis in axes]
    if min(places) < 1:
        return False
    moved = right
    for axis, count in zip(axes, places, strict=True):
        moved = _moved(moved, sign * count, axis)
    return bool(np.max(np.abs(value - moved)) <= allowed)


def _empty(array: Array, axis: int, sign: int) -> int:
    """How many zeros there are before the first other number along the axis, or behind the last one."""
    filled = np.any(np.moveaxis(array, axis, 0) != 0, axis=tuple(range(1, array.ndim)))[::sign]
    return int(np.argmax(filled)) if filled.any() else 0


def _moved(right: Array, places: int, axis: int) -> Array:
    rows = np.moveaxis(right, axis, 0)
    made = np.zeros_like(rows)
    if places > 0:
        made[places:] = rows[:-places]
    elif places < 0:
        made[:places] = rows[-places:]
    return np.moveaxis(made, 0, axis)


def _cut(case: Case) -> Iterator[Edits]:
    """Some of the right entries along one axis, in their order: those at one end or at both ends are missing."""
    pairs = list(zip(case.values, case.right, strict=True))
    if any(v.ndim != r.ndim or v.size < LEAST_ENTRIES for v, r in pairs):
        return
    every = list(range(pairs[0][1].ndim))
    axes = tuple(axis for axis in every if all(v.shape[axis] < r.shape[axis] for v, r in pairs))
    if axes and all(_part_of(right, value, axes, case.tolerance) for value, right in pairs):
        yield (OPERATORS["shape-cut"].edit("the result", new=_axis_names(every, axes)),)


def _part_of(right: Array, value: Array, axes: tuple[int, ...], tolerance: float) -> bool:
    """Whether `value` is one piece of `right` along the axes."""
    if any(axis not in axes and value.shape[axis] != length for axis, length in enumerate(right.shape)):
        return False
    allowed = tolerance * float(np.max(np.abs(value)))
    pieces = sliding_window_view(right, value.shape)
    return bool(np.any(np.max(np.abs(pieces - value), axis=tuple(range(-right.ndim, 0))) <= allowed))


def _slices(case: Case) -> Iterator[tuple[str, Change]]:
    """The first or last entry, row or column, as what is 1 there and 0 elsewhere."""
    axes = [axis for axis in range(case.right[0].ndim) if case.right[0].shape[axis] > 1]
    words = {1: ["entry"], 2: ["row", "column"]}.get(len(axes), [f"part along axis {axis}" for axis in axes])
    for axis, word in zip(axes, words, strict=True):
        for which, part in _PARTS:

            def mask(a: Array, axis: int = axis, part: Callable[[int], slice] = part) -> Array:
                ones = np.zeros(a.shape)
                ones[(slice(None),) * axis + (part(a.shape[axis]),)] = 1.0
                return ones

            yield f"{which} {word}", mask
    if len(axes) > 1:
        yield "first entry", lambda a: np.eye(1, a.size).reshape(a.shape)


def _unfilled(case: Case) -> Iterator[Edits]:
    if case.same_shape() and min(value.size for value in case.values) >= LEAST_ENTRIES:
        for what, mask in _slices(case):
            if case.matches(right * (1 - mask(right)) for right in case.right):
                yield (OPERATORS["left-out"].edit("the result", new=f"the {what}"),)


def _repeated(case: Case) -> Iterator[Edits]:
    """The right rows, several times one after the other: a list times a number."""
    rows = [(v.shape[0], r.shape[0]) for v, r in zip(case.values, case.right, strict=True) if v.ndim == r.ndim == 2]
    times = {found // right for found, right in rows if found % right == 0}
    n = times.pop() if len(rows) == len(case.right) and len(times) == 1 else 1
    if n > 1 and case.matches(np.tile(right, (n, 1)) for right in case.right):
        yield (OPERATORS["repeated-rows"].edit("the result", new=f"{n} times"),)


def _filled_once(case: Case) -> Iterator[Edits]:
    if case.same_shape() and min(value.size for value in case.values) >= LEAST_ENTRIES:
        for what, mask in _slices(case):
            if case.matches(right * mask(right) for right in case.right):
                yield (OPERATORS["filled-once"].edit("the result", new=f"the {what}"),)


def _first(case: Case) -> list[Array]:
    """The mask of the first entry or row."""
    return [next(iter(_slices(case)))[1](right) for right in case.right]


def _has_several(case: Case) -> bool:
    return min(right.size for right in case.right) >= LEAST_ENTRIES


PATTERNS = (
    Pattern(
        "reordered", _reordered, lambda case: [np.flip(right) for right in case.right] if _has_several(case) else None
    ),
    Pattern(
        "reordered",
        _shifted,
        lambda case: (
            [_moved(right, 2, 0) for right in case.right] if min(len(r) for r in case.right if r.ndim) > 3 else None
        ),
    ),
    Pattern(
        "shape-cut",
        _cut,
        lambda case: [right[1:-1] for right in case.right] if min(len(r) for r in case.right if r.ndim) > 5 else None,
    ),
    Pattern(
        "left-out",
        _unfilled,
        lambda case: (
            [right * (1 - mask) for right, mask in zip(case.right, _first(case), strict=True)]
            if _has_several(case)
            else None
        ),
    ),
    Pattern(
        "repeated-rows",
        _repeated,
        lambda case: [np.tile(right, (3, 1)) for right in case.right] if case.right[0].ndim == 2 else None,
    ),
    Pattern(
        "filled-once",
        _filled_once,
        lambda case: (
            [right * mask for right, mask in zip(case.right, _first(case), strict=True)] if _has_several(case) else None
        ),
    ),
)
