"""The process that opens archives: it lists their entries and reads single members, in memory.

An archive is hostile: 2 kB can unpack to gigabytes or take minutes.  So `archives.py` runs this file as a script of its own,
with a limit on its memory and on the processor time of each request.  It imports only the standard library.

A request is a line of JSON.  The reply is frames of a letter, a length of four bytes and as many bytes:
`D` data, or entries as JSON, and last `.`: what the request cost and, if it was refused, why.
"""

import contextlib
import io
import itertools
import json
import os
import signal
import stat
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

_CHUNK = 2**20
_LISTED_TOGETHER = 1000
_STORED, _DEFLATED, _SPARSE = 0, 8, -1
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}


class RefusedError(Exception):
    """An archive is not opened, or a member not read; the text says why."""


class Zip:
    """A zip.  Only stored and deflated members are read: zlib unpacks no more than it is asked for, unlike other methods."""

    def __init__(self, file: BinaryIO) -> None:
        import zipfile

        self._zip = zipfile.ZipFile(file)
        self._members = self._zip.infolist()

    def listed(self) -> Iterator[tuple[Any, ...]]:
        for one in self._members:
            mode = one.external_attr >> 16
            yield _name_of(one), one.flag_bits, mode, one.file_size, one.compress_size, one.compress_type

    def open(self, number: int) -> Any:
        if self._members[number].compress_type not in (_STORED, _DEFLATED):
            raise RefusedError("its compression is not supported")
        return self._zip.open(self._members[number])


def _name_of(member: Any) -> str:
    """The name of a zip's member.  macOS and older PHP write UTF-8 without the flag that says so, which reads as `Zo├½`."""
    if member.flag_bits & 0x800:
        return str(member.filename)
    try:
        return str(member.filename.encode("cp437").decode())
    except UnicodeError:
        return str(member.filename)


class Tar:
    """A tar.  Only regular files are read: no links, no devices, no sparse files."""

    def __init__(self, file: BinaryIO) -> None:
        import tarfile

        self._tar = tarfile.TarFile(fileobj=file, encoding="utf-8", errors="surrogateescape")

    def listed(self) -> Iterator[tuple[Any, ...]]:
        for one in self._tar:
            kind = (
                stat.S_IFDIR if one.isdir()
                else stat.S_IFLNK if one.issym() or one.islnk()
                else stat.S_IFREG if one.isreg()
                else stat.S_IFIFO
            )  # fmt: skip
            yield one.name, 0x800, kind, one.size, one.size, _SPARSE if one.issparse() else _STORED

    def open(self, number: int) -> Any:
        member = self._tar.getmembers()[number]
        if not member.isreg() or member.issparse():
            raise RefusedError("it is not a regular file")
        return self._tar.extractfile(member)


def opened(file: BinaryIO, name: str, unpacked: int) -> tuple[Zip | Tar, int]:
    """The archive in `file`, whatever its name says; and how many bytes had to be unpacked to open it.

    Args:
        unpacked: how many bytes a compressed tar may take.

    Raises:
        RefusedError: it is of another kind, or too large.
    """
    head, name = file.read(512), name.lower()
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        import gzip

        tar = read_whole(gzip.GzipFile(fileobj=file), unpacked, "unpacked")
        if bytes(tar.getbuffer()[257:262]) != b"ustar" and ".tar" not in name and not name.endswith(".tgz"):
            raise RefusedError("it is a single compressed file: submit the file itself")
        return Tar(tar), len(tar.getbuffer())
    if head[257:262] == b"ustar" or name.endswith(".tar"):
        return Tar(file), 0
    for magic, kind in _OTHERS.items():
        if head.startswith(magic):
            raise RefusedError(f"it is a {kind} archive: submit the file itself, or a .zip")
    return Zip(file), 0


def read_whole(file: Any, most: int, what: str) -> io.BytesIO:
    """All of `file` in memory."""
    data = io.BytesIO()
    while chunk := file.read(_CHUNK):
        data.write(chunk)
        if data.tell() > most:
            raise RefusedError(f"it has more than {most // 2**20} MB {what}".rstrip())
    data.seek(0)
    return data


class Open:
    """The open archives: one on disk, and those inside it on the way to the one of the last request."""

    def __init__(self) -> None:
        self._path = b""
        self._file: BinaryIO | None = None
        self._chain: list[tuple[int, Zip | Tar]] = []
        self.unpacked = 0  # bytes, for the current request, to open archives inside archives
        self.entries = 0  # listed for the current request

    def at(self, path: bytes, chain: list[tuple[int, str]], limits: dict[str, Any]) -> Zip | Tar:
        """The last archive of `chain`: (-1, name) of the one at `path`, then (number of the member, name) of those inside."""
        if path != self._path or self._file is None:
            self.close()
            flags = (
                os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            )
            self._file, self._path = os.fdopen(os.open(path, flags), "rb"), path
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("it is not a regular file")
        version = [status.st_ino, status.st_size, status.st_mtime_ns]
        if limits["version"] != version:  # a member is known by its number, which means another one in another file
            raise RefusedError("it changed while it was read")
        both = list(zip(chain, self._chain, strict=False))
        shared = next((i for i, (one, other) in enumerate(both) if one[0] != other[0]), len(both))
        del self._chain[shared:]
        for number, name in chain[shared:]:
            file: Any = self._file
            if number >= 0:
                with self._chain[-1][1].open(number) as member:
                    file = read_whole(member, limits["nested"], "")
                self.unpacked += len(file.getbuffer())
            archive, size = opened(file, name, limits["unpacked"])
            self.unpacked += size
            self._chain.append((number, archive))
        return self._chain[-1][1]

    def close(self) -> None:
        self._chain.clear()
        if self._file is not None:
            self._file.close()
        self._file, self._path = None, b""


class Replies:
    """Frames on standard output."""

    def __init__(self) -> None:
        self._out = os.fdopen(1, "wb", buffering=0, closefd=False)
        self.sending = False  # a frame must not be cut in two

    def send(self, kind: bytes, data: bytes) -> None:
        self.sending = True
        frame = memoryview(kind + struct.pack("<I", len(data)) + data)
        while frame:
            frame = frame[self._out.write(frame) or 0 :]
        self.sending = False


class Clock:
    """Raises RefusedError in the middle of a request that takes more processor time than it may."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._seconds = 0.0
        self._works = hasattr(signal, "setitimer")
        if self._works:
            signal.signal(signal.SIGPROF, self._ring)

    def _ring(self, *_: object) -> None:
        if self._seconds and not self._replies.sending:
            raise RefusedError(f"it takes more than {self._seconds:.1f} s of processor time")

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        self._seconds = max(0.1, seconds)
        if self._works:
            signal.setitimer(signal.ITIMER_PROF, self._seconds, 0.1)  # repeated, in case the first is swallowed
        try:
            yield
        finally:
            self._seconds = 0.0
            if self._works:
                signal.setitimer(signal.ITIMER_PROF, 0)


def serve(request: dict[str, Any], archives: Open, replies: Replies) -> None:
    """Answer one request, but for the last frame."""
    limits = request["limits"]
    archive = archives.at(request["path"].encode("latin-1"), request["chain"], limits)
    if "member" in request:
        left = request["size"]
        with archive.open(request["member"]) as member:
            while left > 0 and (chunk := member.read(min(left, _CHUNK))):
                replies.send(b"D", chunk)
                left -= len(chunk)
        return
    listed = archive.listed()
    while together := list(itertools.islice(listed, _LISTED_TOGETHER)):
        archives.entries += sum(1 + len(name) // limits["long"] for name, *_ in together)
        if archives.entries > limits["entries"]:
            raise RefusedError(f"it has more than {limits['entries']} entries")
        replies.send(b"D", json.dumps(together).encode())


def main(memory: int) -> None:
    """Serve until standard input ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits, macOS not this one
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    archives, replies = Open(), Replies()
    clock = Clock(replies)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        started, archives.unpacked, archives.entries = time.process_time(), 0, 0
        reason, last = "", False
        try:
            with clock.running(request["seconds"]):
                serve(request, archives, replies)
        except MemoryError:
            last = True  # what takes the memory is released only after this block
        except Exception as error:  # a damaged archive raises whatever its reader stumbles over
            reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:300]
        if last:
            archives.close()
            reason = f"it takes more than {memory // 2**20} MB of memory"
        spent = {"seconds": time.process_time() - started, "bytes": archives.unpacked, "entries": archives.entries}
        replies.send(b".", json.dumps({"reason": reason, "last": last, **spent}).encode())
        if last:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
