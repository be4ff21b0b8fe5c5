"""Sentences on where in a student's functions the calculation first goes wrong."""

from collections.abc import Mapping

from msgspec import Struct

from grader.config.keys import Config
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import RETURNED, Event, Loop, equal
from grader.diagnosis.traced.origins import Origins
from grader.records.run import place


class Phrases(Struct, frozen=True):
    """Sentences on one gradient.

    Attributes:
        labels: what its traced values are, in order of time; "" for those that are in no right calculation.
        own: the student's own wrong gradients that it may build on, in the direction of the loss.
        origins: what each value was made of.
    """

    config: Config
    gradient: str
    labels: Mapping[Event, str]
    own: Mapping[str, Values]
    origins: Origins

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
        return self._sentence(what, where, "" if own else f" of {one.function}", self._before(one.line, one), [one])

    def at_loop(self, loop: Loop, what: str) -> str:
        """The same of the line in which a loop begins."""
        of = "" if loop.function == self.gradient else f" of {loop.function}"
        inside = [one for one in self.labels if loop.contains(one)]
        return self._sentence(what, place(loop.line, loop.cell), of, self._before(loop.line, inside[0]), inside)

    def _before(self, line: int, first: Event) -> list[Event]:
        """The values in the lines before one of the same function, those of later passes of a loop left out."""
        before = (one for one in self.labels if one.order < first.order and one.function == first.function)
        return [one for one in before if one.line < line]

    def _sentence(self, what: str, where: str, of: str, before: list[Event], wrong: list[Event]) -> str:
        """Values are said to match "before" a line only if there are some, and none is wrong already; sums may be in between.

        Args:
            before: the values in the lines before it.
            wrong: the values of the line itself.
        """
        earlier = self._given(before)
        if before and (given := self._given(self._made_of(wrong, before)) if earlier else []):
            names = " and ".join(filter(None, (", ".join(given[:-1]), given[-1])))
            return (
                f"Given your own {names}, {what.replace('there', f'in {where}{of}', 1)} does not match the derivation"
            )
        what = what.replace(" there", "", 1)
        off = {one.key for one, label in self.labels.items() if one.last and not label}
        if before and not earlier and not any(one.key in off and not self.labels[one] for one in before):
            return f"Before {where}{of} your values match the derivation; in {where}, {what} does not"
        return f"In {where}{of}, {what} does not match the derivation"

    def _made_of(self, wrong: list[Event], before: list[Event]) -> list[Event]:
        """The values of a line, and all that they were made of; where that is not known, all before it."""
        origins = [one for each in wrong for one in (self.origins.of(each) if each.read else before)]
        return [*wrong, *(one for one in origins if one.function not in self.origins.closed)]

    def _given(self, values: list[Event]) -> list[str]:
        """Which of the student's own wrong gradients are among the values, or were read for them."""
        read = {name.partition("[")[0] for one in values for name in one.read}
        return [name for name, own in self.own.items() if self._is_called(name, read) or self._is_held(own, values)]

    def _is_called(self, name: str, read: set[str]) -> bool:
        function = self.config.function_of(name)
        return len(function.returns) == 1 and function.name.rpartition(".")[2] in read

    def _is_held(self, own: Values, values: list[Event]) -> bool:
        turned = [self.config.sign * value for value in own]
        return any(equal(one.values, turned) for one in values)
