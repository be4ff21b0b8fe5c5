"""Attempts on the sandbox, as signals for a person to review.  Costs no marks."""

import re
from collections.abc import Iterator

from grader.records.result import Grade, Signal
from grader.records.run import Run
from grader.sandbox.shared.reported import in_words

# Attempts that a refusal reveals, and that have no innocent reading. A file can hide these, but not system calls.
_SPYING = re.compile(r"/etc/(passwd|shadow)\b|/proc/(self|[0-9]+)/|^ModuleNotFoundError: solutions\b")
_FORGED = re.compile(r"^the process sent ")
_ENDED = re.compile(r"^the process (ended itself|was ended by SIGSYS)")


def flags_of(grade: Grade) -> list[tuple[str, str, str]]:
    """What a person should review: (kind, gradient, detail)."""
    return [(signal.kind, signal.gradient, signal.message) for signal in grade.integrity]


def tampering(run: Run) -> Iterator[Signal]:
    """Attempts on the sandbox."""
    if run.violations:
        yield Signal("tamper", f"tried to do what no gradient needs: {in_words(run.violations)}")
    # The functions of a file that stopped are called all the same; only what it raised has a message.
    stopped = "raised" if run.loading.outcome == "returned" and run.loading.message else run.loading.outcome
    if detail := _attempt(stopped, run.loading.message):
        yield Signal("tamper", f"while the file was loaded: {detail}")
    for gradient, shared in run.answers.items():
        elsewhere = (run.fresh.get(gradient), run.inconsistent.get(gradient))
        answers = [*shared, *(answer for answer in elsewhere if answer is not None)]
        found = (_attempt(answer.outcome, answer.message) for answer in answers)
        if detail := next((detail for detail in found if detail), ""):
            yield Signal("tamper", detail, gradient)
        elif any(answer.forged for answer in answers):
            yield Signal("tamper", "sent an explanation that the grader did not write", gradient)


def _attempt(outcome: str, message: str) -> str:
    if outcome == "raised" and _SPYING.search(message):
        return f"looked for something that no gradient needs: {message.splitlines()[0]}"
    if outcome == "died" and _FORGED.search(message):
        return f"wrote into the grader's pipe: {message}"
    if outcome == "died" and _ENDED.search(message):
        return message
    return ""
