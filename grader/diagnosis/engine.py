"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

Each gradient is explained on the student's own upstream values first, so that every mistake is told once, where it was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.checks.check import as_returned, find_trivial
from grader.checks.checked import Checked
from grader.diagnosis.comparison import explain_plainly
from grader.diagnosis.digits import holds_no_fractions, lost_digits
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.formulas.rendering import gradient_text
from grader.diagnosis.hypothesis import Edit, Explanation, Hypothesis, in_order
from grader.diagnosis.knowledge import Knowledge
from grader.diagnosis.misconceptions import named_hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.properties import describe
from grader.diagnosis.quotients import is_quotient
from grader.diagnosis.search.finder import Finder
from grader.diagnosis.target import Target
from grader.diagnosis.verify import best
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.records.result import Certainty, Diagnosis, Mistake

DOUBLE, SINGLE = 1e-9, 3e-6
NUMERICAL = 4.7  # digits: from here on no mistake is looked for
TIE = 0.15
CERTAIN = 1.0  # digits lost in a way that nothing else looks like
OBSERVED = 6.5
MOST_ENTRIES, LARGEST = 1 << 16, 1e100  # beyond, there is nothing to be looked up


def diagnose(assignment: Assignment, knowledge: Knowledge, checked: Checked) -> dict[str, Explanation]:
    """Why each gradient is wrong that gave numbers, and is wrong by itself."""
    verdicts_of = {name: one for name, one in checked.verdicts_of.items() if name not in checked.contradicted}
    wrong = {name: verdicts.values for name, verdicts in verdicts_of.items() if not verdicts.passed}
    found = {}
    for name in checked.to_look_up:
        answers = checked.complete[name]
        values = as_returned(assignment, verdicts_of[name], answers)
        if values is not None:
            single = any(answer.value is not None and answer.value.dtype in ("<f4", "<f2") for answer in answers)
            own = {other: v for other in assignment.ancestors[name] if (v := wrong.get(other)) is not None}
            dtypes = [answer.value.dtype for answer in answers if answer.value is not None]
            found[name] = explain(assignment, knowledge, name, values, own, SINGLE if single else DOUBLE, dtypes)
    return found


def explain(
    assignment: Assignment,
    knowledge: Knowledge,
    name: str,
    values: Values,
    own: Mapping[str, Values],
    tolerance: float = DOUBLE,
    dtypes: Sequence[str] = ("<f8",),
) -> Explanation:
    """Why `values` are not the gradient `name`, given the student's `own` wrong upstream gradients.

    Args:
        dtypes: of the answers as they came.
    """
    if not all(value.size <= MOST_ENTRIES and bool(np.all(np.abs(value) <= LARGEST)) for value in values):
        return Explanation(Diagnosis("none"), note="none")
    lost, whole = lost_digits(assignment, name, values, own, dtypes), holds_no_fractions(dtypes)
    if lost is not None and lost.cost <= CERTAIN:
        return _explanation("exact", [lost])
    constant = _constant(values)
    if constant is not None:
        plain = Hypothesis((constant,), "", constant.cost, "plain")
        return _explanation("exact", [plain]) if whole is None else _explanation("observation", [whole])
    target = Target(values, [point.sizes for point in assignment.points], tolerance)
    digits = _digits(values, assignment.exact[name])
    if digits is not None and digits >= NUMERICAL:
        return _numerical(digits)
    if knowledge.finder is None:
        found = _searched_at_home(assignment, name, target, lost)
    else:
        found = _searched(assignment, knowledge, knowledge.finder, name, target, own, lost)
    if found.diagnosis.certainty != "none":
        return found
    if whole is not None:
        return _explanation("observation", [whole])
    return _numerical(digits or 0) if is_quotient(assignment, name, values) else found


def _searched(
    assignment: Assignment,
    knowledge: Knowledge,
    finder: Finder,
    name: str,
    target: Target,
    own: Mapping[str, Values],
    lost: Hypothesis | None,
) -> Explanation:
    """The stories that a solution allows, best first; `lost` is one that may look like another."""
    named = named_hypothesis(knowledge.misconceptions, assignment, name, target.values, own, target.tolerance)
    if named is not None:
        return _explanation("exact", [named])
    found = finder.find(name, target, own)
    hypotheses = best([*found, lost]) if lost is not None else found
    if not hypotheses:
        return Explanation(Diagnosis("none", properties=describe(assignment, name, target.values)), note="none")
    tied = [hypothesis for hypothesis in hypotheses if hypothesis.cost <= hypotheses[0].cost + TIE]
    if hypotheses[0].cost > OBSERVED:
        return _explanation("observation", hypotheses[:1])
    return _explanation("tie" if len(tied) > 1 else "exact", tied[:3])


def _searched_at_home(assignment: Assignment, name: str, target: Target, lost: Hypothesis | None) -> Explanation:
    """What can be said without a solution."""
    if lost is not None:
        return _explanation("exact", [lost])
    properties = describe(assignment, name, target.values)
    return explain_plainly(target, assignment.exact[name], _known(assignment, name), properties)


def _constant(values: Values) -> Edit | None:
    operator = OPERATORS["constant"]
    if all(np.max(np.abs(value)) < 1e-13 for value in values):
        return operator.edit("the result", new="zero, up to rounding")
    if find_trivial(values):
        same = all(value.size > 1 and np.ptp(value) == 0 for value in values)
        return operator.edit("the result", new="all equal" if same else "the same at every step")
    return None


def _known(assignment: Assignment, name: str) -> dict[str, Values]:
    """The other gradients, and the quantities of each step, by what they are called."""
    known = {gradient_text(other): values for other, values in assignment.exact.items() if other != name}
    for quantity in assignment.config.quantities:
        known[quantity] = [np.asarray(point.values[quantity], dtype=float) for point in assignment.points]
    return known


def _digits(values: Values, right: Values) -> float | None:
    """To how many digits the values agree with the gradient; None where not at all, or entirely."""
    if any(value.shape != truth.shape for value, truth in zip(values, right, strict=True)):
        return None
    error = max(relative_error(value, truth) for value, truth in zip(values, right, strict=True))
    return float(-np.log10(error)) if 0 < error < 1 else None


def _numerical(digits: float) -> Explanation:
    edit = OPERATORS["numerical-gradient"].edit("the result", new=str(int(digits)))
    return _explanation("observation", [Hypothesis((edit,), "", edit.cost, "plain")])


def _explanation(certainty: Certainty, found: Sequence[Hypothesis]) -> Explanation:
    hypotheses = [replace(hypothesis, edits=in_order(hypothesis.edits)) for hypothesis in found]
    edits: dict[Mistake, str] = {}
    for hypothesis in hypotheses:
        mistakes = hypothesis.mistakes()
        if len(hypotheses) > 1:  # the mistakes of one of several, told apart, would read as stories of their own
            first, together = mistakes[0], "; and ".join(mistake.statement for mistake in mistakes)
            edits.setdefault(Mistake(first.kind, first.where, together), hypothesis.operator)
            continue
        for mistake, edit in zip(mistakes, hypothesis.edits, strict=True):
            edits.setdefault(mistake, edit.operator)
    note = "+".join(f"{edit.operator}:{edit.where}" for edit in hypotheses[0].edits)
    return Explanation(Diagnosis(certainty, list(edits)), tuple(edits.values()), tuple(hypotheses), note)
