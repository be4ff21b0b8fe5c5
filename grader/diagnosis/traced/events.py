"""What a traced run left, as values at all sample points, in order of time.  All of it comes from the student's process."""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Values
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.records.run import Traced, place

TOLERANCE = 1e-9
RETURNED, LOOP = "return", "for"
MOST_ROWS = 8
ENDS = 2  # passes at either end of a loop that is longer at one sample point than at another

Key = tuple[str, str, str]  # function, place, name
_Recorded = tuple[int, Array, tuple[str, ...]]  # its position in time, its value, what was read for it


class Event(Struct, frozen=True, eq=False):
    """A name came to hold an array.

    Attributes:
        order: its position in time.
        last: whether it is what the name holds after the last pass through the line.
        called: the function that is given the array, "" for what is no argument.
        read: the names that it was computed from.
    """

    function: str
    line: int
    cell: int
    name: str
    values: Values
    order: int
    last: bool
    called: str
    read: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return self.function, place(self.line, self.cell), self.name

    @property
    def returned(self) -> bool:
        return self.name == RETURNED

    @property
    def one_of_several(self) -> bool:
        """Whether it is one of several results of a function."""
        return self.name.startswith(f"{RETURNED}[")


class Loop(Struct, frozen=True):
    function: str
    cell: int
    line: int
    last: int

    def contains(self, event: Event) -> bool:
        same = (event.function, event.cell) == (self.function, self.cell)
        return same and self.line < event.line <= self.last


def events(traces: Sequence[Sequence[Traced]]) -> list[Event]:
    """What was recorded in the same place at every sample point; pass by pass, of unequal numbers the first and the last."""
    points = [_by_place(trace) for trace in traces]
    longest = max(
        points, key=lambda point: sum(map(len, point.values()))
    )  # where the first and the last passes are apart
    found = []
    for key, records in longest.items():
        if not all(key in point for point in points):
            continue
        counts = {len(point[key]) for point in points}
        function, line, cell, name, called = key
        least = min(counts)
        passes = [*range(-least, 0)] if len(counts) == 1 else [*range(min(least, ENDS)), *range(-min(least, ENDS), 0)]
        for number in passes:
            values = [point[key][number][1] for point in points]
            order, _, read = records[number]
            found.append(Event(function, line, cell, name, values, order, number == -1, called, read))
    return sorted(found, key=lambda event: event.order)


def _by_place(trace: Sequence[Traced]) -> dict[tuple[str, int, int, str, str], list[_Recorded]]:
    found: dict[tuple[str, int, int, str, str], list[_Recorded]] = {}
    for order, one in enumerate(trace):
        if one.name != LOOP:
            key = (one.function, one.line, one.cell, one.name, one.called)
            found.setdefault(key, []).append((order, one.value.array(), one.read))
    return found


def loops(traces: Sequence[Sequence[Traced]]) -> set[Loop]:
    found = set()
    for trace in traces:
        for one in trace:
            if one.name == LOOP and one.value.shape == (2,) and np.all(np.isfinite(one.value.array())):
                found.add(Loop(one.function, one.cell, one.line, int(one.value.array()[1])))
    longest = {(loop.function, loop.cell, loop.line): loop for loop in sorted(found, key=lambda loop: loop.last)}
    return set(longest.values())


def at_all_points(traces: Sequence[Sequence[Traced]]) -> Iterator[tuple[Key, Values]]:
    """What names held in the end, in order of time; each value once, constants left out."""
    seen: list[Values] = []
    for event in events(traces):
        values = event.values
        telling = event.last and not (event.called or event.one_of_several or any(map(is_trivial, values)))
        if telling and not any(equal(values, other) for other in seen):
            seen.append(values)
            yield event.key, values


def is_trivial(value: Array) -> bool:
    """Whether an array says nothing about how it was derived: no entry or one, all of them equal, or no finite numbers."""
    return value.size < 2 or not np.all(np.isfinite(value)) or bool(np.all(value == value.flat[0]))


def equal(values: Values, right: Values, tolerance: float = TOLERANCE) -> bool:
    """The same numbers, whether as rows, columns or vectors."""
    if values[0].size != right[0].size:  # mostly, and thousands are compared
        return False
    if any(value.size != other.size for value, other in zip(values, right, strict=True)):
        return False
    return all(_near(np.squeeze(v), np.squeeze(r), tolerance) for v, r in zip(values, right, strict=True))


def same(values: Values, others: Values, tolerance: float = TOLERANCE) -> bool:
    """The same numbers in the same shapes."""
    return all(_near(v, o, tolerance) for v, o in zip(values, others, strict=True))


def _near(value: Array, right: Array, tolerance: float) -> bool:
    return value.shape == right.shape and relative_error(value, right) <= tolerance


def either_way(values: Values, sign: float) -> list[Values]:
    """A student's values and, where the gradients of -J are asked for, their negatives: formulas are those of J."""
    return [values] if sign == 1 else [values, [-value for value in values]]


def is_regrouped(values: Values, right: Values) -> bool:
    """The same numbers in the same order, in more axes or in fewer, as a reshape groups them."""
    return all(
        value.ndim != other.ndim and _near(np.ravel(value), np.ravel(other), TOLERANCE)
        for value, other in zip(values, right, strict=True)
    )


def is_filled_in_part(values: Values, right: Values) -> bool:
    """Whether what is not zero is right, and something is."""
    return all(
        value.shape == truth.shape
        and bool(np.any(value))
        and np.allclose(value[value != 0], truth[value != 0], 1e-9, 0)
        for value, truth in zip(values, right, strict=True)
    )


def is_stack(values: Values, known: Sequence[Values], axis: int) -> bool:
    """Whether all rows, or all columns, are known; of as many at every sample point."""
    counts = {value.shape[axis] if value.ndim == 2 else 0 for value in values}
    if len(counts) > 1 or not 1 < min(counts) <= MOST_ROWS:
        return False
    rows = ([value.take(i, axis) for value in values] for i in range(min(counts)))
    return all(any(equal(row, other) for other in known) for row in rows)


def differ_by_rows(value: Array, other: Array, axis: int = -1) -> bool:
    """Whether two arrays differ by one number for each row, or for each line along another axis."""
    if value.shape != other.shape or not value.ndim > axis or value.shape[axis] < 2:
        return False
    apart = value - other
    return bool(np.all(np.abs(apart - np.take(apart, [0], axis)) <= TOLERANCE * (1 + np.max(np.abs(other)))))


def is_row(row: Array, table: Array) -> bool:
    for rows in (table, table.T):
        if rows.shape[1:] == row.shape and np.any(np.all(np.isclose(rows, row, TOLERANCE, 0), axis=1)):
            return True
    return False


def is_window(values: Values, given: Values) -> bool:
    """Whether it is a block of entries of a given array at each sample point: which ones are read, the numbers do not say."""
    return all(
        1 < value.size < array.size
        and value.ndim == array.ndim
        and all(size <= whole for size, whole in zip(value.shape, array.shape, strict=True))
        and _holds_block(array, value)
        for value, array in zip(values, given, strict=True)
    )


def _holds_block(array: Array, block: Array) -> bool:
    views = np.lib.stride_tricks.sliding_window_view(array, block.shape)
    return bool(np.any(np.all(views == block, axis=tuple(range(-block.ndim, 0)))))


def sizes_of(values: Values) -> tuple[int, ...]:
    return tuple(value.size for value in values)


def value_text(gradient: str, key: Key) -> str:
    """`back` in line 15, or what a function returns there."""
    function, where, name = key
    if name == RETURNED:
        return f"what {function} returns in {where}"
    inside = "" if function == gradient else f" of {function}"
    return f"`{name}` in {where}{inside}"
