"""The sentences in which a child explains an exception, and whether a line is one of them.

A child is the student's process and could send any text.  People read an explanation as the grader's own, so a line is shown
only if it has the form of a sentence below, the expressions in it stand in the student's file, and each name in it is known.
A sentence that changes in `explain`, `reasons`, `calls` or `names` must change here too.

`{code}` is an expression, which a child puts in marks; `{free}` text that is part of the student's file, such as a key.
"""

import builtins
import keyword
import math
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

OPEN, CLOSE = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}", "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"

# What stands in [] may be missing; of what stands in <|> there is one.
_SENTENCES = """
{operand} is {value}  <+|-|*|/|@|**|//|%|?>[=]  {operand} is {value}
{code} is None: does the function that made it `return` its result?
<{name}|{code}> is a function: its value at this step is <{name}|{code}>(s)
{code} is the whole step: name one of its quantities, as in {code}.name
{code} holds whole numbers, and an array changed in place keeps its type: it cannot take fractions
what is changed in place keeps its shape {value}, and the result does not have that shape
<@|np.matmul|np.dot|np.inner> sums over an index, and a single number has none: for a number times an array there is *
<@|np.matmul|np.dot|np.inner> sums over the <only|last> index of the left, {size}, and the <only|last|first|second to last> index\
 of the right, {size}: a sum needs both to be the same kind of index
entry by entry, axes are compared from the right and must count the same thing, or have size 1: the\
 <last|second to last|third to last|{number}th to last> ones are {size} and {size}
the place {code} is {value}, the value {code} is {value}
one entry holds one number, not {shape}
the value must fit into the place: the same axes in the same order, or size 1
{code} is the whole step, not a table
its quantities are attributes: {code}.{free}
{code} is {shape}, the index is \\[{codes}\\]
{code} has <one axis|{number} axes>, the index names {number}
positions are whole numbers, and {code} is {number}
a position must be a whole number, a slice, or an array of one of them, inside the axis
{code}[ is {value}]
it has no entries to pick from
it takes one whole number or slice; an array takes an index for each axis
its only position is 0
it is empty
its positions are 0 to {number}
axis {number} of {code} has size {size}: <its only position is 0|its positions are 0 to {number}>, and {number} is outside\
[. A row has one row and {size} columns: its entries are {code}\\[0, i\\]]

{code} is {shape}, an array
an array cannot be called: a product is written with an operator
{code}: {operands}
{code} is defined as {code}([{names}])
it does not take arrays of these shapes together
this needs a square matrix: as many rows as columns, counting the same thing
{code} takes one number, and this is an array: numpy's functions work entry by entry
transposing {shape} takes each of its {number} axes exactly once
squeeze takes away axes of size 1, and {value} has another size there
only one size may be left open with -1
reshape keeps all entries: {shape} has {count} entries, and these cannot be shared out over {count}
reshape keeps all entries: {shape} has {count} entries, {shape} would have {count}
{name} takes a list of arrays: \\[a, b\\]
stack needs arrays of one and the same shape, these are {shapes}
the arrays must have as many axes as each other, these are {shapes}
joined along axis <{number}|{free}>, they must agree in every other axis; they are {shapes}
`{free}` describes {number} arrays, {number} are given
`{free}` names {number} <index|indices>, array {number} is {shape} and has {number}
the index {free} is {size} in one array and {size} in another
the index {free} of the result is in none of the arrays
the array has <no axis|one axis, number 0|{number} axes, numbered 0 to {number}>; there is no axis {number}

a gradient is called with one argument, the step: `def name(s)`
an array has one truth value per entry, and here a single one is needed
{code} is {value}, to be taken apart into {number} names
an array is taken apart along its first axis, which gives {size} here
{circle}: the functions call one another without end
{code} changes nothing: {code} has one axis, {shape}, and no other to swap it with
{code} is a single number: both have one axis, {shape}, and @ sums over it
{code} is {shape}: numpy repeats both {shape} and {shape} to fit

{name} gets a value in this function, but only later
until then it has none, also where a name outside is the same
{name} is a quantity of the step: s.{name}
numpy is not imported here: `import numpy as np` at the top of the file
{name} is a function of the model: `from model import {name}` at the top of the file
{name} is numpy's: np.{name}
nothing here is called {name}[<; the nearest quantity of the step is s.{name}|; did you mean {name}?>]
the step holds no gradients: {free} is a function of yours, called with the step
the step has no {free}: [the nearest quantity is s.{name}; ]it holds {names}
an array has no {free}[; did you mean .{name}?]
a single number has no {free}[; did you mean .{name}?]
numpy has no {free}; the model has one: `from model import {free}`
{dotted} has no {free}[; did you mean {dotted}?]
the step is called {name} in this function, not {name}
what stands before .{free} is None: does the function that made it `return` its result?
"""
_BEFORE = "[in {name}: ][[cell {number}, ]line {number}: ]"

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)|nan"
_NAME = r"[^\W\d]\w*|<lambda>"
_SIZE = r"-?\d+|[^\W\d]\w*(?:·[^\W\d]\w*)*"
_SHAPE = rf"\((?:(?:{_SIZE})(?:, (?:{_SIZE}))*,?)?\)"
_VALUE = rf"{_SHAPE}|a single number|None|a function|a (?:list|tuple) of (?:\d+|{_SHAPE}(?: and {_SHAPE})*)|of type (?:{_NAME})"
_CODE = f"{OPEN}{CLOSE}"
_OPERAND = rf"(?:{_CODE}|\({_CODE}\))"
_KINDS = {
    "code": _CODE,
    "codes": f"{_CODE}(?:, {_CODE})*",
    "operand": _OPERAND,
    "operands": f"{_OPERAND} is (?:{_VALUE})(?:, {_OPERAND} is (?:{_VALUE}))*",
    "value": _VALUE,
    "shape": _SHAPE,
    "shapes": f"{_SHAPE}(?:, {_SHAPE})*",
    "size": _SIZE,
    "count": rf"(?:(?:{_SIZE}) = )?{_NUMBER}",
    "number": _NUMBER,
    "name": _NAME,
    "dotted": rf"(?:{_NAME})(?:\.(?:{_NAME}))*",
    "names": f"(?:{_NAME})(?:, (?:{_NAME}))*",
    "circle": f"(?:{_NAME})(?:, which calls (?:{_NAME}))+",
    "free": f"[^{OPEN}{CLOSE}]{{0,80}}?",
}
_SIGNS = re.compile(r"(\{\w+\}|\\[\[\]]|[\[\]<|>])")
_ONLY_CODE = ("code", "codes", "operand")  # only the expressions in them have to be checked
_OURS = frozenset(
    "a an and calls function is list number of single tuple type which inf nan e Point NoneType generator module method ufunc"
    " builtin_function_or_method dict_keys dict_values dict_items".split()
)
_TOKENS = re.compile(
    r"(?P<number>\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|\w+|[^\w\s()\[\]{}'\",;\\]"
)
_WORDS = re.compile(r"[^\W\d]\w*")
_STRINGS = re.compile(r"\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_GAP = " … "  # where a long expression is cut


class Foreign(Exception):
    """A line that an honest child never sends."""


def marked(code: str) -> str:
    """An expression of the student's in its marks, as a child sends it."""
    return f"{OPEN}{code.replace(OPEN, '?').replace(CLOSE, '?')}{CLOSE}"


def checked(lines: Sequence[str], source: bytes, known: Collection[str]) -> tuple[str, ...]:
    """The lines of an explanation without their marks; none where something in them cannot be found in the file.

    Args:
        known: the names of quantities, dimensions and functions that a line may mention beside those of the file and of numpy.

    Raises:
        Foreign: a line is not one of our sentences.
    """
    if not lines:
        return ()
    words, spellings = _of_file(source)
    words = words.union(known, _OURS, _words_of_python())
    for line in lines:
        for kind, part in _parts(line):
            if kind in ("code", "free"):
                if not _stands_in(part, spellings):
                    return ()
            elif not words.issuperset(_WORDS.findall(part)):
                return ()
    return tuple(line.replace(OPEN, "").replace(CLOSE, "") for line in lines)


def words_of(source: bytes) -> frozenset[str]:
    """The words in the code of a file."""
    return _of_file(source)[0]


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """What a line has beside our own words, each with its kind."""
    for code in re.findall(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}", line):
        yield "code", code
    bare = re.sub(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", _CODE, line)
    candidates = (sentence for words, sentence in _table() if words in bare)
    found = next((match for sentence in candidates if (match := _pattern(sentence).fullmatch(bare))), None)
    if found is None:
        raise Foreign
    for name, part in found.groupdict().items():
        if part is not None:
            yield name.partition("_")[0], part


@lru_cache
def _table() -> list[tuple[str, str]]:
    """Each sentence with words that must be in it: a pattern is compiled when they are, which takes longer than to use it."""
    found = []
    for sentence in filter(None, _SENTENCES.splitlines()):
        always, depth = [""], 0
        for part in _SIGNS.split(sentence):
            depth += part in ("[", "<")
            depth -= part in ("]", ">")
            if depth == 0 and not _SIGNS.fullmatch(part):
                always.append(part)
        found.append((max(always, key=len), sentence))
    return found


@lru_cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """A sentence as a regular expression, each variable part of it a group."""
    signs = {"[": "(?:", "]": ")?", "<": "(?:", "|": "|", ">": ")", "\\[": r"\[", "\\]": r"\]"}
    parts = []
    for k, part in enumerate(_SIGNS.split(_BEFORE + sentence)):
        if part.startswith("{"):
            kind = part[1:-1]
            parts.append(f"(?:{_KINDS[kind]})" if kind in _ONLY_CODE else f"(?P<{kind}_{k}>{_KINDS[kind]})")
        else:
            parts.append(signs.get(part, re.escape(part)))
    return re.compile("".join(parts))


def _stands_in(part: str, spellings: Sequence[str]) -> bool:
    """Whether an expression stands in the file, however it is set there; prose, as in a comment or a text, is none."""
    for first, second in re.findall(r"([^\W\d]\w*)\s+(?=([^\W\d]\w*))", part):
        if not (keyword.iskeyword(first) or keyword.iskeyword(second)):
            return False
    pieces = [_spelling(piece) for piece in part.split(_GAP)]
    return all(any(piece in spelling for spelling in spellings) for piece in pieces)


def _spelling(text: str) -> str:
    """The words, numbers and signs of a text, without what may differ between two ways to write one expression."""
    return "\0".join(repr(float(found[0])) if found["number"] else found[0] for found in _TOKENS.finditer(text))


@lru_cache(maxsize=4)  # a file is asked about once for each of its exceptions
def _of_file(source: bytes) -> tuple[frozenset[str], tuple[str, str]]:
    """The words of a file's code, and its spelling without and with what looks like comments."""
    text = _as_text(source)
    code = re.sub(r"#[^\n]*", "", text)
    return frozenset(_WORDS.findall(_STRINGS.sub("", code))), (_spelling(code), _spelling(text))


def _as_text(source: bytes) -> str:
    """A file as text, whatever it is; of a notebook the lines of its cells, which JSON has as texts."""
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
