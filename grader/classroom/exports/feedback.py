"""feedback/<student>.md and .html: what students get back.  Never a reference value or formula.

A page is a list of blocks, which is rendered as Markdown and as HTML.
"""

import html
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import number
from grader.classroom.marks.final import Final, FinalMarks, Marked, marked
from grader.classroom.store.query import Results, StudentRow
from grader.config.keys import Config
from grader.errors import UsageError
from grader.grading.forstudents import for_students
from grader.output.causes import Cause, causes, lead
from grader.output.markdown import fenced, hypertext, plain
from grader.output.markdown import marked as marked_up
from grader.output.pictures import Picture, as_text, pictures
from grader.output.svg import as_svg
from grader.output.wording import CHECK_LABELS, at_top, explained, happened, listed, of_the_file, verdict, why
from grader.packaging.archive import zip_bytes
from grader.records.result import Grade, GradientResult
from grader.text import one_line, several_lines


@dataclass(frozen=True)
class Block:
    """A heading (level 1 or 2), a text (a paragraph), a list item, a table (rows of cells), a passage of code, or a picture.

    A hint is a list item in the grader's own words, in which `code` and *emphasis* may be marked.
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    picture: Picture | None = None


_MARKS = "Marks"
_NO_MARKS = "There are no marks"


def write_feedback(folder: Path, results: Results, config: Config, only: Collection[str] = ()) -> Path:
    """Write two files per student, and delete those of students who are no longer there.

    Args:
        only: the keys of the students whose files are written; () for all.
    """
    marks = FinalMarks(results)
    pages = (
        (row.student, list(page(row, config, marks.of(row))))
        for row in results.students()
        if not only or row.student in only
    )
    return write_pages(folder, pages, whole=not only)


def write_pages(folder: Path, pages: Iterable[tuple[str, list[Block]]], *, whole: bool) -> Path:
    """Write the pages, by students' keys.

    Args:
        whole: these are all: the files of other students are deleted.
    """
    folder.mkdir(exist_ok=True)
    kept = set()
    for key, blocks in pages:
        for suffix, render in ((".md", markdown), (".html", web_page)):
            name = f"{key}{suffix}"
            kept.add(name)
            write_file(folder / name, render(blocks).encode())
    for path in folder.iterdir() if whole else ():
        if path.name not in kept and path.suffix in (".md", ".html", ".tmp"):
            path.unlink()
    return folder


def moodle_zip(results: Results, config: Config) -> tuple[bytes, int]:
    """The pages of an assignment as `feedback_zip` packs them."""
    marks = FinalMarks(results)
    return feedback_zip(marked(results), lambda row: list(page(row, config, marks.of(row))))


def feedback_zip(found: Marked, blocks_of: Callable[[StudentRow], list[Block]]) -> tuple[bytes, int]:
    """Moodle's "Upload multiple feedback files": a page per student, in folders named as Moodle named them.

    Args:
        blocks_of: what a student reads.

    Returns:
        The zip, and for how many students with marks it has feedback.

    Raises:
        UsageError: no submission came from Moodle.
    """
    pages, folders, graded = {}, 0, 0
    for row, final in zip(found.people, found.finals, strict=True):
        folder = row.ids.get("moodle_folder", "").strip("/")
        folders += bool(folder)
        if folder and (row.grade is not None or final.value is not None):
            graded += final.value is not None
            pages[f"{folder}/feedback.html"] = web_page(blocks_of(row)).encode()
    if not folders:
        raise UsageError("moodle-feedback: none of these submissions came in a Moodle download, whose folders it needs")
    return zip_bytes(pages), graded


def page(row: StudentRow, config: Config, final: Final | None = None) -> Iterator[Block]:
    """What one student reads: the marks, a table, and a passage on each gradient that is not right.

    Args:
        final: the final marks and how they come about; None where there is nothing but the grader's marks.
    """
    yield Block("heading", config.title, 1)
    if row.grade is not None and (text := lead(row.grade)):
        yield Block("text", text)
    is_late = row.late if final is None else final.late
    group, late = f" ({row.group_name})" if row.group_name else "", ", submitted late" if is_late else ""
    yield Block("text", f"{row.name}{group}{late}")
    if row.note:
        yield Block("text", f"Note: {row.note}.")
    if final is not None:
        yield from _final(final)
    if row.grade is None:
        marked = final is not None and (final.value is not None or final.excused)
        start = "The grader had nothing to grade" if marked else _NO_MARKS
        yield Block("text", f"{start}: {row.problem or 'it has not been graded yet'}.")
        return
    by_hand = final is not None and bool(final.lines or final.review)
    yield from _graded(row.grade, config, "The grader's marks" if by_hand else _MARKS)


def example(grade: Grade | str, config: Config, name: str) -> Iterator[Block]:
    """The page of somebody who submitted this, under its name.

    Args:
        grade: or why there is none.
    """
    yield Block("heading", config.title, 1)
    if not isinstance(grade, str) and (text := lead(grade)):
        yield Block("text", text)
    yield Block("text", name)
    if isinstance(grade, str):
        yield Block("text", f"{_NO_MARKS}: {grade}.")
    else:
        yield from _graded(grade, config)


def _graded(whole: Grade, config: Config, marks_are: str = _MARKS) -> Iterator[Block]:
    grade = for_students(whole, config.hints, config.feedback.level)
    if grade.status == "not_graded":
        yield Block("text", "This file could not be graded, through no fault of yours. Ignore the marks below.")
    else:
        yield Block("text", f"{marks_are}: {number(grade.score)} of {number(grade.max_score)}")
    if text := of_the_file(grade):
        if grade.status != "graded":
            yield Block("text", "Reason:")
        yield Block("code", text)
    for note in grade.notes:
        yield Block("text", f"Note: {note}.")
    marks = [(one.name, f"{number(one.score)} of {number(one.max_score)}", verdict(one)) for one in grade.gradients]
    yield Block("table", rows=(("gradient", "marks", "result"), *marks))
    found = causes(whole)  # of all messages: a student's copy has each only once
    below = {one.first.name: one for one in found}
    again = {root.name for one in found for root in one.roots[1:]}
    for gradient in grade.gradients:
        wrong = gradient.is_root_cause and gradient.name not in again
        if (wrong or gradient.notes) and not at_top(grade, gradient):
            yield from _passage(gradient, below.get(gradient.name))


def _final(final: Final) -> Iterator[Block]:
    """The final mark, the arithmetic behind it, and comments as they were written."""
    if final.value is not None and final.lines:
        yield Block("text", f"Final mark: {number(final.value)} of {number(final.max_score)}")
    if final.review:
        yield Block(
            "text", "Your marks were adjusted by hand, and the adjustment is being reviewed: the final mark follows."
        )
    if final.lines and not final.review:
        yield Block("text", "How it comes about:" if not final.excused else "Final mark: none")
        yield from (Block("item", line) for line in final.lines)
    for comment in final.comments:
        yield Block("text", f"Comment: {comment}")


def _passage(gradient: GradientResult, one: Cause | None) -> Iterator[Block]:
    """A mistake, and what depends on it; or notes on what is right."""
    same = [] if one is None else [root.name for root in one.roots[1:]]
    yield Block("heading", f"{listed([gradient.name, *same])}: {verdict(gradient)}", 2)
    for line in [] if one is None else one.dependents:
        yield Block("text", f"{line[:1].upper()}{line[1:]}.")
    if gradient.message and not gradient.inherits and (text := happened(gradient)):
        yield Block("code", text)
    for drawn in pictures(gradient):
        yield Block("picture", "\n".join(as_text(drawn)), picture=drawn)
    yield from (Block("item", line) for line in _evidence(gradient))
    if not gradient.inherits:
        yield from (Block("hint", f"hint: {hint}") for hint in gradient.hints)
    yield from (Block("item", f"note: {note}") for note in gradient.notes)


def _evidence(gradient: GradientResult) -> Iterator[str]:
    """What the checks found, and what the numbers are."""
    if gradient.inherits:
        return
    for check in gradient.checks:
        if check.message and gradient.follow_through is None:
            yield f"{CHECK_LABELS.get(check.name, check.name)}: {check.message}"
    yield from [*explained(gradient), *why(gradient)]


def markdown(blocks: Iterable[Block]) -> str:
    """CommonMark, in which no text is markup."""
    return "\n\n".join(map(_as_markdown, blocks)) + "\n"


def _as_markdown(block: Block) -> str:
    if block.kind in ("code", "picture"):
        return fenced(block.text)
    if block.kind == "table":
        head, *rows = ([_on_one_line(cell) for cell in row] for row in block.rows)
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
    if block.kind == "hint":
        return f"- {marked_up(block.text)}"
    prefix = {"heading": f"{'#' * block.level} ", "item": "- "}.get(block.kind, "")
    return f"{prefix}{_on_one_line(block.text)}"


def _on_one_line(text: str) -> str:
    return plain(" ".join(text.split()))


_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td:nth-child(2){white-space:nowrap}"
    "td,th{border-bottom:1px solid #8886;padding:.3rem .8rem .3rem 0;text-align:left}"
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
    if block.picture is not None:
        return f"<div>{as_svg(block.picture)}</div>"
    if block.kind == "table":
        head, *rows = block.rows
        return "\n".join(["<table>", _row(head, "th", ' scope="col"'), *(_row(row, "td") for row in rows), "</table>"])
    if block.kind == "hint":
        return f"<ul><li>{hypertext(block.text)}</li></ul>"
    text = html.escape(several_lines(block.text))
    if block.kind == "item":
        return f"<ul><li>{text}</li></ul>"
    tag = {"heading": f"h{block.level}", "code": "pre"}.get(block.kind, "p")
    return f"<{tag}>{text}</{tag}>"


def _row(cells: Iterable[str], tag: str, attribute: str = "") -> str:
    return f"<tr>{''.join(f'<{tag}{attribute}>{html.escape(one_line(cell))}</{tag}>' for cell in cells)}</tr>"
