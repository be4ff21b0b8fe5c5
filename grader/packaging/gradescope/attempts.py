"""What follows from a student's earlier submissions: the level of hints, and the limit of graded submissions."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from grader.checks.trivial import find_trivial
from grader.config.keys import Gradescope
from grader.packaging.gradescope import results_json as results
from grader.packaging.gradescope.memory import Memory, Metadata
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.result import GradientResult
from grader.records.run import Answer

_WRONG = ("failed", "raised", "timed_out", "out_of_memory", "died")
_DIGITS = 5  # of an entry that count in a fingerprint
_KEYS = set(results.Results.__struct_fields__)
_TEST_KEYS = set(results.Test.__struct_fields__)


def hints_shown(settings: Gradescope, hints: Sequence[str], wrong_answers: int) -> list[str]:
    """The hints that a student sees after `wrong_answers` different wrong answers, this one included."""
    if settings.hints == "none":
        return []
    if settings.hints == "all":
        return list(hints)
    return list(hints[: 1 + max(0, wrong_answers - 1) // settings.wrong_answers_per_hint])


def wrong_answers(
    assignment: Assignment, gradients: Sequence[GradientResult], answers: Mapping[str, Sequence[Answer]]
) -> dict[str, str]:
    """A fingerprint for each gradient that was tried and is wrong by itself.

    Stubs are not attempts; nor are zeros and constants, which would be a cheap way to the next hint.
    """
    key = str(assignment.config.steps.seed).encode()
    found = {}
    for gradient in gradients:
        content = _content(answers.get(gradient.name, [])) if gradient.status in _WRONG else None
        if content == "" and gradient.status == "failed" and gradient.diagnosis is not None:
            # Wrong with random numbers in place of another one: these are new in every file, what is wrong is not.
            content = "\n".join(f"{mistake.kind} {mistake.where}" for mistake in gradient.diagnosis.mistakes)
        if content is not None:
            text = f"{gradient.name}\0{gradient.status}\0{content}\0{gradient.message}"
            found[gradient.name] = hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]
    return found


def _content(answers: Sequence[Answer]) -> str | None:
    """Rounded arrays, so that another order of summation is not another answer; None for trivial ones."""
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
        return bytes((np.ldexp(np.round(mantissa, _DIGITS), exponent) + 0.0).tobytes())  # + 0.0: no minus zero


def repeated(settings: Gradescope, metadata: Metadata, memory: Memory) -> dict[str, Any] | None:
    """The latest result again, with a notice, where this submission is over the limit; None where it must be graded.

    It must be graded, too, where Gradescope gives no valid earlier result to repeat.
    """
    latest = next((previous.results for previous in reversed(metadata.previous) if previous.results), None)
    if not over_limit(settings, metadata, memory) or latest is None or "score" not in latest:
        return None
    data = {key: value for key, value in latest.items() if key in _KEYS}
    tests = data.get("tests")
    data["tests"] = [_known(test) for test in tests] if isinstance(tests, list) else []
    output = data.get("output")
    notice = _notice(settings, metadata, memory)
    data["output"] = results.clean(notice + (output.removeprefix(memory.notice) if isinstance(output, str) else ""))
    data["extra_data"] = replace(memory, notice=notice).extra_data()
    try:
        results.checked(data)
    except results.InvalidResultsError:
        return None
    return data


def over_limit(settings: Gradescope, metadata: Metadata, memory: Memory) -> bool:
    """Whether the period before this submission has as many graded submissions as are allowed."""
    if settings.graded_attempts is None or metadata.created_at is None:
        return False
    start = metadata.created_at - _period(settings)
    recent = [time for time in memory.graded if start < time < metadata.created_at]
    return len(recent) >= settings.graded_attempts


def _period(settings: Gradescope) -> timedelta:
    return timedelta(hours=min(settings.period_hours, 24 * 3650))  # a date ten years away can be written


def _known(test: Any) -> Any:
    return {key: value for key, value in test.items() if key in _TEST_KEYS} if isinstance(test, dict) else test


def _notice(settings: Gradescope, metadata: Metadata, memory: Memory) -> str:
    """Why the result is repeated, and when the next submission can be graded; only for one over the limit."""
    count, now = settings.graded_attempts, metadata.created_at
    assert count is not None
    assert now is not None
    oldest = sorted(time for time in memory.graded if time < now)[-count]
    free = oldest + _period(settings)
    submissions = "1 submission is" if count == 1 else f"{count} submissions are"
    return (
        f"**Not graded again.** {submissions} graded in {settings.period_hours:g} hours; below is the latest result."
        f" The next one can be graded from {free:%Y-%m-%d %H:%M} UTC on.\n\n"
    )
