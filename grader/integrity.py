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
from grader.result import GradientResult, Signal

# A formula is right to a few units of the last digit, 4e-16; a difference quotient of high order may reach 1e-14.
FORMULA = 4e-15
SAME = 1e-5  # no difference quotient is more exact; with other quantities recomputed, already the first digit differs
UNEXPLAINED_SHARE, FROM_INPUTS_SHARE = 0.5, 0.25  # of the marks of the assignment


def signals_of(
    assignment: Assignment,
    run: Run,
    judgements: Mapping[str, Judgement],
    carried: Mapping[str, Carried],
    single: set[str],
) -> Iterator[Signal]:
    """Signs of derivatives that were not derived by hand.

    Args:
        carried: the gradients that follow from the student's own wrong ones, as all do where a file differentiates -J.
        single: the gradients answered in float32.
    """
    if differentiated := differentiates_loss(assignment, run, judgements):
        yield Signal(
            "numerical",
            f"{', '.join(differentiated)}: these answers behave like a derivative of the loss. At a sample point whose quantities"
            " contradict one another, they match the loss recomputed from the variable onwards, as numerical and automatic"
            " differentiation do; a derived formula uses the quantities that s holds. This is not proof: read the file",
        )
    elsewhere = _right_elsewhere(assignment, run, judgements)
    for name, judgement in judgements.items():
        coarse = judgement.finite_difference.passed and judgement.reference.outcome == "failed"
        # A formula with an epsilon in it is no more exact, nor is what follows from it: both use what they are given.
        if coarse and name not in carried and not _uses_given(assignment, name, elsewhere):
            yield Signal("numerical", judgement.reference.message, name)
    right = {name: judgement.reference.error for name, judgement in judgements.items() if judgement.passed}
    right |= {name: one.error for name, one in carried.items() if not single.intersection([name, *one.sources])}
    formulas = {name for name in right if _uses_given(assignment, name, elsewhere)}
    if inexact := [name for name, error in right.items() if error > FORMULA and name not in formulas]:
        yield Signal(
            "numerical",
            f"{', '.join(inexact)}: fewer correct digits than a formula gives, as from a high-order difference quotient",
        )
    # What follows from one of these need be no more exact.
    short = [name for name in judgements if name in single and not _uses_given(assignment, name, elsewhere)]
    if short and (right or carried):
        yield Signal(
            "numerical",
            f"{', '.join(short)}: in single precision (float32), which a difference quotient can match",
        )


def tables(contradicted: Sequence[str]) -> list[Signal]:
    """Answers that are right at the steps that all files share, and wrong at the one drawn for this file."""
    if not contradicted:
        return []
    return [
        Signal(
            "table",
            f"{', '.join(contradicted)}: right at the sample points that all files share, wrong at the one drawn for this file"
            " alone, as if answers were looked up instead of computed",
        )
    ]


def unexplained(results: Collection[GradientResult], run: Run, max_score: float) -> Iterator[Signal]:
    """Marks that follow from values which no diagnosis explains: such values may have been made up.

    Fewer marks are enough where the values use nothing that the model computes, as those of a gradient do.
    """
    mute = {
        result.name
        for result in results
        if result.status == "failed" and result.diagnosis is not None and result.diagnosis.certainty == "none"
    }
    from_inputs = {name for name in mute if _uses_inputs_only(run, name)}
    for roots, share in ((from_inputs, FROM_INPUTS_SHARE), (mute, UNEXPLAINED_SHARE)):
        following = {
            result.name: result.follow_through
            for result in results
            if result.follow_through is not None and roots.intersection(result.follow_through.roots)
        }
        kept = sum(one.score for one in following.values())
        if following and kept >= share * max_score:
            named = roots.intersection(root for one in following.values() for root in one.roots)
            yield Signal(
                "unexplained",
                f"{kept:g} marks ({', '.join(following)}) follow from {', '.join(sorted(named))}, whose values no formula"
                f" explains{' and which use nothing that the model computes' * (roots is from_inputs)}: check whether that is"
                " a genuine attempt",
            )
            return


def _uses_inputs_only(run: Run, name: str) -> bool:
    """The answer is the same at the inconsistent step as at the first one, which has the same inputs."""
    answers, elsewhere = run.answers.get(name), run.inconsistent.get(name)
    return bool(answers) and elsewhere is not None and elsewhere.value == answers[0].value  # type: ignore[index]


def differentiates_loss(assignment: Assignment, run: Run, judgements: Mapping[str, Judgement]) -> list[str]:
    """The gradients that come from differentiating the loss, as far as behavior tells; none where a simpler reading explains it.

    They are those whose numbers need everything downstream of the variable to be computed again, where no single set of
    quantities that is computed again in all of them alike explains the numbers: a file that always evaluates the whole forward
    pass, or only a sigmoid, is an honest one.  So is one whose functions each compute again what they like: there most of the
    numbers that are not those of the given quantities need something else than everything downstream.
    """
    if assignment.reference is None or not run.inconsistent:
        return []
    elsewhere = _right_elsewhere(assignment, run, judgements)
    others = {name: value for name, value in elsewhere.items() if not _uses_given(assignment, name, elsewhere)}
    if len(others) < 2:
        return []
    alike, found = [], []
    for name, value in others.items():
        differentiated, anywhere = assignment.recomputed[name]
        if _matches(differentiated, value):
            found.append(name)
            alike.append(_matches(anywhere, value))
    if len(found) < 2 or 2 * len(found) <= len(others) or set.intersection(*alike):
        return []
    return found


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
