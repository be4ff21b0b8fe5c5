"""feedback/<student>.md and .html: what a student gets back.  Never a reference value or formula.

A page is made once, as a few blocks, and rendered twice: whatever a student wrote is escaped in one place per format.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import number
from grader.classroom.store.query import Results, StudentRow
from grader.config.keys import Config
from grader.grading.forstudents import for_students
from grader.output.markdown import unmarked
from grader.output.wording import CHECK_LABELS, fix_first, verdict
from grader.records.result import Grade, GradientResult
from grader.records.run import place
from grader.text import MAX_TEXT, one_line, several_lines

# What could be markup anywhere, at the beginning of a line, or in an address that is made a link by itself.
_MARKDOWN = re.compile(r"[\\`*_{}\[\]!|~<>&$@]|^[#+\-=](?=[#+\-=\s]|$)|^\d+(?=[.)])|:(?=//)|(?<=www)\.", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A heading (level 1 or 2), a paragraph, a list item, a table (rows of cells) or a passage of code."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def write_feedback(folder: Path, results: Results, config: Config) -> Path:
    """Write two files per student, and take away those of students who are no longer there."""
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


def page(row: StudentRow, config: Config) -> Iterator[Block]:
    """What one student reads: the marks, a table, and a passage on each gradient that is not right."""
    yield Block("heading", config.title, 1)
    yield Block(
        "text", f"{row.name}{f' ({row.group_name})' if row.group_name else ''}{', handed in late' if row.late else ''}"
    )
    if row.note:
        yield Block("text", f"Note: {row.note}.")
    if row.grade is None:
        yield Block("text", f"There are no marks: {row.problem or 'it has not been graded yet'}.")
        return
    grade = for_students(row.grade)
    if grade.status == "not_graded":
        yield Block("text", "This file has not been graded, through no fault of yours. The marks below say nothing.")
    else:
        yield Block("text", f"Marks: {number(grade.score)} of {number(grade.max_score)}")
    if grade.message:
        yield Block("text", "What happened when the file was loaded:" if grade.status == "graded" else "Reason:")
        yield Block("code", grade.message)
    for note in grade.notes:
        yield Block("text", f"Note: {note}.")
    yield Block("table", rows=_table(grade))
    for gradient in grade.gradients:
        if gradient.status != "passed" or gradient.notes:
            yield from _passage(gradient, grade, config)


def _table(grade: Grade) -> tuple[tuple[str, ...], ...]:
    rows = [("gradient", "marks", "result")]
    for gradient in grade.gradients:
        rows.append((gradient.name, f"{number(gradient.score)} of {number(gradient.max_score)}", verdict(gradient)))
    return tuple(rows)


def _passage(gradient: GradientResult, grade: Grade, config: Config) -> Iterator[Block]:
    if grade.message and gradient.message and gradient.message in grade.message:
        return  # the file was not loaded: said once, at the top
    yield Block("heading", f"{gradient.name}: {verdict(gradient)}", 2)
    if gradient.inherits:
        yield Block("text", fix_first([gradient]))
        for note in gradient.notes:
            yield Block("item", f"note: {note}")
        return
    if gradient.follow_through is not None:
        roots = ", ".join(gradient.follow_through.roots or gradient.follow_through.sources)
        yield Block(
            "text",
            f"This follows correctly from your own {roots}: fix that one, and this one is right too.",
        )
    if gradient.message:
        yield Block("code", ": ".join(filter(None, [place(gradient.line, gradient.cell), gradient.message])))
    for check in gradient.checks:
        if check.message and gradient.follow_through is None:
            yield Block("item", f"{CHECK_LABELS.get(check.name, check.name)}: {check.message}")
    for hint in _hints(gradient, config):
        yield Block("item", f"hint: {unmarked(hint)}")
    for note in gradient.notes:
        yield Block("item", f"note: {note}")


def _hints(gradient: GradientResult, config: Config) -> list[str]:
    wanted = config.feedback.hints
    return gradient.hints if wanted == "all" else gradient.hints[:1] if wanted == "first" else []


def markdown(blocks: list[Block]) -> str:
    """CommonMark.  Every character that could be markup is escaped; code stands in a fence longer than any in it."""
    parts = []
    for block in blocks:
        match block.kind:
            case "heading":
                parts.append(f"{'#' * block.level} {_escape(block.text)}")
            case "item":
                parts.append(f"- {_escape(block.text)}")
            case "code":
                code = several_lines(block.text)
                fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
                parts.append(f"{fence}text\n{code}\n{fence}")
            case "table":
                head, *rows = ([f" {_escape(cell)} " for cell in row] for row in block.rows)
                lines = ["|".join(["", *row, ""]) for row in (head, [" --- "] * len(head), *rows)]
                parts.append("\n".join(lines))
            case _:
                parts.append(_escape(block.text))
    return "\n\n".join(parts) + "\n"


@lru_cache(512)  # a class hears the same few sentences
def _escape(text: str) -> str:
    return _MARKDOWN.sub(_backslash, " ".join(one_line(text, MAX_TEXT).split()))


def _backslash(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"  # 1\. is no list


_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #8886;padding:.3rem .8rem .3rem 0;text-align:left}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid #8886;padding-left:.8rem}"
    "h2{font-size:1.1rem;margin-top:2rem}h1,h2,p,li{overflow-wrap:anywhere}"
)


def fragment(blocks: list[Block]) -> str:
    """HTML to put into another page, such as a comment field."""
    return "\n".join(map(_element, blocks)).replace("</ul>\n<ul>", "")


def web_page(blocks: list[Block]) -> str:
    """One HTML page without scripts, or anything from elsewhere."""
    title = html.escape(one_line(blocks[0].text))
    body = fragment(blocks)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n<main>\n{body}\n</main>\n</html>\n"
    )


def _element(block: Block) -> str:
    text = html.escape(several_lines(block.text))
    match block.kind:
        case "heading":
            return f"<h{block.level}>{text}</h{block.level}>"
        case "item":
            return f"<ul><li>{text}</li></ul>"
        case "code":
            return f"<pre>{text}</pre>"
        case "table":
            head, *rows = ([html.escape(one_line(cell)) for cell in row] for row in block.rows)
            lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
            first = "<tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in head) + "</tr>"
            return "<table>\n" + "\n".join([first, *lines]) + "\n</table>"
        case _:
            return f"<p>{text}</p>"
