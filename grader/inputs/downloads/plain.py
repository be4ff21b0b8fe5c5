"""No platform at all: a folder, a Python file or an archive per student, also mixed.  The name is the student's."""

from grader.inputs.entry import Entry, person
from grader.inputs.kinds import READABLE, UNREADABLE, without_suffix
from grader.inputs.tree import Tree

CALLED = {"folders": "a folder per student", "files": "a file per student"}
SUFFIXES = (".py", ".ipynb", *READABLE, *UNREADABLE)


def belongs(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def folders(tree: Tree) -> list[Entry]:
    """A folder per student; Python files and archives beside the folders are students too."""
    found = {name: Entry(name, [person(name)], list(tree.below(name).files)) for name in tree.top_folders()}
    for entry in files(tree):
        if entry.key in found:
            found[entry.key].files += entry.files
        else:
            found[entry.key] = entry
    return list(found.values())


def files(tree: Tree) -> list[Entry]:
    """A Python file or an archive per student."""
    found: dict[str, Entry] = {}
    for file in tree.top_files():
        if belongs(file.path.name):
            stem = without_suffix(file.path.name)
            entry = found.setdefault(stem, Entry(stem, [person(stem)], [], any_name=True))
            entry.files.append(file)
    return list(found.values())
