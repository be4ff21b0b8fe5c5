"""The student's file: given by itself, or chosen in a folder or archive.  Reads bytes; never executes or parses them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.inputs.kinds import MAGIC_BYTES, is_archive, is_unreadable, starts_like_archive
from grader.text import one_line

if TYPE_CHECKING:
    from grader.config.keys import Config
    from grader.inputs.entry import Picked
    from grader.inputs.tree import Refusal

_MAX_LISTED = 5
_MAX_HANDOUT = 50  # files of the handout that are compared
_TO_THE_STUDENT = {  # what is said of a path in a terminal, to the one who handed it in
    " in it, at any depth": " in your submission, at any depth",
    "; name one": ": submit only one of them",
    "; name the file itself": ": submit the file by itself",
}


@dataclass(frozen=True)
class Submission:
    """A student's file as bytes, and the name under which it was given.

    Attributes:
        note: which of several files it is and why, "" for most: for students and instructors.
        missing: why there is no file, "" where there is one; for the student.
    """

    name: str
    source: bytes
    note: str = ""
    missing: str = ""


def read_submission(path: Path, wanted: str, max_bytes: int, handout: Collection[str] = ()) -> Submission:
    """The file at `path`, or the one in the folder or archive at `path` that `grader.inputs.chooser` takes.

    No more than `max_bytes` + 1 are read, which is enough to see that a file is too large.

    Args:
        handout: the files that students start from, as by `handout_digests`.

    Raises:
        UsageError: there is no such file, or several that could be meant.
    """
    try:
        if path.is_dir():
            return _chosen(path, wanted, max_bytes, handout)
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder (looked in {Path.cwd()})")
        if not path.is_file():
            raise UsageError(f"{path}: expected a file, a folder or a zip, found something else")
        with path.open("rb") as file:
            start = file.read(MAGIC_BYTES)
            if not starts_like_archive(start) and not is_archive(path.name) and not is_unreadable(path.name):
                return Submission(_shown(path.name), start + file.read(max_bytes + 1 - len(start)))
        return _chosen(path, wanted, max_bytes, handout)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_submitted(path: Path, wanted: str, max_bytes: int, handout: Collection[str] = ()) -> Submission:
    """As `read_submission`; where a folder or archive holds no such file, or several, the submission says that it is missing.

    Raises:
        UsageError: the path itself is wrong, which is not the student's fault.
    """
    try:
        return read_submission(path, wanted, max_bytes, handout)
    except UsageError as error:
        if not path.is_dir() and not path.is_file():
            raise
        missing = str(error).removeprefix(f"{path}: ")
        for ours, theirs in _TO_THE_STUDENT.items():
            missing = missing.replace(ours, theirs)
        return Submission(wanted, b"", missing=f"{missing[:1].upper()}{missing[1:]}.")


def own_file(folder: Path, wanted: str, max_bytes: int, handout: Collection[str] = ()) -> tuple[Path, str]:
    """The file to hand in of those of its name in `folder` itself, and a note on the choice."""
    stem = PurePosixPath(wanted).stem.casefold()
    names = [path.name for path in folder.iterdir() if path.name.casefold().startswith(stem) and path.is_file()]
    if len(names) < 2 and wanted in names:
        return folder / wanted, ""
    from grader.inputs.chooser import choose, is_named
    from grader.inputs.folder import OnDisk
    from grader.inputs.tree import File

    files = [File(PurePosixPath(name), OnDisk(str(folder / name))) for name in names if is_named(name, wanted)]
    found = choose(files, wanted, max_bytes=max_bytes, handout=handout)
    return folder / (wanted if found.file is None else found.file.path), found.note


def handout_digests(config: "Config", folder: Path, path: Path) -> frozenset[str]:
    """What students start from: the Python files and notebooks beside the model, for telling them from a student's work.

    None of them where they lie in `path` itself: on a student's own machine the stubs become the work.
    """
    from grader.inputs.chooser import NOTEBOOK, digest

    beside = (folder / config.model).parent
    try:
        if beside.resolve().is_relative_to(path.resolve()):
            return frozenset()
        files = [file for file in sorted(beside.iterdir()) if file.suffix in (".py", NOTEBOOK) and file.is_file()]
        mine = [file for file in files if not config.solution or file.resolve() != (folder / config.solution).resolve()]
        return frozenset(digest(file.read_bytes()) for file in mine[:_MAX_HANDOUT])
    except OSError:
        return frozenset()


def _chosen(path: Path, wanted: str, max_bytes: int, handout: Collection[str]) -> Submission:
    """The file that is chosen in a folder or archive."""
    from grader.inputs.entry import Entry, pick
    from grader.inputs.kinds import archive_kind
    from grader.inputs.opening import open_tree
    from grader.inputs.tree import ArchiveError

    tree = open_tree(path, one=True)
    picked = pick(Entry(path.name, [], tree.files), wanted, max_bytes, handout)
    file = picked.choice.file
    if file is None:
        raise UsageError(f"{path}: {_no_file(path, picked, tree.refused, wanted)}")
    try:
        return Submission(_shown(str(file.path)), file.read(max_bytes + 1), picked.choice.note)
    except ArchiveError as error:
        raise UsageError(f"{path}: this {archive_kind(path.name)} cannot be read: {error}") from error


def _no_file(path: Path, picked: "Picked", refused: Sequence["Refusal"], wanted: str) -> str:
    from grader.inputs.entry import names, wanted_of
    from grader.inputs.kinds import archive_kind

    if picked.fatal:
        return f"{picked.fatal}; name the file itself"
    if picked.choice.rivals:
        return f"expected one file {wanted_of(picked, wanted)}, found {_shown(names(picked.choice.rivals))}; name one"
    reasons = list(dict.fromkeys([*picked.reasons, *refused]))
    why = "; ".join(f"{_shown(one.path)}: {one.reason}" for one in reasons[:3])
    if why and path.is_file():
        return f"this {archive_kind(path.name)} cannot be read: {why}"
    files = sorted(picked.files, key=lambda file: (".py" not in file.path.suffixes, str(file.path)))
    shown = files[:_MAX_LISTED]
    has = f"it has {', '.join(_shown(str(file.path)) for file in shown)}" if shown else "it has no other file either"
    has += f" and {len(files) - len(shown)} more" if len(files) > len(shown) else ""
    return f"expected a file {wanted} in it, at any depth, found none; {has}{f' ({why})' if why else ''}"


def _shown(name: str) -> str:
    return one_line(name, 200)
