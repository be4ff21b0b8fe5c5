"""The grades of all parts as one: for formats that know a list of tests, and for the JSON document."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from grader.config.keys import Config
from grader.grading.forstudents import for_students
from grader.output.formats import written
from grader.parts.parts import Parts
from grader.records.result import FollowThrough, Grade, GradientResult
from grader.text import one_line

FORMAT = 1


def merged(parts: Parts, grades: Mapping[str, Grade], submission: str) -> Grade:
    """One grade; a gradient of it is called `softmax.dJ_dU`.

    Args:
        grades: by part; those of some parts are those of a file for these alone.
    """
    chosen = [(part.name, grades[part.name]) for part in parts if part.name in grades]
    failed = [grade for _, grade in chosen if grade.status == "not_graded"]
    return Grade(
        format=FORMAT,
        submission=submission,
        status="not_graded" if failed else "graded",
        score=0.0 if failed else sum(grade.score for _, grade in chosen),
        max_score=sum(grade.max_score for _, grade in chosen),
        gradients=[_named(name, result) for name, grade in chosen for result in grade.gradients],
        message="\n".join(f"{name}: {grade.message}" for name, grade in chosen if grade.message),
        printed="".join(grade.printed for _, grade in chosen),
        sandbox=chosen[0][1].sandbox,
        notes=[f"{name}: {note}" for name, grade in chosen for note in grade.notes],
        integrity=[
            msgspec.structs.replace(one, gradient=one.gradient and f"{name}.{one.gradient}")
            for name, grade in chosen
            for one in grade.integrity
        ],
    )


def _named(part: str, result: GradientResult) -> GradientResult:
    def named(names: Sequence[str]) -> list[str]:
        return [f"{part}.{name}" for name in names]

    followed = result.follow_through
    if followed is not None:
        followed = FollowThrough(named(followed.sources), followed.score, named(followed.roots), followed.substituted)
    return msgspec.structs.replace(
        result, name=f"{part}.{result.name}", follow_through=followed, inherits=named(result.inherits)
    )


def document(parts: Parts, grades: Mapping[str, Grade], submission: str) -> str:
    """The JSON of a homework: its total, and the document of each part."""
    whole = merged(parts, grades, submission)
    data: dict[str, Any] = {
        "format": FORMAT,
        "submission": whole.submission,
        "status": whole.status,
        "score": whole.score,
        "max_score": whole.max_score,
        "parts": [{"name": name, **json.loads(grade.to_json())} for name, grade in grades.items()],
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=1).decode() + "\n"


def formatted(name: str, parts: Parts, grades: Mapping[str, Grade], submission: str) -> str:
    """All parts in a format of another platform; of each part what its config lets students see.

    Raises:
        GraderError: a part was not graded, and in this format that would be a zero.
    """
    seen = {
        part.name: for_students(grades[part.name], part.config.hints, part.config.feedback.level)
        for part in parts
        if part.name in grades
    }
    return written(name, merged(parts, seen, submission), titled(parts))


def titled(parts: Parts) -> Config:
    """A config with the title of the homework and the gradients of all parts, which is what formats and notebooks read of one."""
    gradients = [
        msgspec.structs.replace(gradient, name=f"{part.name}.{gradient.name}")
        for part in parts
        for gradient in part.config.gradients
    ]
    return msgspec.structs.replace(parts.parts[0].config, title=parts.title, gradients=gradients, functions=[])


def submission_name(path: Path) -> str:
    return one_line(path.name, 200)


def total(parts: Parts, grades: Mapping[str, Grade]) -> str:
    """The marks of each part and of all, in one line."""
    whole = merged(parts, grades, "")
    each = ", ".join(f"{name} {_marks(grade)}" for name, grade in grades.items())
    return f"{parts.title}: {_marks(whole)} ({each})"


def how_many_right(parts: Parts, grades: Mapping[str, Grade]) -> str:
    """How many gradients of each part are right, in one line without marks."""
    each = [
        f"{name} {sum(one.status == 'passed' for one in grade.gradients)} of {len(grade.gradients)}"
        for name, grade in grades.items()
    ]
    return f"{parts.title}: right in {', '.join(each)}"


def _marks(grade: Grade) -> str:
    return "not graded" if grade.status == "not_graded" else f"{grade.score:g} of {grade.max_score:g}"
