"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

Each gradient is explained on the student's own upstream values first, so that every mistake is reported once, where it was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.checks.check import as_returned, find_trivial
from grader.checks.checked import Checked
from grader.diagnosis.comparison import Target, best
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.hypothesis import Explanation, Hypothesis, in_order
from grader.diagnosis.knowledge import Knowledge
from grader.diagnosis.misconceptions import named_hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.precision import holds_no_fractions, is_difference_quotient, lost_digits
from grader.diagnosis.properties import describe
from grader.diagnosis.students import worded
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.records.result import Certainty, Diagnosis, Mistake

DOUBLE, SINGLE = 1e-9, 3e-6
NUMERICAL = 4.7  # digits: from here on no mistake is looked for
TIE = 0.15
CERTAIN = 1.0  # digits lost in a way that nothing else looks like
OBSERVED = 6.5
MOST_ENTRIES, LARGEST = 1 << 16, 1e100  # beyond, nothing is looked up


def diagnose(assignment: Assignment, knowledge: Knowledge, checked: Checked) -> dict[str, Explanation]:
    """Why each gradient is wrong that gave numbers, and is wrong by itself."""
    verdicts_of = {name: one for name, one in checked.verdicts_of.items() if name not in checked.contradicted}
    wrong = {
        name: verdicts.values
        for name, verdicts in verdicts_of.items()
        if not verdicts.passed and name not in checked.given
    }
    found = {}
    for name in checked.to_look_up:
        answers = checked.complete[name]
        values = as_returned(assignment, verdicts_of[name], answers)
        if values is not None:
            dtypes = [answer.value.dtype for answer in answers if answer.value is not None]
            tolerance = SINGLE if {"<f4", "<f2"}.intersection(dtypes) else DOUBLE
            own: Mapping[str, Values] = checked.given.get(name) or {
                other: v for other in assignment.ancestors[name] if (v := wrong.get(other)) is not None
            }
            explanation = explain(assignment, knowledge, name, values, own, tolerance, dtypes)
            if name in checked.given and not explanation.hypotheses:
                explanation = _unexplained([])  # facts about the numbers would compare them with the right gradient
            found[name] = worded(explanation, knowledge.formula(name), knowledge.used(name))
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
        dtypes: of the answers as received.
    """
    if not all(value.size <= MOST_ENTRIES and bool(np.all(np.abs(value) <= LARGEST)) for value in values):
        return _unexplained([])
    lost, whole = lost_digits(assignment, name, values, own, dtypes), holds_no_fractions(dtypes)
    if lost is not None and lost.cost <= CERTAIN:
        return _explanation("exact", [lost])
    if constant := _constant(values):
        return _explanation("exact", [_single("constant", constant)]) if whole is None else _observation(whole)
    digits = _digits(values, assignment.exact[name])
    if digits is not None and digits >= NUMERICAL:
        return _observation(_numerical(digits))
    target = Target(values, [point.sizes for point in assignment.points], tolerance)
    found = _search(knowledge, name, target, own, lost)
    if found is not None:
        return found
    if whole is not None:
        return _observation(whole)
    if is_difference_quotient(assignment, name, values):
        return _observation(_numerical(digits or 0))
    return _unexplained(describe(assignment, name, values))


def _search(
    knowledge: Knowledge, name: str, target: Target, own: Mapping[str, Values], lost: Hypothesis | None
) -> Explanation | None:
    """What the formulas explain; `lost` may be it, and is all there is where the model cannot be differentiated."""
    if knowledge.finder is None:
        return None if lost is None else _explanation("exact", [lost])
    named = named_hypothesis(knowledge.misconceptions, knowledge.assignment, name, target.values, own, target.tolerance)
    if named is not None:
        return _explanation("exact", [named])
    found = knowledge.finder.find(name, target, own)
    hypotheses = best([*found, lost]) if lost is not None else found
    if not hypotheses:
        return None
    if hypotheses[0].cost > OBSERVED:
        return _observation(hypotheses[0])
    tied = [hypothesis for hypothesis in hypotheses if hypothesis.cost <= hypotheses[0].cost + TIE]
    return _explanation("tie" if len(tied) > 1 else "exact", tied[:3])


def _constant(values: Values) -> str:
    """How an answer is constant; "" where it is not."""
    if all(np.max(np.abs(value)) < 1e-13 for value in values):
        return "zero, up to rounding"
    if not find_trivial(values):
        return ""
    return "all equal" if all(value.size > 1 and np.ptp(value) == 0 for value in values) else "always the same"


def _digits(values: Values, right: Values) -> float | None:
    """To how many digits the values agree with the gradient; None where not at all, or entirely."""
    if any(value.shape != truth.shape for value, truth in zip(values, right, strict=True)):
        return None
    error = max(relative_error(value, truth) for value, truth in zip(values, right, strict=True))
    return float(-np.log10(error)) if 0 < error < 1 else None


def _numerical(digits: float) -> Hypothesis:
    return _single("numerical-gradient", f"{int(digits)} digit{'s' * (int(digits) != 1)}")


def _single(operator: str, new: str) -> Hypothesis:
    edit = OPERATORS[operator].edit("the result", new=new)
    return Hypothesis((edit,), "", edit.cost, "plain")


def _unexplained(properties: list[str]) -> Explanation:
    return Explanation(Diagnosis("none", properties=properties))


def _observation(hypothesis: Hypothesis) -> Explanation:
    return _explanation("observation", [hypothesis])


def _explanation(certainty: Certainty, found: Sequence[Hypothesis]) -> Explanation:
    hypotheses = [replace(hypothesis, edits=in_order(hypothesis.edits)) for hypothesis in found]
    operators: dict[Mistake, str] = {}
    for hypothesis in hypotheses:
        mistakes = hypothesis.mistakes()
        if len(hypotheses) > 1:  # one statement for each of several: apart, its mistakes would read as alternatives
            first, together = mistakes[0], "; ".join(mistake.statement for mistake in mistakes)
            operators.setdefault(Mistake(first.kind, first.where, together), hypothesis.operator)
            continue
        for mistake, edit in zip(mistakes, hypothesis.edits, strict=True):
            operators.setdefault(mistake, edit.operator)
    return Explanation(Diagnosis(certainty, list(operators)), tuple(operators.values()), tuple(hypotheses))
