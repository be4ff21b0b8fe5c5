"""A grade as rows of the store: what queries ask for, taken out of them.  Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from grader.records.result import Grade, GradientResult


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
