"""Autolab: feedback, then scores in the last line of standard output.  Its problems have the names of the gradients."""

import json
from typing import Any

from grader.config.keys import Config
from grader.output.causes import above
from grader.output.wording import details, verdict
from grader.records.result import Grade, GradientResult

REPORTS_NOT_GRADED = False
_STAGE = "Gradients"


def render(grade: Grade, config: Config) -> str:
    """Two lines of JSON."""
    feedback = {result.name: _feedback(grade, result) for result in grade.gradients}
    first = feedback[grade.gradients[0].name]  # Autolab shows no text above the problems
    if texts := [*above(grade), *filter(None, [first.get("hint")])]:
        first["hint"] = "\n".join(texts)
    stages = {"_presentation": "semantic", "stages": [_STAGE], _STAGE: feedback}
    right = sum(result.status == "passed" for result in grade.gradients)
    scores = {"scores": {result.name: result.score for result in grade.gradients}, "scoreboard": [grade.score, right]}
    return f"{json.dumps(stages, allow_nan=False)}\n{json.dumps(scores, allow_nan=False)}\n"


def _feedback(grade: Grade, result: GradientResult) -> dict[str, Any]:
    passed = result.score >= result.max_score
    hint = "\n".join([verdict(result), *details(grade, result)])
    return {"passed": passed} if result.status == "passed" else {"passed": passed, "hint": hint}
