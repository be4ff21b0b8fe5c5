"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

Each gradient is explained on the student's own upstream values first, so that every mistake is reported once, where it was made.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from grader.checks.check import as_returned
from grader.checks.checked import Checked
from grader.checks.trivial import find_trivial, is_one_number
from grader.diagnosis.alternatives import is_tied, next_best, other_stories, without_signs_of_gates
from grader.diagnosis.comparison import DOUBLE, Target, best
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.formulas.on_the_way import differentiated
from grader.diagnosis.hypothesis import Explanation, Hypothesis, in_order
from grader.diagnosis.knowledge import Knowledge
from grader.diagnosis.misconceptions import named_hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.catalog import recognized_in
from grader.diagnosis.precision import (
    holds_no_fractions,
    is_difference_quotient,
    lost_digits,
    source_of,
    starting_points,
)
from grader.diagnosis.properties import describe
from grader.diagnosis.search.cancelled import cancelled
from grader.diagnosis.students import SENTENCES, worded
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.records.result import Certainty, Diagnosis, Mistake

SINGLE = 3e-6
NUMERICAL = 4.7  # digits: from here on no mistake is looked for
FINEST, FINER = 1e-13, 1e-2  # of the error of what is nearly exact
ZERO = 1e-13
CERTAIN = 1.0  # digits lost in a way that nothing else looks like
OBSERVED = 6.5
MOST_MISTAKES = 3  # of one gradient: what takes more is no explanation
SURE_ALONE = 1.5  # without the formula, what is less common than this is no verdict
MOST_ENTRIES, LARGEST = 1 << 16, 1e100  # beyond, nothing is looked up
_COUNTS = {2: "two", 3: "three"}


def diagnose(assignment: Assignment, knowledge: Knowledge, checked: Checked) -> dict[str, Explanation]:
    """Why each gradient is wrong that gave numbers, and is wrong by itself."""
    verdicts_of = {name: one for name, one in checked.verdicts_of.items() if name not in checked.contradicted}
    wrong = {
        name: verdicts.values
        for name, verdicts in verdicts_of.items()
        if not verdicts.passed and name not in checked.given
    }
    failed = {
        name: values
        for name, one in verdicts_of.items()
        if not one.passed
        and name not in checked.given
        and (values := as_returned(assignment, one, checked.complete[name])) is not None
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
            root = source_of(
                assignment, name, values, {o: v for o, v in failed.items() if o in assignment.ancestors[name]}
            )
            if root is not None and name not in checked.given:
                found[name] = _unexplained([f"your numbers are what follows from your own {root}: fix that one first"])
                continue
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
    bases = dict(starting_points(assignment, name, own))
    lost, whole = lost_digits(bases, values, dtypes), holds_no_fractions(dtypes)
    if lost is not None and lost.cost <= CERTAIN:
        return _explanation("exact", [lost])
    if constant := _cancelled(knowledge, name, values) or _constant(assignment, name, values):
        # Zeros that no cut-off decimals explain are zeros in any type.
        return (
            _observation(whole) if whole is not None and any(map(np.any, values)) else _explanation("exact", [constant])
        )
    sizes = [point.sizes for point in assignment.points]
    digits = _digits(values, assignment.exact[name])
    if digits is not None and digits >= NUMERICAL:
        return _nearly_exact(knowledge, name, Target(values, sizes, max(FINEST, FINER * 10**-digits)), own, digits)
    target = Target(values, sizes, tolerance, assignment.shapes_at_points[name])

    def patterns() -> list[Hypothesis]:
        found = recognized_in(assignment, name, values, bases, own, tolerance)
        return [*(_at_function(one, knowledge, name) for one in found), *([lost] if lost is not None else [])]

    found = _search(knowledge, name, target, own, patterns)
    if found is not None:
        return found
    if whole is not None:
        return _observation(whole)
    if is_difference_quotient(assignment, name, values):
        return _observation(_numerical(digits or 0))
    return _unexplained(describe(assignment, name, values))


def _nearly_exact(
    knowledge: Knowledge, name: str, target: Target, own: Mapping[str, Values], digits: float
) -> Explanation:
    """Right but for the last digits: something small was left out or added on the way, or the loss was differentiated
    numerically.
    """
    if knowledge.finder is None:
        return _observation(_numerical(digits))
    found = best(knowledge.finder.changed(name, target, own))[:1]
    single = knowledge.finder.single(name, target, own)
    if single is not None and single.edits[0].kind != "scale":  # 1.0001 times the right numbers is no mistake
        found = found or [single]
    return _explanation("exact", found) if found else _observation(_numerical(digits))


def _search(
    knowledge: Knowledge, name: str, target: Target, own: Mapping[str, Values], patterns: Callable[[], list[Hypothesis]]
) -> Explanation | None:
    """What the formulas explain, best first; only patterns in the numbers where the model cannot be differentiated."""
    if knowledge.finder is None:
        return _from_patterns(best(patterns()))
    named = named_hypothesis(knowledge.misconceptions, knowledge.assignment, name, target.values, own, target.tolerance)
    if named is not None:
        others = other_stories(named, knowledge.finder.singles(name, target, own))
        return _explanation("tie" if others else "exact", [named, *others])
    found = without_signs_of_gates(knowledge.finder.find(name, target, own, patterns), knowledge.finder.world)
    hypotheses = [one for one in found if len(one.edits) <= MOST_MISTAKES]
    if not hypotheses:
        return None
    first, *others = hypotheses
    near = next_best(first, others)
    if first.cost > OBSERVED:
        return _explanation("observation", [first], near)
    tied = [first, *(one for one in others if is_tied(first, one, target))]
    return _explanation("tie" if len(tied) > 1 else "exact", tied[:3], near)


def _from_patterns(found: Sequence[Hypothesis]) -> Explanation | None:
    if not found:
        return None
    first, *others = found
    certainty: Certainty = "exact" if first.cost <= SURE_ALONE else "observation"
    return _explanation(certainty, [first], next_best(first, others))


def _at_function(hypothesis: Hypothesis, knowledge: Knowledge, name: str) -> Hypothesis:
    """What was put in place of a derivative is a mistake at the function that is to be differentiated, where that is one."""
    functions = differentiated(knowledge.finder.world, name) if knowledge.finder is not None else []
    if hypothesis.operator != "function-for-slope" or len(functions) != 1:
        return hypothesis
    [edit], [function] = hypothesis.edits, functions
    student = SENTENCES[edit.operator].format(where=edit.where, new=edit.new)
    return replace(hypothesis, edits=(replace(edit, where=function, student=student),))


def _cancelled(knowledge: Knowledge, name: str, values: Values) -> Hypothesis | None:
    """Zero but for rounding, which a sum leaves whose terms cancel; None where nothing is left, or no such sum is known."""
    largest = max(float(np.max(np.abs(value))) for value in values)
    finder = knowledge.finder
    if finder is None or not 0 < largest < ZERO:
        return None
    return cancelled(finder.world, name, values, finder.evaluator, ZERO)


def _constant(assignment: Assignment, name: str, values: Values) -> Hypothesis | None:
    """How an answer is constant; None where it is not."""
    if all(np.max(np.abs(value)) < ZERO for value in values):
        return _single("constant", "zero, up to rounding" if any(np.any(value) for value in values) else "zero")
    if not find_trivial(values):
        return None
    if all(value.size > 1 and np.ptp(value) == 0 for value in values) and is_one_number(values):
        return _single("constant", "all equal")
    if len({value.shape for value in values}) == 1 and len({tuple(p.sizes.items()) for p in assignment.points}) == 1:
        return _single("constant", "always the same")
    first: dict[tuple[int, ...], tuple[Array, Array]] = {}
    for value, right in zip(values, assignment.exact[name], strict=True):
        first.setdefault(value.shape, (value, right))
    kept = all(value.shape == right.shape and relative_error(value, right) <= DOUBLE for value, right in first.values())
    return _single("kept-answer" if kept else "sizes-only", "")


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


def _explanation(
    certainty: Certainty, found: Sequence[Hypothesis], next_best: Sequence[Hypothesis] = ()
) -> Explanation:
    """Several mistakes of one hypothesis are one statement, and no verdict: other mistakes may give the same numbers."""
    hypotheses = [replace(hypothesis, edits=in_order(hypothesis.edits)) for hypothesis in found]
    operators: dict[Mistake, str] = {}
    if certainty == "exact" and len(hypotheses[0].edits) > 1:
        certainty = "observation"
    if certainty == "observation":
        operators.update(_one_by_one(hypotheses[0]))
    elif certainty == "exact":
        parts = hypotheses[0] = _sign_and_size(hypotheses[0])
        operators.update(_one_by_one(parts))
    else:
        for hypothesis in hypotheses:
            operators.setdefault(_together(hypothesis), hypothesis.operator)
    runner_up = next((_together(replace(one, edits=in_order(one.edits))).statement for one in next_best), "")
    diagnosis = Diagnosis(certainty, list(operators), runner_up=runner_up)
    return Explanation(diagnosis, tuple(operators.values()), tuple(hypotheses))


def _one_by_one(hypothesis: Hypothesis) -> dict[Mistake, str]:
    """Its mistakes with their operators; the first one says how many there are, where that is certain."""
    first, *others = hypothesis.mistakes()
    if hypothesis.is_several:
        count = _COUNTS.get(len(others) + 1, "several")
        first = Mistake(first.kind, first.where, f"{first.statement} (one of {count} mistakes)")
    return dict(zip((first, *others), (edit.operator for edit in hypothesis.edits), strict=True))


def _sign_and_size(hypothesis: Hypothesis) -> Hypothesis:
    """-2 times the right numbers is two mistakes: a factor of 2, and a sign."""
    [edit] = hypothesis.edits
    positive = re.fullmatch(r"(?:-|minus )(.+)", edit.new)
    if edit.operator not in ("scale-number", "scale-size") or positive is None or positive[1] == "1":
        return hypothesis
    size = OPERATORS[edit.operator].edit(edit.where, new=positive[1])
    return replace(hypothesis, edits=(size, OPERATORS["sign-result"].edit(edit.where)))


def _together(hypothesis: Hypothesis) -> Mistake:
    """All of a hypothesis in one statement: apart, its mistakes would each read as the whole."""
    first, *others = hypothesis.mistakes()
    return Mistake(first.kind, first.where, "; ".join(mistake.statement for mistake in (first, *others)))
