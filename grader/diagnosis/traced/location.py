"""Where in a student's function the calculation first goes wrong, from the values of a traced run.

The values are checked like answers, by comparing numbers: nothing that the student's process says about them is believed, and no
source is read.  Only values are reported, so an unusual way of deriving is not called wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import (
    RETURNED,
    Event,
    Loop,
    equal,
    events,
    is_filled_in_part,
    is_regrouped,
    is_trivial,
    loops,
    same,
    value_text,
)
from grader.diagnosis.traced.landmarks import PART, SINGLE, Landmarks, with_own
from grader.diagnosis.traced.lookup import Lookup
from grader.problem.assignment import Assignment
from grader.records.run import Traced, place


def locate(
    assignment: Assignment,
    known: Landmarks,
    gradient: str,
    traces: Sequence[Sequence[Traced]],
    own: Mapping[str, Values] | None = None,
    *,
    incomplete: bool = False,
) -> str:
    """One sentence on where the values of a wrong gradient first go wrong, or "".

    Args:
        traces: what its calls left, one per sample point.
        own: the student's own wrong gradients: what is built on them is correct, their mistake is reported elsewhere.
        incomplete: terms are missing in the answer.
    """
    if len(traces) != len(assignment.points):
        return ""
    upstream = assignment.ancestors[gradient]
    inherited = {name: values for name, values in (own or {}).items() if name in upstream}
    if inherited:
        known = with_own(assignment, known, inherited)
    answer = (own or {}).get(gradient)
    return _Search(assignment, known, gradient, events(traces), loops(traces), incomplete, answer).sentence()


@dataclass
class _Search:
    """The place of one gradient's mistake."""

    assignment: Assignment
    known: Landmarks
    gradient: str
    found: list[Event]
    loops: set[Loop]
    incomplete: bool
    answer: Values | None = None

    def __post_init__(self) -> None:
        # What another gradient does inside is its own matter: it is given s, and nothing of this one.
        values = [event for event in self.found if not event.called]
        names = set(self.assignment.names) - {self.gradient}
        self.inside = [event for event in values if event.function not in names]
        self.labels = {event: self._label(event.values) for event in values}
        self.present = Lookup(one.values for one, label in self.labels.items() if label)

    def _label(self, values: Values) -> str:
        if any(map(is_trivial, values)):
            return PART
        return self.known.label(self.assignment, self.gradient, values)

    def sentence(self) -> str:
        final = next(
            (one for one in reversed(self.inside) if (one.function, one.name) == (self.gradient, RETURNED)), None
        )
        if final is None and self.answer is not None:
            final = self._one_of_several(self.answer)
        if final is not None and self._is_right(final):
            return ""  # all it returns here is right: what goes wrong does so elsewhere
        if self.known.is_complete([self.gradient, *self.assignment.ancestors[self.gradient]]):
            wrong = self._first_wrong()
            if final is not None and (wrong is None or self._is_answered(wrong, final)):
                return self._answer(final) or self._last_right()
            if wrong is not None:
                return self._where_from(wrong)
        return self._last_right()

    def _one_of_several(self, answer: Values) -> Event:
        """What a function returns for this gradient, among others; it stands in no line of its own."""
        values = [self.assignment.config.sign * value for value in answer]
        order = max((one.order for one in self.found), default=0) + 1
        final = Event(self.gradient, 0, 0, RETURNED, values, order, last=True, called="")
        self.labels[final] = self._label(values)
        return final

    def _is_right(self, final: Event) -> bool:
        turned = [self.assignment.config.sign * value for value in final.values]
        return same(turned, self.assignment.exact[self.gradient], SINGLE)

    def _is_answered(self, wrong: Event, final: Event) -> bool:
        """Whether the answer is not made of the wrong value, or is that value, from which a loop leaves something out."""
        if self.labels[final] and not any(map(is_trivial, final.values)):
            return True
        holders = self._holders(final)
        last = any(one.key == wrong.key and one.last for one in holders)
        return last and self.incomplete and self._starts_at_zero(wrong)

    def _last_right(self) -> str:
        known = set(self.assignment.names)
        if len(self.assignment.config.function_of(self.gradient).returns) > 1:  # of the others nothing follows
            known = {self.gradient, *self.assignment.ancestors[self.gradient]}
        right = next((one for one in reversed(self.labels) if self.labels[one] in known), None)
        if right is None or (right.returned and right.function == self.gradient):
            return ""
        label = self.labels[right]
        return f"{value_text(self.gradient, right.key)}: {label} is correct here; the mistake comes later"

    def _first_wrong(self) -> Event | None:
        """The first value that no right calculation passes through, of a name that ends up with such a one."""
        mine = {self.gradient, *self.assignment.ancestors[self.gradient]}
        named = set(self.assignment.names)
        right = max(
            (
                one.order
                for one in self.inside
                if self.labels[one] in (named if one.function == self.gradient else mine)
            ),
            default=-1,
        )
        off = {one.key for one in self.inside if one.last and not self.labels[one] and one.order > right}
        return next((one for one in self.inside if one.key in off and not self.labels[one] and one.order > right), None)

    def _where_from(self, wrong: Event) -> str:
        """A wrong value: its own line, unless a helper was given the wrong thing, or what it was made of was unfinished."""
        call = self._wrong_call(wrong.function)
        if call is not None:
            return self._text(call, f"what {call.called} is given there")
        return self._named(self._unfinished(wrong) or wrong)

    def _wrong_call(self, helper: str) -> Event | None:
        """The call that gives a helper the wrong argument, where the helper does with it what is right with another one."""
        if helper == self.gradient:
            return None
        returned = [one for one in self.inside if one.function == helper and one.returned]
        calls = [one for one in self.found if one.called == helper and one.function not in self.assignment.names]
        calls += [one for one in self.found if one.called == helper and one.function == self.gradient]
        for call in reversed(calls):
            right = bool(returned) and self.known.stands_in(
                self.assignment, self.gradient, call.values, returned[-1].values
            )
            if right:
                return self._wrong_call(call.function) or call
        return None

    def _unfinished(self, wrong: Event) -> Event | None:
        """What is used before it is finished: the wrong value is right, given that it stands for something else."""
        for one in reversed(self.inside):
            if one.order >= wrong.order or self.labels[one] != PART or any(map(is_trivial, one.values)):
                continue
            quantities = self.known.quantities.values()
            given = any(equal(one.values, values) or is_regrouped(one.values, values) for values in quantities)
            if given or equal(one.values, wrong.values):
                continue
            if self.known.stands_in(self.assignment, self.gradient, one.values, wrong.values, self.present):
                first = next(other for other in self.inside if same(other.values, one.values))
                return self._unfinished(first) or first
        return None

    def _answer(self, final: Event) -> str:
        """Nothing on the way is wrong, but the answer is: where it first appears."""
        holders = self._holders(final)
        if any(map(is_trivial, final.values)):
            reset = [one for one in holders if any(self._is_better(other, one) for other in self.inside)]
            return self._named(reset[0]) if reset else "" if holders else self._named(final)
        unfinished = self._unfinished(final)
        if unfinished is not None:
            return self._named(unfinished)
        turned = [self.assignment.config.sign * value for value in final.values]
        lacking = self.incomplete or is_filled_in_part(turned, self.assignment.exact[self.gradient])
        finished = [one for one in holders if self.known.is_finished(self.gradient, one.values)]
        if finished and (finished[-1].function != self.gradient or len(self._versions(finished[-1])) > 1):
            return self._named(final)  # it is right there: what is missing is between that and the end
        collected = [one for one in holders if self._starts_at_zero(one)]
        once = bool(collected) and len(self._passes(collected[-1])) == 1 and not self._around(collected[-1])
        if collected and (lacking or once):
            return self._not_collected(collected[-1], final)
        repeated = [one for one in holders if len(self._passes(one)) > 1]
        return self._named(repeated[-1] if repeated else holders[0] if holders else final)

    def _holders(self, final: Event) -> list[Event]:
        """What holds the answer before it is returned."""
        own = (self.gradient, RETURNED)
        return [one for one in self.inside if (one.function, one.name) != own and same(one.values, final.values)]

    def _is_better(self, other: Event, one: Event) -> bool:
        """Whether a name held something before."""
        same_name = (other.function, other.name) == (one.function, one.name)
        return same_name and other.order < one.order and not any(map(is_trivial, other.values))

    def _starts_at_zero(self, one: Event) -> bool:
        return any(
            (other.function, other.name) == (one.function, one.name)
            and other.line != one.line
            and not any(value.any() for value in other.values)
            for other in self.inside
        )

    def _versions(self, one: Event) -> list[Event]:
        """All that its name held."""
        return [other for other in self.inside if (other.function, other.name) == (one.function, one.name)]

    def _passes(self, one: Event) -> list[Event]:
        return [other for other in self.inside if other.key == one.key]

    def _not_collected(self, holder: Event, final: Event) -> str:
        """Something is missing in what was collected, right as it is: the loop, or a return that comes too early."""
        passes = self._passes(holder)
        if len(passes) > 1 and not any(self._grows(one, two) for one, two in pairwise(passes)):
            return self._named(holder)
        around = self._around(holder)
        if not around:
            return self._named(final)
        if len(around) > 1:
            return ""
        loop = around[0]
        of = "" if holder.function == self.gradient else f" of {holder.function}"
        where = f"{place(loop.line, loop.cell)}{of}"
        return self._begins(f"what the loop there adds to `{holder.name}`", where, loop.function, loop.line)

    def _around(self, one: Event) -> list[Loop]:
        return [loop for loop in self.loops if loop.contains(one)]

    def _grows(self, one: Event, two: Event) -> bool:
        """Whether what one pass adds to a name is part of a right formula."""
        added = [b - a if a.shape == b.shape else b for a, b in zip(one.values, two.values, strict=True)]
        return any(value.any() for value in added) and bool(self._label(added))

    def _named(self, one: Event) -> str:
        if not one.line:
            return ""
        what = f"what {one.function} returns there" if one.returned else f"`{one.name}` there"
        return self._text(one, what)

    def _text(self, one: Event, what: str) -> str:
        _, where, name = one.key
        own = one.function == self.gradient or (name == RETURNED and not one.called)
        inside = "" if own else f" of {one.function}"
        return self._begins(what, f"{where}{inside}", one.function, one.line)

    def _begins(self, what: str, where: str, function: str, line: int) -> str:
        """Where it first goes wrong.  Values match "up to" a line only if there are some before it."""
        if any(self._comes_before(one, function, line) for one in self.found):
            return f"Up to {where} your values match the derivation; {what} does not"
        return f"In {where}, {what.replace(' there', '', 1)} does not match the derivation"

    @staticmethod
    def _comes_before(one: Event, function: str, line: int) -> bool:
        return one.function == function and one.line < line and not one.called
