"""Marks for exact answers at which a person should look: could they come from a numerical derivative?  Pure; costs no marks."""

from collections.abc import Collection, Mapping

from grader.answers import Run
from grader.judge import Judgement

# A formula is right to a few units of the last digit, 4e-16; a difference quotient of high order may reach 1e-14.
FORMULA = 4e-15


def evidence_of(run: Run, judgements: Mapping[str, Judgement], carried: Collection[str], single: set[str]) -> list[str]:
    """What speaks for a numerical derivative among the answers that earn the marks of the reference check, in words.

    Args:
        carried: the gradients that follow from the student's own wrong ones, as all do where a file differentiates -J.
        single: the gradients answered in float32.
    """
    right = {name: judgement.reference.error for name, judgement in judgements.items() if judgement.passed}
    exact = [name for name in judgements if name in right or name in carried]
    if not exact:
        return []
    found = [f"the file uses {what}: a derivative can be exact without a formula" for what in run.loading.evidence]
    if coarse := [name for name, error in right.items() if error > FORMULA]:
        found.append(
            f"{', '.join(coarse)}: right to fewer digits than formulas are, as by a difference quotient of high order"
        )
    if short := [name for name in judgements if name in single]:  # what follows from one of these need be no more exact
        found.append(f"{', '.join(short)}: in single precision (float32), which a difference quotient reaches too")
    return found
