"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

Each gradient is explained on the student's own upstream values first, so that every mistake is told once, where it was made.
"""

import weakref
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.checks.check import Judgement, as_returned, find_trivial
from grader.diagnosis.comparison import explain_plainly
from grader.diagnosis.digits import holds_no_fractions, lost_digits
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.formulas.rendering import gradient_text
from grader.diagnosis.hypothesis import Edit, Explanation, Story, in_order
from grader.diagnosis.misconceptions import named_story
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.properties import describe
from grader.diagnosis.quotients import is_quotient
from grader.diagnosis.search.finder import Finder
from grader.diagnosis.target import Target
from grader.diagnosis.verify import best
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.records.result import Certainty, Diagnosis, Mistake
from grader.records.run import Answer

DOUBLE, SINGLE = 1e-9, 3e-6
NUMERICAL = 4.7  # digits: from here on no mistake is looked for
TIE = 0.15
CERTAIN = 1.0  # digits lost in a way that nothing else looks like
OBSERVED = 6.5
MOST_ENTRIES, LARGEST = 1 << 16, 1e100  # beyond, there is nothing to be looked up

_FINDERS: dict[int, Finder] = {}


def diagnose(
    assignment: Assignment,
    judgements: Mapping[str, Judgement],
    answers: Mapping[str, Sequence[Answer]],
    elsewhere: Collection[str],
) -> dict[str, Explanation]:
    """Why each gradient that failed by itself is wrong; those whose mistake was made `elsewhere` are left out."""
    wrong = {name: judgement.values for name, judgement in judgements.items() if not judgement.passed}
    found = {}
    for name in wrong:
        if name in elsewhere:
            continue
        values = as_returned(assignment, judgements[name], answers[name])
        if values is not None:
            single = any(answer.value is not None and answer.value.dtype in ("<f4", "<f2") for answer in answers[name])
            own = {other: v for other in assignment.ancestors[name] if (v := wrong.get(other)) is not None}
            dtypes = [answer.value.dtype for answer in answers[name] if answer.value is not None]
            found[name] = explain(assignment, name, values, own, SINGLE if single else DOUBLE, dtypes)
    return found


def explain(
    assignment: Assignment,
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
        plain = Story((constant,), "", constant.cost, "plain")
        return _explanation("exact", [plain]) if whole is None else _explanation("observation", [whole])
    target = Target(values, [step.sizes for step in assignment.steps], tolerance)
    digits = _digits(values, assignment.exact[name])
    if digits is not None and digits >= NUMERICAL:
        return _numerical(digits)
    search = _searched_at_home if assignment.reference is None else _searched
    found = search(assignment, name, target, own, lost)
    if found.diagnosis.certainty != "none":
        return found
    if whole is not None:
        return _explanation("observation", [whole])
    return _numerical(digits or 0) if is_quotient(assignment, name, values) else found


def _searched(
    assignment: Assignment, name: str, target: Target, own: Mapping[str, Values], lost: Story | None
) -> Explanation:
    """The stories that a solution allows, best first; `lost` is one that may look like another."""
    if (named := named_story(assignment, name, target.values, own, target.tolerance)) is not None:
        return _explanation("exact", [named])
    found = finder_of(assignment).find(name, target, own)
    stories = best([*found, lost]) if lost is not None else found
    if not stories:
        return Explanation(Diagnosis("none", properties=describe(assignment, name, target.values)), note="none")
    tied = [story for story in stories if story.cost <= stories[0].cost + TIE]
    if stories[0].cost > OBSERVED:
        return _explanation("observation", stories[:1])
    return _explanation("tie" if len(tied) > 1 else "exact", tied[:3])


def _searched_at_home(
    assignment: Assignment, name: str, target: Target, _: Mapping[str, Values], lost: Story | None
) -> Explanation:
    """What can be said without a solution."""
    if lost is not None:
        return _explanation("exact", [lost])
    properties = describe(assignment, name, target.values)
    return explain_plainly(target, assignment.exact[name], _known(assignment, name), properties)


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


def _explanation(certainty: Certainty, found: Sequence[Story]) -> Explanation:
    stories = [replace(story, edits=in_order(story.edits)) for story in found]
    edits: dict[Mistake, str] = {}
    for story in stories:
        mistakes = story.mistakes()
        if len(stories) > 1:  # the mistakes of one of several, told apart, would read as stories of their own
            first, together = mistakes[0], "; and ".join(mistake.statement for mistake in mistakes)
            edits.setdefault(Mistake(first.kind, first.where, together), story.operator)
            continue
        for mistake, edit in zip(mistakes, story.edits, strict=True):
            edits.setdefault(mistake, edit.operator)
    note = "+".join(f"{edit.operator}:{edit.where}" for edit in stories[0].edits)
    return Explanation(Diagnosis(certainty, list(edits)), tuple(edits.values()), tuple(stories), note)
