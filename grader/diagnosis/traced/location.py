"""Where in a student's function the calculation first goes wrong, from the values of a traced run.

The values are checked like answers, by comparing numbers: nothing that the student's process says about them is believed, and no
source is read.  Only values are reported, so an unusual way of deriving is not called wrong.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.clues import Clues, clues_of
from grader.diagnosis.traced.events import (
    Event,
    Loop,
    either_way,
    equal,
    events,
    is_filled_in_part,
    is_regrouped,
    is_trivial,
    loops,
    same,
    value_text,
)
from grader.diagnosis.traced.history import History, added, first_of_pass, returned_for
from grader.diagnosis.traced.in_place_of import stands_in
from grader.diagnosis.traced.landmarks import MULTIPLE, PART, REARRANGED, SINGLE, Landmarks, with_own
from grader.diagnosis.traced.lookup import Lookup
from grader.diagnosis.traced.origins import Origins
from grader.diagnosis.traced.phrases import Phrases
from grader.problem.assignment import Assignment
from grader.records.result import Diagnosis
from grader.records.run import Traced


def locate(
    assignment: Assignment,
    known: Landmarks,
    gradient: str,
    traces: Sequence[Sequence[Traced]],
    own: Mapping[str, Values] | None = None,
    diagnosis: Diagnosis | None = None,
) -> str:
    """One sentence on where the values of a wrong gradient first go wrong, or "".

    Args:
        traces: what its calls left, one per sample point.
        own: the student's own wrong gradients: what is built on them is correct, their mistake is reported elsewhere.
        diagnosis: of the gradient, which says what to look for.
    """
    if len(traces) != len(assignment.points):
        return ""
    upstream = assignment.ancestors[gradient]
    inherited = {name: values for name, values in (own or {}).items() if name in upstream}
    if inherited:
        known = with_own(assignment, known, inherited)
    answer = (own or {}).get(gradient)
    clues = clues_of(diagnosis)
    return _Search(assignment, known, gradient, events(traces), loops(traces), clues, answer, inherited).sentence()


# A quantity under such a name is meant to be a gradient: dy = s.P
AS_GRADIENT = re.compile(r"d_?[A-Za-z]\w*|(delta|grad|err|error|upstream)\w*", re.IGNORECASE)


class _Search(Struct, dict=True):
    """The place of one gradient's mistake."""

    assignment: Assignment
    known: Landmarks
    gradient: str
    found: list[Event]
    loops: set[Loop]
    clues: Clues
    answer: Values | None
    own: Mapping[str, Values]

    def __post_init__(self) -> None:
        # What another gradient does inside is its own matter: it is given s, and nothing of this one.
        values = [event for event in self.found if not event.called]
        names = set(self.assignment.names) - {self.gradient}
        function = self.assignment.config.function_of(self.gradient)
        self.function, self.alone = function.name.rpartition(".")[2], len(function.returns) == 1
        self.inside = [event for event in values if event.function not in names]
        self.labels = {event: self._label(event.values) for event in values}
        self._stands_in = partial(stands_in, self.known, self.assignment, self.gradient)
        answer = self.answer and [self.assignment.config.sign * value for value in self.answer]
        self.final = returned_for(self.gradient, function, self.inside, answer)
        if self.final is not None:
            self.labels.setdefault(self.final, self._label(self.final.values))
        others = {one for one in self.inside if one.function == self.function and one.one_of_several} - {self.final}
        self.inside = [event for event in self.inside if event not in others]
        self.history = History(self.inside, self.loops, self.function)
        if self.final is not None:  # an answer is wrong wherever it could be right on the way to something else
            for one in (self.final, *self.history.holders(self.final.values)):
                self.labels[one] = "" if self.labels[one] in (MULTIPLE, REARRANGED) else self.labels[one]
        self.origins = Origins(self.found, names)
        self.phrases = Phrases(self.assignment.config, self.gradient, self.labels, self.own, self.origins)
        labelled = (one for one, label in self.labels.items() if label)
        sign = self.assignment.config.sign
        self.present = Lookup(form for one in labelled for form in either_way(one.values, sign))
        self.ways = self._made_of(self.final) if self.final is not None else []

    def _named(self, one: Event) -> str:
        return self.phrases.named(one, self.final)

    def _label(self, values: Values) -> str:
        if any(map(is_trivial, values)):
            return PART
        return self.known.label(self.assignment, self.gradient, values)

    def sentence(self) -> str:
        final = self.final
        if final is not None and self._is_right(final):
            return ""  # all it returns here is right: what goes wrong does so elsewhere
        if self.known.is_complete([self.gradient, *self.assignment.ancestors[self.gradient]]):
            wrong = self._first_wrong()
            if self.clues.forward and wrong is not None and len(around := self.history.around(wrong)) == 1:
                return self.phrases.at_loop(around[0], "the order of the steps there")
            if final is not None and (wrong is None or self._is_answered(wrong, final)):
                return self._answer(final) or self._last_right()
            if wrong is not None:
                return self._where_from(wrong)
        return self._last_right()

    def _made_of(self, event: Event) -> list[Event]:
        """What a value was made of, the latest first; all before it, where nothing is known of that."""
        if event.read:
            return [one for one in self.origins.of(event) if one in self.labels]
        return [one for one in reversed(self.inside) if one.order < event.order]

    def _is_right(self, final: Event) -> bool:
        turned = [self.assignment.config.sign * value for value in final.values]
        return same(turned, self.assignment.exact[self.gradient], SINGLE)

    def _is_answered(self, wrong: Event, final: Event) -> bool:
        """Whether the answer is not made of the wrong value, or is that value, from which a loop leaves something out."""
        if self.labels[final] and not any(map(is_trivial, final.values)):
            return True
        holders = self.history.holders(final.values)
        last = any(one.key == wrong.key and one.last for one in holders)
        return last and self.clues.incomplete and self.history.starts_at_zero(wrong)

    def _last_right(self) -> str:
        known = set(self.assignment.names)
        if not self.alone:  # of the others nothing follows
            known = {self.gradient, *self.assignment.ancestors[self.gradient]}
        right = next(
            (one for one in reversed(self.labels) if self.labels[one] in known and not one.one_of_several), None
        )
        if right is None or (right.returned and right.function == self.function):
            return ""
        label = self.labels[right]
        return f"{value_text(self.gradient, right.key)}: {label} is correct here; the mistake comes later"

    def _first_wrong(self) -> Event | None:
        """The first value that no right calculation passes through, of a name that ends up with such a one."""
        mine = {self.gradient, *self.assignment.ancestors[self.gradient]}
        named = set(self.assignment.names)
        ways = set(self.ways)
        mines = [one for one in self.inside if one in ways or one is self.final or not ways]
        right = max(
            (
                one.order
                for one in mines
                if not one.one_of_several
                and self.labels[one] in (named if self.alone and one.function == self.function else mine)
            ),
            default=-1,
        )
        off = {one.key for one in self.inside if one.last and not self.labels[one] and one.order > right}
        wrong = next((one for one in mines if one.key in off and not self.labels[one] and one.order > right), None)
        in_place = partial(self.known.has_entries, self.assignment, self.gradient)
        return wrong and (first_of_pass(self.history.last_pass(wrong), in_place) or wrong)

    def _where_from(self, wrong: Event) -> str:
        """A wrong value: its own line, unless a helper was given the wrong thing, or what it was made of was unfinished."""
        call = self._wrong_call(wrong.function)
        if call is not None:
            return self.phrases.text(call, f"what {call.called} is given there")
        unfinished = self._unfinished(wrong)
        if unfinished is None and (rearranged := self._rearranged(wrong)):
            if self.clues.rearranged is None:
                return ""
            blamed = rearranged[-1] if self.clues.rearranged else wrong
            of_place = self.known.is_made_of(blamed.values, self.clues.of, self.own, self.assignment.config.sign)
            return self._named(blamed if of_place else wrong)
        return self._named(unfinished or wrong)

    def _rearranged(self, wrong: Event) -> list[Event]:
        """What a wrong value reads that may or may not be arranged as it should be."""
        found = [one for one in self.origins.direct(wrong) if self.labels.get(one) == REARRANGED]
        return found and [*found, *self._rearranged(found[-1])]

    def _wrong_call(self, helper: str) -> Event | None:
        """The call that gives a helper the wrong argument, where the helper does with it what is right with another one."""
        if helper == self.function:
            return None
        returned = [one for one in self.inside if one.function == helper and one.returned]
        calls = [one for one in self.found if one.called == helper and one.function not in self.assignment.names]
        calls += [one for one in self.found if one.called == helper and one.function == self.function]
        for call in reversed(calls):
            right = bool(returned) and self._stands_in(call.values, returned[-1].values)
            if right:
                return self._wrong_call(call.function) or call
        return None

    def _unfinished(self, wrong: Event) -> Event | None:
        """What is used before it is finished: the wrong value is right, given that it stands for something else."""
        if (begun := self._wrongly_begun(wrong)) is not None:
            return begun
        for one in self._made_of(wrong):
            if self.labels[one] != PART or any(map(is_trivial, one.values)):
                continue
            quantities = self.known.quantities.values()
            given = any(equal(one.values, values) or is_regrouped(one.values, values) for values in quantities)
            if (given and not AS_GRADIENT.match(one.name)) or equal(one.values, wrong.values):
                continue
            if (
                one.last
                and not self.history.around(one)
                and self.known.is_begun(self.assignment, self.gradient, one.values)
            ):
                return one
            if self._stands_in(one.values, wrong.values, self.present, as_gradient=given):
                first = self._made_at(one)
                return self._unfinished(first) or first
        return None

    def _wrongly_begun(self, wrong: Event) -> Event | None:
        """What a sum begins with, where that is none of its terms and all that is added to it is."""
        if wrong.name not in wrong.read or self.history.around(wrong):
            return None
        before = next((one for one in self.origins.direct(wrong) if one.name == wrong.name), None)
        if before is None or not self.labels.get(before) or before.line == wrong.line:
            return None
        if not self.known.is_term(self.gradient, added(before, wrong)):
            return None
        if self.known.is_term(self.gradient, before.values) or not any(map(np.any, before.values)):
            return None
        return self._wrongly_begun(before) or before

    def _made_at(self, one: Event) -> Event:
        """Where a value was calculated: in a helper, if that returned it."""
        for other in self.origins.direct(one):
            if other.returned and other in self.labels and same(other.values, one.values):
                return self._made_at(other)
        return one if one.read else next(other for other in self.inside if same(other.values, one.values))

    def _answer(self, final: Event) -> str:
        """Nothing on the way is wrong, but the answer is: where it first appears."""
        holders = self.history.holders(final.values)
        if not self.alone and self.labels[final] in {*self.assignment.names} - {self.gradient}:
            return self._named(final)  # the gradients are exchanged
        if any(map(is_trivial, final.values)):
            reset = [one for one in holders if self.history.was_better(one)]
            return self._named(reset[0]) if reset else "" if holders else self._named(final)
        unfinished = self._unfinished(final)
        if unfinished is not None:
            return self._named(unfinished)
        if self.clues.incomplete and any(one.name in one.read and not self.history.around(one) for one in holders):
            return self._named(final)  # a sum, right as far as it goes, is returned too early
        turned = [self.assignment.config.sign * value for value in final.values]
        lacking = self.clues.incomplete or is_filled_in_part(turned, self.assignment.exact[self.gradient])
        finished = [one for one in holders if self.known.is_finished(self.gradient, one.values)]
        if finished and (finished[-1].function != self.function or len(self.history.versions(finished[-1])) > 1):
            return self._named(final)  # it is right there: what is missing is between that and the end
        collected = [one for one in holders if self.history.starts_at_zero(one)]
        once = any(len(self.history.passes(one)) == 1 and not self.history.around(one) for one in collected[-1:])
        if collected and (lacking or once):
            return self._not_collected(collected[-1], final)
        if self.clues.incomplete and holders and self.known.is_term(self.gradient, holders[0].values):
            lost = any(self.known.is_term(self.gradient, one.values) for one in self.history.overwritten(holders[0]))
            return self._named(holders[-1] if lost or len(holders) > 1 else final)  # others are not added to this term
        repeated = [one for one in holders if len(self.history.passes(one)) > 1]
        return self._named(repeated[-1] if repeated else holders[0] if holders else final)

    def _not_collected(self, holder: Event, final: Event) -> str:
        """Something is missing in what was collected, right as it is: the loop, or a return that comes too early."""
        passes = self.history.passes(holder)
        if len(passes) > 1 and not any(self._grows(one, two) for one, two in pairwise(passes)):
            return self._named(holder)
        around = self.history.around(holder)
        if not around:
            return self._named(final)
        if len(around) > 1:
            return ""
        terms = any(self.known.is_term(self.gradient, added(one, two)) for one, two in pairwise(passes))
        if not self.clues.of_steps and not terms:  # each pass adds too little; where it adds a term, passes are missing
            return self._named(holder)
        return self.phrases.at_loop(around[0], f"what the loop there adds to `{holder.name}`")

    def _grows(self, one: Event, two: Event) -> bool:
        """Whether what one pass adds to a name is part of a right formula."""
        return any(map(np.any, more := added(one, two))) and bool(self._label(more))
