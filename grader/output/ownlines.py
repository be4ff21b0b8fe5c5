"""A student's own lines, for the student: the line that went wrong with a mark below it, and what the code printed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from grader.output.wording import explained, line_of
from grader.records.result import Grade, GradientResult
from grader.text import one_line

MAX_PRINTED = 20  # lines
_WIDTH = 100
_PLACE = re.compile(r"(?:cell (\d+), )?line (\d+)")
_OPERATOR = re.compile(r"  (\S{1,2})  ")  # in an explained exception: `s.H.T is (Dh, Dh)  @  s.h is (1, Dh)`

NOTHING: Mapping[str, Sequence[str]] = {}

Quote = Callable[[GradientResult], list[str]]


def quoted_lines(grade: Grade, source: bytes) -> dict[str, list[str]]:
    """By gradient, the line of this file, a script or a notebook, that goes wrong, with a mark below it."""
    if grade.passed:
        return {}
    quote = quoting(source)
    return {one.name: lines for one in grade.gradients if (lines := quote(one))}


def quoting(source: bytes) -> Quote:
    """A function that quotes the line of a gradient's mistake from this file, a script or a notebook."""
    lines = _lines(source)

    def quote(result: GradientResult) -> list[str]:
        found = (
            _PLACE.match(line_of(result)) if result.status != "missing" else None
        )  # there is nothing to see in a stub
        line = lines.get((int(found[1] or 0), int(found[2])), "") if found else ""
        if not line.strip():
            return []
        begin, end = _at_fault(line, result)
        margin = f"{found[2]} | " if found else ""
        indent = len(line) - len(line.lstrip())
        shown = one_line(line[indent:], _WIDTH)
        mark = " " * (len(margin) + begin - indent) + "^" * max(1, min(end, indent + _WIDTH) - begin)
        return [margin + shown, mark] if begin - indent < len(shown) else [margin + shown]

    return quote


def _at_fault(line: str, result: GradientResult) -> tuple[int, int]:
    """Where in the line the failing expression is; where that is not known, the whole statement."""
    for text in explained(result)[:1]:
        parts = [part.partition(" is ")[0].split() for part in _OPERATOR.split(text)]
        pattern = r"\s*".join(re.escape(word) for part in parts for word in part)
        if pattern and (found := re.search(pattern, line)):
            return found.span()
    code = line.partition("#")[0].rstrip() or line.rstrip()
    return len(line) - len(line.lstrip()), len(code)


def _lines(source: bytes) -> dict[tuple[int, int], str]:
    """The lines by cell, 0 in a script, and number."""
    text = source.decode("utf-8", "replace")
    if text.lstrip()[:1] == "{":
        try:
            return {
                (cell, number): line
                for cell, code in _cells(json.loads(text))
                for number, line in enumerate(code.splitlines(), 1)
            }
        except (ValueError, RecursionError):
            return {}
    return {(0, number): line.expandtabs(4) for number, line in enumerate(text.splitlines(), 1)}


def _cells(notebook: Any) -> Iterator[tuple[int, str]]:
    """The cells, counted from 1; those of a session have the numbers that Jupyter gave them."""
    notebook = notebook if isinstance(notebook, dict) else {}
    cells, metadata = notebook.get("cells"), notebook.get("metadata")
    in_session = isinstance(metadata, dict) and "session" in metadata
    for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        if isinstance(cell, dict):
            code, count = cell.get("source", ""), cell.get("execution_count")
            text = code if isinstance(code, str) else "".join(part for part in code if isinstance(part, str))
            yield count if in_session and isinstance(count, int) else number, text


def printed_lines(grade: Grade) -> list[tuple[str, list[str]]]:
    """What was printed, by where: at most MAX_PRINTED lines in all, and how many more there are."""
    texts = [("while loading", grade.printed), *((one.name, one.printed) for one in grade.gradients)]
    room, more, found = MAX_PRINTED, 0, []
    for where, text in texts:
        lines = [one_line(line, _WIDTH) for line in text.rstrip().splitlines()]
        if lines[:room]:
            found.append((where, lines[:room]))
        more += len(lines) - len(lines[:room])
        room -= len(lines[:room])
    if more and found:
        found[-1][1].append(f"… and {more} more {'line' if more == 1 else 'lines'}")
    return found


def first_lines(text: str) -> str:
    """The first lines of what a student printed, as one."""
    lines = text.strip().splitlines()
    shown = " ⏎ ".join(line[:200] for line in lines[:3])
    return shown + (f" … ({len(lines)} lines)" if len(lines) > 3 else "")
