"""A grade as a piece of HTML for a notebook: a table, then a section for each gradient that is not right, hints behind a click.

No text is markup, nothing is loaded and nothing is a script.  Colors come with their own background: the page around it may
be light or dark.  No color says anything that a sign or a word does not say, too.
"""

from collections.abc import Iterable, Iterator
from html import escape

from grader.config.keys import Config
from grader.grading.forstudents import shortened, with_notes_once
from grader.output.causes import causes, lead
from grader.output.markdown import hypertext
from grader.output.ownlines import printed_lines
from grader.output.pictures import as_svg, pictures
from grader.output.wording import (
    explained,
    figure,
    fix_first,
    groups,
    happened,
    label,
    marks,
    of_the_file,
    others_too,
    verdict,
    why,
)
from grader.records.result import CheckResult, Grade, GradientResult
from grader.text import one_line, several_lines

_OUTCOMES = {"passed": "✓", "failed": "✗", "skipped": "·", "undecided": "?"}
_KINDS = {"passed": "right", "followed_through": "follows", "missing": "open", "not_graded": "open"}  # all others wrong
_SIGNS = {"right": "✓", "follows": "→", "open": "·", "wrong": "✗"}
_COLUMNS = ("shape", "differences", "exact", "result")
_CHECK = ' class="check"'
STYLE = (
    ".grade{font-family:system-ui,sans-serif;line-height:1.45;max-width:60rem;overflow-wrap:anywhere}"
    ".grade p{margin:.4em 0}.grade .title{font-size:1.1em}.grade .scroll{overflow-x:auto}"
    ".grade table{border-collapse:collapse;margin:.6em 0}"
    ".grade .scroll :is(th,td){border-bottom:1px solid #8888;padding:.25em .9em .25em 0;text-align:left;background:none}"
    ".grade .scroll :is(th,.sign){white-space:nowrap;overflow-wrap:normal}.grade .scroll .sign{text-align:center}"
    ".grade .badge{display:inline-block;min-width:1.1em;padding:0 .35em;border-radius:.3em;color:#fff;text-align:center;"
    "white-space:nowrap}"
    ".grade .right,.grade .passed{background:#19692c}.grade .wrong,.grade .failed{background:#a3202a}"
    ".grade .follows{background:#1b5a91}.grade .open,.grade .skipped,.grade .undecided{background:#5a5a5a}"
    ".grade details{margin:.4em 0;padding-left:.8em;border-left:3px solid #8888}"
    ".grade summary{cursor:pointer}.grade code,.grade pre{font-family:ui-monospace,monospace;background:none;color:inherit}"
    ".grade pre{white-space:pre-wrap;margin:.4em 0}"
    "@media(max-width:30rem){.grade .scroll .check{display:none}}"  # the result says as much
)


def fragment(grade: Grade, config: Config, *, staff: bool) -> str:
    """The grade as a part of a page.

    Args:
        staff: show marks, and instructors' sentences; a student at home sees neither.
    """
    printed = [] if staff else printed_lines(grade)  # a student's own output is shown to nobody else
    grade = with_notes_once(grade if staff else shortened(grade, config.hints, config.hints.check_level))
    body = [f"<p><strong>{escape(text)}</strong></p>"] if (text := lead(grade)) else []
    title = f"<strong>{escape(one_line(grade.submission))}</strong>: {escape(figure(grade, staff=staff))}"
    body.append(f'<p class="title">{title}</p>')
    body += [_paragraph(text) for text in (of_the_file(grade), *(f"Note: {note}" for note in grade.notes)) if text]
    body.append(_table(grade, staff=staff))
    dependents = {one.first.name: one.dependents for one in causes(grade)}
    body += [
        _section(group, dependents.get(group[0].name, []), config, opened=number == 0)
        for number, group in enumerate(groups(grade))
    ]
    body += [
        f"<details><summary>Your code printed ({escape(where)})</summary><pre>{escape(chr(10).join(lines))}</pre></details>"
        for where, lines in printed
    ]
    return f'<div class="grade"><style>{STYLE}</style>{"".join(body)}</div>'


def _table(grade: Grade, *, staff: bool) -> str:
    columns = ("gradient", *(("marks",) if staff else ()), *_COLUMNS)
    head = "".join(f'<th scope="col"{_CHECK * (name in _COLUMNS[:-1])}>{name}</th>' for name in columns)
    rows = "".join(f"<tr>{_row(gradient, staff=staff)}</tr>" for gradient in grade.gradients)
    return (
        f'<div class="scroll"><table aria-label="Results by gradient"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(gradient: GradientResult, *, staff: bool) -> str:
    shown_marks = f"<td>{marks(gradient)}</td>" if staff else ""
    signs = "".join(f'<td class="sign check">{_sign(check)}</td>' for check in gradient.checks)
    kind = _kind(gradient)
    result = f"{_badge(kind, _SIGNS[kind])} {escape(verdict(gradient))}"
    return f'<th scope="row">{escape(gradient.name)}</th>{shown_marks}{signs}<td>{result}</td>'


def _sign(check: CheckResult) -> str:
    return (
        f'<span class="badge {check.outcome}" role="img" aria-label="{check.outcome}">{_OUTCOMES[check.outcome]}</span>'
    )


def _badge(kind: str, text: str) -> str:
    return f'<span class="badge {kind}" aria-hidden="true">{text}</span>'


def _kind(gradient: GradientResult) -> str:
    if gradient.not_run:
        return "open"
    return "follows" if gradient.inherits else _KINDS.get(gradient.status, "wrong")


def _section(group: list[GradientResult], dependents: list[str], config: Config, *, opened: bool) -> str:
    """What is known of the gradients with one cause, which share a section."""
    first = group[0]
    names = ", ".join(gradient.name for gradient in group) if first.inherits else first.name
    said = "inherited" if first.inherits else label(first)
    title = f"{_badge(_kind(first), escape(said))} <strong>{escape(names)}</strong>"
    if not first.inherits:
        of = next(one.of for one in config.gradients if one.name == first.name)
        title += f": gradient of {escape(config.differentiated)} with respect to {escape(of)}"
    body = "".join(_inherited(group) if first.inherits else [*_passages(group), *map(_paragraph, dependents)])
    return f"<details{' open' if opened else ''}><summary>{title}</summary>{body}</details>"


def _inherited(group: list[GradientResult]) -> Iterator[str]:
    yield _paragraph(fix_first(group))
    yield from _notes(group)


def _passages(group: list[GradientResult]) -> Iterator[str]:
    first, *others = group
    if first.message and (text := happened(first)):
        yield _paragraph(text)
    yield from (
        _paragraph(f"{check.name.replace('_', ' ')}: {check.message}") for check in first.checks if check.message
    )
    if others:
        yield _paragraph(others_too(group))
    if lines := explained(first):
        yield f"<pre>{escape(several_lines(chr(10).join(lines)))}</pre>"
    yield from (f"<div>{as_svg(picture)}</div>" for picture in pictures(first))
    yield from (f"<p>{hypertext(line)}</p>" for line in why(first))
    yield from _hints(first.hints)
    yield from _notes(group)


def _notes(group: list[GradientResult]) -> Iterator[str]:
    return (_paragraph(f"Note: {note}") for gradient in group for note in gradient.notes)


def _hints(hints: Iterable[str]) -> Iterator[str]:
    for number, hint in enumerate(hints, 1):
        yield f"<details><summary>Hint {number}</summary><p>{hypertext(hint)}</p></details>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(several_lines(text))}</p>"
