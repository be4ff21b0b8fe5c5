"""What is left of a file when names, comments and layout are taken away.  Reads hostile text with a regular expression alone."""

import builtins
import hashlib
import keyword
import re
from typing import NamedTuple

_TOKEN = re.compile(
    rb"""(?P<comment>\#[^\n]*)|(?P<space>\s+|\\\n)"""
    rb"""|(?P<text>[rbfuRBFU]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))"""
    rb"""|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<other>.)""",
    re.DOTALL,
)
_FIXED = frozenset(word.encode() for word in (*keyword.kwlist, *dir(builtins), "np", "numpy"))
_MAX_BYTES = 100_000
MANY_NAMES = 3  # of a student's own: files that agree in fewer may well have been written independently


class Structure(NamedTuple):
    """The structure of a file.

    Attributes:
        hash: "" where nothing is left.
        names: how many names the file gives to variables of its own.
    """

    hash: str
    names: int


def structure_of(source: bytes) -> Structure:
    """The structure of a Python file: names become numbers, in the order in which they appear; those of
    Python, of numpy and of attributes stay."""
    tokens = [
        (found.lastgroup, found[0])
        for found in _TOKEN.finditer(source[:_MAX_BYTES])
        if found.lastgroup not in ("comment", "space")
    ]
    numbers: dict[bytes, bytes] = {}
    total, assigned, depth, before = hashlib.sha256(), set(), 0, b""
    for k, (kind, text) in enumerate(tokens):
        depth += (text in b"([{") - (text in b")]}") if kind == "other" else 0
        shown = b"text" if kind == "text" else text
        if kind == "name" and before != b"." and text not in _FIXED:
            shown = numbers.setdefault(text, b"name %d" % len(numbers))
            after = [token for _, token in tokens[k + 1 : k + 3]]
            if depth == 0 and after[:1] == [b"="] and after[1:] != [b"="]:
                assigned.add(text)
        total.update(shown + b"\n")
        before = text
    return Structure(total.hexdigest() if tokens else "", len(assigned))
