"""What is remembered from one submission of a student to the next, and what follows: the level of hints, the limit.

The memory is `extra_data` of results.json, which Gradescope keeps and gives back with the next submission.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from grader.checks.check import find_trivial
from grader.config.keys import Gradescope
from grader.packaging.gradescope.metadata import Metadata
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.result import GradientResult
from grader.records.run import Answer

KEY = "gradient_grader"
_FORMAT = 1
_MAX_KEPT = 50  # different wrong answers per gradient: far more than there are levels of hints
_PRINT = re.compile(r"[0-9a-f]{16}")
_WRONG = ("failed", "raised", "timed_out", "out_of_memory", "died")
_DIGITS = 5


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
        names = list(dict.fromkeys([*self.wrong, *found]))
        both = {name: [*self.wrong.get(name, []), *([found[name]] if name in found else [])] for name in names}
        return {name: list(dict.fromkeys(prints))[-_MAX_KEPT:] for name, prints in both.items()}


def recall(metadata: Metadata, names: Sequence[str]) -> Memory:
    """The memory in the latest earlier result that has one; anything odd in it is left out."""
    for previous in reversed(metadata.previous):
        extra = (previous.results or {}).get("extra_data")
        kept = extra.get(KEY) if isinstance(extra, dict) else None
        if isinstance(kept, dict) and kept.get("format") == _FORMAT:
            wrong = kept.get("wrong")
            wrong = wrong if isinstance(wrong, dict) else {}
            notice = kept.get("notice")
            return Memory(
                wrong={name: _prints(wrong.get(name)) for name in names if _prints(wrong.get(name))},
                graded=_times(metadata, kept.get("graded")),
                notice=notice if isinstance(notice, str) else "",
            )
    return Memory(graded=_times(metadata, None))


def to_keep(wrong: Mapping[str, list[str]], graded: Sequence[datetime], notice: str = "") -> dict[str, Any]:
    """`extra_data` for results.json."""
    times = [time.isoformat() for time in graded[-_MAX_KEPT:]]
    return {KEY: {"format": _FORMAT, "wrong": dict(wrong), "graded": times, "notice": notice}}


def over_limit(settings: Gradescope, metadata: Metadata, memory: Memory) -> bool:
    """Whether as many submissions as are allowed were graded in the period before this one."""
    if settings.graded_attempts is None or metadata.created_at is None:
        return False
    start = metadata.created_at - timedelta(hours=min(settings.period_hours, 24 * 3650))
    recent = [time for time in memory.graded if start < time < metadata.created_at]
    return len(recent) >= settings.graded_attempts


def hints_shown(settings: Gradescope, hints: Sequence[str], wrong_answers: int) -> list[str]:
    """The hints that a student sees after so many different wrong answers, this one counted."""
    if settings.hints == "none" or not hints:
        return []
    if settings.hints == "all":
        return list(hints)
    return list(hints[: 1 + max(0, wrong_answers - 1) // settings.wrong_answers_per_hint])


def wrong_answers(
    assignment: Assignment, gradients: Sequence[GradientResult], answers: Mapping[str, Sequence[Answer]]
) -> dict[str, str]:
    """A fingerprint for each gradient that was tried and is wrong by itself.

    Stubs are no attempts; nor are answers of zeros or of one constant, which would be a cheap way to the next hint.
    """
    key = str(assignment.config.steps.seed).encode()
    found = {}
    for gradient in gradients:
        if gradient.status not in _WRONG:
            continue
        content = _content(answers.get(gradient.name, []))
        if content is None:
            continue
        text = f"{gradient.name}\0{gradient.status}\0{content}\0{gradient.message}"
        found[gradient.name] = hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]
    return found


def _content(answers: Sequence[Answer]) -> str | None:
    """Arrays to so many digits, so that another order of summation is not another answer; None for trivial ones."""
    values = [answer.value for answer in answers if answer.value is not None]
    if not all(value.kept for value in values):
        return "\n".join(f"{value.shape} {hashlib.sha256(value.data).hexdigest()}" for value in values)
    arrays = [value.array() for value in values]
    real = [array for array in arrays if array.dtype.kind in "biuf"]
    if len(real) == len(answers) > 0 and find_trivial(real):
        return None
    return "\n".join(f"{array.shape} {hashlib.sha256(_rounded(array)).hexdigest()}" for array in arrays)


def _rounded(array: Array) -> bytes:
    with np.errstate(all="ignore"):
        mantissa, exponent = np.frexp(np.stack([array.real, array.imag]).astype(float))
        return bytes((np.ldexp(np.round(mantissa, _DIGITS), exponent) + 0.0).tobytes())  # + 0.0: there is no minus zero


def _prints(kept: Any) -> list[str]:
    listed = kept if isinstance(kept, list) else []
    return [text for text in listed if isinstance(text, str) and _PRINT.fullmatch(text)][-_MAX_KEPT:]


def _times(metadata: Metadata, kept: Any) -> list[datetime]:
    """When submissions were graded: as remembered or, where nothing is, all earlier ones that did not fail."""
    if isinstance(kept, list):
        times = []
        for text in kept[-_MAX_KEPT:]:
            try:
                time = datetime.fromisoformat(text)
            except (TypeError, ValueError):
                continue
            if time.tzinfo is not None:
                times.append(time)
        return times
    return [previous.time for previous in metadata.previous if previous.time is not None and not previous.failed]
