"""PrairieLearn: /grade/results/results.json of an external grader."""

import json

from grader.config.keys import Config
from grader.output.causes import lead
from grader.output.wording import details, fraction, head, verdict
from grader.records.result import Grade

REPORTS_NOT_GRADED = True


def render(grade: Grade, config: Config) -> str:
    """One JSON object; "not graded" is not gradable, which costs students no attempt."""
    if grade.status == "not_graded":
        message = "Not graded: a problem on our side, not in your file. Please contact your instructors."
        return json.dumps({"gradable": False, "message": message, "format_errors": [message]}) + "\n"
    tests = [
        {
            "name": result.name,
            "description": verdict(result),
            "points": result.score,
            "max_points": result.max_score,
            "output": "\n".join(details(grade, result, headed=True)),
        }
        for result in grade.gradients
    ]
    output = "\n\n".join(filter(None, [lead(grade), head(grade)]))
    score = fraction(grade.score, grade.max_score)
    document = {"gradable": True, "score": score, "output": output, "tests": tests}
    return json.dumps(document, allow_nan=False) + "\n"
