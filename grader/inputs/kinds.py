"""The kinds of archives, by their names and first bytes.  Whether a file is what it looks like is seen when it is opened."""

from pathlib import PurePosixPath

READABLE = (".zip", ".tar", ".tar.gz", ".tgz")
UNREADABLE = tuple(".7z .rar .gz .bz2 .xz .zst .lzma .lz .z .tbz .tbz2 .txz .cab .arj".split())
MAGIC_BYTES = 8  # how many bytes of a file `starts_like_archive` wants
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")


def is_archive(name: str) -> bool:
    return name.lower().endswith(READABLE)


def is_unreadable(name: str) -> bool:
    """An archive of a kind that the grader does not open: something was submitted all the same."""
    return name.lower().endswith(UNREADABLE) and not is_archive(name)


def starts_like_archive(start: bytes) -> bool:
    return start.startswith(_MAGIC)


def archive_kind(name: str) -> str:
    """What a person calls it."""
    if is_unreadable(name):
        return "archive"
    return "tar" if ".tar" in name.lower() or name.lower().endswith(".tgz") else "zip"


def without_suffix(name: str) -> str:
    """`hw3` for `hw3.tar.gz`."""
    path = PurePosixPath(name)
    return PurePosixPath(path.stem).stem if path.stem.lower().endswith(".tar") else path.stem
