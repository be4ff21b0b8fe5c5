"""Right answers at which a person should look: could they come from a numerical derivative?  Pure; costs no marks."""

from collections.abc import Mapping

from grader.answers import Run
from grader.judge import Judgement

# A formula is right to a few units of the last digit, 4e-16; a difference quotient of high order may reach 1e-14.
FORMULA = 4e-15


def evidence_of(run: Run, judgements: Mapping[str, Judgement]) -> list[str]:
    """What speaks for a numerical derivative among the right answers, in words."""
    right = {name: judgement.reference.error for name, judgement in judgements.items() if judgement.passed}
    if not right:
        return []
    found = [f"the file uses {what}: a derivative can be exact without a formula" for what in run.loading.evidence]
    if coarse := [name for name, error in right.items() if error > FORMULA]:
        found.append(
            f"{', '.join(coarse)}: right to fewer digits than formulas are, as by a difference quotient of high order"
        )
    return found
