"""What a download consists of: files that can be read, folders, and refused entries.  Opens nothing itself."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Protocol

IGNORED_FOLDERS = frozenset(
    "__MACOSX .git __pycache__ .ipynb_checkpoints node_modules .venv venv .pytest_cache".split()
)
IGNORED_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}
MAX_ENTRIES = 100_000  # files and folders of a whole download; a long path counts for several
MAX_SUBMISSION_ENTRIES = 20_000  # of one submission
MAX_REFUSALS = 20  # listed for one submission


@dataclass(frozen=True)
class Refusal:
    """An entry that was not read, and why.  Both are shown; the path is hostile text.

    Attributes:
        lost: it may be a submission, and whose cannot be known.
    """

    path: str
    reason: str
    lost: bool = False


class ArchiveError(Exception):
    """An archive, a member of one, or a folder as large as none, that cannot be read; the text says why, and may be hostile."""


class Source(Protocol):
    """Where the bytes of a file come from."""

    def read(self, size: int) -> bytes:
        """The first `size` bytes.

        Raises:
            OSError, ArchiveError: they cannot be read.
        """


@dataclass(frozen=True)
class File:
    """A file of a tree.

    Attributes:
        path: from the root of the tree.
        source: None where the file is refused.
        refusal: why it is not read, "" for most.  A refused file is kept: its student submitted something.
        note: what the student should know if this file is graded.
        abandoned: it stands for a whole submission that is not read.
    """

    path: PurePosixPath
    source: Source | None
    refusal: str = ""
    note: str = ""
    abandoned: bool = False

    def read(self, size: int) -> bytes:
        if self.source is None:
            raise OSError(self.refusal)
        return self.source.read(size)

    def called(self, path: str | PurePosixPath) -> "File":
        return replace(self, path=PurePosixPath(path))


@dataclass
class Tree:
    """Files below one root, sorted by path.

    Attributes:
        name: of the folder or archive, without .zip.
        folders: all of them, so that empty ones are there, too.
        clones: the folders that are clones of a git repository.
    """

    name: str
    files: list[File] = field(default_factory=list)
    folders: set[PurePosixPath] = field(default_factory=set)
    clones: set[PurePosixPath] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)

    def add_folders_of(self, path: PurePosixPath) -> None:
        """Add the folders that hold a file."""
        folder = path.parent
        while folder.parts and folder not in self.folders:
            self.folders.add(folder)
            folder = folder.parent

    def top_folders(self) -> list[str]:
        return sorted({folder.parts[0] for folder in self.folders})

    def top_files(self) -> list[File]:
        return [file for file in self.files if len(file.path.parts) == 1]

    def below(self, folder: str) -> "Tree":
        """The content of a top folder, with paths from there."""
        return self._parts.get(folder) or Tree(folder, refused=self.refused)

    def refuse(self, path: PurePosixPath, reason: str, *, abandoned: bool = False) -> None:
        """List a refused entry, and keep it as a file that cannot be read."""
        self.refused.append(Refusal(str(path), reason))
        self.files.append(File(path, None, reason, abandoned=abandoned))

    @cached_property
    def _parts(self) -> dict[str, "Tree"]:
        parts = {name: Tree(name, refused=self.refused) for name in self.top_folders()}
        for file in self.files:
            if len(file.path.parts) > 1:
                parts[file.path.parts[0]].files.append(file.called(PurePosixPath(*file.path.parts[1:])))
        for path in self.folders:
            if len(path.parts) > 1:
                parts[path.parts[0]].folders.add(PurePosixPath(*path.parts[1:]))
        for path in self.clones:
            if path.parts and path.parts[0] in parts:
                parts[path.parts[0]].clones.add(PurePosixPath(*path.parts[1:]))
        return parts


def is_noise(path: PurePosixPath) -> bool:
    """Whether it is one of the files that operating systems and editors leave behind."""
    return bool(IGNORED_FOLDERS.intersection(path.parts)) or path.name in IGNORED_FILES or path.name.startswith("._")


def first_refusals(refusals: Iterable[Refusal]) -> list[Refusal]:
    """The first few refusals of each submission, and how many more there are."""
    seen: Counter[str] = Counter()
    kept = []
    for refusal in refusals:
        whose = refusal.path.partition("/")[0]
        seen[whose] += 1
        if seen[whose] <= MAX_REFUSALS:
            kept.append(refusal)
    rest = {whose: count - MAX_REFUSALS for whose, count in seen.items() if count > MAX_REFUSALS}
    return kept + [Refusal(f"{whose}/…", f"{count} more entries were refused") for whose, count in rest.items()]
