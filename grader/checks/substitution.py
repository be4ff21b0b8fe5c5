"""Gradients that give no numbers to build on: what builds on them is checked with random arrays in their place.

A function that raised, is a stub, or returned the wrong shape would take all that call it down with it.  So would one whose
numbers change from call to call, or that changes an input in place.  So these callers are called once more while it is replaced,
and compared with the reference formula on the same arrays.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec
import numpy as np

from grader.checks.check import (
    REAL_KINDS,
    SKIPPED,
    Verdict,
    Verdicts,
    as_returned,
    check_form,
    differs,
    in_shape,
    real_array,
)
from grader.checks.followthrough import Propagated, fits, in_order, matching, trace_back
from grader.checks.trivial import find_trivial
from grader.config.keys import Gradient
from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.records.result import UNWRITTEN
from grader.records.run import Answer, Run, Substituted

Answers = Mapping[str, Sequence[Answer]]


class Retried(msgspec.Struct, frozen=True):
    """A gradient that was called with others replaced.

    Attributes:
        answers: what it answered.
        verdicts: how the checks of that went; None where it did not return everywhere.
        own: what its upstream gradients were there, where these are not the right ones.
        propagated: it is right, given these.
    """

    answers: Sequence[Answer]
    verdicts: Verdicts | None
    own: Mapping[str, list[Array]]
    propagated: Propagated | None


def to_substitute(assignment: Assignment, answers: Answers) -> dict[str, tuple[str, ...]]:
    """For each gradient that is not right and may build on others that give no usable numbers: all of these, in order.

    A function is replaced as a whole: with these come all that their functions return.

    Args:
        answers: those at the shared sample points first.
    """
    answers = {name: found[: len(assignment.points)] for name, found in answers.items()}
    empty: list[str] = []
    if not _all_give_numbers(assignment, answers):
        empty = [name for name in assignment.names if _gives_nothing(assignment, name, answers.get(name, ()))]
    unexplained, unreliable = _unexplained(assignment, answers, empty)
    written = [name for name in answers if not _is_absent(name, answers)] if empty or unexplained else []
    if not written:  # where formulas are derived on demand, an untouched file needs none
        return {}
    replaced = in_order(assignment, {other for name in [*empty, *unreliable] for other in assignment.siblings[name]})
    others = {name: [one for one in replaced if one not in assignment.siblings[name]] for name in written}
    return {
        name: tuple(others[name])
        for name in assignment.names
        if name in written
        and not set(assignment.ancestors[name]).isdisjoint(others[name])
        and (name in empty or name in unexplained or (empty and not _is_right(assignment, name, answers[name])))
    }


def _unexplained(assignment: Assignment, answers: Answers, empty: Collection[str]) -> tuple[list[str], Collection[str]]:
    """The wrong gradients that do not follow from the numbers of others, and these others, which may be unreliable.

    A wrong one may give other numbers on every call.  One that changes an input in place, even if it is right itself, leaves
    its caller with other numbers.
    """
    found = {name: _real(assignment, given) for name, given in answers.items() if name not in empty}
    values = {name: arrays for name, arrays in found.items() if arrays is not None}
    wrong = {name: arrays for name, arrays in values.items() if not _is_right(assignment, name, answers[name])}
    unreliable = {*wrong, *(name for name in values if any(answer.mutated for answer in answers[name]))}
    doubtful = [name for name in wrong if not unreliable.isdisjoint(assignment.ancestors[name])]
    if not doubtful:
        return [], ()
    single = {
        name for name in wrong if any(one.value is not None and one.value.dtype == "<f4" for one in answers[name])
    }
    follows = trace_back(assignment, wrong, wrong, single)
    unexplained = [name for name in doubtful if name not in follows]
    return unexplained, unreliable if unexplained else ()


def _all_give_numbers(assignment: Assignment, answers: Answers) -> bool:
    """Whether every gradient gives the usual ones, in one look: this is asked of every file, and most have nothing else."""
    parts = []
    for name, shapes in assignment.shapes_at_points.items():
        data = []
        for answer, shape in zip(answers.get(name, ()), shapes, strict=False):
            value = answer.value
            usual = value is not None and value.dtype == "<f8" and value.shape == shape and value.kept
            if value is None or not usual or answer.outcome != "returned":
                return False
            data.append(value.data)
        if len(set(data)) < len(shapes) or data[0] == data[0][:8] * (len(data[0]) // 8):
            return False
        parts += data
    return bool(np.isfinite(np.frombuffer(b"".join(parts))).all())


def _gives_nothing(assignment: Assignment, name: str, answers: Sequence[Answer]) -> bool:
    """Whether there are no numbers of the right shape; zeros and constants are none either."""
    if len(answers) < len(assignment.points):
        return True
    values = [answer.value for answer in answers if answer.outcome == "returned" and answer.value is not None]
    if len(values) < len(answers):
        return True
    for value, shape in zip(values, assignment.shapes_at_points[name], strict=True):
        wanted = value.shape == shape or in_shape(assignment, value.array(), shape) is not None
        if not wanted or not value.kept or value.dtype[1] not in REAL_KINDS:
            return True
    arrays = [value.array() for value in values]
    if not np.isfinite(np.concatenate([array.ravel() for array in arrays])).all():
        return True
    same = len({value.data for value in values}) < len(values)
    if not same and not np.all(arrays[0] == arrays[0].flat[0]):  # not worth a closer look
        return False
    return bool(find_trivial(arrays)) and not _is_right(assignment, name, answers)


def _is_absent(name: str, answers: Answers) -> bool:
    """There is no such function, or it is a stub itself: to call it again is of no use."""
    if not answers[name] or answers[name][-1].outcome != "missing":
        return False
    last = answers[name][-1]
    if not last.message.startswith(UNWRITTEN):
        return True
    # What builds on a stub raises where that does.
    others = [found[-1] for other, found in answers.items() if other != name and found]
    return last.line > 0 and not any((other.line, other.cell) == (last.line, last.cell) for other in others)


def _is_right(assignment: Assignment, name: str, answers: Sequence[Answer]) -> bool:
    tolerance = assignment.config.checks.finite_difference.tolerance
    values = [real_array(assignment, answer) for answer in answers]
    return all(
        value is not None and value.shape == right.shape and relative_error(value, right, point.noise) <= tolerance
        for value, right, point in zip(values, assignment.exact[name], assignment.points, strict=False)
    )


def check_substituted(
    assignment: Assignment,
    run: Run,
    complete: Answers,
    verdicts_of: Mapping[str, Verdicts],
    propagated: Mapping[str, Propagated],
) -> dict[str, Retried]:
    """What the calls with other gradients replaced show, by name; not of those that are right, or follow from numbers.

    Args:
        complete: the answers without replacements, of those that returned everywhere.
        verdicts_of: how the checks of these went.
        propagated: those of them that follow from the student's own numbers.
    """
    found: dict[str, Retried] = {}
    left = [
        gradient
        for gradient in assignment.config.gradients
        if gradient.name in run.substituted
        and gradient.name not in propagated
        and not (gradient.name in verdicts_of and verdicts_of[gradient.name].passed)
    ]
    replaced = {name for gradient in left for name in run.substituted[gradient.name].replaced}
    random = {
        name: [assignment.config.sign * value for value in assignment.substitutes(run.source_hash, name)]
        for name in assignment.names
        if name in replaced
    }
    for gradient in sorted(left, key=lambda gradient: len(assignment.ancestors[gradient.name])):
        own = _upstream(assignment, run, gradient.name, random, complete, verdicts_of)
        roots = {name: one.propagated.roots for name, one in found.items() if one.propagated is not None}
        roots |= {name: one.roots for name, one in propagated.items()}
        roots |= {name: failing for name in replaced if (failing := _failing_beside(assignment, name, verdicts_of))}
        beside = set(assignment.siblings[gradient.name]).intersection(run.substituted)  # from the same random arrays
        found[gradient.name] = _retried(assignment, gradient, run.substituted[gradient.name], own, roots, beside)
    return found


def _failing_beside(assignment: Assignment, name: str, verdicts_of: Mapping[str, Verdicts]) -> list[str]:
    """For a gradient that is right, and was replaced because of others that its function returns: these."""

    def passed(one: str) -> bool:
        return one in verdicts_of and verdicts_of[one].passed

    return [other for other in assignment.siblings[name] if not passed(other)] if passed(name) else []


def _upstream(
    assignment: Assignment,
    run: Run,
    name: str,
    random: Mapping[str, list[Array]],
    complete: Answers,
    verdicts_of: Mapping[str, Verdicts],
) -> dict[str, list[Array]]:
    """What the upstream gradients of `name` were in its calls, nearest first: random, or the student's own wrong ones."""
    own: dict[str, list[Array]] = {}
    for other in assignment.ancestors[name]:
        values: list[Array] | None = None
        if other in run.substituted[name].replaced:
            values = random.get(other)
        elif other in run.substituted:
            values = _real(assignment, run.substituted[other].answers)
        elif other in complete and not verdicts_of[other].passed:
            values = as_returned(assignment, verdicts_of[other], complete[other])
        if values is not None and fits(assignment, other, values) and not find_trivial(values):
            own[other] = values
    return own


def _retried(
    assignment: Assignment,
    gradient: Gradient,
    substituted: Substituted,
    own: Mapping[str, list[Array]],
    roots: Mapping[str, Sequence[str]],
    beside: Collection[str],
) -> Retried:
    answers = substituted.answers
    values = _real(assignment, answers)
    if len(answers) < len(assignment.points) or any(answer.outcome != "returned" for answer in answers):
        return Retried(answers, None, own, None)
    form = check_form(assignment, gradient, answers)
    if values is not None and not find_trivial(values):
        config = assignment.config.checks.reference
        single = config.float32 == "accept" and any(
            one.value is not None and one.value.dtype == "<f4" for one in answers
        )
        tolerance = config.float32_tolerance if single else config.tolerance
        sources, error = _sources(assignment, gradient.name, values, own, tolerance)
        if sources.intersection([*substituted.replaced, *beside]):
            to_fix = {root for source in sources for root in roots.get(source, [source])}
            follows = Propagated(in_order(assignment, sources), in_order(assignment, to_fix), error, substituted=True)
            return Retried(answers, Verdicts(SKIPPED, SKIPPED, SKIPPED, form.values), own, follows)
    if form.values is None:
        return Retried(answers, form, own, None)
    numeric = _compared(assignment, gradient.name, form.values, own, substituted.replaced)
    return Retried(answers, Verdicts(form.shape, numeric, SKIPPED, form.values), own, None)


def _sources(
    assignment: Assignment, name: str, values: list[Array], own: Mapping[str, list[Array]], tolerance: float
) -> tuple[frozenset[str], float]:
    """Which of `own` the reference formula gives these values with: those that it uses itself or, if not these, others."""
    nearest = _used(assignment, name, {other: arrays[0] for other, arrays in own.items()})
    found = matching(assignment, name, values, {other: own[other] for other in own if other in nearest}, tolerance)
    return found if found[0] else matching(assignment, name, values, own, tolerance)


def _used(assignment: Assignment, name: str, own: Mapping[str, Array]) -> frozenset[str]:
    """The gradients that the reference formula uses at the first sample point, of those that it is given."""
    assert assignment.reference is not None
    try:
        return assignment.reference(name, assignment.points[0], own)[1]
    except ConfigError:  # it may fail on arrays of other shapes
        return frozenset()


def _compared(
    assignment: Assignment, name: str, values: list[Array], own: Mapping[str, list[Array]], replaced: Collection[str]
) -> Verdict:
    """How wrong numbers differ from the right ones on the same random arrays."""
    tolerance = assignment.config.checks.finite_difference.tolerance
    random = {other: own[other] for other in own if other in replaced}
    assert assignment.reference is not None
    worst, message, used = -1.0, "", frozenset[str]()
    for k, point in enumerate(assignment.points):
        right, used = assignment.reference(name, point, {other: arrays[k] for other, arrays in random.items()})
        error = relative_error(values[k], right)
        if not error <= max(worst, tolerance):
            worst, message = error, differs(values[k], right, error, tolerance, k)
    places = " and ".join(in_order(assignment, used))
    return Verdict("failed", f"with random numbers in place of {places}: {message or 'not what follows from them'}")


def _real(assignment: Assignment, answers: Sequence[Answer]) -> list[Array] | None:
    """The answers as finite real numbers, of whatever shape, in the direction of the loss."""
    values = [real_array(assignment, answer) for answer in answers]
    real = [value for value in values if value is not None and value.size and np.isfinite(value).all()]
    return real if len(real) == len(assignment.points) else None
