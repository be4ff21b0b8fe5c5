"""Find the student's file: given by itself, or anywhere in a folder or zip.  Reads bytes; never executes or parses them."""

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.text import one_line

if TYPE_CHECKING:
    import zipfile

    from grader.answers import Answer

_IGNORED = {"__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", "node_modules", ".venv", "venv"}
_MAX_ENTRIES = 20_000
_MAX_LISTED = 5
_TO_THE_STUDENT = {  # what is said of a path in a terminal, to the one who handed it in
    " in it, at any depth": " in your submission, at any depth",
    "; name one": ": hand in only one of them",
    "; name the file itself": ": hand in the file alone",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Submission:
    """A student's file as bytes, and the name under which it was given."""

    name: str
    source: bytes


def read_submission(path: Path, wanted: str, max_bytes: int) -> Submission:
    """The file at `path`, or the one called `wanted` inside the folder or zip at `path`.

    No more than `max_bytes` + 1 are read, which is enough to see that a file is too large.

    Raises:
        UsageError: there is no such file, or several that could be meant.
    """
    try:
        if path.is_dir():
            return _from_folder(path, wanted, max_bytes)
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder (looked in {Path.cwd()})")
        if not path.is_file():
            raise UsageError(f"{path}: expected a file, a folder or a zip, found something else")
        with path.open("rb") as file:
            start = file.read(4)
            if start not in _ZIP:
                return Submission(_shown(path.name), start + file.read(max_bytes - 3))
        return _from_zip(path, wanted, max_bytes)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_handed_in(path: Path, wanted: str, max_bytes: int) -> "Submission | Answer":
    """As `read_submission`; that there is no such file in a folder or zip, or several, is what the student is told.

    Raises:
        UsageError: the path itself is wrong, which is not the student's matter.
    """
    from grader.answers import Answer

    try:
        return read_submission(path, wanted, max_bytes)
    except UsageError as error:
        if not path.is_dir() and not path.is_file():
            raise
        said = str(error).removeprefix(f"{path}: ")
        for ours, theirs in _TO_THE_STUDENT.items():
            said = said.replace(ours, theirs)
        return Answer("missing", message=f"{said[:1].upper()}{said[1:]}.")


def own_file(folder: Path, wanted: str) -> Path:
    """The file to hand in of those in `folder` itself: the notebook of its name, where there is only that."""
    file = folder / wanted
    notebook = file.with_suffix(".ipynb")
    return notebook if notebook.is_file() and not file.is_file() else file


def _from_folder(folder: Path, wanted: str, max_bytes: int) -> Submission:
    files = []
    for entry in folder.rglob("*"):
        relative = PurePosixPath(entry.relative_to(folder).as_posix())
        # A link could lead anywhere on the grader's machine.
        if not entry.is_symlink() and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            files.append(relative)
        if len(files) > _MAX_ENTRIES:
            raise UsageError(f"{folder}: more than {_MAX_ENTRIES} files; name the file itself")
    chosen = _choose(files, wanted, folder)
    with (folder / chosen).open("rb") as file:
        return Submission(_shown(str(chosen)), file.read(max_bytes + 1))


def _from_zip(path: Path, wanted: str, max_bytes: int) -> Submission:
    import zipfile

    from grader.archive import ZIP_ERRORS

    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if len(infos) > _MAX_ENTRIES:
                raise UsageError(f"{path}: more than {_MAX_ENTRIES} files in this zip")
            files = {PurePosixPath(info.filename): info for info in infos if not info.is_dir() and not _is_link(info)}
            chosen = _choose(files, wanted, path)
            with archive.open(files[chosen]) as file:
                return Submission(_shown(str(chosen)), file.read(max_bytes + 1))
    except ZIP_ERRORS as error:
        reason = "it is encrypted" if "encrypted" in str(error) else str(error)
        raise UsageError(f"{path}: this zip cannot be read: {reason}") from error


def _is_link(info: "zipfile.ZipInfo") -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _choose(files: Iterable[PurePosixPath], wanted: str, where: Path) -> PurePosixPath:
    """The file called `wanted` that is least deep; a notebook of that name where there is none."""
    parts = {file: _parts(file) for file in files}
    files = [file for file in parts if not _IGNORED.intersection(parts[file]) and not parts[file][-1].startswith("._")]
    notebook = PurePosixPath(wanted).with_suffix(".ipynb").name
    named = [file for file in files if parts[file][-1] == wanted]
    named = named or [file for file in files if parts[file][-1] == notebook]
    found = sorted(named, key=lambda file: (len(parts[file]), str(file)))
    if not found:
        others = sorted(files, key=lambda file: (".py" not in file.suffixes, str(file)))[:_MAX_LISTED]
        has = f"it has {', '.join(_shown(str(file)) for file in others)}" if others else "it has no other file either"
        has += f" and {len(files) - len(others)} more" if len(files) > len(others) else ""
        raise UsageError(f"{where}: expected a file {wanted} in it, at any depth, found none; {has}")
    if len(found) > 1 and len(parts[found[0]]) == len(parts[found[1]]):
        raise UsageError(
            f"{where}: expected one file {wanted}, found {_shown(str(found[0]))} and {_shown(str(found[1]))}; name one"
        )
    return found[0]


def _parts(file: PurePosixPath) -> tuple[str, ...]:
    """Folders and name; some programs on Windows write a backslash between them into a zip."""
    return PurePosixPath(str(file).replace("\\", "/")).parts


def _shown(name: str) -> str:
    return one_line(name, 200)
