"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

Each gradient is explained on the student's own upstream values first, so that every mistake is told once, where it was made.
"""

import weakref
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from grader.answers import Answer
from grader.assignment import Assignment
from grader.derivatives import relative_error
from grader.diagnosis.expression import Values
from grader.diagnosis.finder import Finder
from grader.diagnosis.misconceptions import named_story
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.plain import explain_plainly
from grader.diagnosis.properties import describe
from grader.diagnosis.quotients import is_quotient
from grader.diagnosis.rendering import gradient_text
from grader.diagnosis.story import Edit, Explanation, Story
from grader.diagnosis.target import Target
from grader.judge import Judgement, as_returned, find_trivial
from grader.result import Certainty, Diagnosis, Mistake

DOUBLE, SINGLE = 1e-9, 3e-6
NUMERICAL = 4.7  # digits: from here on no mistake is looked for
TIE = 0.15
OBSERVED = 6.5
MOST_ENTRIES, LARGEST = 1 << 16, 1e100  # beyond, there is nothing to be looked up

_FINDERS: dict[int, Finder] = {}


def diagnose(
    assignment: Assignment,
    judgements: Mapping[str, Judgement],
    answers: Mapping[str, Sequence[Answer]],
    elsewhere: Collection[str],
) -> dict[str, Explanation]:
    """Why each gradient that failed by itself is wrong; those whose mistake is made `elsewhere` are not accused."""
    wrong = {name: judgement.values for name, judgement in judgements.items() if not judgement.passed}
    found = {}
    for name in wrong:
        if name in elsewhere:
            continue
        values = as_returned(assignment, judgements[name], answers[name])
        if values is not None:
            single = any(answer.value is not None and answer.value.dtype in ("<f4", "<f2") for answer in answers[name])
            own = {other: v for other in assignment.ancestors[name] if (v := wrong.get(other)) is not None}
            found[name] = explain(assignment, name, values, own, SINGLE if single else DOUBLE)
    return found


def explain(
    assignment: Assignment, name: str, values: Values, own: Mapping[str, Values], tolerance: float = DOUBLE
) -> Explanation:
    """Why `values` are not the gradient `name`, given the student's `own` wrong upstream gradients."""
    if not all(value.size <= MOST_ENTRIES and bool(np.all(np.abs(value) <= LARGEST)) for value in values):
        return Explanation(Diagnosis("none"), note="none")
    constant = _constant(values)
    if constant is not None:
        return _explanation("exact", [Story((constant,), "", constant.cost, "plain")])
    target = Target(values, [step.sizes for step in assignment.steps], tolerance)
    right = assignment.exact[name]
    digits = _digits(values, right)
    if digits is not None and digits >= NUMERICAL:
        return _numerical(digits)
    if assignment.reference is None:
        found = explain_plainly(target, right, _known(assignment, name), describe(assignment, name, values))
        untold = found.diagnosis.certainty == "none"
        return _numerical(digits or 0) if untold and is_quotient(assignment, name, values) else found
    if (named := named_story(assignment, name, values, own, tolerance)) is not None:
        return _explanation("exact", [named])
    stories = finder_of(assignment).find(name, target, own)
    if not stories and is_quotient(assignment, name, values):
        return _numerical(digits or 0)
    if not stories:
        return Explanation(Diagnosis("none", properties=describe(assignment, name, values)), note="none")
    tied = [story for story in stories if story.cost <= stories[0].cost + TIE]
    if stories[0].cost > OBSERVED:
        return _explanation("observation", stories[:1])
    return _explanation("tie" if len(tied) > 1 else "exact", tied[:3])


def finder_of(assignment: Assignment) -> Finder:
    """The finder of an assignment, made once for as long as the assignment lives."""
    key = id(assignment)
    if key not in _FINDERS:
        _FINDERS[key] = Finder(assignment)
        weakref.finalize(assignment, _FINDERS.pop, key, None)
    return _FINDERS[key]


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
        known[quantity] = [np.asarray(step.values[quantity], dtype=float) for step in assignment.steps]
    return known


def _digits(values: Values, right: Values) -> float | None:
    """To how many digits the values agree with the gradient; None where not at all, or entirely."""
    if any(value.shape != truth.shape for value, truth in zip(values, right, strict=True)):
        return None
    error = max(relative_error(value, truth) for value, truth in zip(values, right, strict=True))
    return float(-np.log10(error)) if 0 < error < 1 else None


def _numerical(digits: float) -> Explanation:
    edit = OPERATORS["numerical-gradient"].edit("the result", new=str(int(digits)))
    return _explanation("observation", [Story((edit,), "", edit.cost, "plain")])


def _explanation(certainty: Certainty, stories: Sequence[Story]) -> Explanation:
    edits: dict[Mistake, str] = {}
    for story in stories:
        if len(stories) > 1:  # the mistakes of one of several, told apart, would read as stories of their own
            first, together = story.edits[0], "; and ".join(edit.statement for edit in story.edits)
            edits.setdefault(Mistake(first.kind, first.where, together), first.operator)
            continue
        for edit in story.edits:
            edits.setdefault(Mistake(edit.kind, edit.where, edit.statement), edit.operator)
    note = "+".join(f"{edit.operator}:{edit.where}" for edit in stories[0].edits)
    return Explanation(Diagnosis(certainty, list(edits)), tuple(edits.values()), tuple(stories), note)
