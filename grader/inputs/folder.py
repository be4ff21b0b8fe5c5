"""A folder as a tree.  Links are not followed, and what is too much costs the one submission that it belongs to.

Walks without recursion and never deeper than a path may be; stops in a submission as soon as its budget is spent.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.errors import UsageError
from grader.inputs.tree import IGNORED_FOLDERS, MAX_ENTRIES, MAX_SUBMISSION_ENTRIES, File, Tree, is_noise
from grader.inputs.unsafe import LONG_PATH, MAX_FILE_BYTES, too_long, unsafe_name

_WHEN_FULL = 100  # entries of a submission, once the download has MAX_ENTRIES


class OnDisk:
    """A file of a folder; a link that has taken its place since it was listed is not followed."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, size: int) -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(self.path, flags), "rb") as file:
            return file.read(min(size, MAX_FILE_BYTES))


@dataclass
class _Found:
    """What was found below one folder; `problem` says why it is not all of it."""

    files: list[File] = field(default_factory=list)
    links: list[tuple[PurePosixPath, str]] = field(default_factory=list)
    folders: list[PurePosixPath] = field(default_factory=list)
    clones: list[PurePosixPath] = field(default_factory=list)
    problem: str = ""
    cost: int = 0


def read_folder(root: Path, *, leave_out: Path | None = None, one: bool = False) -> Tree:
    """List the folder `root`.

    Args:
        leave_out: a folder inside it that is not looked into.
        one: it is a single submission, not a class.

    Raises:
        UsageError: it is too large, and no single submission is to blame.
        OSError: it cannot be listed.
    """
    tree = Tree(root.resolve().name)
    excluded = None if leave_out is None else leave_out.resolve()
    if one:
        found = _walk(root, PurePosixPath(), MAX_SUBMISSION_ENTRIES, excluded, deep=True)
        if found.problem:
            raise UsageError(f"{root}: {found.problem}")
        _add(tree, found)
    else:
        _read_class(tree, root, excluded)
    tree.files.sort(key=lambda file: str(file.path))
    return tree


def _read_class(tree: Tree, root: Path, excluded: Path | None) -> None:
    """Each submission with a budget of its own: the folders of the first folder that holds more than one folder."""
    here = PurePosixPath()
    while True:
        top = _walk(root, here, MAX_ENTRIES, excluded, deep=False)
        if top.problem:
            raise UsageError(f"{root / here}: {top.problem}: name the folder that holds the submissions")
        _add(tree, top)
        if len(top.folders) != 1 or top.files or top.links:
            break
        here = top.folders[0]
    total = top.cost
    for folder in sorted(top.folders):
        limit = MAX_SUBMISSION_ENTRIES if total < MAX_ENTRIES else _WHEN_FULL
        found = _walk(root, folder, limit, excluded, deep=True)
        if found.problem:
            tree.refuse(folder / "…", found.problem, abandoned=True)
            continue
        total += found.cost
        _add(tree, found)


def _add(tree: Tree, found: _Found) -> None:
    tree.folders.update(found.folders)
    tree.clones.update(found.clones)
    tree.files += found.files
    for file in found.files:
        tree.add_folders_of(file.path)
    for path, reason in found.links:
        tree.refuse(path, reason)


def _walk(root: Path, start: PurePosixPath, limit: int, excluded: Path | None, *, deep: bool) -> _Found:
    """What is below `start`, or only in it; stops at the first thing that is too much."""
    found = _Found()
    todo = [start]
    while todo:
        here = todo.pop()
        if here.parts and (reason := too_long(str(here))):
            found.problem = f"{reason}: {_short(here)}"
            return found
        known = len(found.folders)
        try:
            with os.scandir(root / here) as entries:
                for entry in entries:
                    _take(found, here, entry, excluded)
                    if found.cost > limit:
                        found.problem = f"more than {limit} files and folders"
                        return found
        except OSError as error:
            if not here.parts:
                raise
            found.problem = f"a folder that cannot be listed ({error.strerror}): {_short(here)}"
            return found
        if deep:
            todo += found.folders[known:]
    return found


def _take(found: _Found, here: PurePosixPath, entry: "os.DirEntry[str]", excluded: Path | None) -> None:
    path = _path(here, entry.name)
    found.cost += 1 + len(entry.path) // LONG_PATH
    if entry.name == ".git":
        found.clones.append(here)
    if entry.is_symlink():
        if not is_noise(path):
            found.links.append((path, "a link: links are not followed"))
    elif entry.is_dir(follow_symlinks=False):
        same = excluded is not None and entry.name.casefold() == excluded.name.casefold()
        if entry.name not in IGNORED_FOLDERS and not (same and Path(entry.path).resolve() == excluded):
            found.folders.append(here / entry.name)
    elif is_noise(path):
        return
    elif not entry.is_file(follow_symlinks=False):
        found.links.append((path, "neither a file nor a folder"))
    elif reason := too_long(str(path)):
        found.links.append((path, reason))
    else:
        found.files.append(File(path, OnDisk(entry.path)))


def _path(here: PurePosixPath, name: str) -> PurePosixPath:
    """Where a file is; a zip made on Windows and unpacked elsewhere may leave backslashes instead of folders."""
    parts = name.replace("\\", "/")
    return here / name if "\\" not in name or unsafe_name(parts) else here / parts


def _short(path: PurePosixPath) -> str:
    text = str(path)
    return text if len(text) <= 60 else f"{text[:60]}…"
