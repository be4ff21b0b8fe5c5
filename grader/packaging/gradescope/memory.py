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
from typing import Any, TypeVar

_Kind = TypeVar("_Kind")
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
        results: its results.json; Gradescope gives only that of the latest one, so it may be empty.
    """

    time: datetime | None
    failed: bool
    results: dict[str, Any]


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
    """The metadata in a file; empty if it cannot be read."""
    try:
        data = json.loads(path.read_bytes()) if path.stat().st_size <= _MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        data = None
    fields = _as(dict, data)
    previous = [
        Previous(
            time=_time(entry.get("submission_time")),
            failed=bool(entry.get("autograder_error")),
            results=_as(dict, entry.get("results")),
        )
        for entry in _as(list, fields.get("previous_submissions"))[-_MAX_PREVIOUS:]
        if isinstance(entry, dict)
    ]
    first = datetime.min.replace(tzinfo=timezone.utc)
    return Metadata(_time(fields.get("created_at")), sorted(previous, key=lambda one: one.time or first))


def recall(metadata: Metadata, names: Sequence[str]) -> Memory:
    """The memory in the latest earlier result that has one; without any, all earlier submissions count as graded.

    Args:
        names: of the gradients.
    """
    memories = [_as(dict, _as(dict, one.results.get("extra_data")).get(KEY)) for one in metadata.previous]
    kept = next((memory for memory in reversed(memories) if memory.get("format") == _FORMAT), {})
    wrong = {name: _fingerprints(_as(dict, kept.get("wrong")).get(name)) for name in names}
    if isinstance(kept.get("graded"), list):
        graded = [_time(text, zone=None) for text in kept["graded"][-_MAX_KEPT:]]
    else:
        graded = [previous.time for previous in metadata.previous if not previous.failed]
    return Memory(
        wrong={name: fingerprints for name, fingerprints in wrong.items() if fingerprints},
        graded=[time for time in graded if time is not None],
        notice=_as(str, kept.get("notice")),
    )


def _fingerprints(kept: Any) -> list[str]:
    known = [text for text in _as(list, kept) if isinstance(text, str) and _FINGERPRINT.fullmatch(text)]
    return list(dict.fromkeys(known))[-_MAX_KEPT:]


def _time(text: Any, zone: timezone | None = timezone.utc) -> datetime | None:
    """An ISO time; Python 3.10 doesn't know that Z is a zone.

    Args:
        zone: of a time that names none; None: such a time is ignored.
    """
    try:
        time = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
        time = time if time.tzinfo else time.replace(tzinfo=zone)
        return time.astimezone(timezone.utc) if time.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _as(kind: type[_Kind], found: Any) -> _Kind:
    """`found` if it is of this kind, else an empty one."""
    return found if isinstance(found, kind) else kind()
