"""Sentences on where in a student's functions the calculation first goes wrong."""

from collections.abc import Sequence

from msgspec import Struct

from grader.diagnosis.traced.events import RETURNED, Event, Loop
from grader.records.run import place


class Phrases(Struct, frozen=True):
    """Sentences on one gradient, whose traced values `found` are."""

    gradient: str
    found: Sequence[Event]

    def named(self, one: Event, answer: Event | None = None) -> str:
        """That a value is wrong; of the `answer`, that it is one of several results."""
        if not one.line:
            return ""
        if one.one_of_several and one is answer:
            return self.text(one, f"what it returns there for {self.gradient}")
        returned = one.returned or one.one_of_several
        return self.text(one, f"what {one.function} returns there" if returned else f"`{one.name}` there")

    def text(self, one: Event, what: str) -> str:
        """That `what`, which has "there" in it, is wrong in the line of an event."""
        _, where, name = one.key
        own = one.function == self.gradient or (name == RETURNED and not one.called)
        inside = "" if own else f" of {one.function}"
        return self._begins(what, f"{where}{inside}", one.function, one.line)

    def at_loop(self, loop: Loop, what: str) -> str:
        """The same of the line in which a loop begins."""
        inside = "" if loop.function == self.gradient else f" of {loop.function}"
        return self._begins(what, f"{place(loop.line, loop.cell)}{inside}", loop.function, loop.line)

    def _begins(self, what: str, where: str, function: str, line: int) -> str:
        """Values match "up to" a line only if there are some before it."""
        if any(self._comes_before(one, function, line) for one in self.found):
            return f"Up to {where} your values match the derivation; {what} does not"
        return f"In {where}, {what.replace(' there', '', 1)} does not match the derivation"

    @staticmethod
    def _comes_before(one: Event, function: str, line: int) -> bool:
        return one.function == function and one.line < line and not one.called
