"""The kinds of files, by their names and first bytes.  Only opening an archive shows whether it is what it looks like."""

import hashlib
from pathlib import Path, PurePosixPath

NOTEBOOK = ".ipynb"
CODE = (".py", NOTEBOOK)
READABLE = (".zip", ".tar", ".tar.gz", ".tgz")
UNREADABLE = tuple(".7z .rar .gz .bz2 .xz .zst .lzma .lz .z .tbz .tbz2 .txz .cab .arj".split())
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh")


def is_archive(name: str) -> bool:
    return name.lower().endswith(READABLE)


def is_unreadable(name: str) -> bool:
    """An archive of a kind that the grader does not open: something was submitted all the same."""
    return name.lower().endswith(UNREADABLE) and not is_archive(name)


def why_not_opened(name: str) -> str:
    """Why an archive of such a kind is not read, and what to do."""
    return f"{PurePosixPath(name).suffix.lower()} archives are not read: submit the file itself, or a .zip"


def looks_like_archive(path: Path) -> bool:
    """By its name or its first bytes."""
    with path.open("rb") as file:
        return is_archive(path.name) or file.read(8).startswith(_MAGIC)


def archive_kind(name: str) -> str:
    """What people call it."""
    if is_unreadable(name):
        return "archive"
    return "tar" if ".tar" in name.lower() or name.lower().endswith(".tgz") else "zip"


def without_suffix(name: str) -> str:
    """`hw3` for `hw3.tar.gz`."""
    path = PurePosixPath(name)
    return PurePosixPath(path.stem).stem if path.stem.lower().endswith(".tar") else path.stem


def digest(source: bytes) -> str:
    """A hash that ignores line endings, a byte order mark, trailing white space, empty lines and lines of comments.

    A student who adds a name above the stubs has not worked on them.
    """
    lines = source.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    kept = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith(b"#")]
    return hashlib.sha256(b"\n".join(kept)).hexdigest()
