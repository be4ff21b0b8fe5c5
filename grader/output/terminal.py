"""A grade as people read it in a terminal.  Everything of the student's goes through `Text`, which knows no markup."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.config.keys import Config
from grader.grading.forstudents import shortened
from grader.output.markdown import unmarked
from grader.output.wording import NOT_FOUND, STATUS_LABELS, cause, fix_first, not_found, of_the_file, printable, verdict
from grader.records.result import CheckResult, Diagnosis, Grade, GradientResult
from grader.records.run import place
from grader.text import one_line

_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "dim"), "undecided": ("?", "yellow")}
_COLOURS = {"passed": "green", "followed_through": "cyan", "not_graded": "yellow"}


def print_grade(console: Console, grade: Grade, config: Config, *, staff: bool) -> None:
    """Print a table of the gradients, then a block for each that is not right.

    Args:
        staff: show marks, all that the code said, and the sandbox; a student at home gets none of these.
    """
    grade = grade if staff else shortened(grade)
    console.print(_headline(grade, staff=staff))
    if said := of_the_file(grade):
        style = "yellow" if grade.status == "not_graded" else "red"
        console.print(Padding(Text(said, style=style), (0, 0, 0, 2)))
    for note in grade.notes:
        console.print(Padding(Text(f"note: {printable(note)}", style="yellow"), (0, 0, 0, 2)))
    console.print(_table(grade, staff=staff))
    for group in _groups(grade, staff=staff):
        console.print(_block(group, config, staff=staff))
    if staff:
        _print_staff(console, grade)


def _headline(grade: Grade, *, staff: bool) -> Text:
    right = sum(gradient.status == "passed" for gradient in grade.gradients)
    if grade.status == "not_graded":
        figure = "not graded"
    elif staff:
        figure = f"{_number(grade.score)} / {_number(grade.max_score)}"
    else:
        figure = f"{right} of {len(grade.gradients)} gradients right"
    return Text.assemble(
        (one_line(grade.submission), "bold"), "   ", (figure, "bold green" if grade.passed else "bold")
    )


def _table(grade: Grade, *, staff: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("gradient", no_wrap=True)
    if staff:
        table.add_column("marks", justify="right", no_wrap=True)
    for check in ("shape", "differences", "exact"):
        table.add_column(check, justify="center")
    table.add_column("")
    for gradient in grade.gradients:
        marks = [f"{_number(gradient.score)} / {_number(gradient.max_score)}"] if staff else []
        table.add_row(gradient.name, *marks, *map(_mark, gradient.checks), _status(gradient))
    return table


def _mark(check: CheckResult) -> Text:
    sign, style = _MARKS[check.outcome]
    return Text(sign, style)


def _status(gradient: GradientResult) -> Text:
    return Text(verdict(gradient), _COLOURS.get(gradient.status, "red"))


def _groups(grade: Grade, *, staff: bool) -> list[list[GradientResult]]:
    """The gradients that want a block; those with one and the same cause share one."""
    groups: dict[tuple[object, ...], list[GradientResult]] = {}
    for gradient in grade.gradients:
        if grade.message and gradient.message and gradient.message in grade.message:
            continue  # the file was not loaded: said once, at the top
        if gradient.status not in ("passed", "followed_through") or gradient.notes:
            groups.setdefault(cause(gradient, staff=staff), []).append(gradient)
    return list(groups.values())


def _block(group: list[GradientResult], config: Config, *, staff: bool) -> RenderableType:
    gradient, *others = group
    if gradient.inherits:
        notes = [Text(f"note: {note}", "dim") for note in dict.fromkeys(note for one in group for note in one.notes)]
        return Group(
            Text.assemble(("INHERITED", "cyan"), f"  {fix_first(group)}"),
            *(Padding(note, (0, 0, 0, 4)) for note in notes),
            Text(""),
        )
    of = next(g.of for g in config.gradients if g.name == gradient.name)
    label = NOT_FOUND if not_found(gradient) else STATUS_LABELS[gradient.status]
    title = Text.assemble(
        (label.upper(), _COLOURS.get(gradient.status, "red")),
        "  ",
        (gradient.name, "bold"),
        f": gradient of {config.differentiated} with respect to {of}",
    )
    lines = [line for line in map(_check_line, gradient.checks) if line is not None]
    if gradient.message:
        lines.insert(0, Text(": ".join(filter(None, [place(gradient.line, gradient.cell), gradient.message]))))
    if others:
        words = {"missing": "so are", "failed": "the same in"}.get(gradient.status, "the same stops")
        lines.append(Text(f"{words} {', '.join(other.name for other in others)}"))
    lines += _why(gradient.diagnosis)
    if gradient.where:
        lines.append(Text(gradient.where))
    shown = gradient.hints if staff else gradient.hints[: config.hints.check_level]
    lines += [Text(f"hint: {unmarked(hint)}", "italic") for hint in shown]
    lines += [Text(f"note: {note}", "dim") for note in gradient.notes]
    if staff and gradient.printed:
        lines.append(Text(f"printed: {_short(gradient.printed)}", "dim"))
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines), Text(""))


def _why(diagnosis: Diagnosis | None) -> list[Text]:
    """The mistakes, or what can be said of the numbers without one."""
    if diagnosis is None:
        return []
    lead = {"tie": "either: ", "observation": "seen: "}.get(diagnosis.certainty, "why: ")
    lines = [
        Text(f"{'' if mistake.kind == 'runtime' else lead}{line}", "bold")
        for mistake in diagnosis.mistakes
        for line in mistake.statement.splitlines()
    ]
    return lines + [Text(f"seen: {sentence}") for sentence in diagnosis.properties]


def _check_line(check: CheckResult) -> Text | None:
    if not check.message:
        return None
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


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
