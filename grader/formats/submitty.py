"""Submitty: what a custom validator prints, one JSON object with the score as a part of 1."""

import json

from grader.config import Config
from grader.formats.words import evidence, fraction, printable, verdict
from grader.result import Grade

TELLS_NOT_GRADED = False


def render(grade: Grade, config: Config) -> str:
    """One line; `status` is how the message is shown."""
    lines = [printable(grade.message)] if grade.message else []
    for result in grade.gradients:
        lines.append(f"{result.name} ({result.score:g}/{result.max_score:g}): {verdict(result)}")
        lines += [f"  {line}" for line in evidence(grade, result)]
    score = fraction(grade.score, grade.max_score)
    status = "success" if grade.passed else "failure" if score == 0 else "warning"
    return json.dumps({"score": score, "message": "\n".join(lines), "status": status}, allow_nan=False) + "\n"
