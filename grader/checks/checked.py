"""All checks of one run, and which gradient is wrong because of which.  Gives no marks and explains nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.checks.check import Verdicts, as_returned, check_gradient
from grader.checks.followthrough import Propagated, as_exact_as_single, find_propagated
from grader.checks.fresh import Fresh
from grader.checks.inherited import find_inherited
from grader.problem.assignment import Assignment
from grader.records.run import Answer, Run


@dataclass(frozen=True)
class Checked:
    """What the checks found in a run; everything by the gradient's name.

    Attributes:
        answers: those at the shared sample points or, where the file did not load, why.
        complete: the answers of those that returned everywhere.
        verdicts_of: how the checks of those went.
        single: those in single precision.
        contradicted: those that are right at the shared sample points only.
        propagated: those that are right given the student's own wrong ones.
        inherited: those that earn nothing because of others, and these.
    """

    run: Run
    answers: Mapping[str, Sequence[Answer]]
    complete: Mapping[str, Sequence[Answer]]
    verdicts_of: Mapping[str, Verdicts]
    single: frozenset[str]
    contradicted: frozenset[str]
    propagated: Mapping[str, Propagated]
    inherited: Mapping[str, list[str]]

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
    return Checked(
        run, answers, complete, verdicts_of, frozenset(single), frozenset(contradicted), propagated, inherited
    )


def _all_returned(assignment: Assignment, answers: Sequence[Answer]) -> bool:
    return len(answers) == len(assignment.points) and all(answer.outcome == "returned" for answer in answers)
