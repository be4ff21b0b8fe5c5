"""Blackboard's gradebook download: `Assignment_username_attempt_2026-10-03-11-59-00_original`, and a receipt per attempt.

The latest attempt of a student counts.  Assignment and username may both contain `_`: the receipts name the user; without
them, what all names begin with is the assignment.  Students choose the original name, which may look like another attempt.
"""

import os
import re

from grader.inputs.entry import Entry, person
from grader.inputs.tree import ArchiveError, File, Tree

CALLED = "a Blackboard download"
_NAME = re.compile(
    r"(?P<who>.+?_[^_]+?)_attempt_(?P<at>\d{4}(?:-\d{2}){5})(?:_(?P<original>.+)|(?P<receipt>\.txt))",
    re.DOTALL,
)

_USER = re.compile(r"Name: .*\((\S+)\)$")
_MAX_RECEIPT = 4096


def recognise(tree: Tree) -> bool:
    named = [file for file in tree.top_files() if _NAME.fullmatch(file.path.name)]
    return len(named) > 0 and 2 * len(named) > len(tree.top_files())


def belongs(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def entries(tree: Tree) -> list[Entry]:
    named = [(file, parts) for file in tree.top_files() if (parts := _NAME.fullmatch(file.path.name))]
    assignment = _of_receipts(named) or _assignment({parts["who"] for _, parts in named})
    attempts: dict[str, dict[str, list[File]]] = {}
    for file, parts in named:
        files = attempts.setdefault(parts["who"][assignment:], {}).setdefault(parts["at"], [])
        if not parts["receipt"]:
            files.append(file.called(parts["original"]))
    return [_entry(user, by_time) for user, by_time in attempts.items()]


def _of_receipts(named: list[tuple[File, re.Match[str]]]) -> int:
    """The length of `assignment_`, where receipts say so: they begin with `Name: Ann Lee (ann_lee)`."""
    lengths = set()
    for file, parts in named:
        if parts["receipt"] and not file.refusal:
            user = _USER.match(_first_line(file))
            if user and parts["who"].endswith(f"_{user[1]}"):
                lengths.add(len(parts["who"]) - len(user[1]))
    return lengths.pop() if len(lengths) == 1 else 0


def _first_line(file: File) -> str:
    try:
        return file.read(_MAX_RECEIPT).decode("utf-8-sig", "replace").partition("\n")[0].rstrip()
    except (OSError, ArchiveError):
        return ""


def _assignment(who: set[str]) -> int:
    """How many letters of `assignment_user` are the assignment's, with the last _."""
    common = os.path.commonprefix([*who])  # noqa: RUF071, letters are meant
    return common.rfind("_") + 1


def _entry(user: str, by_time: dict[str, list[File]]) -> Entry:
    latest = max(by_time)
    older = len(by_time) - 1
    return Entry(
        key=user,
        people=[person(user, blackboard=user)],
        files=by_time[latest],
        submitted_at="{}-{}-{}T{}:{}:{}".format(*latest.split("-")),
        note=f"{older} older attempt(s) left out" if older else "",
    )
