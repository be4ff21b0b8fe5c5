"""Text as Markdown, or free of it.  A student's text is shown as it is and does nothing: no links, mathematics or HTML."""

import html
import re
from functools import lru_cache

from grader.text import one_line, several_lines

_SPECIAL = re.compile(r"([\\`*_\[\]#|~!{}>+$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_LINE_START = re.compile(r"^(?:\d+(?=[.)])|(?=[-=:]))")  # of a list, a heading or a rule
# `code` and *emphasis*, in the grader's own words; a star between factors, as in a*b or a * b, is no markup.
_MARKED = re.compile(r"(?P<code>`[^`\n]+`)|(?<![\w*\\])\*(?P<emphasis>(?![\s*])[^*`\n]*(?<!\s))\*(?![\w*])")
_MAX_TEXT = 2000


def marked(text: str) -> str:
    """The grader's own words, in which `code` and *emphasis* may be marked, as Markdown."""
    text = " ".join(text.split())
    pieces, end = [], 0
    for found in _MARKED.finditer(text):
        pieces += [_escaped(text[end : found.start()]), found["code"] or f"*{_escaped(found['emphasis'])}*"]
        end = found.end()
    return _at_line_start("".join([*pieces, _escaped(text[end:])]))


def unmarked(text: str) -> str:
    """The grader's own words where Markdown is not read, as in a terminal: without stars, with the backquotes of code."""
    return _MARKED.sub(lambda found: found["code"] or found["emphasis"], text)


def hypertext(text: str) -> str:
    """The grader's own words as HTML."""
    pieces, end = [], 0
    for found in _MARKED.finditer(text):
        tag = "code" if found["code"] else "em"
        marked_text = (found["code"] or found["emphasis"]).strip("`")
        pieces += [html.escape(several_lines(text[end : found.start()])), f"<{tag}>{html.escape(marked_text)}</{tag}>"]
        end = found.end()
    return "".join([*pieces, html.escape(several_lines(text[end:]))])


@lru_cache(512)  # a class gets the same few sentences
def plain(text: str) -> str:
    """Any text, the student's too, as Markdown that shows it and does nothing else."""
    lines = [_escaped(line.strip()) for line in text[:_MAX_TEXT].splitlines()]
    return "  \n".join(_at_line_start(line) for line in lines if line)


def fenced(code: str) -> str:
    """A block of code, in a fence longer than any in it."""
    code = several_lines(code)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}text\n{code}\n{fence}"


def _escaped(line: str) -> str:
    return _SPECIAL.sub(r"\\\1", one_line(line, _MAX_TEXT).replace("&", "&amp;").replace("<", "&lt;"))


def _at_line_start(line: str) -> str:
    return _LINE_START.sub(r"\g<0>\\", line)
