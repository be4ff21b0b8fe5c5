"""feedback/<student>.md and .html: what students get back.  Never a reference value or formula.

A page is a list of blocks, which is rendered as Markdown and as HTML.
"""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import number
from grader.classroom.store.query import Results, StudentRow
from grader.config.keys import Config
from grader.errors import UsageError
from grader.grading.forstudents import for_students
from grader.output.causes import Cause, causes, lead
from grader.output.markdown import fenced, plain, unmarked
from grader.output.wording import CHECK_LABELS, explained, listed, verdict, why
from grader.packaging.archive import zip_bytes
from grader.records.result import GradientResult
from grader.records.run import place
from grader.text import one_line, several_lines


@dataclass(frozen=True)
class Block:
    """A heading (level 1 or 2), a text (a paragraph), a list item, a table (rows of cells) or a passage of code."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def write_feedback(folder: Path, results: Results, config: Config) -> Path:
    """Write two files per student, and delete those of students who are no longer there."""
    folder.mkdir(exist_ok=True)
    kept = set()
    for row in results.students():
        blocks = list(page(row, config))
        for suffix, render in ((".md", markdown), (".html", web_page)):
            name = f"{row.student}{suffix}"
            kept.add(name)
            write_file(folder / name, render(blocks).encode())
    for path in folder.iterdir():
        if path.name not in kept and path.suffix in (".md", ".html", ".tmp"):
            path.unlink()
    return folder


def moodle_zip(results: Results, config: Config) -> tuple[bytes, int]:
    """Moodle's "Upload multiple feedback files": a page per student, in folders named as Moodle named them.

    Returns:
        The zip, and for how many students with marks it has feedback.

    Raises:
        UsageError: no submission came from Moodle.
    """
    pages, folders, graded = {}, 0, 0
    for row in results.students():
        folder = row.ids.get("moodle_folder", "").strip("/")
        folders += bool(folder)
        if row.grade is not None and folder:
            graded += row.status == "graded"
            pages[f"{folder}/feedback.html"] = web_page(list(page(row, config))).encode()
    if not folders:
        raise UsageError("moodle-feedback: none of these submissions came in a Moodle download, whose folders it needs")
    return zip_bytes(pages), graded


def page(row: StudentRow, config: Config) -> Iterator[Block]:
    """What one student reads: the marks, a table, and a passage on each gradient that is not right."""
    yield Block("heading", config.title, 1)
    if row.grade is not None and (text := lead(row.grade)):
        yield Block("text", text)
    group, late = f" ({row.group_name})" if row.group_name else "", ", submitted late" if row.late else ""
    yield Block("text", f"{row.name}{group}{late}")
    if row.note:
        yield Block("text", f"Note: {row.note}.")
    if row.grade is None:
        yield Block("text", f"There are no marks: {row.problem or 'it has not been graded yet'}.")
        return
    grade = for_students(row.grade, config.hints, config.feedback.level)
    if grade.status == "not_graded":
        yield Block("text", "This file could not be graded, through no fault of yours. Ignore the marks below.")
    else:
        yield Block("text", f"Marks: {number(grade.score)} of {number(grade.max_score)}")
    if grade.message:
        yield Block("text", "What happened when the file was loaded:" if grade.status == "graded" else "Reason:")
        yield Block("code", grade.message)
    for note in grade.notes:
        yield Block("text", f"Note: {note}.")
    marks = [(one.name, f"{number(one.score)} of {number(one.max_score)}", verdict(one)) for one in grade.gradients]
    yield Block("table", rows=(("gradient", "marks", "result"), *marks))
    found = causes(row.grade)  # of all messages: a student's copy has each only once
    below = {one.first.name: one for one in found}
    again = {root.name for one in found for root in one.roots[1:]}
    for gradient in grade.gradients:
        wrong = gradient.is_root_cause and gradient.name not in again
        if (wrong or gradient.notes) and not (gradient.message and gradient.message in grade.message):
            yield from _passage(gradient, below.get(gradient.name))


def _passage(gradient: GradientResult, one: Cause | None) -> Iterator[Block]:
    """A mistake, and what depends on it; or notes on what is right."""
    same = [] if one is None else [root.name for root in one.roots[1:]]
    yield Block("heading", f"{listed([gradient.name, *same])}: {verdict(gradient)}", 2)
    for line in [] if one is None else one.dependents:
        yield Block("text", f"{line[:1].upper()}{line[1:]}.")
    if gradient.message and not gradient.inherits:
        yield Block("code", ": ".join(filter(None, [place(gradient.line, gradient.cell), gradient.message])))
    for line in [*_evidence(gradient), *(f"note: {note}" for note in gradient.notes)]:
        yield Block("item", line)


def _evidence(gradient: GradientResult) -> Iterator[str]:
    """What the checks found, what the numbers are, and hints."""
    if gradient.inherits:
        return
    for check in gradient.checks:
        if check.message and gradient.follow_through is None:
            yield f"{CHECK_LABELS.get(check.name, check.name)}: {check.message}"
    yield from [*explained(gradient), *why(gradient)]
    for hint in gradient.hints:
        yield f"hint: {unmarked(hint)}"


def markdown(blocks: Iterable[Block]) -> str:
    """CommonMark, in which no text is markup."""
    return "\n\n".join(map(_as_markdown, blocks)) + "\n"


def _as_markdown(block: Block) -> str:
    if block.kind == "code":
        return fenced(block.text)
    if block.kind == "table":
        head, *rows = ([_on_one_line(cell) for cell in row] for row in block.rows)
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
    prefix = {"heading": f"{'#' * block.level} ", "item": "- "}.get(block.kind, "")
    return f"{prefix}{_on_one_line(block.text)}"


def _on_one_line(text: str) -> str:
    return plain(" ".join(text.split()))


_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #8886;padding:.3rem .8rem .3rem 0;text-align:left}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid #8886;padding-left:.8rem}"
    "h2{font-size:1.1rem;margin-top:2rem}h1,h2,p,li{overflow-wrap:anywhere}"
)


def fragment(blocks: list[Block]) -> str:
    """HTML for a part of another page, such as a comment."""
    return "\n".join(map(_as_html, blocks)).replace("</ul>\n<ul>", "")


def web_page(blocks: list[Block]) -> str:
    """An HTML page without scripts; it loads nothing."""
    title = html.escape(one_line(blocks[0].text))
    body = fragment(blocks)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n<main>\n{body}\n</main>\n</html>\n"
    )


def _as_html(block: Block) -> str:
    if block.kind == "table":
        head, *rows = block.rows
        return "\n".join(["<table>", _row(head, "th", ' scope="col"'), *(_row(row, "td") for row in rows), "</table>"])
    text = html.escape(several_lines(block.text))
    if block.kind == "item":
        return f"<ul><li>{text}</li></ul>"
    tag = {"heading": f"h{block.level}", "code": "pre"}.get(block.kind, "p")
    return f"<{tag}>{text}</{tag}>"


def _row(cells: Iterable[str], tag: str, attribute: str = "") -> str:
    return f"<tr>{''.join(f'<{tag}{attribute}>{html.escape(one_line(cell))}</{tag}>' for cell in cells)}</tr>"
