"""A grade and a run as rows of the store: what queries ask for, taken out of them.  Pure."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from grader.answers import Run
from grader.result import Grade, GradientResult

# What a student's code hears, or leaves behind, when it tries what the sandbox forbids.
_TAMPER = re.compile(r"^(PermissionError|BlockingIOError: \[Errno 11\]|OSError: \[Errno (1|13|24|27|38)\])|is not available here: use")
_FORGED = re.compile(r"^the process sent ")
_ENDED = re.compile(r"^the process (ended itself|was ended by)")


def gradient_row(position: int, gradient: GradientResult) -> tuple[Any, ...]:
    """The columns of `gradients` after grading_id."""
    follow = gradient.follow_through
    outcomes = {check.name: check.outcome for check in gradient.checks}
    return (
        position,
        gradient.name,
        gradient.status,
        gradient.score,
        gradient.max_score,
        *(outcomes.get(check, "skipped") for check in ("shape", "finite_difference", "reference")),
        gradient.diagnosis.certainty if gradient.diagnosis else "",
        msgspec.json.encode(follow.sources if follow else []).decode(),
        msgspec.json.encode(follow.roots if follow else []).decode(),
        gradient.line,
    )


def mistake_rows(grade: Grade) -> Iterator[tuple[Any, ...]]:
    """The columns of `mistakes` after grading_id."""
    for gradient in grade.gradients:
        for position, mistake in enumerate(gradient.diagnosis.mistakes if gradient.diagnosis else ()):
            yield gradient.name, position, mistake.kind, mistake.where, mistake.statement


def flags_of(grade: Grade, run: Run | None) -> list[tuple[str, str, str]]:
    """What a person should look at: (kind, gradient, detail)."""
    return [*_numerical(grade), *(_tampering(run) if run is not None else ())]


def _numerical(grade: Grade) -> Iterator[tuple[str, str, str]]:
    """Right to a few digits only: passed against finite differences, failed against the formula."""
    for gradient in grade.gradients:
        outcomes = {check.name: check.outcome for check in gradient.checks}
        if outcomes.get("finite_difference") == "passed" and outcomes.get("reference") == "failed":
            message = next(check.message for check in gradient.checks if check.name == "reference")
            yield "numerical", gradient.name, message


def _tampering(run: Run) -> Iterator[tuple[str, str, str]]:
    if detail := _refused(run.loading.outcome, run.loading.message):
        yield "tamper", "", f"while the file was loaded: {detail}"
    for gradient, answers in run.answers.items():
        found = (_refused(answer.outcome, answer.message) for answer in answers)
        if detail := next((detail for detail in found if detail), ""):
            yield "tamper", gradient, detail


def _refused(outcome: str, message: str) -> str:
    if outcome == "raised" and _TAMPER.search(message):
        return f"tried what the sandbox forbids: {message.splitlines()[0]}"
    if outcome == "died" and _FORGED.search(message):
        return f"wrote into the grader's pipe: {message}"
    if outcome == "died" and _ENDED.search(message):
        return message
    return ""
