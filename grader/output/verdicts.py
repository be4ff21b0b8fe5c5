"""What was found, as lines for a terminal: the headline and a table of the gradients.  Needs no rich, which is slow to load."""

import textwrap

from grader.config.keys import Config
from grader.grading.forstudents import shortened
from grader.output.wording import figure, marks, of_the_file, verdict
from grader.records.result import Grade, GradientResult
from grader.text import one_line, several_lines

Line = list[tuple[str, str]]  # (text, style), where a style is a color, "bold", "dim" or both, such as "bold green"

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim"), "undecided": ("?", "yellow")}
_COLORS = {"passed": "green", "followed_through": "cyan", "not_graded": "yellow"}  # all others red
_ONE_COLUMN = "✓✗·"
_VERDICT = 22  # columns for it, in which the usual ones fit
_GAP = "   "
_CHECKS = ("shape", "differences", "exact")


def verdict_lines(grade: Grade, config: Config, *, staff: bool, width: int) -> list[Line]:
    """The first half of a grade, which is known before it is explained.

    Args:
        staff: show marks.
        width: of the terminal, in columns.
    """
    grade = grade if staff else shortened(grade, config.hints, config.hints.check_level)
    lines: list[Line] = []
    if not grade.passed:
        from grader.output.causes import lead

        lines += [[(line, "bold")] for line in textwrap.wrap(lead(grade), width)]
    style = "bold green" if grade.passed else "bold"
    lines.append([(one_line(grade.submission), "bold"), ("   ", ""), (figure(grade, staff=staff), style)])
    lines += _indented(of_the_file(grade), "yellow" if grade.status == "not_graded" else "red", width)
    for note in grade.notes:
        lines += _indented(f"note: {several_lines(note)}", "yellow", width)
    return [*lines, [], *_table(grade, staff=staff, width=width), []]


def color(gradient: GradientResult) -> str:
    """That of its verdict."""
    return _COLORS.get(gradient.status, "red")


def _indented(text: str, style: str, width: int) -> list[Line]:
    rows = [row for line in text.splitlines() for row in textwrap.wrap(line, max(20, width - 2)) or [""]]
    return [[(f"  {row}", style)] for row in rows]


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: a table says for which characters it is not one each."""
    if text.isascii() or text.strip() in _ONE_COLUMN:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _table(grade: Grade, *, staff: bool, width: int) -> list[Line]:
    scores = ["marks", *map(marks, grade.gradients)] if staff else []
    names = ["gradient", *(one.name for one in grade.gradients)]
    left = [f" {name}{' ' * (max(map(_columns, names)) - _columns(name))}{_GAP}" for name in names]
    if staff:
        left = [f"{text}{score:>{max(map(len, scores))}}{_GAP}" for text, score in zip(left, scores, strict=True)]
    header = left[0] + _GAP.join(_CHECKS)
    verdicts = [verdict(gradient) for gradient in grade.gradients]
    needed = max(_VERDICT, *(len(word) for text in verdicts for word in text.split()))
    start = _columns(header) + len(_GAP)  # of the verdicts
    with_checks = start + needed <= width  # else the verdict says as much
    if not with_checks:
        header, start = left[0], _columns(left[0])
    rows: list[Line] = []
    for text, gradient, said in zip(left[1:], grade.gradients, verdicts, strict=True):
        first, *more = textwrap.wrap(said, max(needed, width - start))
        signs = _signs(gradient) if with_checks else []
        rows.append([(text, ""), *signs, (first, color(gradient))])
        rows += [[(" " * start, ""), (row, color(gradient))] for row in more]
    widest = max(len(header), *(sum(_columns(text) for text, _ in row) for row in rows))
    return [[(header, "dim")], [(f" {'─' * (min(widest, width) - 1)}", "dim")], *rows]


def _signs(gradient: GradientResult) -> Line:
    """One for each check, in the middle of its column."""
    outcomes = {column: check.outcome for column, check in zip(_CHECKS, gradient.checks)}
    signs = {column: _SIGNS[outcome] for column, outcome in outcomes.items()}
    return [
        (f"{sign:^{len(column)}}{_GAP}", style) for column in _CHECKS for sign, style in [signs.get(column, ("", ""))]
    ]
