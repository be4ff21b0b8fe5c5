"""What a regrade changed: who, on which gradient, by how much, and why.  Compares two gradings of the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import yaml

from grader.classroom.exports.cells import csv_file
from grader.classroom.store.query import Results
from grader.records.result import Grade, GradientResult

_COLUMNS = "student name gradient before after difference status_before status_after why".split()


@dataclass(frozen=True)
class Change:
    """One gradient of one student whose marks or status changed; marks are None where there are none."""

    student: str
    name: str
    gradient: str
    before: float | None
    after: float | None
    status_before: str
    status_after: str
    why: str

    @property
    def difference(self) -> float:
        """In marks; 0 if it could not be graded before or after."""
        if "not_graded" in (self.status_before, self.status_after):
            return 0.0
        return round((self.after or 0.0) - (self.before or 0.0), 9)


def find_changes(results: Results, round_id: int) -> Iterator[Change]:
    """Every change made by the grading run `round_id`, by student."""
    sql = (
        "SELECT students.key, students.name, gradings.grade AS after, (SELECT grade FROM gradings AS older WHERE"
        " older.submission_id = gradings.submission_id AND older.id < gradings.id ORDER BY older.id DESC LIMIT 1) AS before"
        " FROM gradings JOIN students ON students.submission_id = gradings.submission_id WHERE round_id = ? ORDER BY students.key"
    )
    for key, name, after, before in results.connection.execute(sql, (round_id,)):
        if before != after:
            old = None if before is None else msgspec.json.decode(before, type=Grade)
            yield from _compare(key, name, old, msgspec.json.decode(after, type=Grade))


def _compare(key: str, name: str, old: Grade | None, new: Grade) -> Iterator[Change]:
    before = {gradient.name: gradient for gradient in old.gradients} if old is not None else {}
    for gradient in new.gradients:
        was = before.pop(gradient.name, None)
        if was is None:
            why = "graded for the first time" if old is None else "new in the assignment"
            yield Change(key, name, gradient.name, None, gradient.score, "", gradient.status, why)
        elif (was.score, was.status) != (gradient.score, gradient.status):
            why = _why(was, gradient, new)
            yield Change(key, name, gradient.name, _marks(was), _marks(gradient), was.status, gradient.status, why)
    for gone in before.values():
        yield Change(key, name, gone.name, _marks(gone), None, gone.status, "", "no longer in the assignment")


def _marks(gradient: GradientResult) -> float | None:
    return None if gradient.status == "not_graded" else gradient.score


def _why(was: GradientResult, now: GradientResult, grade: Grade) -> str:
    if now.status == "not_graded":
        return f"could not be graded: {' '.join(grade.message.split())[:300]}"
    if was.status == "not_graded":
        return "could not be graded before"
    return "; ".join(_reasons(was, now)) or "its marks are distributed differently"


def _reasons(was: GradientResult, now: GradientResult) -> Iterator[str]:
    if was.max_score != now.max_score:
        yield f"worth {was.max_score:g} marks, now {now.max_score:g}"
    before = {check.name: check for check in was.checks}
    for check in now.checks:
        old = before.get(check.name)
        if old is not None and old.outcome != check.outcome:
            yield f"{check.name.replace('_', ' ')}: {old.outcome}, now {check.outcome}"
        elif old is not None and old.max_score != check.max_score and was.max_score == now.max_score:
            yield f"{check.name.replace('_', ' ')}: {old.max_score:g} marks, now {check.max_score:g}"
    follow = [one.follow_through.score if one.follow_through else None for one in (was, now)]
    if follow[0] != follow[1]:
        shown = ["none" if score is None else f"{score:g}" for score in follow]
        yield f"follow-through marks: {shown[0]}, now {shown[1]}"


def settings_changed(results: Results, round_id: int) -> list[str]:
    """What changed in config.yaml since the grading run before, `path: before, now after`; without the value of the seed."""
    rows = results.connection.execute(
        "SELECT config FROM rounds WHERE id <= ? ORDER BY id DESC LIMIT 2", (round_id,)
    ).fetchall()
    if len({row[0] for row in rows}) < 2:
        return []
    now, before = (dict(_leaves(yaml.safe_load(row[0]))) for row in rows)
    paths = sorted(path for path in {*now, *before} if now.get(path) != before.get(path))
    hidden = {"steps.seed"}
    return [
        f"{path}: changed" if path in hidden else f"{path}: {before.get(path, 'absent')}, now {now.get(path, 'absent')}"
        for path in paths
    ]


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list) and any(isinstance(item, dict) for item in data):
        for i, item in enumerate(data):
            named = item.get("name", i) if isinstance(item, dict) else i
            yield from _leaves(item, f"{path}[{named}]")
    else:
        yield path, data


def changes_csv(changes: list[Change]) -> bytes:
    """changes.csv: a row per change."""
    head = [column.replace("_", " ") for column in _COLUMNS]
    return csv_file([head, *([getattr(one, column) for column in _COLUMNS] for one in changes)])
