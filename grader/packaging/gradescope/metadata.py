"""submission_metadata.json, read without trust: whatever is missing, odd or damaged is as if it were not there."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_MAX_BYTES = 20 * 2**20
_MAX_PREVIOUS = 1000


@dataclass(frozen=True)
class Previous:
    """One earlier submission.

    Attributes:
        failed: Gradescope says that grading it failed.
        results: its results.json; Gradescope gives only that of the latest one.
    """

    time: datetime | None
    failed: bool
    results: dict[str, Any] | None


@dataclass(frozen=True)
class Metadata:
    """What is used of a submission's metadata; `previous` oldest first."""

    created_at: datetime | None = None
    previous: list[Previous] = field(default_factory=list)


def read_metadata(path: Path) -> Metadata:
    """Never fails: a rehearsal has no metadata, and its content may change."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return Metadata()
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Metadata()
    if not isinstance(data, dict):
        return Metadata()
    listed = data.get("previous_submissions")
    entries = listed if isinstance(listed, list) else []
    previous = [_previous(entry) for entry in entries[-_MAX_PREVIOUS:] if isinstance(entry, dict)]
    first = datetime.min.replace(tzinfo=timezone.utc)
    return Metadata(_time(data.get("created_at")), sorted(previous, key=lambda one: one.time or first))


def _previous(entry: dict[str, Any]) -> Previous:
    results = entry.get("results")
    return Previous(
        time=_time(entry.get("submission_time")),
        failed=bool(entry.get("autograder_error")),
        results=results if isinstance(results, dict) else None,
    )


def _time(text: Any) -> datetime | None:
    """An ISO time with its zone; Python 3.10 does not know that Z is one."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
