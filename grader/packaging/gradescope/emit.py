"""A grade as results.json, through gradescope-utils: one test per gradient, or one per visibility where these differ."""

import io
import json
import unittest
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from gradescope_utils.autograder_utils.decorators import leaderboard, number, partial_credit, tags, visibility
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

from grader.config.keys import Config, Gradient
from grader.grading.forstudents import for_students
from grader.output.markdown import plain
from grader.output.wording import earned, fix_first, head
from grader.packaging.gradescope import results_json as results
from grader.packaging.gradescope.markdown_page import gradient_page, title
from grader.records.result import CheckResult, Grade, GradientResult


@dataclass(frozen=True)
class Part:
    """What one test of the page shows of a gradient: all of it, or its checks of one visibility."""

    gradient: Gradient
    result: GradientResult
    checks: list[CheckResult]
    visibility: str
    number: str
    name: str
    earned: float
    max_score: float
    hints: Sequence[str]


def emit(
    grade: Grade, config: Config, hints: Mapping[str, Sequence[str]], extra_data: dict[str, Any]
) -> dict[str, Any]:
    """The content of results.json for a graded submission.

    Args:
        hints: for each gradient those that the student is to see.
    """
    grade = for_students(grade)
    loaded = [_without_repetition(grade, result) for result in grade.gradients]
    parts = [part for i, result in enumerate(loaded) for part in _parts(config, i, result, hints)]
    tests: dict[str, Callable[..., None]] = {f"test_{i:03}": _test(part) for i, part in enumerate(parts)}
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


def _parts(config: Config, i: int, result: GradientResult, hints: Mapping[str, Sequence[str]]) -> list[Part]:
    gradient = config.gradients[i]
    groups: dict[str, list[CheckResult]] = {}
    for check in result.checks:
        groups.setdefault(getattr(config.gradescope.visibility, check.name), []).append(check)
    # The reason and the hints belong with the first check that did not pass, and are seen when that is.
    first = next((check.name for check in result.checks if check.outcome != "passed"), result.checks[0].name)
    parts = []
    for k, (seen, checks) in enumerate(groups.items()):
        names = [check.name for check in checks]
        whole = len(groups) == 1
        most = sum(check.max_score for check in checks)
        parts.append(
            Part(
                gradient=gradient,
                result=result,
                checks=checks,
                visibility=seen,
                number=f"{i + 1}" if whole else f"{i + 1}.{k + 1}",
                name=title(config, gradient) + ("" if whole else f" ({', '.join(names).replace('_', ' ')})"),
                earned=results.number(sum(earned(result, check) for check in checks), most),
                max_score=results.number(most, most),
                hints=hints.get(gradient.name, []) if first in names else [],
            )
        )
    return parts


def _without_repetition(grade: Grade, result: GradientResult) -> GradientResult:
    """Where the file as a whole could not be loaded the reason stands at the top of the page, once."""
    if result.message and result.message in grade.message:
        return msgspec.structs.replace(result, message="The file could not be loaded: see the top of the page.", line=0)
    return result


def _test(part: Part) -> Callable[..., None]:
    def test(self: unittest.TestCase, set_score: Callable[[float], None]) -> None:
        set_score(part.earned)
        if part.earned < part.max_score:
            raise self.failureException(part.result.status)

    test.__doc__ = part.name
    tagged = tags("gradient", part.gradient.name)(visibility(part.visibility)(number(part.number)(test)))
    decorated: Callable[..., None] = partial_credit(part.max_score)(tagged)
    return decorated


def _column(name: str, value: float) -> Callable[..., None]:
    def test(self: unittest.TestCase, set_leaderboard_value: Callable[[float], None]) -> None:
        set_leaderboard_value(value)

    decorated: Callable[..., None] = leaderboard(name)(test)
    return decorated


def _complete(data: dict[str, Any], parts: Sequence[Part], grade: Grade, extra_data: dict[str, Any]) -> None:
    """What the runner cannot say: Markdown, formats, a clamped total, the text at the top, the memory."""
    for test, part in zip(data["tests"], parts, strict=True):
        test["output"] = results.clean(gradient_page(part.result, part.checks, part.hints))
        test["output_format"] = "md"
        test["name_format"] = "text"
        test["status"] = "passed" if part.earned >= part.max_score else "failed"
        test["tags"] = list(test["tags"])
        test["extra_data"] = {"gradient": part.result.name, "status": part.result.status}
    data["score"] = results.number(grade.score, grade.max_score)
    data["execution_time"] = float(data["execution_time"])
    shown = all(part.visibility == "visible" for part in parts)
    data["output"] = results.clean(_summary(grade) if shown else _hidden_summary(grade))
    data["output_format"] = "md"
    data["extra_data"] = extra_data


def _hidden_summary(grade: Grade) -> str:
    """At the top of a page on which checks are missing: nothing that tells how they went."""
    return "\n\n".join(["**Some checks are not shown yet.**", plain(head(grade))]).strip() + "\n"


def _summary(grade: Grade) -> str:
    right = sum(result.status == "passed" for result in grade.gradients)
    propagated = sum(result.status == "followed_through" for result in grade.gradients)
    lines = [f"**{right} of {len(grade.gradients)} gradients right.**"]
    if said := head(grade):
        lines.append(plain(said))
    roots = [root for result in grade.gradients if result.follow_through for root in result.follow_through.roots]
    if propagated:
        names = " and ".join(f"`{name}`" for name in dict.fromkeys(roots)) or "earlier ones"
        lines[0] += (
            f" {propagated}{' more' if right else ''} {'is' if propagated == 1 else 'are'} right given your own {names}."
        )
        lines.append(f"Fix {names} first: what follows from it will then be right.")
    groups: dict[tuple[str, ...], list[GradientResult]] = {}
    for result in grade.gradients:
        if result.inherits:
            groups.setdefault(tuple(result.inherits), []).append(result)
    lines += [plain(fix_first(group)) for group in groups.values()]
    return "\n\n".join(lines) + "\n"
