"""What a dry run submits: files as Gradescope stores them, and metadata as it writes them."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

from grader.config.keys import Config
from grader.errors import UsageError, reason_of, where_looked
from grader.inputs.archives import open_tree
from grader.inputs.tree import ArchiveError


class Asked(Protocol):
    """An assignment, or a homework of several parts."""

    @property
    def title(self) -> str: ...
    @property
    def max_score(self) -> float: ...


_BETWEEN_ATTEMPTS = timedelta(minutes=10)
_MAX_UNPACKED = 64 * 2**20  # bytes of a submitted zip


def submitted(file: Path, config: Config, folder: Path) -> Path:
    """The file or notebook under the name that students have to give it; folders and zips as they are.

    Raises:
        UsageError: there is no such file.
    """
    if not file.exists():
        raise UsageError(f"{file}: there is no such file or folder ({where_looked(file)})")
    if not file.is_dir() and not file.is_file():
        raise UsageError(f"{file}: expected a file, a folder or a zip, found something else")
    if file.is_dir() or file.suffix not in (Path(config.submission).suffix, ".ipynb"):
        return file
    copy = (folder / "submitted" / config.submission).with_suffix(file.suffix)
    copy.parent.mkdir()
    shutil.copyfile(file, copy)
    return copy


def copy_submission(submission: Path, folder: Path) -> None:
    """Copy a submission to `folder`; as on Gradescope, a zip is unpacked.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        if submission.is_dir():
            shutil.copytree(submission, folder, dirs_exist_ok=True, symlinks=True)
        elif zipfile.is_zipfile(submission):
            _unpack(submission, folder)
        else:
            shutil.copyfile(submission, folder / submission.name)
    except (ArchiveError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, shutil.Error):  # of a whole folder: a list of (file, copy, reason)
            reason = error.args[0][0][2]
        raise UsageError(f"{submission}: cannot be submitted: {reason}") from error


def _unpack(submission: Path, folder: Path) -> None:
    """Unpack a student's zip: it may be hostile, so it is opened in another process, with limits.

    Raises:
        ArchiveError: it cannot be read, or is too large.
    """
    left = _MAX_UNPACKED
    for file in open_tree(submission, one=True).files:
        if file.refusal:
            raise ArchiveError(f"{file.path}: {file.refusal}")
        data = file.read(left + 1)
        left -= len(data)
        if left < 0:
            raise ArchiveError(f"more than {_MAX_UNPACKED // 2**20} MB unpacked")
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(data)


def default_metadata(work: Asked) -> dict[str, Any]:
    """Metadata of a first submission by an invented student."""
    now = datetime.now(timezone.utc)
    due = now + timedelta(days=7)
    return {
        "id": 1,
        "created_at": now.isoformat(),
        "assignment": {
            "due_date": due.isoformat(),
            "group_size": None,
            "group_submission": False,
            "id": 1,
            "course_id": 1,
            "late_due_date": None,
            "release_date": (now - timedelta(days=7)).isoformat(),
            "title": work.title,
            "total_points": f"{work.max_score:.1f}",
        },
        "submission_method": "upload",
        "users": [{"email": "student@example.edu", "id": 1, "name": "Example Student"}],
        "previous_submissions": [],
    }


def read_given(path: Path) -> dict[str, Any]:
    """Metadata from a file: any JSON object, because the autograder must accept anything.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason_of(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON, found something else: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a JSON object, found a {type(data).__name__}")
    return data


def following_metadata(given: Mapping[str, Any], results: Mapping[str, Any], error: str = "") -> dict[str, Any]:
    """Metadata of the next submission: this one is among the earlier ones, and the only one with its results.

    Args:
        given: the metadata of this submission.
        error: why its results are not those of the autograder.
    """
    listed = given.get("previous_submissions")
    earlier = [dict(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    for entry in earlier:
        entry.pop("results", None)
    this = {
        "submission_time": given.get("created_at"),
        "score": results.get("score"),
        "autograder_error": bool(error),
        "results": results,
    }
    try:
        created = datetime.fromisoformat(str(given.get("created_at"))) + _BETWEEN_ATTEMPTS
    except (ValueError, OverflowError):
        created = datetime.now(timezone.utc)
    return {**given, "created_at": created.isoformat(), "previous_submissions": [*earlier, this]}
