"""A grade as people read it in a terminal.  All text from students goes through `Text`, which reads no markup."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.config.keys import Config
from grader.grading.forstudents import shortened
from grader.output.causes import causes, lead
from grader.output.markdown import unmarked
from grader.output.ownlines import Quote, printed_lines
from grader.output.pictures import as_text, pictures
from grader.output.wording import (
    explained,
    figure,
    fix_first,
    groups,
    label,
    marks,
    of_the_file,
    others_too,
    verdict,
    why,
)
from grader.records.result import CheckResult, Grade, GradientResult
from grader.records.run import place
from grader.text import one_line, several_lines

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim"), "undecided": ("?", "yellow")}
_COLORS = {"passed": "green", "followed_through": "cyan", "not_graded": "yellow"}  # all others red


def print_grade(console: Console, grade: Grade, config: Config, *, staff: bool) -> None:
    """Print a table of the gradients, then a block for each that is not right.

    Args:
        staff: show marks, everything that the code printed, and the sandbox; a student at home sees none of these.
    """
    print_verdicts(console, grade, config, staff=staff)
    print_explanations(console, grade, config, staff=staff)


def print_verdicts(console: Console, grade: Grade, config: Config, *, staff: bool) -> None:
    """The first half: what was found, which is known before it is explained."""
    grade = grade if staff else shortened(grade, config.hints, config.hints.check_level)
    if text := lead(grade):
        console.print(Text(text, style="bold"))
    console.print(_headline(grade, staff=staff))
    if text := of_the_file(grade):
        style = "yellow" if grade.status == "not_graded" else "red"
        console.print(Padding(Text(text, style=style), (0, 0, 0, 2)))
    for note in grade.notes:
        console.print(Padding(Text(f"note: {several_lines(note)}", style="yellow"), (0, 0, 0, 2)))
    console.print(_table(grade, staff=staff))


def print_explanations(
    console: Console, grade: Grade, config: Config, *, staff: bool, quote: Quote = lambda _: []
) -> None:
    """The second half: why.

    Args:
        quote: gives the lines that show where in the file a gradient goes wrong.
    """
    shown = grade if staff else shortened(grade, config.hints, config.hints.check_level)
    dependents = {one.first.name: one.dependents for one in causes(shown)}
    for group in groups(shown):
        below = dependents.get(group[0].name, [])
        block = _inherited(group) if group[0].inherits else _block(group, below, config, staff=staff, quote=quote)
        console.print(block)
    if staff:
        _print_staff(console, grade)


def print_own_output(console: Console, grade: Grade) -> None:
    """What the student's own code printed, each line marked as theirs."""
    for where, lines in printed_lines(grade):
        console.print(_indented(Text(f"your code printed ({where}):", "dim"), [Text(f"| {line}") for line in lines]))


def _headline(grade: Grade, *, staff: bool) -> Text:
    style = "bold green" if grade.passed else "bold"
    return Text.assemble((one_line(grade.submission), "bold"), "   ", (figure(grade, staff=staff), style))


def _table(grade: Grade, *, staff: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("gradient", no_wrap=True)
    if staff:
        table.add_column("marks", justify="right", no_wrap=True)
    for check in ("shape", "differences", "exact"):
        table.add_column(check, justify="center")
    table.add_column("")
    for gradient in grade.gradients:
        score = [marks(gradient)] if staff else []
        signs = [Text(*_SIGNS[check.outcome]) for check in gradient.checks]
        table.add_row(gradient.name, *score, *signs, Text(verdict(gradient), _color(gradient)))
    return table


def _color(gradient: GradientResult) -> str:
    return _COLORS.get(gradient.status, "red")


def _inherited(group: list[GradientResult]) -> RenderableType:
    notes = dict.fromkeys(note for gradient in group for note in gradient.notes)
    return _indented(
        Text.assemble(("INHERITED", "cyan"), f"  {fix_first(group)}"), [Text(f"note: {note}", "dim") for note in notes]
    )


def _block(
    group: list[GradientResult], dependents: list[str], config: Config, *, staff: bool, quote: Quote
) -> RenderableType:
    gradient, *others = group
    of = next(g.of for g in config.gradients if g.name == gradient.name)
    title = Text.assemble(
        (label(gradient).upper(), _color(gradient)),
        "  ",
        (gradient.name, "bold"),
        f": gradient of {config.differentiated} with respect to {of}",
    )
    lines = []
    if gradient.message:
        lines.append(Text(": ".join(filter(None, [place(gradient.line, gradient.cell), gradient.message]))))
    lines += [_check_line(check) for check in gradient.checks if check.message]
    if others:
        lines.append(Text(others_too(group)))
    lines += [Text(line, "cyan", no_wrap=True, overflow="ellipsis") for line in quote(gradient)]
    lines += [Text(line, "bold") for line in explained(gradient)]
    lines += [Text(line, "cyan") for picture in pictures(gradient) for line in as_text(picture)]
    lines += [Text(line, "bold" if line != gradient.where else "") for line in why(gradient)]
    lines += [Text(f"hint: {unmarked(hint)}", "italic") for hint in gradient.hints]
    lines += [Text(line, "cyan") for line in dependents]
    lines += [Text(f"note: {note}", "dim") for note in gradient.notes]
    if staff and gradient.printed:
        lines.append(Text(f"printed: {_short(gradient.printed)}", "dim"))
    return _indented(title, lines)


def _indented(title: Text, lines: list[Text]) -> RenderableType:
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines), Text(""))


def _check_line(check: CheckResult) -> Text:
    return Text.assemble((f"{check.name.replace('_', ' ')}: ", "dim"), check.message)


def _print_staff(console: Console, grade: Grade) -> None:
    if grade.printed:
        console.print(Text(f"printed while loading: {_short(grade.printed)}", "dim"))
    for signal in grade.integrity:
        about = f"{signal.gradient}: " if signal.gradient else ""
        console.print(Text(f"needs review ({signal.kind}): {about}{signal.message}", "yellow"))
    if grade.sandbox:
        console.print(Text(f"sandbox: {grade.sandbox}", "dim"))


def _short(text: str) -> str:
    """The first lines of what a student printed."""
    lines = text.strip().splitlines()
    shown = " ⏎ ".join(line[:200] for line in lines[:3])
    return shown + (f" … ({len(lines)} lines)" if len(lines) > 3 else "")
