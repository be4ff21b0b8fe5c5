"""Autolab, "Download submissions": flat files `email_version_original`, such as `ann@uni.edu_10_handin.py`.

The highest version of a student is the latest.  An address has one @ and no _ after it, so the first number is Autolab's own,
whatever the file was called.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "an Autolab download"
_NAME = re.compile(r"(?P<email>[^@]+@[^@_]+)_(?P<version>\d+)_(?P<original>.+)", re.DOTALL)


def recognise(tree: Tree) -> bool:
    named = [file for file in tree.top_files() if belongs(file.path.name)]
    return len(named) > 0 and 2 * len(named) > len(tree.top_files()) and len(named) > len(tree.top_folders())


def belongs(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def entries(tree: Tree) -> list[Entry]:
    versions: dict[str, dict[int, list[File]]] = {}
    for file in tree.top_files():
        if parts := _NAME.fullmatch(file.path.name):
            of_student = versions.setdefault(parts["email"].casefold(), {})
            of_student.setdefault(int(parts["version"]), []).append(file.called(parts["original"]))
    return [_entry(email, found) for email, found in versions.items()]


def _entry(email: str, versions: dict[int, list[File]]) -> Entry:
    older = len(versions) - 1
    return Entry(
        key=email,
        people=[person(email, email=email)],
        files=versions[max(versions)],
        note=f"{older} older version(s) left out" if older else "",
        any_name=True,  # the assessment names the file, not the student
    )
