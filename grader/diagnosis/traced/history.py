"""What the names of a student's functions held, one value after the other, in which loops, and what was returned."""

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import numpy as np

from grader.config.calling import Function
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import RETURNED, Event, Loop, equal, is_trivial, same
from grader.problem.model import Array


class History:
    """The values inside the function of one gradient and its helpers, in order of time."""

    def __init__(self, inside: Sequence[Event], loops: Collection[Loop], function: str) -> None:
        self._inside, self._loops, self._function = inside, loops, function

    def holders(self, values: Values) -> list[Event]:
        """What holds these values before they are returned."""
        own = (self._function, RETURNED)
        found = [one for one in self._inside if (one.function, one.name) != own and not one.one_of_several]
        return [one for one in found if same(one.values, values)]

    def versions(self, one: Event) -> list[Event]:
        """All that its name held."""
        return [other for other in self._inside if (other.function, other.name) == (one.function, one.name)]

    def passes(self, one: Event) -> list[Event]:
        """What its line left in it, pass by pass."""
        return [other for other in self._inside if other.key == one.key]

    def around(self, one: Event) -> list[Loop]:
        return [loop for loop in self._loops if loop.contains(one)]

    def last_pass(self, one: Event) -> list[Event]:
        """What its name holds in the last pass of the innermost loop around it, from it onwards."""
        around = self.around(one)
        if not around or not one.last or one.name not in one.read:
            return [one]
        inner = max(around, key=lambda loop: loop.line)
        later = [other for other in self.versions(one) if other.last and other.order > one.order]
        return [one, *(other for other in later if inner.contains(other) and one.name in other.read)]

    def overwritten(self, one: Event) -> list[Event]:
        """What its name held before, outside of loops, where the value does not build on that."""
        if one.name in one.read or self.around(one):
            return []
        return [other for other in self.versions(one) if other.order < one.order]

    def was_better(self, one: Event) -> bool:
        """Whether its name held something before, other than zeros and the like."""
        return any(other.order < one.order and not any(map(is_trivial, other.values)) for other in self.versions(one))

    def starts_at_zero(self, one: Event) -> bool:
        others = [other for other in self.versions(one) if other.line != one.line]
        return any(not any(value.any() for value in other.values) for other in others)


def first_of_pass(together: Sequence[Event], is_right: Callable[[Values, Sequence[Array]], bool]) -> Event | None:
    """Of the lines that fill an array in a loop, the first whose own entries are wrong: the others are of earlier passes.

    Args:
        together: what the lines leave in it in the last pass.
        is_right: whether the values are right at some of their entries.
    """
    if len({tuple(value.shape for value in one.values) for one in together}) > 1:
        return None
    versions = zip(*(one.values for one in together), strict=True)
    entries = [np.any([one != two for one, two in pairwise(found)], axis=0) for found in versions if len(found) > 1]
    if not entries or not all(map(np.any, entries)):
        return None
    return next((one for one in together if not is_right(one.values, entries)), None)


def added(one: Event, two: Event) -> Values:
    """By how much the second value is more than the first; all of it, where the shapes differ."""
    return [b - a if a.shape == b.shape else b for a, b in zip(one.values, two.values, strict=True)]


def returned_for(gradient: str, function: Function, inside: Sequence[Event], answer: Values | None) -> Event | None:
    """The event of its return; None where there is none, and no answer.

    Args:
        inside: the events inside the function and its helpers, in order of time.
        answer: what was received, in the student's direction.
    """
    name = function.name.rpartition(".")[2]
    returned = [one for one in reversed(inside) if one.function == name]
    if len(function.returns) == 1:
        whole = next((one for one in returned if one.returned), None)
        if whole is not None or answer is None:
            return whole
    several = [one for one in returned if one.one_of_several]
    places = (f'{RETURNED}["{gradient}"]', f"{RETURNED}[{function.returns.index(gradient)}]")
    named = next((one for one in several if one.name in places), None)
    if named is not None or answer is None:
        return named
    alike = next((one for one in several if equal(one.values, answer)), None)
    order = max((one.order for one in inside), default=0) + 1
    return alike or Event(name, 0, 0, RETURNED, answer, order, last=True, called="")  # in a line that is not known
