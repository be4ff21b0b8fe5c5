"""Moodle, "Download all submissions": a folder or flat files per participant.

    Full Name_123456_assignsubmission_file/gradients.py         (a trailing _ before Moodle 4.1)
    Full Name_123456_assignsubmission_file_gradients.py         without folders

The number is the participant's in this assignment, as in the grading worksheet.  A team has its name and number there.
Moodle writes no underscore into names, so the first number is its own; students choose what comes after _file_.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout
from grader.inputs.tree import File, Tree

_WHO = r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)"  # old versions leave the _ in names
_FOLDER = re.compile(f"{_WHO}_?", re.DOTALL)


class _Moodle(Layout):
    called, precedence = "a Moodle download", 2
    name = re.compile(f"{_WHO}_(?P<original>.+)", re.DOTALL)

    def recognizes(self, tree: Tree) -> bool:
        named = len(self.files(tree)) + sum(_FOLDER.fullmatch(name) is not None for name in tree.top_folders())
        return 2 * named > len(tree.top_folders()) + len(tree.top_files())

    def belongs(self, name: str) -> bool:
        return super().belongs(name) or _FOLDER.fullmatch(name) is not None

    def entries(self, tree: Tree) -> list[Entry]:
        found: dict[str, Entry] = {}
        for folder in tree.top_folders():
            if parts := _FOLDER.fullmatch(folder):
                _add(found, parts, tree.below(folder).files, folder)
        for file, parts in self.files(tree):
            _add(found, parts, [file.called(parts["original"])], file.path.name[: -len(parts["original"]) - 1])
        return list(found.values())


def _add(found: dict[str, Entry], parts: re.Match[str], files: list[File], folder: str) -> None:
    number, name = parts["id"], parts["name"].replace("_", " ")
    if number not in found:
        found[number] = Entry(number, [person(f"{name}_{number}", name, moodle=number, moodle_folder=folder)], [])
    if parts["plugin"] == "file":
        found[number].files += files
    else:
        found[number].note = "typed a text into Moodle"


LAYOUT = _Moodle()
