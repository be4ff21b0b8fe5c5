"""How many things there are to fix in a grade, where, and what depends on each: every report says a mistake once."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.output.wording import MOST_NAMES, at_top, cause, line_of, listed, not_found, of_the_file
from grader.records.result import Grade, GradientResult
from grader.text import several_lines

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Cause:
    """One thing to fix.

    Attributes:
        roots: the gradients in which it shows by itself.
        right: those that are right, given these.
        stopped: those that earn nothing because of these.
    """

    roots: list[GradientResult]
    right: list[GradientResult]
    stopped: list[GradientResult]

    @property
    def first(self) -> GradientResult:
        return self.roots[0]

    @property
    def to_write(self) -> bool:
        """Not a mistake: the function is not there yet."""
        return self.first.status == "missing"

    @property
    def dependents(self) -> list[str]:
        """What depends on it, a line each, for the block that reports it."""
        it = "it" if len(self.roots) == 1 else "them"
        found = ((f"right given {it}", self.right), (f"failing because of {it}", self.stopped))
        return [f"{how}: {listed([one.name for one in results])}" for how, results in found if results]


def causes(grade: Grade) -> list[Cause]:
    """The things to fix, in the order of the gradients; none where there is only something to say of the whole file."""
    groups: dict[tuple[object, ...], list[GradientResult]] = {}
    first = {*grade.fix_first}
    for result in grade.gradients:
        if result.name in first and not at_top(grade, result):
            groups.setdefault(cause(result), []).append(result)
    found = []
    for roots in groups.values():
        names = {root.name for root in roots}
        follows = [one for one in grade.gradients if one.follow_through is not None]
        right = [one for one in follows if one.follow_through and names.intersection(_roots_of(one))]
        found.append(Cause(roots, right, [one for one in grade.gradients if names.intersection(one.inherits)]))
    return found


def lead(grade: Grade) -> str:
    """The first line of a report: how many things to fix, where, and what depends on them; "" where there is nothing.

    As in "1 thing to fix: dJ_db2, line 12. The other seven are right given it."
    """
    if grade.status == "not_graded":
        return ""
    found = causes(grade)
    mistakes = [one for one in found if not one.to_write]
    unwritten = [root.name for one in found for root in one.roots if one.to_write]
    if len(unwritten) == len(grade.gradients):
        return ""  # nothing was begun
    parts = []
    if mistakes:
        parts.append(_to_fix(mistakes))
    absent = [root.name for one in found for root in one.roots if not_found(root)]
    for names, what in ((absent, "not found"), ([name for name in unwritten if name not in absent], "to write")):
        if names:
            parts.append(f"{len(names)} function{'s' * (len(names) > 1)} {what}: {_some(names)}.")
    return " ".join([*parts, *_what_depends(grade, found)])


def above(grade: Grade) -> list[str]:
    """What a report begins with, for formats without a text above the gradients."""
    notes = "; ".join(f"note: {note}" for note in grade.notes)
    message = of_the_file(grade) if grade.status == "graded" else ""  # which has no gradient to report it
    return [text for text in (lead(grade), several_lines(message), several_lines(notes)) if text]


def _to_fix(found: Sequence[Cause]) -> str:
    if len(found) == 1:
        where = line_of(found[0].first)
        return f"1 thing to fix: {found[0].first.name}{where and f', {where}'}."
    named = [f"{one.first.name} ({at})" if (at := line_of(one.first)) else one.first.name for one in found]
    return f"{len(found)} things to fix: {_some(named)}."


def _what_depends(grade: Grade, found: Sequence[Cause]) -> list[str]:
    """A sentence for each cause of the first few."""
    sentences = []
    for one in found[:MOST_NAMES]:
        it = ("it" if len(one.roots) == 1 else "them") if len(found) == 1 else listed([root.name for root in one.roots])
        same = [] if one.to_write else one.roots[1:]
        parts = [_same(same)] if same else []
        if one.right:
            names = _subject(grade, one.right, first=not parts)
            parts.append(f"{names} {'is' if len(one.right) == 1 else 'are'} right given {it}")
        if one.stopped:
            names = _subject(grade, one.stopped, first=not parts)
            parts.append(f"{names} {'fails' if len(one.stopped) == 1 else 'fail'} because of {it}")
        if parts:
            sentence = "; ".join(parts)
            sentences.append(f"{sentence}.")
    return sentences


def _same(others: Sequence[GradientResult]) -> str:
    verb = "has" if len(others) == 1 else "have"
    return f"{_some([one.name for one in others])} {verb} the same problem"


def _subject(grade: Grade, results: Sequence[GradientResult], *, first: bool) -> str:
    others = len(grade.gradients) - len(grade.fix_first)
    if len(results) == others > 1:
        return f"{'The' if first else 'the'} other {_NUMBERS[others] if others < len(_NUMBERS) else others}"
    return _some([one.name for one in results])


def _some(names: Sequence[str]) -> str:
    """The first few of several names, and how many more there are."""
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return listed([*names[:MOST_NAMES], *more])


def _roots_of(result: GradientResult) -> Sequence[str]:
    follows = result.follow_through
    return () if follows is None else follows.roots or follows.sources
