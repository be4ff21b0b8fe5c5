"""How the download of a class is laid out: which files and folders are students', and whose each of them is."""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from grader.inputs.entry import Entry, person
from grader.inputs.kinds import READABLE, UNREADABLE, without_suffix
from grader.inputs.tree import File, Tree

Who = TypeVar("Who")
SUFFIXES = (".py", ".ipynb", *READABLE, *UNREADABLE)


class Layout(ABC):
    """A platform's layout.  As written here, it names the files of a class, and nothing else is in the download.

    Attributes:
        called: what such a download is called, such as `a Canvas download`.
        precedence: the lowest is tried first: names that only one platform gives come before those that another might.
        name: how the platform names a file.
    """

    called: str
    precedence: int
    name: re.Pattern[str]

    def match(self, name: str) -> re.Match[str] | None:
        """The parts of a file's name; None where the platform did not give it."""
        return self.name.fullmatch(name)

    def files(self, tree: Tree) -> list[tuple[File, re.Match[str]]]:
        """The top files that the platform named, with the parts of their names."""
        return [(file, parts) for file in tree.top_files() if (parts := self.match(file.path.name))]

    def recognizes(self, tree: Tree) -> bool:
        """Whether `tree` is such a download: most of its files are named like that, and it has fewer folders."""
        named = len(self.files(tree))
        return 2 * named > len(tree.top_files()) and named > len(tree.top_folders())

    def belongs(self, name: str) -> bool:
        """Whether a top file or folder of this name is part of such a download, a student's or not."""
        return self.match(name) is not None

    @abstractmethod
    def entries(self, tree: Tree) -> list[Entry]:
        """The submissions in `tree`."""


class Files(Layout):
    """No platform: a Python file or an archive per student, named after the student."""

    called = "a file per student"

    def belongs(self, name: str) -> bool:
        return name.lower().endswith(SUFFIXES)

    def entries(self, tree: Tree) -> list[Entry]:
        found: dict[str, Entry] = {}
        for file in tree.top_files():
            if self.belongs(file.path.name):
                stem = without_suffix(file.path.name)
                entry = found.setdefault(stem, Entry(stem, [person(stem)], [], any_name=True))
                entry.files.append(file)
        return list(found.values())


class Folders(Files):
    """No platform: a folder per student; Python files and archives beside the folders are students' too."""

    called = "a folder per student"

    def entries(self, tree: Tree) -> list[Entry]:
        found = {name: Entry(name, [person(name)], list(tree.below(name).files)) for name in tree.top_folders()}
        for entry in super().entries(tree):
            if entry.key in found:
                found[entry.key].files += entry.files
            else:
                found[entry.key] = entry
        return list(found.values())


@dataclass(frozen=True)
class Versions(Generic[Who]):
    """What one student submitted: the latest version, and those before it, the oldest first; each with its files."""

    who: Who
    version: Any
    files: list[File]
    earlier: list[tuple[Any, list[File]]]
    note: str


def latest(found: Iterable[tuple[Who, Any, list[File]]], what: str) -> list[Versions[Who]]:
    """The versions of each student in (student, version, files)."""
    versions: dict[Who, dict[Any, list[File]]] = {}
    for who, version, files in found:
        versions.setdefault(who, {}).setdefault(version, []).extend(files)
    ordered = [(who, sorted(of.items(), key=itemgetter(0))) for who, of in versions.items()]
    return [Versions(who, *of[-1], of[:-1], older(len(of) - 1, what)) for who, of in ordered]


def common_start(names: Collection[str], separator: str) -> str:
    """What several names all begin with, up to and with a separator."""
    start = os.path.commonprefix([*names])  # noqa: RUF071, characters are meant
    return start[: start.rfind(separator) + 1]


def older(count: int, what: str) -> str:
    """The note on older versions or attempts, "" where there are none."""
    return f"{count} older {what}(s)" if count else ""
