"""What is wrong in a grade, and why, as people read it in a terminal; see `terminal.py`."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.config.keys import Config
from grader.grading.forstudents import shortened, with_notes_once
from grader.output.causes import causes
from grader.output.markdown import unmarked
from grader.output.ownlines import Quote, first_lines, printed_lines
from grader.output.pictures import as_text, pictures
from grader.output.verdicts import color
from grader.output.wording import explained, fix_first, groups, happened, label, others_too, why
from grader.records.result import CheckResult, Grade, GradientResult


def print_explanations(
    console: Console, grade: Grade, config: Config, *, staff: bool, quote: Quote = lambda _: []
) -> None:
    """Print a block for each gradient that is not right.

    Args:
        staff: show what the code printed, and all hints.
        quote: gives the lines that show where in the file a gradient goes wrong, or why the file could not be loaded.
    """
    shown = with_notes_once(grade if staff else shortened(grade, config.hints, config.hints.check_level))
    if shown.gradients[0].not_run and (lines := quote(shown.gradients[0])):
        console.print(Group(*(_quoted(line) for line in lines), Text("")))
    dependents = {one.first.name: one.dependents for one in causes(shown)}
    for group in groups(shown):
        below = dependents.get(group[0].name, [])
        block = _inherited(group) if group[0].inherits else _block(group, below, config, staff=staff, quote=quote)
        console.print(block)


def print_own_output(console: Console, grade: Grade) -> None:
    """What the student's own code printed, each line marked as theirs."""
    for where, lines in printed_lines(grade):
        console.print(_indented(Text(f"your code printed ({where}):", "dim"), [Text(f"| {line}") for line in lines]))


def _inherited(group: list[GradientResult]) -> RenderableType:
    return _indented(Text.assemble(("INHERITED", "cyan"), f"  {fix_first(group)}"), _notes(group))


def _notes(group: list[GradientResult]) -> list[Text]:
    return [Text(f"note: {note}", "dim") for gradient in group for note in gradient.notes]


def _block(
    group: list[GradientResult], dependents: list[str], config: Config, *, staff: bool, quote: Quote
) -> RenderableType:
    gradient, *others = group
    of = next(g.of for g in config.gradients if g.name == gradient.name)
    title = Text.assemble(
        (label(gradient).upper(), color(gradient)),
        "  ",
        (gradient.name, "bold"),
        f": gradient of {config.differentiated} with respect to {of}",
    )
    lines = []
    if gradient.message and (text := happened(gradient)):
        lines.append(Text(text))
    lines += [_check_line(check) for check in gradient.checks if check.message]
    if others:
        lines.append(Text(others_too(group)))
    lines += [_quoted(line) for line in quote(gradient)]
    lines += [Text(line, "bold") for line in explained(gradient)]
    lines += [Text(line, "cyan") for picture in pictures(gradient) for line in as_text(picture)]
    lines += [Text(line, "bold" if line != gradient.where else "") for line in why(gradient)]
    lines += [Text(f"hint: {unmarked(hint)}", "italic") for hint in gradient.hints]
    lines += [Text(line, "cyan") for line in dependents]
    lines += _notes(group)
    if staff and gradient.printed:
        lines.append(Text(f"printed: {first_lines(gradient.printed)}", "dim"))
    return _indented(title, lines)


def _indented(title: Text, lines: list[Text]) -> RenderableType:
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines), Text(""))


def _quoted(line: str) -> Text:
    return Text(line, "cyan", no_wrap=True, overflow="ellipsis")


def _check_line(check: CheckResult) -> Text:
    return Text.assemble((f"{check.name.replace('_', ' ')}: ", "dim"), check.message)
