"""CodeGrade AutoTest v2: its structured output as JSON lines; a suite per gradient, a case per check, then the points."""

import json
from typing import Any

from grader.config.keys import Config
from grader.output.causes import above
from grader.output.wording import details, fraction, verdict
from grader.records.result import CheckResult, Grade, GradientResult

REPORTS_NOT_GRADED = False
_STATUS = {"passed": "success", "failed": "failure", "skipped": "skipped", "undecided": "skipped"}


def render(grade: Grade, config: Config) -> str:
    """Two lines for `cg truncate`, as CodeGrade's own pytest plugin writes them."""
    suites = [_suite(grade, result) for result in grade.gradients]
    if texts := above(grade):  # CodeGrade shows no text above the suites
        suites[0]["name"] = " | ".join([" ".join(texts), suites[0]["name"]])
    lines = [
        {"tag": "unit-test", "results": suites},
        {"tag": "points", "points": fraction(grade.score, grade.max_score)},
    ]
    return "".join(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n" for line in lines)


def _suite(grade: Grade, result: GradientResult) -> dict[str, Any]:
    cases = [_case(grade, result, check, first=k == 0) for k, check in enumerate(result.checks)]
    name = f"{result.name}: {verdict(result)}"
    return {"id": result.name, "name": name, "weight": result.max_score, "testCases": cases}


def _case(grade: Grade, result: GradientResult, check: CheckResult, *, first: bool) -> dict[str, Any]:
    status = _STATUS[check.outcome]
    if result.follow_through is not None and check.outcome != "passed":
        status = "success"  # follow-through keeps its marks
    elif first and check.outcome == "skipped":
        status = "failure"  # the function returned nothing to check
    case: dict[str, Any] = {"name": check.name.replace("_", " "), "status": status, "weight": check.max_score}
    if status == "failure":
        case["reason"] = "\n".join(details(grade, result)) or verdict(result)
    return case
