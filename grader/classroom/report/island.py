"""The students as data inside the page: what the table shows at once, and the evidence shown on demand.

What many students share (the same wrong numbers, the same words) is stored once and referred to by its position.
All text of students is data here, made visible and harmless; the page writes it as text, never as HTML.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import msgspec

from grader.classroom.report.data import Record
from grader.classroom.report.evidence import Code, around, excerpt, heat_map
from grader.classroom.report.facts import UNMARKED_WORDS, flag_words, kind_words, not_loaded, root_mistakes
from grader.output.markdown import unmarked
from grader.output.wording import fix_first
from grader.problem.assignment import Assignment
from grader.records.result import Grade, GradientResult
from grader.records.run import Answer, place
from grader.text import several_lines

MAX_TEXT = 600


class _Pool:
    """Values, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._positions: dict[Hashable, int] = {}

    def add(self, value: Any) -> int:
        key = msgspec.json.encode(value)
        if key not in self._positions:
            self._positions[key] = len(self.values)
            self.values.append(value)
        return self._positions[key]


def make_island(assignment: Assignment, records: Sequence[Record], steps_hash: str) -> dict[str, Any]:
    """Everything that the page's scripts need, ready for JSON.

    Args:
        steps_hash: of the assignment as it is now; answers to other numbers are not compared with it entry by entry.
    """
    details, code = _Pool(), _Pool()
    students = [_student(assignment, record, record.steps_hash == steps_hash, details, code) for record in records]
    return {
        "gradients": assignment.names,
        "max_score": assignment.config.max_score,
        "students": students,
        "details": details.values,
        "code": code.values,
    }


def embed(value: Any) -> str:
    """JSON that may stand inside a script element: no letter of it can end the element or open a comment."""
    text = msgspec.json.encode(value).decode()
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def visible(text: str, limit: int = MAX_TEXT) -> str:
    """Text of a student as it can be shown; what is not printable is named, for instructors who want to know."""
    return several_lines(text, limit, keep="\t", named=True)


def _student(assignment: Assignment, record: Record, comparable: bool, details: _Pool, code: _Pool) -> dict[str, Any]:
    grade = record.grade
    student: dict[str, Any] = {"name": visible(record.name or record.key, 200), "score": None}
    if record.key != record.name:
        student["key"] = visible(record.key, 200)
    student.update(mistakes=[], statuses=[], details=[], code={})
    if grade is not None and record.status == "graded":
        student["score"] = grade.score
    else:
        student["unmarked"] = UNMARKED_WORDS.get(record.status, record.status)
    if record.late:
        student["late"] = True
    message = record.problem if grade is None else grade.message
    extras = {
        "flags": _flags(record),
        "message": visible("\n".join([message, *(grade.notes if grade else ())]).strip()),
        "printed": visible(grade.printed) if grade else "",
    }
    student.update({key: value for key, value in extras.items() if value})
    if grade is None:
        return student
    student["mistakes"] = ["the file does not load"] if not_loaded(grade) else _mistakes_in_short(grade)
    student["statuses"] = [gradient.status for gradient in grade.gradients]
    lines = record.source.decode(errors="replace").splitlines()
    if not_loaded(grade) and record.run is not None:
        place = around(lines, record.run.loading.line)
        if place is not None:
            student["place"] = [record.run.loading.line, code.add(_shown(place))]
    for k, result in enumerate(grade.gradients):
        told = not_loaded(grade) and result.message in grade.message
        if told or (result.status == "passed" and not result.notes):
            continue
        answers = record.run.answers.get(result.name, []) if record.run is not None and comparable else []
        student["details"].append([k, details.add(_detail(assignment, result, answers))])
        shown = None if result.status in ("passed", "followed_through") else excerpt(lines, result.name, result.line)
        if shown is not None:
            student["code"][k] = code.add(_shown(shown))
    return student


def _shown(code: Code) -> dict[str, Any]:
    return {"first": code.first, "lines": [visible(line) for line in code.lines]}


def _flags(record: Record) -> dict[str, list[str]]:
    flags: dict[str, list[str]] = {}
    for flag in record.flags:
        gradient = f"{flag.gradient}: " if flag.gradient else ""
        flags.setdefault(flag_words(flag.kind), []).append(visible(gradient + flag.detail))
    return flags


def _mistakes_in_short(grade: Grade) -> list[str]:
    """`flipped sign in dJ_db2`, gradients with the same kind of mistake together."""
    by_kind: dict[str, list[str]] = {}
    for root in root_mistakes(grade):
        names = by_kind.setdefault(kind_words(root.mistake.kind), [])
        if root.gradient not in names:
            names.append(root.gradient)
    return [
        f"{kind} in {', '.join(names) if len(names) < 4 else f'{len(names)} gradients'}"
        for kind, names in by_kind.items()
    ]


def _detail(assignment: Assignment, gradient: GradientResult, answers: Sequence[Answer]) -> dict[str, Any]:
    declared = next(declared for declared in assignment.config.gradients if declared.name == gradient.name)
    wrong = gradient.status == "failed"  # what follows from another mistake would only show that one again
    follows, diagnosis = gradient.follow_through, gradient.diagnosis
    mistakes = diagnosis.mistakes if diagnosis else []
    checks = gradient.checks if wrong and not gradient.inherits else []
    detail = {
        "score": gradient.score,
        "max_score": gradient.max_score,
        "checks": [[check.name.replace("_", " "), check.outcome, visible(check.message)] for check in checks],
        "follows": None if follows is None else [follows.sources, follows.roots],
        "certainty": diagnosis.certainty if diagnosis else None,
        "mistakes": [[kind_words(m.kind), visible(m.where), visible(m.statement)] for m in mistakes],
        "properties": [visible(text) for text in diagnosis.properties] if diagnosis else [],
        "hints": [visible(unmarked(hint)) for hint in gradient.hints],
        "message": visible(fix_first([gradient]) if gradient.inherits else gradient.message),
        "line": gradient.line,
        "place": place(gradient.line, gradient.cell),
        "printed": visible(gradient.printed),
        "notes": [visible(note) for note in gradient.notes],
        "heat": heat_map(assignment, declared, answers) if wrong else None,
    }
    return {
        key: value for key, value in detail.items() if value not in (None, "", [], 0) or key in ("score", "max_score")
    }
