"""A grade for a workflow on GitHub: the job summary, the output that GitHub Classroom reads, the file that Classroom 50 reads."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from grader.config.keys import Config
from grader.output.formats import render
from grader.output.wording import verdict
from grader.records.result import Grade

RESULT = "result.json"
_CENTS = 100


def write_for_github(grade: Grade, config: Config, environment: Mapping[str, str], folder: Path) -> None:
    """Write what the workflow's environment asks for, and RESULT into `folder`.

    Raises:
        OSError: it cannot be written.
    """
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), render("github", grade, config))
    if outputs := environment.get("GITHUB_OUTPUT"):
        payload = base64.b64encode(json.dumps(classroom_result(grade)).encode()).decode()
        _append(Path(outputs), f"result={payload}\n")
    result = classroom50_result(grade, environment, datetime.now(timezone.utc))
    (folder / RESULT).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def classroom_result(grade: Grade) -> dict[str, Any]:
    """What the reporter of GitHub Classroom reads, before base64."""
    tests = [
        {
            "name": one.name,
            "status": "pass" if one.status == "passed" else "fail",
            "message": verdict(one),
            "score": one.score,
        }
        for one in grade.gradients
    ]
    status = "pass" if grade.passed else "fail"
    return {"version": 1, "status": status, "max_score": grade.max_score, "tests": tests}


def classroom50_result(grade: Grade, environment: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The result.json of Classroom 50, whose scores are whole numbers: where marks are not, they are hundredths."""
    marks = [mark for one in grade.gradients for mark in (one.score, one.max_score)]
    unit = 1 if all(float(mark).is_integer() for mark in marks) else _CENTS
    tests = [
        {
            "test-name": one.name,
            "passed": one.status == "passed",
            "score": int(one.score * unit + 1e-6),
            "max-score": round(one.max_score * unit),
        }
        for one in grade.gradients
    ]
    commit = environment.get("COMMIT_URL") or _commit(environment)
    return {
        "schema": "classroom50/result/v1",
        "classroom": environment.get("CLASSROOM", ""),
        "assignment": environment.get("ASSIGNMENT", ""),
        "submission": environment.get("SUBMISSION_TAG", ""),
        "commit": commit,
        "release": environment.get("RELEASE_URL", ""),
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(one["score"] for one in tests),
        "max-score": sum(one["max-score"] for one in tests),
        "tests": tests,
    }


def _commit(environment: Mapping[str, str]) -> str:
    parts = [environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")]
    return "{}/{}/commit/{}".format(*parts) if all(parts) else ""
