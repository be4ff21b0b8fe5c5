"""What instructors should review about a submission: signals, never verdicts.  Costs no marks.

The main signal is behavior.  At the inconsistent sample point (`points.make_inconsistent_point`) h is not sigmoid(z), and y_hat
is not the softmax of h U + b2.  A derived formula uses the quantities that it is given.  Numerical or automatic differentiation
takes the variable as given and recomputes everything downstream of it: y_hat for dJ/dh; z, h and y_hat for dJ/db1.  So for each
gradient it is known which set of recomputed quantities gives the student's numbers.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set

import numpy as np

from grader.checks.check import Verdicts, real_array
from grader.checks.followthrough import Propagated
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.problem.recompute import Recomputed
from grader.records.result import GradientResult, Mistake, Signal
from grader.records.run import Run

# A formula is right to a few units of the last digit, 4e-16; a difference quotient of high order may reach 1e-14.
FORMULA = 4e-15
SAME = 1e-5  # as exact as a difference quotient; with other quantities recomputed, even the first digit differs
WHOLE = "the result"  # `where` of a mistake that is about all of an answer
UNEXPLAINED_SHARE, MADE_UP_SHARE = 0.5, 0.25  # of the marks of the assignment


def signals_of(
    assignment: Assignment,
    run: Run,
    verdicts_of: Mapping[str, Verdicts],
    propagated: Mapping[str, Propagated],
    single: Set[str],
) -> Iterator[Signal]:
    """Signs of derivatives that were not derived by hand.

    Args:
        propagated: the gradients that follow from the student's own wrong ones, as all do where a file differentiates -J.
        single: the gradients answered in float32.
    """
    elsewhere = _right_elsewhere(assignment, run, verdicts_of)
    yield from _behavior(assignment, run, verdicts_of, elsewhere)
    uses_given = {name for name in elsewhere if _uses_given(assignment, name, elsewhere)}
    for name, verdicts in verdicts_of.items():
        coarse = verdicts.finite_difference.passed and verdicts.reference.outcome == "failed"
        # A formula with an epsilon in it is no more exact, nor is what follows from it: both use what they are given.
        if coarse and name not in propagated and name not in uses_given:
            yield Signal("numerical", verdicts.reference.message, name)
    right = {name: verdicts.reference.error for name, verdicts in verdicts_of.items() if verdicts.passed}
    right |= {name: one.error for name, one in propagated.items() if not single & {name, *one.sources}}
    if inexact := [name for name, error in right.items() if error > FORMULA and name not in uses_given]:
        yield Signal(
            "numerical",
            f"{', '.join(inexact)}: fewer correct digits than a formula gives, as from a high-order difference quotient",
        )
    # What follows from one of these need be no more exact.
    short = [name for name in verdicts_of if name in single and name not in uses_given]
    if short and (right or propagated):
        yield Signal(
            "numerical", f"{', '.join(short)}: in single precision (float32), which a difference quotient can match"
        )


def _behavior(
    assignment: Assignment, run: Run, verdicts_of: Mapping[str, Verdicts], elsewhere: Mapping[str, Array]
) -> Iterator[Signal]:
    """What the answers at the inconsistent sample point show."""
    if not run.inconsistent:
        return
    differentiated, used = _differentiates_loss(assignment, elsewhere)
    if differentiated and not used:
        yield Signal(
            "numerical",
            f"{', '.join(differentiated)}: these answers behave like a derivative of the loss. At a sample point whose quantities"
            " contradict one another, they match the loss recomputed from the variable onwards, as numerical and automatic"
            " differentiation do; a derived formula uses the quantities that s holds. This is not proof: read the file",
        )
    elif differentiated:
        yield Signal(
            "numerical",
            f"{', '.join(differentiated)}: these answers recompute the loss from the variable onwards, as numerical and"
            f" automatic differentiation do, although {', '.join(used)} in the same file"
            f" {'uses' if len(used) == 1 else 'use'} the quantities that s holds. A function with a forward pass of its own"
            " does so too: read the file",
        )
    # A file that tells this sample point from the others by its contradictions may hide there how it works.
    silent = [
        name
        for name in _right_up_to_sign(assignment, verdicts_of)
        if name not in elsewhere or np.all(elsewhere[name] == elsewhere[name].flat[0])
    ]
    if len(silent) > 1:
        yield Signal(
            "numerical",
            f"{', '.join(silent)}: right everywhere except at a sample point whose quantities contradict one another, where"
            " there is no answer. An assertion in the file does that, and so does a file that hides how it works: read the file",
        )


def tables(contradicted: Sequence[str]) -> list[Signal]:
    """Answers that are right at the sample points that all files share, and wrong at the one drawn for this file."""
    message = (
        f"{', '.join(contradicted)}: right at the sample points that all files share, wrong at the one drawn for this file"
        " alone, as if answers were looked up instead of computed"
    )
    return [Signal("table", message)] if contradicted else []


def unexplained(results: Collection[GradientResult], run: Run, max_score: float) -> Iterator[Signal]:
    """Marks that follow from values which no diagnosis explains, or which look made up: for those fewer marks are enough."""
    made_up, mute = _suspects(results, run)
    for suspects, share, what in (
        (made_up, MADE_UP_SHARE, "use nothing that the model computes, are constant, or are a mere copy"),
        ({**mute, **made_up}, UNEXPLAINED_SHARE, "no formula explains"),
    ):
        following = {
            result.name: result.follow_through
            for result in results
            if result.follow_through is not None
            and not result.follow_through.substituted  # which is right on any numbers
            and suspects.keys() & result.follow_through.roots
        }
        kept = sum(one.score for one in following.values())
        if following and kept >= share * max_score:
            roots = {origin for one in following.values() for root in one.roots for origin in suspects.get(root, ())}
            yield Signal(
                "unexplained",
                f"{kept:g} marks ({', '.join(following)}) follow from {', '.join(sorted(roots))}, whose values {what}:"
                " check whether that is a genuine attempt",
            )
            return


def _suspects(results: Collection[GradientResult], run: Run) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """(made up, unexplained): wrong gradients, each with those that it goes back to, for most itself.

    Made up is a constant, a copy of a quantity of `s`, or what no diagnosis explains and uses only inputs of the model; and what
    earns nothing because it follows from one of these.
    """
    made_up: dict[str, set[str]] = {}
    mute: dict[str, set[str]] = {}
    wrong = [result for result in results if result.status == "failed"]
    for result in wrong:
        if result.diagnosis is not None:
            unexplained = result.diagnosis.certainty == "none"
            inputs_only = unexplained and _uses_inputs_only(run, result.name)
            if inputs_only or any(map(_is_no_attempt, result.diagnosis.mistakes)):
                made_up[result.name] = {result.name}
            elif unexplained:
                mute[result.name] = {result.name}
    for found in (made_up, mute):
        for result in wrong:
            if known := found.keys() & result.inherits:
                found[result.name] = known
    return made_up, mute


def _is_no_attempt(mistake: Mistake) -> bool:
    return mistake.kind == "constant" or (mistake.kind, mistake.where) == ("wrong-variable", WHOLE)


def _uses_inputs_only(run: Run, name: str) -> bool:
    """The answer is the same at the inconsistent sample point as at the first one, which has the same inputs."""
    answers, elsewhere = run.answers.get(name), run.inconsistent.get(name)
    return bool(answers) and elsewhere is not None and elsewhere.value == answers[0].value  # type: ignore[index]


def _differentiates_loss(assignment: Assignment, elsewhere: Mapping[str, Array]) -> tuple[list[str], list[str]]:
    """The gradients that behave like a derivative of the loss; none where a simpler explanation fits.

    Their numbers need everything downstream of the variable to be recomputed.  The simpler explanation is that one set of
    quantities is recomputed in all of them alike: a file that always evaluates the whole forward pass, or only a sigmoid, is
    honest.  It does not fit a file whose right dJ/dh, say, takes y_hat as given while its dJ/db1, which is derived from dJ/dh,
    recomputes y_hat.  A file whose functions each recompute something of their own is honest, too: there most of the numbers
    that are not those of the given quantities need something other than everything downstream.

    Returns:
        These gradients; and those that use what is given, if only these (such as dJ/dh above) rule out the simpler explanation.
    """
    others = {name: value for name, value in elsewhere.items() if not _uses_given(assignment, name, elsewhere)}
    alike, found = [], []
    for name, value in others.items():
        differentiated, anywhere = assignment.recomputed[name]
        if _matches(differentiated, value):
            found.append(name)
            alike.append(_matches(anywhere, value))
    if len(found) < 2 or 2 * len(found) <= len(others):
        return [], []
    again = set.intersection(*alike)
    if not again:
        return found, []
    upstream = {other for name in found for other in assignment.ancestors[name] if other in elsewhere}
    used = [other for other in assignment.names if other in upstream and _ignores(assignment, other, elsewhere, again)]
    return (found, used) if used else ([], [])


def _ignores(assignment: Assignment, name: str, elsewhere: Mapping[str, Array], again: Collection[Recomputed]) -> bool:
    """Whether a gradient uses the given quantities, where any of the sets that others recompute would change it."""
    predicted = assignment.recomputed[name][1]
    return _uses_given(assignment, name, elsewhere) and not any(
        which not in predicted or _same(predicted[which], elsewhere[name]) for which in again
    )


def _right_elsewhere(assignment: Assignment, run: Run, verdicts_of: Mapping[str, Verdicts]) -> dict[str, Array]:
    """The answers at the inconsistent sample point, of gradients that are right up to sign at the shared ones."""
    found: dict[str, Array] = {}
    for name in _right_up_to_sign(assignment, verdicts_of) if run.inconsistent else ():
        value = real_array(assignment, run.inconsistent.get(name))
        shape = assignment.inconsistent_point.shape(assignment.shapes[name])
        if value is not None and value.size == int(np.prod(shape)) and np.isfinite(value).all():
            found[name] = value.reshape(shape)
    return found


def _right_up_to_sign(assignment: Assignment, verdicts_of: Mapping[str, Verdicts]) -> list[str]:
    return [
        name
        for name, verdicts in verdicts_of.items()
        if verdicts.values is not None
        and all(_same(right, mine) for right, mine in zip(assignment.exact[name], verdicts.values, strict=True))
    ]


def _uses_given(assignment: Assignment, name: str, elsewhere: Mapping[str, Array]) -> bool:
    return name in elsewhere and _same(assignment.given[name], elsewhere[name])


def _matches(predictions: Mapping[Recomputed, Array], value: Array) -> set[Recomputed]:
    return {which for which, predicted in predictions.items() if _same(predicted, value)}


def _same(predicted: Array, value: Array) -> bool:
    return relative_error(predicted, value) <= SAME or relative_error(-predicted, value) <= SAME
