"""Archives as trees, read by a process of their own (`unpack.py`): it is started for the first one and ends with this process.

Nothing of an archive is parsed here.  What one costs is counted in a `Budget`; the archive that the process dies of, or
takes too long over, is unreadable, and the next one gets a new process.
"""

import json
import os
import selectors
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from grader.errors import GraderError
from grader.inputs.tree import MAX_ENTRIES, MAX_SUBMISSION_ENTRIES, File, Refusal, Tree, is_noise, the_first
from grader.inputs.unsafe import MAX_FILE_BYTES, MAX_PATH_BYTES, Listed, unsafe_entry, unsafe_name

READABLE = (".zip", ".tar", ".tar.gz", ".tgz")
UNREADABLE = (
    ".7z",
    ".rar",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".lzma",
    ".lz",
    ".z",
    ".tbz",
    ".tbz2",
    ".txz",
    ".cab",
    ".arj",
)
MAX_NESTED_BYTES = 32 * 2**20  # an archive inside an archive is read into memory
_UNPACKED_BYTES = 64 * 2**20  # and a compressed tar is
_MEMORY_BYTES = 256 * 2**20  # address space of the process
_WALL_SECONDS = 120.0  # for one request; its processor time is limited long before
_ROOT_SECONDS = 30.0


class ArchiveError(Exception):
    """An archive, or a member of one, that cannot be read; the text says why, and may be hostile."""


class OverBudgetError(Exception):
    """The archives of one submission cost too much together."""


@dataclass
class Budget:
    """What the archives inside one submission may still cost together."""

    archives: int = 50
    entries: int = MAX_SUBMISSION_ENTRIES
    bytes: int = 256 * 2**20
    seconds: float = 10.0

    def spend(self, *, archives: int = 0, entries: int = 0, size: int = 0, seconds: float = 0.0) -> None:
        """Count something.

        Raises:
            OverBudgetError: it is too much.
        """
        self.archives -= archives
        self.entries -= entries
        self.bytes -= size
        self.seconds -= seconds
        if self.archives < 0:
            raise OverBudgetError("too many archives inside one another")
        if self.entries < 0:
            raise OverBudgetError(f"its archives hold more than {MAX_SUBMISSION_ENTRIES} files")
        if self.bytes < 0:
            raise OverBudgetError("its archives unpack to too many bytes")
        if self.seconds < 0:
            raise OverBudgetError("its archives take too long to open")


@dataclass(frozen=True)
class Origin:
    """Where an archive is: on disk or, by numbers of members, inside another one.

    Attributes:
        size: of the file on disk, by which it is seen to have been replaced.
        names: of the archive on disk and of those inside it, one more than `members`.
    """

    path: str
    size: int
    names: tuple[str, ...]
    members: tuple[int, ...] = ()


@dataclass(frozen=True)
class Member:
    """A member of an archive as the source of a file."""

    origin: Origin
    number: int

    def read(self, size: int) -> bytes:
        request = _request(self.origin, _ROOT_SECONDS) | {"member": self.number, "size": min(size, MAX_FILE_BYTES)}
        return b"".join(data for kind, data in _READER.ask(request) if kind == b"D")[:size]


def open_archive(path: Path, *, one: bool = False) -> Tree:
    """The archive at `path`: a download, or a single submission.

    Raises:
        ArchiveError: it cannot be read.
    """
    real = os.path.realpath(path)
    origin = Origin(real, os.stat(real).st_size, (path.name,))
    entries = MAX_SUBMISSION_ENTRIES if one else MAX_ENTRIES
    tree = _tree(origin, _listed(origin, Budget(entries=entries, seconds=_ROOT_SECONDS)))
    if not one:
        _abandon_the_largest(tree)
    return tree


def open_nested(file: File, budget: Budget) -> Tree:
    """The archive that is a file of a tree.

    Raises:
        ArchiveError: it cannot be read.
        OverBudgetError: it, and those before it, are too much for one submission.
    """
    source = file.source
    if isinstance(source, Member):
        names = (*source.origin.names, file.path.name)
        origin = Origin(source.origin.path, source.origin.size, names, (*source.origin.members, source.number))
    else:
        path: str = getattr(source, "path", "")
        try:
            origin = Origin(os.path.abspath(path), os.lstat(path).st_size, (file.path.name,))
        except OSError as error:
            raise ArchiveError(error.strerror or str(error)) from error
    budget.spend(archives=1)
    return _tree(origin, _listed(origin, budget))


def is_archive(name: str) -> bool:
    return name.lower().endswith(READABLE)


def is_unreadable(name: str) -> bool:
    """An archive of a kind that nobody here opens: something was handed in all the same."""
    return name.lower().endswith(UNREADABLE) and not is_archive(name)


def archive_kind(name: str) -> str:
    """What a person calls it."""
    return "tar" if ".tar" in name.lower() or name.lower().endswith(".tgz") else "zip"


def without_suffix(name: str) -> str:
    """`hw3` for `hw3.tar.gz`."""
    suffix = next((one for one in (".tar.gz", *READABLE, *UNREADABLE) if name.lower().endswith(one)), "")
    return name[: len(name) - len(suffix)] if suffix else PurePosixPath(name).stem


def _request(origin: Origin, seconds: float, entries: int = 0) -> dict[str, Any]:
    limits = {"entries": entries, "nested": MAX_NESTED_BYTES, "unpacked": _UNPACKED_BYTES, "size": origin.size}
    return {
        "path": os.fsencode(origin.path).decode("latin-1"),
        "names": list(origin.names),
        "chain": list(origin.members),
        "limits": limits,
        "seconds": seconds,
    }


def _listed(origin: Origin, budget: Budget) -> Iterator[Listed]:
    for kind, data in _READER.ask(_request(origin, budget.seconds, budget.entries), budget):
        if kind == b"L":
            entries = json.loads(data)
            budget.spend(entries=len(entries))
            yield from (Listed(*entry) for entry in entries)


def _tree(origin: Origin, listed: Iterator[Listed]) -> Tree:
    """What is listed, with the last of several entries of one name: it is the one that stays when all are unpacked."""
    tree = Tree(without_suffix(origin.names[-1]))
    files: dict[PurePosixPath, tuple[int, Listed]] = {}
    times: Counter[PurePosixPath] = Counter()
    for number, entry in enumerate(listed):
        text = _name(entry)
        path = PurePosixPath(text)
        if ".git" in path.parts:
            tree.clones.add(PurePosixPath(*path.parts[: path.parts.index(".git")]))
        if is_noise(path) or not path.parts:
            continue
        if reason := unsafe_name(text):
            tree.refused.append(_refusal(entry.name, reason))
            continue
        tree.folders.update(parent for parent in path.parents if parent.parts)
        if entry.is_folder and not unsafe_entry(entry):
            tree.folders.add(path)
        else:
            files[path] = number, entry
            times[path] += 1
    for path, (number, entry) in files.items():
        if reason := unsafe_entry(entry):
            tree.refuse(path, reason)
        else:
            note = f"{times[path]} times in one archive: the last one counts" if times[path] > 1 else ""
            tree.files.append(File(path, Member(origin, number), note=note))
    tree.files.sort(key=lambda file: str(file.path))
    tree.refused = the_first(tree.refused)
    return tree


def _refusal(path: str, reason: str) -> Refusal:
    return Refusal(path[:MAX_PATH_BYTES], reason)


def _abandon_the_largest(tree: Tree) -> None:
    """Each submission has a budget of its own: one with too many entries is not read, and the others are."""
    if len(tree.files) + len(tree.folders) <= MAX_SUBMISSION_ENTRIES:
        return
    paths = [*(file.path.parts for file in tree.files), *(folder.parts for folder in tree.folders)]
    depth = 0
    while {len(parts) > depth + 1 for parts in paths if len(parts) > depth} == {True, False} and (
        len({parts[: depth + 1] for parts in paths if len(parts) > depth}) == 1
    ):
        depth += 1
    counts = Counter(parts[: depth + 1] for parts in paths if len(parts) > depth + 1)
    for top, count in counts.items():
        if count > MAX_SUBMISSION_ENTRIES:
            tree.files = [file for file in tree.files if file.path.parts[: depth + 1] != top]
            tree.folders = {one for one in tree.folders if one.parts[: depth + 1] != top or len(one.parts) == depth + 1}
            reason = f"more than {MAX_SUBMISSION_ENTRIES} files and folders"
            tree.refuse(PurePosixPath(*top, "…"), reason, abandoned=True)
    tree.files.sort(key=lambda file: str(file.path))


def _name(entry: Listed) -> str:
    """The path of an entry; some programs on Windows write a backslash between folders."""
    return entry.name.replace("\\", "/")


class _Reader:
    """The process that opens archives, started when it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any], budget: Budget | None = None) -> list[tuple[bytes, bytes]]:
        """The frames of the reply, but for the last.

        Raises:
            ArchiveError: the archive cannot be read.
            OverBudgetError: it took more of `budget` than was left.
            GraderError: the process cannot be started.
        """
        try:
            frames, end = self._exchange(request)
        except (EOFError, BrokenPipeError):
            try:  # perhaps somebody killed it: the next one must die of this archive, too
                frames, end = self._exchange(request)
            except (EOFError, BrokenPipeError):
                raise ArchiveError("the process that opened it crashed") from None
        if budget is not None:
            budget.spend(size=int(end["bytes"]), seconds=float(end["seconds"]))
        if end["reason"]:
            raise ArchiveError(str(end["reason"]))
        return frames

    def _exchange(self, request: dict[str, Any]) -> tuple[list[tuple[bytes, bytes]], dict[str, Any]]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        until = time.monotonic() + _WALL_SECONDS
        frames: list[tuple[bytes, bytes]] = []
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            while True:
                kind, size = struct.unpack("<cI", _read(process.stdout, 5, until))
                data = _read(process.stdout, size, until)
                if kind in (b".", b"!"):
                    break
                frames.append((kind, data))
            end: dict[str, Any] = json.loads(data)
        except TimeoutError:
            self.close()
            raise ArchiveError(f"it takes more than {_WALL_SECONDS:.0f} s") from None
        except BaseException:  # also Ctrl-C: half a reply must not be taken for that to the next request
            self.close()
            raise
        if end["last"]:
            self.close()
        return frames, end

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            script = Path(__file__).with_name("unpack.py")
            command = [sys.executable, "-I", "-S", "-B", str(script), str(_MEMORY_BYTES)]
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
                )
            except OSError as error:
                raise GraderError(f"the process that opens archives cannot be started: {error.strerror}") from error
        return self._process

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def _read(pipe: IO[bytes], size: int, until: float) -> bytes:
    """Exactly `size` bytes.

    Raises:
        EOFError: there are not so many.
        TimeoutError: they do not come in time.
    """
    data = bytearray()
    with selectors.DefaultSelector() as selector:
        if os.name == "posix":
            selector.register(pipe, selectors.EVENT_READ)
        while len(data) < size:
            if os.name == "posix" and not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            part = pipe.read(min(size - len(data), 2**20))
            if not part:
                raise EOFError
            data += part
    return bytes(data)


_READER = _Reader()


def close_reader() -> None:
    """End the process: what is left to do needs no archives."""
    _READER.close()
