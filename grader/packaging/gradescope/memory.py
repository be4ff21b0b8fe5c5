"""What Gradescope remembers: submission_metadata.json, and in it the memory that our last result left.

Read without trust: whatever is missing, odd or damaged is treated as absent.  Our memory is `extra_data` of results.json,
which Gradescope keeps and returns with the next submission.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

KEY = "gradient_grader"
_FORMAT = 1
_MAX_BYTES = 20 * 2**20
_MAX_PREVIOUS = 1000
_MAX_KEPT = 50  # different wrong answers per gradient: far more than there are levels of hints
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


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
    """What we use of a submission's metadata; `previous` oldest first."""

    created_at: datetime | None = None
    previous: list[Previous] = field(default_factory=list)


@dataclass(frozen=True)
class Memory:
    """What earlier submissions left.

    Attributes:
        wrong: for each gradient the fingerprints of its different wrong answers.
        graded: when submissions were graded, oldest first.
        notice: the text that was put before the output of a repeated result.
    """

    wrong: dict[str, list[str]] = field(default_factory=dict)
    graded: list[datetime] = field(default_factory=list)
    notice: str = ""

    def with_wrong(self, found: Mapping[str, str]) -> dict[str, list[str]]:
        """The wrong answers, the new ones among `found` added."""
        wrong = {name: list(fingerprints) for name, fingerprints in self.wrong.items()}
        for name, fingerprint in found.items():
            if fingerprint not in wrong.setdefault(name, []):
                wrong[name].append(fingerprint)
        return {name: fingerprints[-_MAX_KEPT:] for name, fingerprints in wrong.items()}

    def extra_data(self) -> dict[str, Any]:
        """The same as `extra_data` for results.json."""
        times = [time.isoformat() for time in self.graded[-_MAX_KEPT:]]
        return {KEY: {"format": _FORMAT, "wrong": self.wrong, "graded": times, "notice": self.notice}}


def read_metadata(path: Path) -> Metadata:
    """The metadata in a file; empty where it cannot be read."""
    try:
        data = json.loads(path.read_bytes()) if path.stat().st_size <= _MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Metadata()
    entries = _list(data.get("previous_submissions"))[-_MAX_PREVIOUS:]
    previous = [_previous(entry) for entry in entries if isinstance(entry, dict)]
    first = datetime.min.replace(tzinfo=timezone.utc)
    return Metadata(_time(data.get("created_at")), sorted(previous, key=lambda one: one.time or first))


def recall(metadata: Metadata, names: Sequence[str]) -> Memory:
    """The memory in the latest earlier result that has one; without any, all earlier submissions count as graded.

    Args:
        names: of the gradients.
    """
    for previous in reversed(metadata.previous):
        extra = (previous.results or {}).get("extra_data")
        kept = extra.get(KEY) if isinstance(extra, dict) else None
        if isinstance(kept, dict) and kept.get("format") == _FORMAT:
            break
    else:
        kept = {}
    wrong, graded, notice = kept.get("wrong"), kept.get("graded"), kept.get("notice")
    fingerprints = {name: _fingerprints(wrong.get(name)) for name in names} if isinstance(wrong, dict) else {}
    return Memory(
        wrong={name: known for name, known in fingerprints.items() if known},
        graded=_times(graded) if isinstance(graded, list) else _graded(metadata),
        notice=notice if isinstance(notice, str) else "",
    )


def _previous(entry: dict[str, Any]) -> Previous:
    results = entry.get("results")
    return Previous(
        time=_time(entry.get("submission_time")),
        failed=bool(entry.get("autograder_error")),
        results=results if isinstance(results, dict) else None,
    )


def _graded(metadata: Metadata) -> list[datetime]:
    return [previous.time for previous in metadata.previous if previous.time is not None and not previous.failed]


def _times(kept: list[Any]) -> list[datetime]:
    times = []
    for text in kept[-_MAX_KEPT:]:
        try:
            time = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            continue
        if time.tzinfo is not None:
            times.append(time)
    return times


def _time(text: Any) -> datetime | None:
    """An ISO time with its zone; Python 3.10 doesn't know that Z is one."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _fingerprints(kept: Any) -> list[str]:
    known = [text for text in _list(kept) if isinstance(text, str) and _FINGERPRINT.fullmatch(text)]
    return list(dict.fromkeys(known))[-_MAX_KEPT:]


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
