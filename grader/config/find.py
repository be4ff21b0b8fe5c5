"""Which config.yaml is used: the one that is named, or the nearest.  What is graded does not bring its own."""

import os
import re
from pathlib import Path

from grader.errors import ConfigError, UsageError, where_looked

HANDOUT = (
    "is a student's copy of the assignment: `grader check` checks your work; grading needs the instructor's config.yaml"
)


ARGUMENT, OPTION = "config=", "--config "  # of a function, of a command


class NoConfigError(ConfigError):
    """There is no config.yaml in a folder or above it."""


def find_config(start: Path, *, option: str = ARGUMENT) -> Path:
    """The nearest config.yaml, from `start` upwards.

    Args:
        option: how the user names another one.

    Raises:
        ConfigError: there is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    raise NoConfigError(
        f"no config.yaml in {start.resolve()} or above: go to the assignment's folder, or name the file with {option}PATH"
    )


def find_config_for(graded: Path, named: Path | None, *, own: bool = False, option: str = ARGUMENT) -> Path:
    """The config that was named or else the nearest, for grading what is at `graded`.

    Args:
        own: it is the user's own work, and theirs the folder with the config.
        option: how the user names another one.

    Raises:
        ConfigError: there is none.
        UsageError: it was not named, and may be a student's; or there is nothing at `graded`.
    """
    if named is not None:
        return named
    if not own and not graded.exists():
        raise UsageError(f"{graded}: there is no such file or folder ({where_looked(graded)})")
    found = find_config(Path.cwd(), option=option)
    refuse_config_within(found, graded, own=own, option=option)
    return found


def refuse_config_within(found: Path, graded: Path, *, own: bool = False, option: str = ARGUMENT) -> None:
    """Refuse a config that lies in a folder that is graded, or beside a file that is.

    A config.yaml names a model, which is run as the instructor's.

    Raises:
        UsageError: it does.
    """
    is_folder = graded.is_dir()
    beside = not is_folder and not own and found.resolve().parent == graded.resolve().parent
    if not beside and not lies_in(found, graded if is_folder else graded.parent, below=is_folder, itself=not own):
        return
    if _is_handout(found):
        if own:  # a folder above it
            raise UsageError(
                f"{graded}: expected your file, or the folder that holds it, found a folder above the assignment in"
                f" {found.parent}; `grader check` without a name checks the file to submit in the current folder"
            )
        raise UsageError(f"{found} {HANDOUT}")
    raise UsageError(
        f"{found} lies {'in' if is_folder else 'beside'} {graded}, which is being graded, so it may be the"
        f" student's; name yours with {option}PATH, or this one with {option}{found}"
    )


def lies_in(config: Path, folder: Path, *, below: bool = True, itself: bool = True) -> bool:
    """Whether a config lies in a folder `itself`, or `below` in it; it does where a link in it leads elsewhere, too."""
    holders = {config.absolute().parent, config.resolve().parent}
    places = {Path(os.path.abspath(folder)), folder.resolve()}
    return any(
        (itself and one == place) or (below and one != place and one.is_relative_to(place))
        for one in holders
        for place in places
    )


def has_parts(config: Path) -> bool:
    """Whether it seems to be a homework of several parts; quick, since nearly always it is not."""
    return _begins_line(config, rb"[\"']?parts[\"']?\s*:")


def _is_handout(config: Path) -> bool:
    """Whether it is a student's copy; it may be hostile, and is not parsed."""
    return _begins_line(config, rb'(?:  "handout"|handout)\s*:\s*true\b')  # as JSON, in which it is written, or YAML


def _begins_line(config: Path, pattern: bytes) -> bool:
    try:
        with config.open("rb") as file:
            return re.search(rb"^" + pattern, file.read(2**20), re.MULTILINE) is not None
    except OSError:
        return False
