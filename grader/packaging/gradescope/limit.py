"""The limit of graded submissions per period: the latest result again, with a word on why."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from grader.config.keys import Gradescope
from grader.packaging.gradescope import attempts
from grader.packaging.gradescope import results_json as results
from grader.packaging.gradescope.attempts import Memory
from grader.packaging.gradescope.metadata import Metadata

_KEYS = {field.name for field in msgspec.structs.fields(results.Results)}
_TEST_KEYS = {field.name for field in msgspec.structs.fields(results.Test)}


def repeated(settings: Gradescope, metadata: Metadata, memory: Memory) -> dict[str, Any] | None:
    """The latest result, where this submission is over the limit; None where it is to be graded.

    It is graded too where Gradescope gives no valid earlier result to repeat.
    """
    if not attempts.over_limit(settings, metadata, memory):
        return None
    latest = next((previous.results for previous in reversed(metadata.previous) if previous.results), None)
    if latest is None or "score" not in latest:
        return None
    data = {key: value for key, value in latest.items() if key in _KEYS}
    tests = data.get("tests")
    data["tests"] = [_known(test) for test in tests] if isinstance(tests, list) else []
    output = data.get("output")
    notice = _notice(settings, metadata, memory)
    data["output"] = results.clean(notice + (output.removeprefix(memory.notice) if isinstance(output, str) else ""))
    data["extra_data"] = attempts.to_keep(memory.wrong, memory.graded, notice)
    try:
        results.checked(data)
    except results.InvalidResultsError:
        return None
    return data


def _known(test: Any) -> Any:
    return {key: value for key, value in test.items() if key in _TEST_KEYS} if isinstance(test, dict) else test


def _notice(settings: Gradescope, metadata: Metadata, memory: Memory) -> str:
    count = settings.graded_attempts or 0
    times = "submission is" if count == 1 else "submissions are"
    following = _next(settings, metadata.created_at, memory)
    return (
        f"**Not graded again.** {count} {times} graded in {settings.period_hours:g} hours; below is the latest result."
        f"{following}\n\n"
    )


def _next(settings: Gradescope, now: datetime | None, memory: Memory) -> str:
    if now is None or settings.graded_attempts is None:
        return ""
    recent = sorted(time for time in memory.graded if time < now)[-settings.graded_attempts :]
    free = recent[0] + timedelta(hours=settings.period_hours)
    return f" The next one can be graded from {free:%Y-%m-%d %H:%M} UTC on."
