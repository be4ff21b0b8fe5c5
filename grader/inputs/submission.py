"""A student's file: given by itself, or chosen in a folder or archive.  Reads bytes; never executes or parses them."""

import errno
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from grader.errors import GraderError, UnreadableError, UsageError, reason_of, where_looked
from grader.inputs.kinds import CODE, digest, is_unreadable, looks_like_archive
from grader.text import one_line

if TYPE_CHECKING:
    from grader.config.keys import Config

# Of other files some are code under another name; these never are.
_NO_CODE = tuple(".csv .tsv .xlsx .xls .ods .yaml .yml .toml .db .sqlite .log .svg".split())
_MAX_HANDOUT = 50  # files of the handout that are compared


class _NoCodeError(UsageError):
    """A file was named that nobody submits."""


class Submission(msgspec.Struct, frozen=True):
    """A student's file as bytes, and the name under which it was given.

    Attributes:
        note: for students and instructors, which of several files it is and why; "" for most.
        missing: for the student, why there is no file; "" if there is one.
        unreadable: something was submitted, which cannot be read.
    """

    name: str
    source: bytes
    note: str = ""
    missing: str = ""
    unreadable: bool = False


def read_submission(
    path: Path, wanted: str, max_bytes: int, handout: Collection[str] = (), beside: Collection[str] = ()
) -> Submission:
    """The file at `path`, or the one in the folder or archive at `path` that `grader.inputs.chooser` takes.

    At most `max_bytes` + 1 are read, enough to see that a file is too large.

    Args:
        handout: the files that students start from, as by `handout_digests`.
        beside: the names of other files to submit, which are never meant.

    Raises:
        UsageError: there is no such file, or several that could be meant, or it is of another kind.
        UnreadableError: there is something that cannot be read.
        GraderError: this machine could not read it.
    """
    try:
        if path.is_file() and not looks_like_archive(path) and not is_unreadable(path.name):
            _refuse_other_kinds(path, wanted)
            with path.open("rb") as file:
                return Submission(one_line(path.name, 200), file.read(max_bytes + 1))
        if path.is_file() or path.is_dir():
            return _chosen(path, wanted, max_bytes, handout, beside)
    except OSError as error:
        kind = UsageError if error.errno == errno.ENAMETOOLONG else GraderError
        raise kind(f"{path}: cannot be read: {reason_of(error)}") from error
    if path.exists():
        raise UsageError(f"{path}: expected a file, a folder or a zip, found something else")
    raise UsageError(f"{path}: there is no such file or folder ({where_looked(path)})")


def _refuse_other_kinds(path: Path, wanted: str) -> None:
    """Refuse a table or a config, which somebody named by mistake.

    Raises:
        _NoCodeError: it has the ending of one.
    """
    if path.suffix.lower() in _NO_CODE and path.suffix.lower() != Path(wanted).suffix.lower():
        raise _NoCodeError(
            f"{path}: expected a Python file, a notebook, or a folder or zip with one, found a {path.suffix}"
        )


def read_submitted(
    path: Path, wanted: str, max_bytes: int, handout: Collection[str] = (), beside: Collection[str] = ()
) -> Submission:
    """As `read_submission`, but a folder or archive without such a file, or with several, is a submission that lacks it.

    Raises:
        UsageError: the path itself is wrong, which is not the student's fault.
        GraderError: this machine could not read it, which is not the student's fault either.
    """
    try:
        return read_submission(path, wanted, max_bytes, handout, beside)
    except _NoCodeError:
        raise
    except (UsageError, UnreadableError) as error:
        if not path.is_dir() and not path.is_file():
            raise
        missing = str(error).removeprefix(f"{path}: ")
        advice = f"Submit your code as {wanted}, or as a notebook of this name."
        text = f"{missing[:1].upper()}{missing[1:]}. {advice}"
        return Submission(wanted, b"", missing=text, unreadable=isinstance(error, UnreadableError))


def own_file(
    folder: Path, wanted: str, max_bytes: int, handout: Collection[str] = (), beside: Collection[str] = ()
) -> tuple[Path, str]:
    """The file to submit in a student's own folder, but not below it, and a note on the choice.

    Args:
        handout: the files that came with it; only where they are known, a file of another name may be the student's.
        beside: the names of other files to submit.

    Raises:
        UsageError: several could be meant.
    """
    if handout and (only := _only_work(folder, max_bytes, handout)) is not None and only.name == wanted:
        return only, ""
    from grader.inputs.chooser import choose, is_named, listed, shown
    from grader.inputs.folder import OnDisk
    from grader.inputs.tree import File

    def may_be_work(file: File) -> bool:
        if is_named(file.path.name, wanted):
            return True
        if not handout or file.path.suffix.lower() not in CODE or file.path.name.startswith("."):
            return False
        try:
            return digest(file.read(max_bytes + 1)) not in handout
        except OSError:  # not a file that could be submitted
            return False

    listing = (File(PurePosixPath(path.name), OnDisk(str(path))) for path in sorted(folder.iterdir()) if path.is_file())
    files = [file for file in listing if may_be_work(file)]
    found = choose(files, wanted, max_bytes=max_bytes, handout=handout, beside=beside)
    if found.rivals:
        first = shown(found.rivals[0].path)
        raise UsageError(
            f"{listed(found.rivals)}: each could be your work; call the one to check {wanted}, or name it:"
            f" `grader check {first}`"
        )
    alone = found.untouched and "; " not in found.note  # the stubs, and nothing else
    return folder / (wanted if found.file is None else found.file.path), "" if alone else found.note


def _only_work(folder: Path, max_bytes: int, handout: Collection[str]) -> Path | None:
    """The only code in a folder that did not come with the handout, where there is no other: then nothing has to be chosen."""
    others = []
    try:
        for path in folder.iterdir():
            if path.suffix.lower() in CODE and not path.name.startswith("."):
                if path.is_symlink() or not path.is_file():
                    return None
                with path.open("rb") as file:
                    if digest(file.read(max_bytes + 1)) not in handout:
                        others.append(path)
    except OSError:
        return None
    return others[0] if len(others) == 1 else None


def handout_digests(config: "Config", folder: Path, path: Path) -> frozenset[str]:
    """The digests of the files that students start from, the Python files and notebooks beside the model.

    A student's copy lists them.  Elsewhere there are none if they lie in `path` itself, where the stubs may be the work.
    """
    if config.handout:
        return frozenset(config.originals)
    beside = (folder / config.model).parent
    try:
        if beside.resolve().is_relative_to(path.resolve()):
            return frozenset()
        files = [file for file in sorted(beside.iterdir()) if file.suffix in CODE and file.is_file()]
        mine = [file for file in files if not config.solution or file.resolve() != (folder / config.solution).resolve()]
        return frozenset(digest(file.read_bytes()) for file in mine[:_MAX_HANDOUT])
    except OSError:
        return frozenset()


def _chosen(path: Path, wanted: str, max_bytes: int, handout: Collection[str], beside: Collection[str]) -> Submission:
    """The file that is chosen in a folder or archive."""
    from grader.inputs.archives import open_submitted, unreadable
    from grader.inputs.chooser import shown
    from grader.inputs.entry import Entry, pick
    from grader.inputs.tree import ArchiveError

    tree = open_submitted(path)
    picked = pick(Entry(path.name, [], tree.files), wanted, max_bytes, handout, beside)
    file = picked.choice.file
    if file is None:
        if picked.choice.rivals:
            raise UsageError(f"{path}: {picked.problem(wanted)}; choose one file")
        kind = UnreadableError if picked.kind == "unreadable" or tree.refused else UsageError
        raise kind(f"{path}: {picked.problem(wanted, tree.refused)}{'; choose one file' if picked.fatal else ''}")
    try:
        return Submission(shown(file.path), file.read(max_bytes + 1), picked.choice.note)
    except ArchiveError as error:
        raise UnreadableError(f"{path}: {unreadable(path, error)}") from error
