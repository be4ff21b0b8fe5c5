"""Statements that differ in places that count, as a loop again.

g[:, 0:5] += w[:, :, 0].T @ dout
g[:, 1:6] += w[:, :, 1].T @ dout            for k in range(K):
g[:, 2:7] += w[:, :, 2].T @ dout                g[:, k:k + O] += w[:, :, k].T @ dout
"""

import re
from collections.abc import Callable, Sequence

_PLACE = re.compile(r"(?<=[\[:, ])\d+(?=[\]:,])")  # a number that is an index, or an end of a slice
_COUNTERS = "kijlmnpq"
_FEWEST = 3  # statements; two do where there are more of them, as for a kernel of two by two


def rolled(statements: Sequence[str], size: Callable[[int], str]) -> list[str]:
    """The lines, loops within loops; `size` writes a number as the size that it is."""
    shorter = list(statements)
    fewest = _FEWEST if len(statements) <= _FEWEST else 2
    while True:
        before, shorter = shorter, _once(shorter, size, fewest)
        if len(before) == len(shorter):
            return [line for statement in shorter for line in statement.splitlines()]


def _once(statements: list[str], size: Callable[[int], str], fewest: int) -> list[str]:
    result: list[str] = []
    while statements:
        count = _run(statements)
        result.append(_loop(statements[:count], size) if count >= fewest else statements[0])
        statements = statements[count if count >= fewest else 1 :]
    return result


def _run(statements: list[str]) -> int:
    """How many statements from the first one on are the same up to numbers that grow evenly."""
    first, numbers = _skeleton(statements[0]), _numbers(statements[0])
    if len(statements) < 2 or _skeleton(statements[1]) != first:
        return 1
    steps = [after - before for before, after in zip(numbers, _numbers(statements[1]), strict=True)]
    if min(steps, default=0) < 0 or not any(steps):
        return 1
    count = 1
    while count < len(statements) and _skeleton(statements[count]) == first:
        if _numbers(statements[count]) != [start + count * step for start, step in zip(numbers, steps, strict=True)]:
            break
        count += 1
    return count


def _skeleton(statement: str) -> str:
    return _PLACE.sub("#", statement)


def _numbers(statement: str) -> list[int]:
    return [int(number) for number in _PLACE.findall(statement)]


def _loop(alike: list[str], size: Callable[[int], str]) -> str:
    counter = next(letter for letter in _COUNTERS if not re.search(rf"\b{letter}\b", alike[0]))
    numbers = iter(zip(_numbers(alike[0]), _numbers(alike[1]), strict=True))

    def place(found: re.Match[str]) -> str:
        start, second = next(numbers)
        if start == second:
            return str(start)
        step = second - start
        moved = counter if step == 1 else f"{step} * {counter}"
        return f"{moved} + {size(start)}" if start else moved

    body = _PLACE.sub(place, alike[0]).replace("\n", "\n    ")
    return f"for {counter} in range({size(len(alike))}):\n    {body}"
