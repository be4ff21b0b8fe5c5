"""Blackboard's gradebook download: `Assignment_username_attempt_2026-10-03-11-59-00_original`, and a receipt per attempt.

The latest attempt of a student counts.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

_NAME = re.compile(
    r"(?P<assignment>.+)_(?P<user>[^_]+)_attempt_(?P<at>\d{4}(?:-\d{2}){5})(?:_(?P<original>.+)|(?P<receipt>\.txt))",
    re.DOTALL,
)


def recognise(tree: Tree) -> bool:
    named = [file for file in tree.top_files() if _NAME.fullmatch(file.path.name)]
    return len(named) > 0 and 2 * len(named) > len(tree.top_files())


def belongs(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def entries(tree: Tree) -> list[Entry]:
    attempts: dict[str, dict[str, list[File]]] = {}
    for file in tree.top_files():
        if parts := _NAME.fullmatch(file.path.name):
            files = attempts.setdefault(parts["user"], {}).setdefault(parts["at"], [])
            if not parts["receipt"]:
                files.append(file.called(parts["original"]))
    return [_entry(user, by_time) for user, by_time in attempts.items()]


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
