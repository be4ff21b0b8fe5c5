"""A grade as results.json, through gradescope-utils: one test per gradient, or one per visibility if its checks differ.

What students read there is Markdown: verdict, details, hints; never a right answer.
"""

import io
import json
import unittest
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from gradescope_utils.autograder_utils.decorators import leaderboard, number, partial_credit, tags, visibility
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

from grader.config.keys import Config
from grader.grading.forstudents import for_students
from grader.output.causes import lead
from grader.output.markdown import fenced, marked, plain
from grader.output.pictures import as_text, pictures
from grader.output.wording import (
    CHECK_LABELS,
    STATUS_LABELS,
    earned,
    explained,
    fix_first,
    happened,
    head,
    inherits,
    of_the_file,
    verdict,
    why,
)
from grader.packaging.gradescope import results_json as results
from grader.records.result import CheckResult, Grade, GradientResult

_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "–", "undecided": "?"}
_FOLLOWS = "→ follows"


@dataclass(frozen=True)
class Part:
    """What one test of the page shows of a gradient: all its checks, or those of one visibility.

    Attributes:
        at_top: what concerns the file as a whole is all there is to say, and the top of the page says it.
    """

    result: GradientResult
    checks: list[CheckResult]
    visibility: str
    number: str
    name: str
    earned: float
    max_score: float
    hints: Sequence[str]
    at_top: bool


def emit(
    grade: Grade, config: Config, hints: Mapping[str, Sequence[str]], extra_data: dict[str, Any]
) -> dict[str, Any]:
    """The content of results.json for a graded submission.

    Args:
        hints: for each gradient those that the student sees.
    """
    chosen = [msgspec.structs.replace(one, hints=list(hints.get(one.name, []))) for one in grade.gradients]
    levels = {name: len(shown) for name, shown in hints.items()}
    grade = for_students(msgspec.structs.replace(grade, gradients=chosen), config.hints, levels)
    parts = [part for i, result in enumerate(grade.gradients) for part in _parts(grade, config, i, result)]
    tests = {f"test_{i:03}": _test(part) for i, part in enumerate(parts)}
    if config.gradescope.leaderboard:
        right = sum(result.status == "passed" for result in grade.gradients)
        tests["test_marks"] = _column("Marks", results.number(grade.score, grade.max_score))
        tests["test_right"] = _column("Right gradients", float(right))
    case = type("Gradients", (unittest.TestCase,), dict(tests))
    stream = io.StringIO()

    def complete(data: dict[str, Any]) -> None:
        _complete(data, parts, grade, extra_data)

    runner = JSONTestRunner(stream=stream, stdout_visibility="hidden", failure_prefix="", post_processor=complete)
    runner.run(unittest.TestSuite(case(name) for name in tests))
    data: dict[str, Any] = json.loads(stream.getvalue())
    return data


def _parts(grade: Grade, config: Config, i: int, result: GradientResult) -> list[Part]:
    none_found = result.status == "missing" and bool(of_the_file(grade)) and not grade.message
    at_top = none_found or bool(result.message and result.message in grade.message)
    groups: dict[str, list[CheckResult]] = {}
    for check in result.checks:
        groups.setdefault(getattr(config.gradescope.visibility, check.name), []).append(check)
    # The reason and the hints belong to the first check that did not pass, and are seen when that is.
    first = next((check for check in result.checks if check.outcome != "passed"), result.checks[0])
    title = f"{result.name}: gradient of {config.differentiated} with respect to {config.gradients[i].of}"
    parts = []
    for k, (seen, checks) in enumerate(groups.items()):
        names = ", ".join(check.name for check in checks).replace("_", " ")
        whole = len(groups) == 1
        most = sum(check.max_score for check in checks)
        parts.append(
            Part(
                result=result if first in checks else _without_diagnosis(result),
                checks=checks,
                visibility=seen,
                number=f"{i + 1}" if whole else f"{i + 1}.{k + 1}",
                name=title if whole else f"{title} ({names})",
                earned=results.number(sum(earned(result, check) for check in checks), most),
                max_score=results.number(most, most),
                hints=result.hints if first in checks else [],
                at_top=at_top,
            )
        )
    return parts


def _without_diagnosis(result: GradientResult) -> GradientResult:
    """For the checks that are shown at another time than the first that did not pass."""
    return msgspec.structs.replace(result, diagnosis=None, where="")


def _test(part: Part) -> Callable[..., None]:
    def test(self: unittest.TestCase, set_score: Callable[[float], None]) -> None:
        set_score(part.earned)
        if part.earned < part.max_score:
            raise self.failureException(part.result.status)

    test.__doc__ = part.name
    tagged = tags("gradient", part.result.name)(visibility(part.visibility)(number(part.number)(test)))
    decorated: Callable[..., None] = partial_credit(part.max_score)(tagged)
    return decorated


def _column(name: str, value: float) -> Callable[..., None]:
    def test(self: unittest.TestCase, set_leaderboard_value: Callable[[float], None]) -> None:
        set_leaderboard_value(value)

    decorated: Callable[..., None] = leaderboard(name)(test)
    return decorated


def _complete(data: dict[str, Any], parts: Sequence[Part], grade: Grade, extra_data: dict[str, Any]) -> None:
    """What the runner cannot write: Markdown, formats, a clamped total, the text at the top, the memory."""
    for test, part in zip(data["tests"], parts, strict=True):
        page = "" if part.at_top else gradient_page(part.result, part.checks, part.hints)
        test["output"] = results.clean(page)
        test["output_format"] = "md"
        test["name_format"] = "text"
        test["status"] = "passed" if part.earned >= part.max_score else "failed"
        test["extra_data"] = {"gradient": part.result.name, "status": part.result.status}
    data["score"] = results.number(grade.score, grade.max_score)
    data["execution_time"] = float(data["execution_time"])
    shown = all(part.visibility == "visible" for part in parts)
    data["output"] = results.clean(_summary(grade) if shown else _hidden_summary(grade))
    data["output_format"] = "md"
    data["extra_data"] = extra_data


def _hidden_summary(grade: Grade) -> str:
    """The top of a page with hidden checks: it doesn't reveal how they went."""
    return f"**Some checks are not shown yet.**\n\n{plain(head(grade))}".strip() + "\n"


def _summary(grade: Grade) -> str:
    """The top of the page: how many things there are to fix, how many are right, and what concerns the whole file."""
    right = sum(result.status == "passed" for result in grade.gradients)
    lines = [f"**{marked(text)}**" if (text := "" if grade.message else lead(grade)) else ""]
    lines += [f"{right} of {len(grade.gradients)} gradients right.", plain(head(grade))]
    return "\n\n".join(filter(None, lines)) + "\n"


def gradient_page(result: GradientResult, checks: Sequence[CheckResult], hints: Sequence[str]) -> str:
    """What a student reads about a gradient, or about those of its checks that are shown."""
    parts = [f"**{_verdict(result, checks)}**"]
    if result.status not in ("missing", "not_graded"):
        parts.append(" · ".join(f"{CHECK_LABELS[check.name]} {_sign(result, check)}" for check in checks))
    if result.inherits and len(checks) == len(result.checks):
        parts.append(plain(fix_first([result])))
    else:
        parts += [plain(_sentence(happened(result))), *map(plain, explained(result))]
        seen = msgspec.structs.replace(result, checks=list(checks))  # a hidden check has no picture
        if result.status != "followed_through":
            parts += [plain(_sentence(check.message)) for check in checks]
            parts += [fenced("\n".join(as_text(picture))) for picture in pictures(seen)]
            parts += [marked(_sentence(line)) for line in why(result)]
            parts += [f"**Hint.** {marked(hint)}" for hint in hints]
    parts += [f"Note: {plain(note)}" for note in result.notes]
    return "\n\n".join(filter(None, parts)) + "\n"


def _verdict(result: GradientResult, checks: Sequence[CheckResult]) -> str:
    if len(checks) < len(result.checks) and all(check.outcome == "passed" for check in checks):
        return "Right as far as is shown here."  # the same, whatever the hidden checks say
    if result.inherits and len(checks) < len(result.checks):
        return _sentence(STATUS_LABELS[result.status])
    if result.inherits:
        return plain(_sentence(f"It {inherits(result)}"))
    if result.follow_through is not None:
        own = result.follow_through.roots or result.follow_through.sources
        return f"Right, given your own {_quoted(own)}: fix {'that one' if len(own) == 1 else 'those'} first."
    return plain(_sentence(verdict(result)))


def _sign(result: GradientResult, check: CheckResult) -> str:
    """What follows from another mistake is neither right nor wrong by itself."""
    follows = check.outcome == "failed" and (result.follow_through is not None or bool(result.inherits))
    return _FOLLOWS if follows else _SIGNS[check.outcome]


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in dict.fromkeys(names))


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "?", "…")) else f"{text}."
