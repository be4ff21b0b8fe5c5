"""Check that a line from a child is one of our sentences, with nothing in its fields but what the student's file has.

A child is the student's process and could send any text.  People read an explanation as the grader's own, so a line is shown
only if it is a sentence of `shared/sentences.py`, the expressions in it occur in the student's file, and each name is known.
"""

import builtins
import keyword
import math
import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from grader.sandbox.shared import sentences
from grader.sandbox.shared.sentences import CLOSE, OPEN, Sentence

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)|nan"
_NAME = r"[^\W\d]\w*|<lambda>"
_DOTTED = rf"(?:{_NAME})(?:\.(?:{_NAME}))*"
_SIZE = r"-?\d+|[^\W\d]\w*(?:·[^\W\d]\w*)*"
_SHAPE = rf"\((?:(?:{_SIZE})(?:, (?:{_SIZE}))*,?)?\)"
_TYPE = rf"of type (?:{_NAME})"
_PARTS = rf"a (?:list|tuple) of (?:\d+|{_SHAPE}(?: and {_SHAPE})*)"
_VALUE = rf"{_SHAPE}(?: {_TYPE})?|a single number|None|a function|{_PARTS}|{_TYPE}"
# Copied from the file.
_COPIED = {"code": ".*", "copy": f".{{0,{sentences.MAX_COPY}}}"}
# Every word in them must be known.
_NAMED = {
    "value": _VALUE,
    "shape": _SHAPE,
    "shapes": f"{_SHAPE}(?:, {_SHAPE})*",
    "size": _SIZE,
    "count": rf"(?:(?:{_SIZE}) = )?(?:{_NUMBER})",
    "name": _NAME,
    "names": f"(?:(?:{_NAME})(?:, (?:{_NAME}))*)?",
    "chain": f"(?:{_NAME})(?: → (?:{_NAME}))+",
    "dotted": rf"\.?{_DOTTED}",
    "owner": rf"an array|a single number|{_DOTTED}",
}
# Numbers and our own words only.
_FIXED = {
    "number": _NUMBER,
    "operator": r"(?:[-+/@%?]|\*\*?|//)=?",
    "product": r"[@*]|np\.(?:matmul|dot|inner)",
    "position": r"only|first|last|second to last|third to last|\d+th to last",
    "keyword": "|".join(sentences.KEYWORDS),
    "axes": r"no axes|one axis|\d+ axes",
    "indices": r"its only index is 0|its indices go from 0 to \d+",
}
_KINDS = _COPIED | _NAMED | _FIXED
_OUR_WORDS = frozenset(
    "a an and array function is list number numpy of single tuple type inf nan e Point NoneType generator module method ufunc"
    " builtin_function_or_method MaskedArray matrix dict_keys dict_values dict_items".split()
)
_FIELD = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
_TOKENS = re.compile(
    r"(?P<number>\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|\w+|[^\w\s()\[\]{}'\",;\\]"
)
_WORDS = re.compile(r"[^\W\d]\w*")
_STRINGS = re.compile(r"\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_GAP = " … "  # where a long expression is cut


class Forged(Exception):
    """An explanation that the grader's own code never gives."""


def checked(lines: Sequence[str], source: bytes, known: Collection[str]) -> tuple[str, ...]:
    """The lines as they are shown; none if any of them is about what is not in the file.

    Args:
        known: the names of quantities, dimensions and functions that a line may mention beside those of the file and of numpy.

    Raises:
        Forged: a line is not one of our sentences.
    """
    if not lines:
        return ()
    file_words, spellings = _of_file(source)
    words = file_words.union(known, _OUR_WORDS, _words_of_python())
    for kind, value in [field for line in lines for field in _fields(line)]:
        if kind in _COPIED:
            if not _occurs_in(value, spellings):
                return ()
        elif kind in _NAMED and not words.issuperset(_WORDS.findall(value)):
            return ()
    return tuple(_FIELD.sub(r"\1", line) for line in lines)


def words_of(source: bytes) -> frozenset[str]:
    """The words in the code of a file."""
    return _of_file(source)[0]


def _fields(line: str) -> list[tuple[str, str]]:
    """(kind, value) of each field of a line."""
    names, values = _table().get(_FIELD.sub(OPEN + CLOSE, line)), _FIELD.findall(line)
    if names is None or len(set(zip(names, values, strict=True))) != len(set(names)):
        raise Forged
    found = [(name.rstrip("0123456789"), value) for name, value in zip(names, values, strict=True)]
    if not all(_pattern(kind).fullmatch(value) for kind, value in found):
        raise Forged
    return found


@lru_cache
def _pattern(kind: str) -> "re.Pattern[str]":
    """Compiled once there is an explanation."""
    return re.compile(_KINDS[kind])


@lru_cache
def _table() -> dict[str, list[str]]:
    """The names of the fields by what is left of a line without them."""
    everything = [*vars(sentences).values(), *sentences.CALLS]
    places = [sentences.IN_FUNCTION, sentences.IN_LINE, sentences.IN_CELL]
    found = {one.skeleton: one.fields for one in everything if isinstance(one, Sentence) and one not in places}
    placed = {
        place.skeleton + skeleton: [f"{name}9" for name in place.fields] + fields
        for place in places
        for skeleton, fields in found.items()
    }
    return found | placed


def _occurs_in(part: str, spellings: Sequence[str]) -> bool:
    """Whether an expression occurs in the file, in whatever layout; prose, as in a comment or a string, does not count."""
    for first, second in re.findall(r"([^\W\d]\w*)\s+(?=([^\W\d]\w*))", part):
        if not (keyword.iskeyword(first) or keyword.iskeyword(second)):
            return False
    pieces = [_spelling(piece) for piece in part.split(_GAP)]
    return all(any(piece in spelling for spelling in spellings) for piece in pieces)


def _spelling(text: str) -> str:
    """The words, numbers and signs of a text: the same for every way to write an expression."""
    return "\0".join(repr(float(found[0])) if found["number"] else found[0] for found in _TOKENS.finditer(text))


@lru_cache(maxsize=4)  # a file is asked about once for each of its exceptions
def _of_file(source: bytes) -> tuple[frozenset[str], tuple[str, str]]:
    """The words of a file's code, and its spelling without and with what looks like comments."""
    text = _as_text(source)
    code = re.sub(r"#[^\n]*", "", text)
    return frozenset(_WORDS.findall(_STRINGS.sub("", code))), (_spelling(code), _spelling(text))


def _as_text(source: bytes) -> str:
    """A file as text, whatever it is; of a notebook the lines of its cells, which are JSON strings."""
    text = source.decode("utf-8-sig", "replace")
    if not text.lstrip().startswith("{"):
        return text
    lines = (found[1] for found in re.finditer(r'"((?:[^"\\\n]|\\.)*)"', text))
    return "\n".join(line.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\") for line in lines)


@lru_cache
def _words_of_python() -> frozenset[str]:
    import numpy as np

    places = (builtins, math, np, np.linalg, np.ndarray, np.float64)
    return frozenset([*(name for place in places for name in dir(place)), *keyword.kwlist])
