"""Untrusted text, made harmless: a student's words and names show as text and do nothing else.

No control, escape, bidirectional or invisible character and no lone surrogate is left, accents cannot pile up over the lines
around them, and the length is limited. Letters of every script stay as they are.
"""

import re
import unicodedata

MAX_LINE, MAX_TEXT = 300, 20_000
MAX_MARKS = 3  # accents on one letter; Vietnamese, Hebrew and Thai need no more
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNUSUAL = re.compile(r"[^ -~]")
_UNUSUAL_IN_LINES = re.compile(r"[^ -~\n]")
# They select forms of a letter, as in Persian or Japanese names; without them, the name is still readable.
_FORMS = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
# Letters and marks by their category, but invisible.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def one_line(text: str, limit: int = MAX_LINE) -> str:
    """`text` as one line of at most `limit` characters: for names, paths and cells."""
    if len(text) <= limit and not _UNUSUAL.search(text):
        return text
    return _harmless(text, limit, "", named=False)


def several_lines(text: str, limit: int = MAX_TEXT, *, keep: str = "", named: bool = False) -> str:
    """`text` with its line breaks, at most `limit` characters of it.

    Args:
        keep: characters that are not replaced.
        named: show a character that is not printable as ⟨U+202E⟩ instead of as a replacement character.
    """
    if len(text) <= limit and not _UNUSUAL_IN_LINES.search(text):
        return text
    return _harmless(text.replace("\r\n", "\n"), limit, f"\n{keep}", named=named)


def counted(number: int, thing: str) -> str:
    """`1 student`, `2 students`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _harmless(text: str, limit: int, keep: str, *, named: bool) -> str:
    cut = len(text) > limit
    shown, marks = [], 0
    for c in _FORMS.sub("", text[: limit - cut]):
        marks = marks + 1 if unicodedata.category(c).startswith("M") else 0
        if c in keep:
            shown.append(c)
        elif c.isprintable() and c not in _INVISIBLE:
            shown.append(c if marks <= MAX_MARKS else "")
        elif c.isspace() and not named:
            shown.append(" ")
        else:
            shown.append(f"⟨U+{ord(c):04X}⟩" if named else REPLACEMENT)
    return "".join(shown) + "…" * cut
