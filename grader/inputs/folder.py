"""A folder as a tree.  Links are not followed, and a submission that is too large is given up, without the others.

Walks without recursion, no deeper than a path may be, and leaves a submission as soon as its budget is spent.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grader.errors import UsageError
from grader.inputs.tree import (
    IGNORED_FOLDERS,
    MAX_ENTRIES,
    MAX_SUBMISSION_ENTRIES,
    ArchiveError,
    File,
    Tree,
    is_noise,
)
from grader.inputs.unsafe import LONG_PATH, MAX_FILE_BYTES, too_long, unsafe_name
from grader.text import one_line

_WHEN_FULL = 100  # entries of a submission, once the download has MAX_ENTRIES


class OnDisk(NamedTuple):
    """The source of a file in a folder.  A link that replaced it after it was listed is not followed."""

    path: str

    def read(self, size: int) -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(self.path, flags), "rb") as file:
            return file.read(min(size, MAX_FILE_BYTES))


class _TooMuchError(Exception):
    """Why a folder is not listed whole."""


def read_folder(root: Path, *, leave_out: Path | None = None, one: bool = False) -> Tree:
    """List the folder `root`.

    Args:
        leave_out: a folder inside it that is not looked into.
        one: it is a single submission, not a class.

    Raises:
        UsageError: a class is too large, and no single submission is to blame.
        ArchiveError: a single submission is too large.
        OSError: it cannot be listed.
    """
    tree = Tree(root.resolve().name)
    walk = partial(_walk, root, excluded=None if leave_out is None else leave_out.resolve())
    if one:
        try:
            walk(tree, PurePosixPath(), MAX_SUBMISSION_ENTRIES)
        except _TooMuchError as error:
            raise ArchiveError(str(error)) from None
    else:
        _read_class(tree, root, walk)
    for file in tree.files:
        tree.add_folders_of(file.path)
    tree.files.sort(key=lambda file: str(file.path))
    return tree


def _read_class(tree: Tree, root: Path, walk: Callable[..., int]) -> None:
    """Each submission with a budget of its own: the folders of the first folder that holds more than one folder."""
    here, total = PurePosixPath(), 0
    while True:
        top = Tree("")
        try:
            total = walk(top, here, MAX_ENTRIES, deep=False)
        except _TooMuchError as error:
            raise UsageError(f"{root / here}: {error}: name the folder that holds the submissions") from None
        _merge(tree, top)
        if len(top.folders) != 1 or top.files:
            break
        [here] = top.folders
    for folder in sorted(top.folders):
        found = Tree("")
        try:
            total += walk(found, folder, MAX_SUBMISSION_ENTRIES if total < MAX_ENTRIES else _WHEN_FULL)
        except _TooMuchError as error:
            tree.refuse(folder / "…", str(error), abandoned=True)
        else:
            _merge(tree, found)


def _merge(tree: Tree, found: Tree) -> None:
    tree.files += found.files
    tree.refused += found.refused
    tree.folders |= found.folders
    tree.clones |= found.clones


def _walk(root: Path, tree: Tree, start: PurePosixPath, limit: int, *, excluded: Path | None, deep: bool = True) -> int:
    """Add what is below `start`, or only what is in it, to `tree`.

    Returns:
        The number of files and folders, where a long path counts for several.

    Raises:
        _TooMuchError: there are more than `limit`, or something cannot be listed.
        OSError: `root` itself cannot be listed.
    """
    todo, cost = [start], 0
    while todo:
        here = todo.pop()
        if here.parts and (reason := too_long(str(here))):
            raise _TooMuchError(f"{reason}: {_short(here)}")
        try:
            with os.scandir(root / here) as entries:
                for entry in entries:
                    cost += 1 + len(entry.path) // LONG_PATH
                    if _take(tree, here, entry, excluded) and deep:
                        todo.append(here / entry.name)
                    if cost > limit:
                        raise _TooMuchError(f"more than {limit} files and folders")
        except OSError as error:
            if not here.parts:
                raise
            raise _TooMuchError(f"a folder that cannot be listed ({error.strerror}): {_short(here)}") from None
    return cost


def _take(tree: Tree, here: PurePosixPath, entry: "os.DirEntry[str]", excluded: Path | None) -> bool:
    """Add one entry to the tree; whether it is a folder to look into."""
    path = _path(here, entry.name)
    if entry.name == ".git":
        tree.clones.add(here)
    if entry.is_symlink():
        if not is_noise(path):
            tree.refuse(path, "a link: links are not followed")
    elif entry.is_dir(follow_symlinks=False):
        same = excluded is not None and entry.name.casefold() == excluded.name.casefold()
        if entry.name not in IGNORED_FOLDERS and not (same and Path(entry.path).resolve() == excluded):
            tree.folders.add(here / entry.name)
            return True
    elif is_noise(path):
        pass
    elif not entry.is_file(follow_symlinks=False):
        tree.refuse(path, "neither a file nor a folder")
    elif reason := too_long(str(path)):
        tree.refuse(path, reason)
    else:
        tree.files.append(File(path, OnDisk(entry.path)))
    return False


def _path(here: PurePosixPath, name: str) -> PurePosixPath:
    """The path of a file; a zip made on Windows and unpacked elsewhere may leave backslashes instead of folders."""
    parts = name.replace("\\", "/")
    return here / name if "\\" not in name or unsafe_name(parts) else here / parts


def _short(path: PurePosixPath) -> str:
    return one_line(str(path), 60)
