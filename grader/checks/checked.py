"""All checks of one run, and which gradient is wrong because of which.  Gives no marks and explains nothing."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from grader.checks.check import Verdicts, as_returned, check_gradient
from grader.checks.followthrough import Propagated, as_exact_as_single, find_propagated, in_order
from grader.checks.fresh import Fresh
from grader.checks.inherited import find_inherited
from grader.checks.substitution import Retried, check_substituted
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.run import Answer, Run


class Checked(msgspec.Struct, frozen=True):
    """What the checks found in a run; everything by the gradient's name.

    Attributes:
        answers: those at the shared sample points or, where the file did not load, why.
        complete: the answers of those that returned everywhere.
        verdicts_of: how the checks of those went.
        single: those in single precision.
        contradicted: those that are right at the shared sample points only.
        propagated: those that are right given the student's own wrong ones.
        inherited: those that earn nothing because of others, and these.
        given: for those that were checked with others replaced, what their upstream gradients were then.
    """

    run: Run
    answers: Mapping[str, Sequence[Answer]]
    complete: Mapping[str, Sequence[Answer]]
    verdicts_of: Mapping[str, Verdicts]
    single: frozenset[str]
    contradicted: frozenset[str]
    propagated: Mapping[str, Propagated]
    inherited: Mapping[str, list[str]]
    given: Mapping[str, Mapping[str, list[Array]]] = {}

    @property
    def to_explain(self) -> list[str]:
        """Those that raised, or are wrong by themselves."""
        return [name for name in self.answers if name in self.to_look_up or self._raised(name)]

    @property
    def to_look_up(self) -> list[str]:
        """Those that are wrong by themselves, and gave numbers that may say why."""
        elsewhere = {*self.propagated, *self.inherited, *self.contradicted}
        return [
            name
            for name, verdicts in self.verdicts_of.items()
            if not (verdicts.passed or verdicts.undecided or name in elsewhere)
        ]

    def _raised(self, name: str) -> bool:
        found = self.answers[name]
        return name not in self.inherited and bool(found) and found[-1].outcome == "raised"


def check_run(assignment: Assignment, run: Run, fresh: Fresh | None = None) -> Checked:
    """Check the answers at the shared sample points and, where it is given, at the file's own one."""
    loaded = run.loading.outcome == "returned"
    answers = {name: run.answers.get(name, []) if loaded else [run.loading] for name in assignment.names}
    complete = {name: found for name, found in answers.items() if _all_returned(assignment, found)}
    verdicts_of = {
        gradient.name: check_gradient(assignment, gradient, complete[gradient.name])
        for gradient in assignment.config.gradients
        if gradient.name in complete
    }
    single = {
        name for name, found in complete.items() if any(a.value is not None and a.value.dtype == "<f4" for a in found)
    }
    rounded = as_exact_as_single(assignment, verdicts_of, single)
    verdicts_of |= rounded
    single |= set(rounded)
    contradicted = {} if fresh is None else fresh.contradicted(verdicts_of)
    verdicts_of |= contradicted
    returned = {
        name: values
        for name, verdicts in verdicts_of.items()
        if (values := as_returned(assignment, verdicts, complete[name])) is not None
    }
    propagated = find_propagated(assignment, verdicts_of, returned, single, fresh)
    inherited = find_inherited(assignment, verdicts_of, answers, returned, propagated, fresh)
    checked = Checked(
        run, answers, complete, verdicts_of, frozenset(single), frozenset(contradicted), propagated, inherited
    )
    if not run.substituted or not loaded:
        return checked
    return _with_substitutes(assignment, checked)


def _with_substitutes(assignment: Assignment, checked: Checked) -> Checked:
    """The same where calls with other gradients replaced show more than those without."""
    run, complete, verdicts_of = checked.run, checked.complete, checked.verdicts_of
    retried = check_substituted(assignment, run, complete, verdicts_of, checked.propagated)
    roots = {name: one.propagated.roots for name, one in retried.items() if one.propagated is not None}
    if not assignment.config.follow_through.substitute:
        stopped = {
            name: _rerooted(assignment, [other for other in run.substituted[name].replaced if other in one.own], roots)
            for name, one in retried.items()
            if name not in complete and one.verdicts is not None
        }
        return replace(checked, inherited={**checked.inherited, **stopped})
    used = {
        name: one
        for name, one in retried.items()
        if _shows_more(one, verdicts_of.get(name)) or _is_undisturbed(one, complete.get(name, ()))
    }
    judged = {name: one.verdicts for name, one in used.items() if one.verdicts is not None}
    follows = {name: one.propagated for name, one in used.items() if one.propagated is not None}
    propagated = {
        name: replace(one, roots=_rerooted(assignment, one.roots, roots)) for name, one in checked.propagated.items()
    }
    return replace(
        checked,
        answers={**checked.answers, **{name: one.answers for name, one in used.items()}},
        complete={**complete, **{name: used[name].answers for name in judged}},
        verdicts_of={**verdicts_of, **judged},
        propagated={**propagated, **follows},
        inherited={
            name: _rerooted(assignment, found, roots) for name, found in checked.inherited.items() if name not in used
        },
        given={name: one.own for name, one in used.items()},
    )


def _shows_more(one: Retried, without: Verdicts | None) -> bool:
    """Whether to go by the calls with others replaced: those without gave no numbers, or wrong ones where these follow."""
    numbers = one.verdicts is not None and one.verdicts.values is not None
    return one.propagated is not None or without is None or (without.values is None and numbers)


def _is_undisturbed(one: Retried, without: Sequence[Answer]) -> bool:
    """Whether an input was changed in place by a gradient that was replaced here: those numbers would mislead a diagnosis."""
    changed = any(answer.mutated for answer in without) and not any(answer.mutated for answer in one.answers)
    return changed and one.verdicts is not None and one.verdicts.values is not None


def _rerooted(assignment: Assignment, names: Sequence[str], roots: Mapping[str, Sequence[str]]) -> list[str]:
    """The gradients to fix, where some of them turned out to follow from others."""
    return in_order(assignment, {root for name in names for root in roots.get(name, [name])})


def _all_returned(assignment: Assignment, answers: Sequence[Answer]) -> bool:
    return len(answers) == len(assignment.points) and all(answer.outcome == "returned" for answer in answers)
