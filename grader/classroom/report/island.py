"""The students as data inside the page: what the table shows at once, and the details shown on demand.

What many students share (the same wrong numbers, the same sentences) is stored once and referred to by its position.
Everything that students wrote is data here, made visible and harmless; the page writes it as text, never as HTML.  In pictures
of shapes, which are SVG, it is escaped.
"""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import msgspec

from grader.classroom.report.data import Record
from grader.classroom.report.details import Code, around, excerpt, heat_map
from grader.classroom.report.facts import (
    NOT_LOADED,
    UNMARKED_LABELS,
    kind_label,
    not_loaded,
    root_mistakes,
    signal_label,
)
from grader.grading.forstudents import for_students
from grader.output.markdown import unmarked
from grader.output.pictures import pictures
from grader.output.svg import as_svg
from grader.output.wording import CHECK_LABELS, STATUS_LABELS, fix_first, happened
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
        steps_hash: of the present assignment; answers at other sample points are not compared with it entry by entry.
    """
    return _Island(assignment, steps_hash).of(records)


def embed(value: Any) -> str:
    """JSON that may stand inside a script element: no character of it can end the element or open a comment."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def visible(text: str, limit: int = MAX_TEXT) -> str:
    """A student's text as it can be shown; what is not printable is named, for instructors who want to know."""
    return several_lines(text, limit, keep="\t", named=True)


class _Island:
    """The values that students share, and what is added to them student by student."""

    def __init__(self, assignment: Assignment, steps_hash: str) -> None:
        self._assignment = assignment
        self._steps_hash = steps_hash
        self._details, self._code = _Pool(), _Pool()
        config = assignment.config
        self._students_view = partial(for_students, settings=config.hints, levels=config.feedback.level)

    def of(self, records: Sequence[Record]) -> dict[str, Any]:
        return {
            "gradients": self._assignment.names,
            "max_score": self._assignment.config.max_score,
            "students": [self._student(record) for record in records],
            "details": self._details.values,
            "code": self._code.values,
        }

    def _student(self, record: Record) -> dict[str, Any]:
        grade = record.grade
        graded = grade is not None and record.status == "graded"
        message = record.problem if grade is None else "\n".join([grade.message, *grade.notes])
        score = grade.score if grade is not None and graded else None
        student: dict[str, Any] = {"name": visible(record.name or record.key, 200), "score": score}
        student.update(mistakes=[], statuses=[], details=[], code={})
        optional = {
            "key": visible(record.key, 200) if record.key != record.name else "",
            "unmarked": "" if graded else UNMARKED_LABELS.get(record.status, record.status),
            "late": record.late,
            "email": visible(record.email, 200),
            "section": visible(record.section, 200),
            "final": _final(record),
            "flags": _flags(record),
            "message": visible(message.strip()),
            "printed": visible(grade.printed) if grade else "",
        }
        student |= {key: value for key, value in optional.items() if value}
        if grade is not None:
            student["mistakes"] = [NOT_LOADED] if not_loaded(grade) else _mistakes_in_short(grade)
            student["statuses"] = [gradient.status for gradient in grade.gradients]
            self._add_details(student, record, grade)
        return student

    def _add_details(self, student: dict[str, Any], record: Record, grade: Grade) -> None:
        """Add what is shown of each gradient that is not simply right, and of a file that does not load."""
        lines = record.source.decode(errors="replace").splitlines()
        loading = record.run.loading if record.run else None
        if not_loaded(grade) and loading and (shown := around(lines, loading.line)) is not None:
            student["place"] = [loading.line, self._code.add(_shown(shown))]
        seen = self._students_view(grade).gradients
        for k, result in enumerate(grade.gradients):
            if not_loaded(grade) or (result.status == "passed" and not result.notes):
                continue
            comparable = record.steps_hash == self._steps_hash
            answers = record.run.answers.get(result.name, []) if record.run and comparable else []
            student["details"].append([k, self._details.add(_detail(self._assignment, result, answers, seen[k]))])
            right = result.status in ("passed", "followed_through")
            stub = result.status == "missing" and not _message(result)
            if not right and not stub and (shown := excerpt(lines, result.name, result.line)) is not None:
                student["code"][k] = self._code.add(_shown(shown))


def _final(record: Record) -> dict[str, Any]:
    """The final marks and the arithmetic, where they are not simply the score."""
    final = record.final
    if final is None or not (final.lines or final.review or final.comments):
        return {}
    waits = [f"Entry {one.entry.id} needs to be confirmed or undone: {one.why}" for one in final.review]
    return {
        "value": final.value,
        "excused": final.excused,
        "adjusted": final.adjustment is not None,
        "days": final.late_days or 0,
        "lines": [visible(line) for line in (*waits, *final.lines, *(f"Comment: {text}" for text in final.comments))],
    }


def _shown(code: Code) -> dict[str, Any]:
    return {"first": code.first, "lines": [visible(line) for line in code.lines]}


def _flags(record: Record) -> dict[str, list[str]]:
    flags: dict[str, list[str]] = {}
    for flag in record.flags:
        gradient = f"{flag.gradient}: " if flag.gradient else ""
        flags.setdefault(signal_label(flag.kind), []).append(visible(gradient + flag.message))
    return flags


def _mistakes_in_short(grade: Grade) -> list[str]:
    """`flipped sign in dJ_db2`, gradients with the same kind of mistake together."""
    by_kind: dict[str, list[str]] = {}
    for root in root_mistakes(grade):
        names = by_kind.setdefault(kind_label(root.mistake.kind), [])
        if root.gradient not in names:
            names.append(root.gradient)
    return [
        f"{kind} in {', '.join(names) if len(names) < 4 else f'{len(names)} gradients'}"
        for kind, names in by_kind.items()
    ]


def _for_letters(gradient: GradientResult) -> list[str]:
    """[diagnosis, hint], as the student may read them: of the hints the clearest."""
    mistakes = gradient.diagnosis.mistakes if gradient.diagnosis else []
    told = [one.statement for one in mistakes if one.statement] or [STATUS_LABELS[gradient.status]]
    return [visible("; ".join(told)), visible(unmarked(gradient.hints[-1])) if gradient.hints else ""]


def _message(gradient: GradientResult) -> str:
    if gradient.inherits:
        return fix_first([gradient])
    return gradient.message if happened(gradient) else ""  # the status says of a stub that it is one


def _detail(
    assignment: Assignment, gradient: GradientResult, answers: Sequence[Answer], seen: GradientResult
) -> dict[str, Any]:
    declared = next(declared for declared in assignment.config.gradients if declared.name == gradient.name)
    wrong = gradient.status == "failed"  # what follows from another mistake would only show that one again
    follows, diagnosis = gradient.follow_through, gradient.diagnosis
    mistakes = diagnosis.mistakes if diagnosis else []
    checks = gradient.checks if wrong and not gradient.inherits else []
    detail = {
        "score": gradient.score,
        "max_score": gradient.max_score,
        "checks": [
            [CHECK_LABELS.get(check.name, check.name), check.outcome, visible(check.message)] for check in checks
        ],
        "follows": None if follows is None else [follows.sources, follows.roots],
        "certainty": diagnosis.certainty if diagnosis else None,
        "mistakes": [[kind_label(m.kind), visible(m.where), visible(m.statement)] for m in mistakes],
        "properties": [visible(text) for text in diagnosis.properties] if diagnosis else [],
        "letter": _for_letters(seen) if not gradient.inherits and gradient.status != "followed_through" else None,
        "hints": [visible(unmarked(hint)) for hint in gradient.hints],
        "message": visible(_message(gradient)),
        "line": gradient.line,
        "place": place(gradient.line, gradient.cell),
        "printed": visible(gradient.printed),
        "notes": [visible(note) for note in gradient.notes],
        "pictures": [as_svg(picture) for picture in pictures(gradient)],
        "heat": heat_map(assignment, declared, answers) if wrong else None,
    }
    return {
        key: value for key, value in detail.items() if value not in (None, "", [], 0) or key in ("score", "max_score")
    }
