"""Moodle, "Download all submissions": a folder or flat files per participant.

    Full Name_123456_assignsubmission_file/gradients.py         (a trailing _ before Moodle 4.1)
    Full Name_123456_assignsubmission_file_gradients.py         without folders

The number is the participant's in this assignment, as in the grading worksheet.  A team has its name and number there.
Moodle writes no underscore into names, so the first number is its own; students choose what comes after _file_.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "a Moodle download"
# Old versions leave the _ in names.
_FOLDER = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)_?", re.DOTALL)
_FLAT = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)_(?P<original>.+)", re.DOTALL
)


def recognise(tree: Tree) -> bool:
    folders = [name for name in tree.top_folders() if _FOLDER.fullmatch(name)]
    flat = [file for file in tree.top_files() if _FLAT.fullmatch(file.path.name)]
    return len(folders) + len(flat) > 0 and 2 * (len(folders) + len(flat)) > len(tree.top_folders()) + len(
        tree.top_files()
    )


def belongs(name: str) -> bool:
    return bool(_FOLDER.fullmatch(name) or _FLAT.fullmatch(name))


def entries(tree: Tree) -> list[Entry]:
    found: dict[str, Entry] = {}
    for folder in tree.top_folders():
        if parts := _FOLDER.fullmatch(folder):
            files = tree.below(folder).files if parts["plugin"] == "file" else []
            _add(found, parts, files, folder)
    for file in tree.top_files():
        if parts := _FLAT.fullmatch(file.path.name):
            files = [file.called(parts["original"])] if parts["plugin"] == "file" else []
            _add(found, parts, files, file.path.name[: -len(parts["original"]) - 1])
    return list(found.values())


def _add(found: dict[str, Entry], parts: re.Match[str], files: list[File], folder: str) -> None:
    number, name = parts["id"], parts["name"].replace("_", " ")
    if number not in found:
        found[number] = Entry(number, [person(f"{name}_{number}", name, moodle=number, moodle_folder=folder)], [])
    entry = found[number]
    entry.files += files
    if parts["plugin"] == "onlinetext":
        entry.note = "typed a text into Moodle"
