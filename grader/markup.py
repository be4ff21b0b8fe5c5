"""Text as Markdown.  The student's text is shown as it is and does nothing: no markup, no links, no mathematics, no HTML."""

import re

_SPECIAL = re.compile(r"([\\`*_\[\]#|~!{}>+$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_CODE = re.compile(r"(`[^`\n]+`)")
_LINE_START = re.compile(r"[-=:]|\d+[.)]")
_MAX_TEXT = 2000


def ours(text: str) -> str:
    """Our own words, in which `code` may be marked by backquotes."""
    pieces = _CODE.split(text)
    return "".join(piece if _CODE.fullmatch(piece) else plain(piece) for piece in pieces)


def plain(text: str) -> str:
    """Any text, the student's too, as Markdown that shows it and does nothing else."""
    text = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text[:_MAX_TEXT])
    lines = [
        _SPECIAL.sub(r"\\\1", line.strip().replace("&", "&amp;").replace("<", "&lt;")) for line in text.splitlines()
    ]
    # A line could begin a list, a heading or a rule: the zero-width space before it says that it is text.
    return "  \n".join(f"\N{ZERO WIDTH SPACE}{line}" if _LINE_START.match(line) else line for line in lines if line)
