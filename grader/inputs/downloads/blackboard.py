"""Blackboard's gradebook download: `Assignment_username_attempt_2026-10-03-11-59-00_original`, and a receipt per attempt.

The latest attempt of a student counts.  Assignment and username may both contain `_`: the receipts name the user; without
them, what all names begin with is the assignment.  Students choose the original name, which may look like another attempt.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout, common_start, latest
from grader.inputs.tree import ArchiveError, File, Tree

_USER = re.compile(r"Name: .*\((\S+)\)$")
_MAX_RECEIPT = 4096


class _Blackboard(Layout):
    called, precedence = "a Blackboard download", 3
    name = re.compile(
        r"(?P<who>.+?_[^_]+?)_attempt_(?P<at>\d{4}(?:-\d{2}){5})(?:_(?P<original>.+)|(?P<receipt>\.txt))", re.DOTALL
    )

    def recognizes(self, tree: Tree) -> bool:
        return 2 * len(self.files(tree)) > len(tree.top_files())

    def entries(self, tree: Tree) -> list[Entry]:
        named = self.files(tree)
        start = _start_of_receipts(named) or len(common_start({parts["who"] for _, parts in named}, "_"))
        found = (
            (parts["who"][start:], parts["at"], [] if parts["receipt"] else [file.called(parts["original"])])
            for file, parts in named
        )
        return [
            Entry(
                one.who,
                [person(one.who, blackboard=one.who)],
                one.files,
                submitted_at=_time(one.version),
                note=one.note,
                earlier=[Entry(one.who, [], files, submitted_at=_time(at)) for at, files in one.earlier],
            )
            for one in latest(found, "attempt")
        ]


def _time(text: str) -> str:
    return "{}-{}-{}T{}:{}:{}".format(*text.split("-"))


def _start_of_receipts(named: list[tuple[File, re.Match[str]]]) -> int:
    """The length of `assignment_`, if the receipts agree on it: they begin with `Name: Ann Lee (ann_lee)`."""
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


LAYOUT = _Blackboard()
