"""results.json: the part of its schema that we use, and writing it so that Gradescope always finds a valid file."""

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from grader.atomic import replacing
from grader.config.keys import Visibility
from grader.text import several_lines

_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON escapes it; after a backslash these are ordinary characters
MAX_TEXT = 20_000  # Gradescope cuts texts in the middle from 100,000 on
_Text = Annotated[str, Meta(max_length=MAX_TEXT)]
_Format = Literal["text", "md"]
_Score = Annotated[float, Meta(ge=0)]


class InvalidResultsError(Exception):
    """Not what Gradescope accepts; says where."""


class Test(Struct, forbid_unknown_fields=True):
    """One item on the page; without a score it is only information."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    status: Literal["passed", "failed"]
    output: _Text = ""
    score: _Score | None = None
    max_score: _Score | None = None
    number: Annotated[str, Meta(max_length=20)] = ""
    output_format: _Format = "text"
    name_format: Literal["text"] = "text"
    visibility: Visibility = "visible"
    tags: list[str] = []
    extra_data: dict[str, Any] = {}


class LeaderboardEntry(Struct, forbid_unknown_fields=True):
    """One column of the leaderboard."""

    name: str
    value: float
    order: Literal["asc", "desc"] = "desc"


class Results(Struct, forbid_unknown_fields=True):
    """The whole file."""

    tests: Annotated[list[Test], Meta(min_length=1)]
    score: _Score | None = None
    output: _Text = ""
    output_format: _Format = "text"
    test_output_format: _Format = "text"
    test_name_format: Literal["text"] = "text"
    visibility: Visibility = "visible"
    stdout_visibility: Literal["hidden"] = "hidden"
    execution_time: _Score = 0.0
    extra_data: dict[str, Any] = {}
    leaderboard: list[LeaderboardEntry] = []


def checked(data: dict[str, Any]) -> bytes:
    """`data` as the bytes of results.json.

    Raises:
        InvalidResultsError: it breaks the schema, or contains a number that isn't finite or a text that isn't valid.
    """
    try:
        results = msgspec.convert(data, Results)
        text = json.dumps(data, allow_nan=False, ensure_ascii=True, indent=1)
        json.dumps(data, ensure_ascii=False).encode()  # fails for a lone surrogate
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise InvalidResultsError(str(error)) from error
    for test in results.tests:
        if test.score is not None and not test.score <= (test.max_score or 0.0):
            raise InvalidResultsError(f"{test.name}: score {test.score} of {test.max_score}")
    if _NULL.search(text):
        raise InvalidResultsError("a text contains the null character, which JSON readers may refuse")
    return text.encode("ascii")


def write_results(path: Path, data: dict[str, Any]) -> str:
    """Write results.json in one step; where `data` is invalid, a result without marks that says so.

    Returns:
        What was wrong with `data`, "" if nothing.
    """
    try:
        text, problem = checked(data), ""
    except InvalidResultsError as error:
        text, problem = checked(not_graded_results()), str(error)
    with replacing(path, private=True, alone=True) as file:
        file.write(text)
    return problem


def not_graded_results(extra_data: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the page shows when the grader failed: no score, because our failure is not the student's zero."""
    output = (
        "This submission could not be graded. The problem is on our side, not in your file, and costs you no marks."
        " Your instructors can see the details and have it graded again."
    )
    return {
        "tests": [{"name": "Not graded", "status": "failed", "output": output}],
        "output": "Not graded: a problem on our side.",
        "stdout_visibility": "hidden",
        "extra_data": extra_data or {},
    }


def clean(text: str) -> str:
    """Text that every JSON reader accepts, short enough that Gradescope doesn't cut it."""
    text = several_lines(text, MAX_TEXT + 1)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2].rstrip() + "\n…"


def number(value: float, most: float) -> float:
    """A plain number from 0 to `most`; 0 for NaN."""
    value = float(value)
    return round(min(max(value, 0.0), most), 6) if math.isfinite(value) else 0.0
