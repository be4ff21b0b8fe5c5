"""What a rehearsal hands in: the file under its right name, and metadata as Gradescope writes them."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from grader.config.keys import Config
from grader.errors import UsageError
from grader.packaging.gradescope.dryrun.platform import Outcome

_BETWEEN_ATTEMPTS = timedelta(minutes=10)


def submitted(file: Path, config: Config, folder: Path) -> Path:
    """The file or notebook under the name that students have to give it; folders and zips as they are.

    Raises:
        UsageError: there is no such file.
    """
    if not file.exists():
        raise UsageError(f"{file}: there is no such file or folder (looked in {Path.cwd()})")
    if not file.is_dir() and not file.is_file():
        raise UsageError(f"{file}: expected a file, a folder or a zip, found something else")
    if file.is_dir() or file.suffix not in (Path(config.submission).suffix, ".ipynb"):
        return file
    copy = (folder / "handed_in" / config.submission).with_suffix(file.suffix)
    copy.parent.mkdir()
    shutil.copyfile(file, copy)
    return copy


def default_metadata(config: Config) -> dict[str, Any]:
    """Metadata of a first submission, of nobody."""
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
            "title": config.title,
            "total_points": f"{config.max_score:.1f}",
        },
        "submission_method": "upload",
        "users": [{"email": "student@example.edu", "id": 1, "name": "Example Student"}],
        "previous_submissions": [],
    }


def read_given(path: Path) -> dict[str, Any]:
    """Metadata from a file; only that it is a JSON object is checked, as the autograder has to stand anything.

    Raises:
        UsageError: it is none.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON, found something else: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a JSON object, found a {type(data).__name__}")
    return data


def following_metadata(given: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """What Gradescope gives with the next submission: this one is among the earlier ones, the only one with its results."""
    listed = given.get("previous_submissions")
    earlier = [dict(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    for entry in earlier:
        entry.pop("results", None)
    this = {
        "submission_time": given.get("created_at"),
        "score": outcome.results.get("score"),
        "autograder_error": bool(outcome.error),
        "results": outcome.results,
    }
    try:
        created = datetime.fromisoformat(str(given.get("created_at"))) + _BETWEEN_ATTEMPTS
    except (ValueError, OverflowError):
        created = datetime.now(timezone.utc)
    return {**given, "created_at": created.isoformat(), "previous_submissions": [*earlier, this]}
