"""A grade as results.json, through gradescope-utils: one test per gradient, or one per visibility if its checks differ.

Of a file in which nothing could be called there is a single test.

What students read there is Markdown: verdict, details, hints; never a right answer.
"""

import io
import json
import unittest
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from gradescope_utils.autograder_utils.decorators import leaderboard, number, partial_credit, tags, visibility
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

from grader.config.keys import Config, Visibility
from grader.grading.forstudents import for_students
from grader.output.causes import lead
from grader.output.markdown import fenced, marked, plain
from grader.output.pictures import as_text, pictures
from grader.output.wording import (
    CHECK_LABELS,
    STATUS_LABELS,
    at_top,
    earned,
    explained,
    figure,
    fix_first,
    happened,
    inherits,
    listed,
    of_the_file,
    verdict,
    why,
)
from grader.packaging.gradescope import results_json as results
from grader.records.result import CheckResult, FollowThrough, Grade, GradientResult

_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "–", "undecided": "?"}
_FOLLOWS = "→ follows"


@dataclass(frozen=True)
class Test:
    """One test of the page, about a gradient, those of its checks that are shown at the same time, or the file as a whole.

    Attributes:
        about: the gradient, "" for the file.
        status: that of the gradient.
        output: what the student reads, as Markdown.
    """

    name: str
    number: str
    visibility: Visibility
    earned: float
    max_score: float
    output: str
    about: str = ""
    status: str = ""


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
    if at_top(grade, grade.gradients[0]):
        found = [_of_the_file(grade, config)]
    else:
        found = [test for i, result in enumerate(grade.gradients) for test in _of_a_gradient(config, i, result)]
    tests = {f"test_{i:03}": _runnable(test) for i, test in enumerate(found)}
    if config.gradescope.leaderboard:
        right = sum(result.status == "passed" for result in grade.gradients)
        tests["test_marks"] = _column("Marks", results.number(grade.score, grade.max_score))
        tests["test_right"] = _column("Right gradients", float(right))
    case = type("Gradients", (unittest.TestCase,), dict(tests))
    stream = io.StringIO()

    def complete(data: dict[str, Any]) -> None:
        _complete(data, found, grade, extra_data)

    runner = JSONTestRunner(stream=stream, stdout_visibility="hidden", failure_prefix="", post_processor=complete)
    runner.run(unittest.TestSuite(case(name) for name in tests))
    data: dict[str, Any] = json.loads(stream.getvalue())
    return data


def _of_the_file(grade: Grade, config: Config) -> Test:
    """The one test of a file in which nothing could be called: what was expected and found.  It reveals how no check went."""
    most = results.number(grade.max_score, grade.max_score)
    return Test(config.submission, "1", "visible", 0.0, most, plain(of_the_file(grade)) + "\n")


def _of_a_gradient(config: Config, i: int, result: GradientResult) -> Iterator[Test]:
    groups: dict[Visibility, list[CheckResult]] = {}
    for check in result.checks:
        groups.setdefault(getattr(config.gradescope.visibility, check.name), []).append(check)
    # The reason and the hints belong to the first check that did not pass, and are seen when that is.
    first = next((check for check in result.checks if check.outcome != "passed"), result.checks[0])
    title = f"{result.name}: gradient of {config.differentiated} with respect to {config.gradients[i].of}"
    for k, (seen, checks) in enumerate(groups.items()):
        names = ", ".join(check.name for check in checks).replace("_", " ")
        whole = len(groups) == 1
        most = sum(check.max_score for check in checks)
        explains = first in checks
        shown = result if explains else _without_diagnosis(result)
        yield Test(
            name=f"{title}{_follows(result)}" if whole else f"{title} ({names})",
            number=f"{i + 1}" if whole else f"{i + 1}.{k + 1}",
            visibility=seen,
            earned=results.number(sum(earned(result, check) for check in checks), most),
            max_score=results.number(most, most),
            output=gradient_page(shown, checks, result.hints if explains else []),
            about=result.name,
            status=result.status,
        )


def _follows(result: GradientResult) -> str:
    """Said in the name, because Gradescope has only two colors: green is not right yet, and red is no mistake of its own."""
    if result.follow_through is not None:
        return f" (follows from {listed(_roots(result.follow_through))})"
    return f" (because of {listed(result.inherits)})" if result.inherits else ""


def _roots(follows: FollowThrough) -> list[str]:
    return list(dict.fromkeys(follows.roots or follows.sources))


def _without_diagnosis(result: GradientResult) -> GradientResult:
    """For the checks that are shown at another time than the first that did not pass."""
    return msgspec.structs.replace(result, diagnosis=None, where="")


def _runnable(test: Test) -> Callable[..., None]:
    def run(self: unittest.TestCase, set_score: Callable[[float], None]) -> None:
        set_score(test.earned)
        if test.earned < test.max_score:
            raise self.failureException(test.status)

    run.__doc__ = test.name
    tagged = tags(*(["gradient", test.about] if test.about else ["file"]))(run)
    decorated: Callable[..., None] = partial_credit(test.max_score)(
        visibility(test.visibility)(number(test.number)(tagged))
    )
    return decorated


def _column(name: str, value: float) -> Callable[..., None]:
    def test(self: unittest.TestCase, set_leaderboard_value: Callable[[float], None]) -> None:
        set_leaderboard_value(value)

    decorated: Callable[..., None] = leaderboard(name)(test)
    return decorated


def _complete(data: dict[str, Any], found: Sequence[Test], grade: Grade, extra_data: dict[str, Any]) -> None:
    """What the runner cannot write: Markdown, formats, a clamped total, the text at the top, the memory."""
    for test, shown in zip(data["tests"], found, strict=True):
        test["output"] = results.clean(shown.output)
        test["output_format"] = "md"
        test["name_format"] = "text"
        test["status"] = "passed" if shown.earned >= shown.max_score else "failed"
        test["extra_data"] = {"gradient": shown.about, "status": shown.status} if shown.about else {}
    data["score"] = results.number(grade.score, grade.max_score)
    data["execution_time"] = float(data["execution_time"])
    data["output"] = results.clean(_top(grade, found))
    data["output_format"] = "md"
    data["extra_data"] = extra_data


def _top(grade: Grade, found: Sequence[Test]) -> str:
    """The text above the tests: what there is to fix, how many are right, and notes on the file.

    Where checks are hidden, it doesn't reveal how they went.
    """
    notes = [plain(f"Note: {note}.") for note in grade.notes]
    if not found[0].about:
        return _paragraphs(notes)
    if any(test.visibility != "visible" for test in found):
        return _paragraphs(["**Some checks are not shown yet.**", *notes])
    first = f"**{marked(text)}**" if (text := lead(grade)) else ""
    return _paragraphs([first, f"{figure(grade, staff=False)}.", *notes])


def _paragraphs(texts: Sequence[str]) -> str:
    shown = "\n\n".join(filter(None, texts))
    return f"{shown}\n" if shown else ""


def gradient_page(result: GradientResult, checks: Sequence[CheckResult], hints: Sequence[str]) -> str:
    """What a student reads about a gradient, or about those of its checks that are shown."""
    parts = [f"**{_verdict(result, checks)}**"]
    if any(check.outcome != "skipped" for check in checks):
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
    return _paragraphs(parts)


def _verdict(result: GradientResult, checks: Sequence[CheckResult]) -> str:
    if len(checks) < len(result.checks) and all(check.outcome == "passed" for check in checks):
        return "Right as far as is shown here."  # the same, whatever the hidden checks say
    if result.inherits and len(checks) < len(result.checks):
        return _sentence(STATUS_LABELS[result.status])
    if result.inherits:
        return plain(_sentence(f"It {inherits(result)}"))
    if result.follow_through is not None:
        own = _roots(result.follow_through)
        return f"Right, given your own {_quoted(own)}: fix {'that one' if len(own) == 1 else 'those'} first."
    return plain(_sentence(verdict(result)))


def _sign(result: GradientResult, check: CheckResult) -> str:
    """What follows from another mistake is neither right nor wrong by itself."""
    follows = check.outcome == "failed" and (result.follow_through is not None or bool(result.inherits))
    return _FOLLOWS if follows else _SIGNS[check.outcome]


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "?", "…")) else f"{text}."
