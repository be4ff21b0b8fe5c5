"""Formulas in words: "dJ_dh times h times 1 - h", "the outer product of h and dJ_db2", "y_hat less y".

Words do not say what binds to what, so every way to group them is evaluated.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from grader.problem.model import Array

Values = list[Array]

FUNCTION = "of"  # between a function and what it is applied to, as in "sigmoid of z"
_TOKEN = re.compile(r"Σ_\w|[^\W\d]\w*(?:\.T\b)?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\*\*|[-+*/@()\[\],]|\^[T2]|\S")
_PHRASES = [
    (r"\b(?:element ?wise|entry by entry|matrix|dot)[- ]+product\b", "product"),
    (r"\bmultiplied (?:\w+ )?(?:by|with)\b|·|×", " times "),
    (r"\bmultiply\b(?=[^.:;]*\bby\b)", " PRODUCT "),
    (r"\bdivided by\b|\bover\b", " / "),
    (r"\bplus\b|\badded to\b", " + "),
    (r"\bminus\b|\bless\b|\breduced by\b|−", " - "),
    (r"'s transposed?\b|\btransposed?\b(?! of\b)", " ^T "),
    (r"\btransposed? of\b", " TRANSPOSE "),
    (r"\bsquared\b", " ^2 "),
    (r"\bsquare of\b", " SQUARE "),
    (r"\bouter product (?:of|between)\b", " OUTER "),
    (r"\bproduct (?:of|between)\b", " PRODUCT "),
    (r"\bsum of\b", " SUM "),
    (r"\bdifference (?:of|between)\b", " DIFFERENCE "),
    (r"\b(?:subtract|take)\b", " SUBTRACT "),
    (r"\bsubtracted from\b", " FROM "),
    (r"\b(?:the|a|an|its|your)\b(?!\s*[=(\[,)])", " "),
    (r"\bone\b", " 1 "),
    (r"\btwo\b|\btwice\b", " 2 "),
    (r"\bwith\b|\bby\b", " and "),
]
_COMPILED = [(re.compile(pattern, re.IGNORECASE), word) for pattern, word in _PHRASES]
_LONGEST, _MOST = 16, 8  # tokens of a phrase, and different values of one that are looked at
_SIGNS = "+ - * / @ ** ( )".split()
_WORDS = "times dot and from of ^T ^2 TRANSPOSE SQUARE OUTER PRODUCT SUM DIFFERENCE SUBTRACT FROM".split()


def tokens_of(text: str, known: set[str]) -> list[str]:
    """A text as tokens, with the words of mathematics in one form each."""
    for pattern, word in _COMPILED:  # a model may call a quantity `a`
        text = pattern.sub(partial(_unless_known, known, word), text)
    return _TOKEN.findall(text)


def _unless_known(known: set[str], word: str, found: re.Match[str]) -> str:
    return found[0] if found[0] in known else word


def phrases(tokens: Sequence[str], spaces: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, ...], Values]]:
    """Every phrase of several tokens that has values, with them: one pair for each way to read it."""
    for run in _runs(tokens, spaces[0]):
        if not set(_WORDS).intersection(run):
            continue
        chart: dict[tuple[int, int], list[Values]] = {}
        for length in range(1, min(len(run), _LONGEST) + 1):
            for start in range(len(run) - length + 1):
                found = _distinct(_readings(run, start, start + length, chart, spaces))
                chart[start, start + length] = found
                if length > 1:
                    yield from ((tuple(run[start : start + length]), values) for values in found)


def _runs(tokens: Sequence[str], space: Mapping[str, Any]) -> Iterator[list[str]]:
    run: list[str] = []
    for piece in [*tokens, ""]:
        bare = piece.removesuffix(".T")
        if piece and (bare in space or piece in (*_WORDS, *_SIGNS) or piece[0].isdigit()):
            run += [bare, "^T"] if piece != bare else [piece]
        else:
            if run:
                yield run
            run = []


def _readings(
    run: Sequence[str],
    start: int,
    end: int,
    chart: Mapping[tuple[int, int], list[Values]],
    spaces: Sequence[Mapping[str, Any]],
) -> Iterator[Values | None]:
    """The values of run[start:end], for each way to read it."""
    first, last = run[start], run[end - 1]
    known = spaces[0].get(first)
    if end - start == 1:
        if first[0].isdigit():
            yield [np.asarray(float(first)) for _ in spaces]
        elif known is not None and not callable(known):
            yield [np.asarray(space[first], dtype=float) for space in spaces]
        return
    for how in _BEFORE.get(first, ()):
        yield from (_applied(how, values) for values in chart.get((start + 1, end), []))
    for how in _AFTER.get(last, ()):
        yield from (_applied(how, values) for values in chart.get((start, end - 1), []))
    if first == "(" and last == ")":
        yield from chart.get((start + 1, end - 1), [])
    if known is not None and callable(known):
        begin = start + 2 if run[start + 1] == FUNCTION else start + 1
        yield from (_applied(known, values) for values in chart.get((begin, end), []))
    yield from _of_two(run, start, end, chart)


def _of_two(
    run: Sequence[str], start: int, end: int, chart: Mapping[tuple[int, int], list[Values]]
) -> Iterator[Values | None]:
    """`a times b`, or `product of a and b`."""
    opening = _NAMED.get(run[start])
    between, begin = _BETWEEN, start
    if opening is not None:
        between, begin = {"from" if run[start] == "SUBTRACT" else "and": opening}, start + 1
    for k in range(begin + 1, end - 1):
        for how in between.get(run[k], ()):
            for left in chart.get((begin, k), []):
                yield from (_applied(how, left, right) for right in chart.get((k + 1, end), []))


def _applied(how: Callable[..., Any], *operands: Values) -> Values | None:
    try:
        with np.errstate(all="ignore"):
            values = [np.asarray(how(*at_point), dtype=float) for at_point in zip(*operands, strict=True)]
    except Exception:  # shapes that do not fit, or a function that takes something else
        return None
    return values if all(np.all(np.isfinite(value)) for value in values) else None


def _distinct(readings: Iterator[Values | None]) -> list[Values]:
    found: dict[tuple[object, ...], Values] = {}
    for values in readings:
        if values is not None:
            found.setdefault((values[0].shape, *np.round(values[0].reshape(-1)[:8], 9).tolist()), values)
        if len(found) == _MOST:
            break
    return list(found.values())


def _outer(a: Array, b: Array) -> Array:
    if np.size(a) < 2 or np.size(b) < 2 or max(np.squeeze(a).ndim, np.squeeze(b).ndim) > 1:
        raise ValueError("not two vectors")
    return np.outer(a, b)


_TIMES = (np.multiply, np.matmul, _outer)
_BETWEEN: dict[str, tuple[Callable[..., Any], ...]] = {
    "times": _TIMES, "dot": (np.matmul, _outer), "@": (np.matmul,), "*": (np.multiply,), "/": (np.divide,), "+": (np.add,),
    "-": (np.subtract,), "**": (np.power,), "FROM": (lambda a, b: b - a,),
}  # fmt: skip
_NAMED: dict[str, tuple[Callable[..., Any], ...]] = {
    "OUTER": (_outer,), "PRODUCT": _TIMES, "SUM": (np.add,), "DIFFERENCE": (np.subtract,), "SUBTRACT": (lambda a, b: b - a,),
}  # fmt: skip
_BEFORE: dict[str, tuple[Callable[..., Any], ...]] = {
    "-": (np.negative,),
    "TRANSPOSE": (np.transpose,),
    "SQUARE": (np.square,),
}
_AFTER: dict[str, tuple[Callable[..., Any], ...]] = {"^T": (np.transpose,), "^2": (np.square,)}
SHOWN = {
    "^T": "transposed", "^2": "squared", "TRANSPOSE": "transpose of", "SQUARE": "square of", "OUTER": "outer product of",
    "PRODUCT": "product of", "SUM": "sum of", "DIFFERENCE": "difference of", "SUBTRACT": "subtract", "FROM": "subtracted from",
}  # fmt: skip
