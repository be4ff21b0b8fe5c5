"""Open what was named on the command line, a folder or an archive, as a tree."""

from pathlib import Path

from grader.errors import UsageError
from grader.inputs.archives import open_archive
from grader.inputs.folder import read_folder
from grader.inputs.kinds import MAGIC_BYTES, archive_kind, is_archive, starts_like_archive
from grader.inputs.tree import ArchiveError, Tree


def open_tree(path: Path, *, leave_out: Path | None = None, one: bool = False) -> Tree:
    """The folder or archive at `path`.

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
        if path.is_file() and _looks_like_archive(path):
            return open_archive(path, one=one)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ArchiveError as error:
        raise UsageError(f"{path}: this {archive_kind(path.name)} cannot be read: {error}") from error
    raise UsageError(f"{path}: expected a folder or a zip with the submissions, found another kind of file")


def _looks_like_archive(path: Path) -> bool:
    """By its name or its first bytes; whether it is one is seen when it is opened."""
    with path.open("rb") as file:
        return is_archive(path.name) or starts_like_archive(file.read(MAGIC_BYTES))
