"""Submitty: validation_results.json of a Python custom validator; a score from 0 to 1, and a message per gradient."""

import json
from typing import Any

from grader.config.keys import Config
from grader.output.causes import lead
from grader.output.wording import details, fraction, of_the_file, verdict
from grader.records.result import Grade, GradientResult
from grader.text import several_lines

REPORTS_NOT_GRADED = True


def render(grade: Grade, config: Config) -> str:
    """One line; "not graded" is a failure of the validator, and instructors find its message in the log."""
    if grade.status == "not_graded":
        return _line({"status": "failure", "message": f"not graded: {several_lines(grade.message)}"})
    texts = filter(None, [lead(grade), several_lines(of_the_file(grade))])
    messages = [_message(text, "failure") for text in texts]
    messages += [_message(several_lines(f"Note: {note}."), "information") for note in grade.notes]
    messages += [_gradient(grade, result) for result in grade.gradients]
    return _line({"status": "success", "data": {"score": fraction(grade.score, grade.max_score), "message": messages}})


def _gradient(grade: Grade, result: GradientResult) -> dict[str, str]:
    head = f"{result.name} ({result.score:g}/{result.max_score:g}): {verdict(result)}"
    status = {"passed": "success", "followed_through": "information"}.get(result.status, "failure")
    return _message("\n".join([head, *(f"  {line}" for line in details(grade, result, headed=True))]), status)


def _message(text: str, status: str) -> dict[str, str]:
    """`status` is the color: success is green, information blue, failure red."""
    return {"message": text, "status": status}


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False) + "\n"
