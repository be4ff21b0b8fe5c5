"""What instructors should review about a submission: signals, never verdicts.  Pure; costs no marks.

The main signal is behavior.  At the inconsistent step (`steps.make_inconsistent_step`) h is not sigmoid(z) and y_hat is not the
softmax of h U + b2.  A derived formula uses the quantities that it is given.  Numerical or automatic differentiation of the loss
takes the variable as given and computes everything downstream of it again: y_hat for dJ/dh; z, h and y_hat for dJ/db1.  For each
gradient it is therefore known which set of recomputed quantities gives the student's numbers.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from grader.answers import Run
from grader.assignment import Assignment
from grader.derivatives import relative_error
from grader.followthrough import Carried
from grader.graph import Array
from grader.judge import REAL_KINDS, Judgement
from grader.recompute import Recomputed
from grader.result import GradientResult, Mistake, Signal

# A formula is right to a few units of the last digit, 4e-16; a difference quotient of high order may reach 1e-14.
FORMULA = 4e-15
SAME = 1e-5  # no difference quotient is more exact; with other quantities recomputed, already the first digit differs
WHOLE = "the result"  # where a mistake is that is about all of an answer
UNEXPLAINED_SHARE = 0.25  # of the marks of the assignment


def signals_of(
    assignment: Assignment,
    run: Run,
    judgements: Mapping[str, Judgement],
    carried: Mapping[str, Carried],
    single: set[str],
) -> Iterator[Signal]:
    """What speaks for derivatives that were not derived.

    Args:
        carried: the gradients that follow from the student's own wrong ones, as all do where a file differentiates -J.
        single: the gradients answered in float32.
    """
    differentiated, used = differentiates_loss(assignment, run, judgements)
    if differentiated and not used:
        yield Signal(
            "numerical",
            f"{', '.join(differentiated)}: these answers differentiate the loss. Where the quantities in s contradict one"
            " another, they follow the loss computed again from the variable on, as numerical and automatic differentiation"
            " do; a derived formula uses the quantities that s holds. This is not proof: look at the file",
        )
    elif differentiated:
        yield Signal(
            "numerical",
            f"{', '.join(differentiated)}: these answers compute the loss again from the variable on, as numerical and"
            f" automatic differentiation do, although {', '.join(used)} in the same file"
            f" {'uses' if len(used) == 1 else 'use'} the quantities that s holds. A function with a forward pass of its own"
            " does so too: look at the file",
        )
    for name, judgement in judgements.items():
        if judgement.finite_difference.passed and judgement.reference.outcome == "failed":
            yield Signal("numerical", judgement.reference.message, name)
    right = {name: judgement.reference.error for name, judgement in judgements.items() if judgement.passed}
    right |= {name: one.error for name, one in carried.items() if not single.intersection([name, *one.sources])}
    if coarse := [name for name, error in right.items() if error > FORMULA]:
        yield Signal(
            "numerical",
            f"{', '.join(coarse)}: right to fewer digits than formulas are, as by a difference quotient of high order",
        )
    # What follows from one of these need be no more exact.
    elsewhere = _right_elsewhere(assignment, run, judgements)
    short = [name for name in judgements if name in single and not _uses_given(assignment, name, elsewhere)]
    if short and (right or carried):
        yield Signal(
            "numerical",
            f"{', '.join(short)}: in single precision (float32), which a difference quotient reaches too",
        )


def tables(contradicted: Sequence[str]) -> list[Signal]:
    """Answers that are right at the steps that all files share, and wrong at the one drawn for this file."""
    if not contradicted:
        return []
    return [
        Signal(
            "table",
            f"{', '.join(contradicted)}: right at the points that all files share, wrong at one drawn for this file alone,"
            " as where answers are looked up and not computed",
        )
    ]


def unexplained(results: Collection[GradientResult], max_score: float) -> Iterator[Signal]:
    """Marks that follow from values which may have been made up, as `_made_up` says."""
    suspect = _made_up(results)
    following: dict[str, float] = {}
    roots: set[str] = set()
    for result in results:
        if result.follow_through is not None and suspect.keys() & result.follow_through.roots:
            following[result.name] = result.follow_through.score
            roots.update(*(suspect[root] for root in result.follow_through.roots if root in suspect))
    kept = sum(following.values())
    if following and kept >= UNEXPLAINED_SHARE * max_score:
        yield Signal(
            "unexplained",
            f"{kept:g} marks ({', '.join(following)}) follow from {', '.join(sorted(roots))}, whose values no formula explains,"
            " or which are constant or only a copy: see whether that is a genuine attempt",
        )


def _made_up(results: Collection[GradientResult]) -> dict[str, set[str]]:
    """The wrong gradients that nobody needs to have derived, each with those that it goes back to, itself for most.

    No diagnosis explains them; or they are constants, or one of the quantities of `s` as it is; or they earn nothing because
    they follow from such a one.
    """
    wrong = [result for result in results if result.status == "failed"]
    found = {
        result.name: {result.name}
        for result in wrong
        if result.diagnosis is not None
        and (result.diagnosis.certainty == "none" or any(map(_is_no_attempt, result.diagnosis.mistakes)))
    }
    for result in wrong:
        if known := found.keys() & result.inherits:
            found[result.name] = known
    return found


def _is_no_attempt(mistake: Mistake) -> bool:
    return mistake.kind == "constant" or (mistake.kind, mistake.where) == ("wrong-variable", WHOLE)


def differentiates_loss(
    assignment: Assignment, run: Run, judgements: Mapping[str, Judgement]
) -> tuple[list[str], list[str]]:
    """The gradients that come from differentiating the loss, as far as behavior tells; none where a simpler reading explains it.

    They are those whose numbers need everything downstream of the variable to be computed again.  The simpler reading is that
    one set of quantities is computed again in all of them alike: a file that always evaluates the whole forward pass, or only
    a sigmoid, is an honest one.  It does not fit a file whose right dJ/dh, say, takes y_hat as given while its dJ/db1, which
    is derived from dJ/dh, computes y_hat again.

    Returns:
        These gradients; and, where only the last remark speaks against the simpler reading, those that use what is given.
    """
    if assignment.reference is None or not run.inconsistent:
        return [], []
    elsewhere = _right_elsewhere(assignment, run, judgements)
    others = {name: value for name, value in elsewhere.items() if not _uses_given(assignment, name, elsewhere)}
    alike, found = [], []
    for name, value in others.items():
        differentiated, anywhere = assignment.recomputed[name]
        if _matches(differentiated, value):
            found.append(name)
            alike.append(_matches(anywhere, value))
    if len(found) < 2:
        return [], []
    again = set.intersection(*alike)
    if not again:
        return found, []
    upstream = {other for name in found for other in assignment.ancestors[name] if other in elsewhere}
    used = [other for other in assignment.names if other in upstream and _ignores(assignment, other, elsewhere, again)]
    return (found, used) if used else ([], [])


def _ignores(assignment: Assignment, name: str, elsewhere: Mapping[str, Array], again: Collection[Recomputed]) -> bool:
    """Whether a gradient uses the given quantities, where any of the sets that others compute again would change it."""
    predicted = assignment.recomputed[name][1]
    return _uses_given(assignment, name, elsewhere) and not any(
        which not in predicted or _same(predicted[which], elsewhere[name]) for which in again
    )


def _right_elsewhere(assignment: Assignment, run: Run, judgements: Mapping[str, Judgement]) -> dict[str, Array]:
    """The answers at the inconsistent step, of gradients that are right, but perhaps for their sign, at the shared steps."""
    found = {}
    for gradient in assignment.config.gradients:
        name = gradient.name
        judgement, answer = judgements.get(name), run.inconsistent.get(name)
        if judgement is None or judgement.values is None or answer is None or answer.value is None:
            continue
        value = answer.value.array()
        shape = assignment.inconsistent_step.shape(assignment.symbolic(gradient))
        if value.shape == shape and value.dtype.kind in REAL_KINDS and np.isfinite(value).all():
            exact = assignment.exact[name]
            if all(_same(right, mine) for right, mine in zip(exact, judgement.values, strict=True)):
                found[name] = value.astype(float)
    return found


def _uses_given(assignment: Assignment, name: str, elsewhere: Mapping[str, Array]) -> bool:
    return name in elsewhere and _same(assignment.given[name], elsewhere[name])


def _matches(predictions: Mapping[Recomputed, Array], value: Array) -> set[Recomputed]:
    return {which for which, predicted in predictions.items() if _same(predicted, value)}


def _same(predicted: Array, value: Array) -> bool:
    return relative_error(predicted, value) <= SAME or relative_error(-predicted, value) <= SAME
