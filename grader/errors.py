"""What can go wrong for the grader or an instructor, one class per cause.

    GraderError            exit code 3: could not grade
      UsageError           exit code 2: a path or an option is wrong
        ConfigError        exit code 2: config.yaml, or a file that it names, is wrong
      UnreadableError      exit code 3: what was submitted cannot be read
      SandboxError         exit code 3: the sandbox could not be set up or used

Whatever a *student's* file does is data (`grader.records.run`), never one of these exceptions.
"""

import os
import sys

_NEAR, _NEAR_END = 0.6, 0.5  # of the letters of two names, or of their ends: how many they have in common
_LONGEST_ON_WINDOWS = 259  # unless long paths were enabled, in Windows and in the program


class GraderError(Exception):
    """The grader could not do its work; this says nothing about the submission."""

    exit_code = 3

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the message alone."""
        return [f"error: {self}"]


class UsageError(GraderError):
    """A command or function was given something that it cannot use."""

    exit_code = 2


class ConfigError(UsageError):
    """config.yaml, or a file that it names, cannot be used."""


class UnreadableError(GraderError):
    """Something was submitted, and none of it can be read: a damaged archive, a zip bomb, a link."""


class SandboxError(GraderError):
    """No sandbox as strong as asked for, or a sandbox that failed."""


def reason_of(error: OSError) -> str:
    """Why the system refused a file.

    Windows refuses a file that an editor or Excel has open, and does not find one whose path is too long.
    """
    reason = error.strerror or str(error)
    if sys.platform == "win32" and isinstance(error, PermissionError):
        return f"{reason}; if another program has it open, close it there"
    if isinstance(error, FileNotFoundError) and error.filename:
        return path_too_long(os.fsdecode(error.filename)) or reason
    return reason


def where_looked(path: str | os.PathLike[str]) -> str:
    """What to say of a path at which there is nothing."""
    return path_too_long(path) or f"looked in {os.getcwd()}"


def path_too_long(path: str | os.PathLike[str]) -> str:
    """Why Windows does not find this path, or "" where that is not the reason."""
    length = len(os.path.abspath(path))
    if sys.platform != "win32" or length <= _LONGEST_ON_WINDOWS:
        return ""
    return f"its path has {length} characters, and Windows finds only up to {_LONGEST_ON_WINDOWS}: use shorter folder names"


def did_you_mean(found: str, known: list[str]) -> str:
    """`; did you mean wall_seconds?`, or nothing where no name is near.

    What all names begin with says nothing: dJ_dX is not near to dJ_dh.
    """
    import difflib  # only where something is wrong

    shared = len(os.path.commonprefix([found, *known])) if len(known) > 1 else 0  # noqa: RUF071, characters are meant

    def likeness(name: str) -> tuple[float, bool]:
        ratio = difflib.SequenceMatcher(None, name[shared:], found[shared:]).ratio()
        return ratio if ratio >= (_NEAR_END if shared else _NEAR) else 0.0, name.casefold() == found.casefold()

    best = max(known, key=likeness, default="")
    return f"; did you mean {best}?" if any(likeness(best)) else ""
