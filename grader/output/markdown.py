"""Text as Markdown, or free of it.  A student's text is shown as it is and does nothing: no links, mathematics or HTML."""

import re

from grader.text import one_line

_SPECIAL = re.compile(r"([\\`*_\[\]#|~!{}>+$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
# `code` and *emphasis*, as our own texts may use them; a star between factors, as in a*b or a * b, is none.
_MARKED = re.compile(r"(?P<code>`[^`\n]+`)|(?<![\w*\\])\*(?P<emphasis>(?![\s*])[^*`\n]*(?<!\s))\*(?![\w*])")
_LINE_START = re.compile(r"[-=:]|\d+[.)]")
_MAX_TEXT = 2000


def ours(text: str) -> str:
    """Our own words, in which `code` and *emphasis* may be marked, as Markdown."""
    text = " ".join(text.split())
    pieces, end = [], 0
    for found in _MARKED.finditer(text):
        pieces += [_shown(text[end : found.start()]), found["code"] or f"*{_shown(found['emphasis'])}*"]
        end = found.end()
    return _at_line_start("".join([*pieces, _shown(text[end:])]))


def unmarked(text: str) -> str:
    """Our own words where Markdown is not read, as in a terminal: no stars about a word; code keeps its backquotes."""
    return _MARKED.sub(lambda found: found["code"] or found["emphasis"], text)


def plain(text: str) -> str:
    """Any text, the student's too, as Markdown that shows it and does nothing else."""
    lines = [_shown(line.strip()) for line in text[:_MAX_TEXT].splitlines()]
    return "  \n".join(_at_line_start(line) for line in lines if line)


def _shown(text: str) -> str:
    """One line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", one_line(text, _MAX_TEXT).replace("&", "&amp;").replace("<", "&lt;"))


def _at_line_start(line: str) -> str:
    """A line could begin a list, a heading or a rule: the zero-width space before it says that it is text."""
    return f"\N{ZERO WIDTH SPACE}{line}" if _LINE_START.match(line) else line
