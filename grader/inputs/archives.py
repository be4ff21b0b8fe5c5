"""Archives, and the folders beside them, as trees of files.

No archive is parsed here: `reader` has a process that does, and `Budget` counts what one costs.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from grader.errors import UnreadableError, UsageError
from grader.inputs.folder import read_folder
from grader.inputs.kinds import archive_kind, looks_like_archive, why_not_opened, without_suffix
from grader.inputs.reader import READER, Budget, OverBudgetError
from grader.inputs.tree import MAX_ENTRIES, MAX_SUBMISSION_ENTRIES, ArchiveError, File, Refusal, Tree, is_noise
from grader.inputs.unsafe import (
    LONG_PATH,
    MAX_FILE_BYTES,
    MAX_PATH_BYTES,
    Listed,
    leaves,
    presentable,
    unsafe_entry,
    unsafe_name,
)

_NESTED_BYTES = 32 * 2**20  # an archive inside an archive is read into memory
_UNPACKED_BYTES = 64 * 2**20  # so is a compressed tar
_ROOT_SECONDS = 30.0


@dataclass(frozen=True)
class Origin:
    """Where an archive is: on disk, or inside another one.

    Attributes:
        version: of the file on disk; another version means that the file was replaced.
        chain: (-1, name) of the archive on disk, then (number of the member, name) of each archive inside.
    """

    path: str
    version: tuple[int, int, int]
    chain: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Member:
    """The source of a file: a member of an archive."""

    origin: Origin
    number: int

    def read(self, size: int) -> bytes:
        request = _request(self.origin, _ROOT_SECONDS) | {"member": self.number, "size": min(size, MAX_FILE_BYTES)}
        return b"".join(READER.ask(request))[:size]


def open_tree(path: Path, *, leave_out: Path | None = None, one: bool = False) -> Tree:
    """The folder or archive at `path`, which somebody named.

    Args:
        leave_out: a folder that is not looked into, such as the results that are being written.
        one: it is a single submission, not a class.

    Raises:
        UsageError: `path` is neither, or cannot be read at all.
    """
    try:
        if path.is_dir():
            return read_folder(path, leave_out=leave_out, one=one)
        if not path.exists():
            raise UsageError(f"{path}: there is no such folder or zip (looked in {Path.cwd()})")
        if path.is_file() and looks_like_archive(path):
            return _open_archive(path, one=one)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ArchiveError, OverBudgetError) as error:
        raise UsageError(f"{path}: {unreadable(path, error)}") from error
    raise UsageError(f"{path}: expected a folder or a zip with the submissions, found another kind of file")


def open_submitted(path: Path) -> Tree:
    """The folder or archive at `path`, which a student submitted.

    Raises:
        UnreadableError: it cannot be read, because of what is in it.
        OSError: it cannot be read here.
    """
    try:
        if path.is_dir():
            return read_folder(path, one=True)
        if not looks_like_archive(path):
            raise ArchiveError(why_not_opened(path.name))
        return _open_archive(path, one=True)
    except (ArchiveError, OverBudgetError) as error:
        raise UnreadableError(f"{path}: {unreadable(path, error)}") from error


def unreadable(path: Path, error: Exception) -> str:
    """That the folder or archive at `path` cannot be read, and why."""
    what = "folder" if path.is_dir() else archive_kind(path.name)
    return f"this {what} cannot be read: {error}"


def _open_archive(path: Path, *, one: bool) -> Tree:
    real = os.path.realpath(path)
    origin = Origin(real, _version(os.stat(real)), ((-1, path.name),))
    entries = MAX_SUBMISSION_ENTRIES if one else MAX_ENTRIES
    tree = _tree(origin, _listed(origin, Budget(entries=entries, seconds=_ROOT_SECONDS)))
    if not one:
        _abandon_the_largest(tree)
    return tree


def open_nested(file: File, budget: Budget) -> Tree:
    """The archive that is a file in a tree.

    Raises:
        ArchiveError: it cannot be read.
        OverBudgetError: it costs too much, together with those before it.
    """
    source = file.source
    if isinstance(source, Member):
        origin = replace(source.origin, chain=(*source.origin.chain, (source.number, file.path.name)))
    else:
        path: str = getattr(source, "path", "")
        try:
            origin = Origin(os.path.abspath(path), _version(os.lstat(path)), ((-1, file.path.name),))
        except OSError as error:
            raise ArchiveError(error.strerror or str(error)) from error
    budget.spend(archives=1)
    return _tree(origin, _listed(origin, budget))


def _version(status: os.stat_result) -> tuple[int, int, int]:
    """What differs between a file and one that replaces it, even if both have the same size."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _request(origin: Origin, seconds: float, entries: int = 0) -> dict[str, Any]:
    limits = {"entries": entries, "nested": _NESTED_BYTES, "unpacked": _UNPACKED_BYTES, "version": origin.version}
    limits["long"] = LONG_PATH
    path = os.fsencode(origin.path).decode("latin-1")
    return {"path": path, "chain": origin.chain, "limits": limits, "seconds": seconds}


def _listed(origin: Origin, budget: Budget) -> Iterator[Listed]:
    for data in READER.ask(_request(origin, budget.seconds, budget.entries), budget):
        yield from (Listed(*entry) for entry in json.loads(data))


def _tree(origin: Origin, listed: Iterator[Listed]) -> Tree:
    """The tree of the listed entries.  Of several with one name the last counts: it remains when all are unpacked."""
    tree = Tree(without_suffix(origin.chain[-1][1]))
    files: dict[PurePosixPath, tuple[int, Listed]] = {}
    times: Counter[PurePosixPath] = Counter()
    for number, entry in enumerate(listed):
        text = entry.name.replace("\\", "/")  # some programs on Windows write a backslash between folders
        path = PurePosixPath(text)
        if ".git" in path.parts:
            tree.clones.add(PurePosixPath(*path.parts[: path.parts.index(".git")]))
        if is_noise(path) or not path.parts:
            continue
        if reason := unsafe_name(text):
            outside = bool(leaves(text))
            tree.refused.append(Refusal(entry.name[:MAX_PATH_BYTES], reason, lost=outside and not entry.is_folder))
            if not entry.is_folder and not outside:  # kept: its student submitted something
                kept = PurePosixPath(presentable(text))
                tree.add_folders_of(kept)
                tree.files.append(File(kept, None, reason))
            continue
        tree.add_folders_of(path)
        if entry.is_folder and not unsafe_entry(entry):
            tree.folders.add(path)
        else:
            files[path] = number, entry
            times[path] += 1
    for path, (number, entry) in files.items():
        if reason := unsafe_entry(entry):
            tree.refuse(path, reason)
        else:
            note = f"is in the archive {times[path]} times; the last one was graded" if times[path] > 1 else ""
            tree.files.append(File(path, Member(origin, number), note=note))
    tree.files.sort(key=lambda file: str(file.path))
    return tree


def _abandon_the_largest(tree: Tree) -> None:
    """Give up the submissions with too many entries, and only them: each has a budget of its own."""
    if len(tree.files) + len(tree.folders) <= MAX_SUBMISSION_ENTRIES:
        return
    files = [file.path.parts for file in tree.files]
    paths = [*files, *(folder.parts for folder in tree.folders)]
    depth = 0  # of the folder that holds the submissions: the first with more in it than one folder
    while len({parts[depth] for parts in paths if len(parts) > depth}) == 1 and depth + 1 not in map(len, files):
        depth += 1
    counts = Counter(parts[: depth + 1] for parts in paths if len(parts) > depth + 1)
    for top, count in counts.items():
        if count > MAX_SUBMISSION_ENTRIES:
            tree.files = [file for file in tree.files if file.path.parts[: depth + 1] != top]
            tree.folders = {one for one in tree.folders if one.parts[: depth + 1] != top or len(one.parts) == depth + 1}
            reason = f"more than {MAX_SUBMISSION_ENTRIES} files and folders"
            tree.refuse(PurePosixPath(*top, "…"), reason, abandoned=True)
    tree.files.sort(key=lambda file: str(file.path))
