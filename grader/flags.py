"""What a person should look at: numerical derivatives, attempts on the sandbox.  Pure; costs no marks."""

import re
from collections.abc import Iterator

from grader.answers import Run
from grader.result import Grade
from grader.sandbox.reported import in_words

# Attempts that show in the words of a refusal, and cannot be meant otherwise. They can be kept silent, as system calls cannot.
_SPYING = re.compile(r"/etc/(passwd|shadow)\b|/proc/(self|[0-9]+)/|^ModuleNotFoundError: solutions\b")
_FORGED = re.compile(r"^the process sent ")
_ENDED = re.compile(r"^the process (ended itself|was ended by SIGSYS)")


def flags_of(grade: Grade, run: Run | None) -> list[tuple[str, str, str]]:
    """What a person should look at: (kind, gradient, detail)."""
    return [*_numerical(grade), *(_tampering(run) if run is not None else ())]


def _numerical(grade: Grade) -> Iterator[tuple[str, str, str]]:
    """Right to a few digits only: passed against finite differences, failed against the formula; or right, with evidence."""
    for gradient in grade.gradients:
        outcomes = {check.name: check.outcome for check in gradient.checks}
        if outcomes.get("finite_difference") == "passed" and outcomes.get("reference") == "failed":
            message = next(check.message for check in gradient.checks if check.name == "reference")
            yield "numerical", gradient.name, message
    for what in grade.evidence:
        yield "numerical", "", what


def _tampering(run: Run) -> Iterator[tuple[str, str, str]]:
    if run.violations:
        yield "tamper", "", f"tried what no gradient needs: {in_words(run.violations)}"
    if detail := _attempt(run.loading.outcome, run.loading.message):
        yield "tamper", "", f"while the file was loaded: {detail}"
    for gradient, answers in run.answers.items():
        found = (_attempt(answer.outcome, answer.message) for answer in answers)
        if detail := next((detail for detail in found if detail), ""):
            yield "tamper", gradient, detail


def _attempt(outcome: str, message: str) -> str:
    if outcome == "raised" and _SPYING.search(message):
        return f"looked where no gradient is: {message.splitlines()[0]}"
    if outcome == "died" and _FORGED.search(message):
        return f"wrote into the grader's pipe: {message}"
    if outcome == "died" and _ENDED.search(message):
        return message
    return ""
