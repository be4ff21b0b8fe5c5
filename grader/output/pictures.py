"""Small pictures of shapes: which axes of two factors meet, which of them match, and what comes out.

They are drawn from the sentences of an explanation, which have the shapes in them, as lines of text; as SVG in `svg.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from grader.output.wording import explained
from grader.records.result import GradientResult
from grader.sandbox.shared import sentences
from grader.text import one_line

Axes = tuple[str, ...]
_NAME = 30  # characters of an expression
_PART = {
    "value": r"\((?P<{}>[^()]*)\)",
    "shape": r"\((?P<{}>[^()]*)\)",
    "operator": r"(?P<{}>\S+)",
    "product": r"(?P<{}>\S+)",
}
_WRONG_SHAPE = re.compile(
    r"expected shape \((?P<wanted>[^()]*)\) = \([^()]*\), got \((?P<got>[^()]*)\)(?: = \((?P<named>[^()]*)\))?"
)
_MAX_AXES = 6
_BOTH = ("left", "right")  # where the expressions are not known


def _pattern(sentence: sentences.Sentence) -> re.Pattern[str]:
    """What finds a sentence, with a group for each of its fields."""
    pieces = re.split(r"\{([a-z]+\d?)\}", sentence.text)
    fields = [_PART.get(name.rstrip("0123456789"), "(?P<{}>.+)").format(name) for name in pieces[1::2]]
    return re.compile(
        "".join(re.escape(text) + field for text, field in zip(pieces[::2], [*fields, ""], strict=True)) + "$"
    )


_OPERATION = _pattern(sentences.OPERATION)
_BROADCASTS = _pattern(sentences.BROADCASTS)
_CALLED = _pattern(sentences.CALLS[2])
_SUMMING = ("dot", "matmul")
_INNER_PRODUCT = _pattern(sentences.INNER_PRODUCT)
_PRODUCT = _pattern(sentences.PRODUCT)
_PLACE = re.compile(r"^(?:in [^:]+|(?:cell \d+, )?line \d+): ")


@dataclass(frozen=True)
class Pair:
    """An axis of the left and one of the right, counted from the left, that meet; and whether they match."""

    left: int
    right: int
    fits: bool


@dataclass(frozen=True)
class Picture:
    """Two arrays and what becomes of them.

    Attributes:
        operator: between them; "" where a result is compared with what it should be.
        result: the axes of what comes out, None where nothing does.
        expected: what should come out, where that is known to be something else.
    """

    names: tuple[str, str]
    axes: tuple[Axes, Axes]
    operator: str
    pairs: tuple[Pair, ...]
    result: Axes | None
    expected: Axes | None = None

    @property
    def description(self) -> str:
        """What it shows, in words."""
        (left, right), sign = self.axes, self.operator or "instead of"
        parts = [f"{self.names[0]} {shown(left)} {sign} {self.names[1]} {shown(right)}"]
        parts += [
            f"{left[pair.left]} {'fits' if pair.fits else 'does not fit'} {right[pair.right]}" for pair in self.pairs
        ]
        return "; ".join([*parts, *_outcome(self)])


def pictures(result: GradientResult) -> list[Picture]:
    """Those of a gradient: of an operation that failed, of one that numpy accepted but hardly anyone means, of a wrong shape."""
    if result.inherits or result.follow_through is not None:
        return []  # the mistake is in another gradient
    found = [picture for line in [*explained(result), *result.notes] if (picture := _of_line(_PLACE.sub("", line)))]
    wrong = [_WRONG_SHAPE.search(check.message) for check in result.checks if check.name == "shape"]
    for compared in (_compared(match) for match in wrong if match):
        found = _with_expected(found, compared)
    drawable = [
        one for one in found if (one.operator or one.pairs) and all(len(axes) <= _MAX_AXES for axes in one.axes)
    ]
    return list(dict.fromkeys(drawable))[:2]


def _with_expected(found: list[Picture], compared: Picture) -> list[Picture]:
    """The pictures with a wrong shape beside what is expected: in that of the product that gives it, or in one of its own."""
    got, expected = compared.axes
    makers = [one for one in found if one.names != _BOTH and one.result == got]
    others = [one for one in found if one.names == _BOTH or one.result is None]
    return [*others, replace(makers[-1], expected=expected) if makers else compared]


def _of_line(line: str) -> Picture | None:
    if match := _OPERATION.match(line):
        return _failed(match["operator"], (match["code"], match["value"]), (match["code2"], match["value2"]))
    if match := _PRODUCT.match(line):
        left, right = _axes(match["shape"]), _axes(match["shape2"])
        names = one_line(match["code"], _NAME), one_line(match["code2"], _NAME)
        return Picture(names, (left, right), match["product"], _summed(left, right), _axes(match["shape3"]))
    match = _CALLED.match(line)
    if match and match["code0"].rpartition(".")[2] in _SUMMING:
        return _failed("@", (match["code1"], match["value1"]), (match["code2"], match["value2"]))
    if match := _BROADCASTS.match(line):
        left, right = _axes(match["shape2"]), _axes(match["shape3"])
        return Picture(_BOTH, (left, right), "∘", _paired(left, right), _axes(match["shape"]))
    if match := _INNER_PRODUCT.match(line):
        both = _axes(match["shape"])
        return Picture(_BOTH, (both, both), "@", _summed(both, both), ())
    return None


def _failed(operator: str, left: tuple[str, str], right: tuple[str, str]) -> Picture | None:
    """An operation on two expressions with their shapes; None where their axes are not why it failed."""
    axes = _axes(left[1]), _axes(right[1])
    pairs = _summed(*axes) if operator.startswith("@") else _paired(*axes)
    names = one_line(left[0], _NAME), one_line(right[0], _NAME)
    return Picture(names, axes, operator, pairs, None) if any(not pair.fits for pair in pairs) else None


def _compared(match: "re.Match[str]") -> Picture:
    got, wanted = _axes(match["named"] or match["got"]), _axes(match["wanted"])
    pairs = tuple(Pair(i, j, got[i] == wanted[j]) for i, j in _from_the_right(got, wanted))
    return Picture(("yours", "expected"), (got, wanted), "", pairs, None)


def _axes(text: str) -> Axes:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _summed(left: Axes, right: Axes) -> tuple[Pair, ...]:
    """The axes over which @ sums."""
    if not left or not right:
        return ()
    i, j = len(left) - 1, max(0, len(right) - 2)
    return (Pair(i, j, left[i] == right[j]),)


def _paired(left: Axes, right: Axes) -> tuple[Pair, ...]:
    """The axes that meet element by element."""
    return tuple(Pair(i, j, left[i] == right[j] or "1" in (left[i], right[j])) for i, j in _from_the_right(left, right))


def _from_the_right(left: Axes, right: Axes) -> Iterator[tuple[int, int]]:
    for back in range(1, min(len(left), len(right)) + 1):
        yield len(left) - back, len(right) - back


def shown(axes: Axes) -> str:
    """`(1, Dh)`, or words where there are no axes."""
    return f"({', '.join(axes)}{',' * (len(axes) == 1)})" if axes else "a single number"


def as_text(picture: Picture) -> list[str]:
    """The picture as lines of text."""
    return _side_by_side(picture) if _is_product(picture.operator) else _one_below_the_other(picture)


def _is_product(operator: str) -> bool:
    return operator.startswith("@") or operator.rpartition(".")[2] in _SUMMING


def _side_by_side(picture: Picture) -> list[str]:
    """The factors beside each other, as in a product, and below them a line from axis to axis."""
    left, right = map(shown, picture.axes)
    names = [name[:_NAME] for name in picture.names]
    width = max(len(left), len(names[0]))
    begin = width + len(picture.operator) + 2
    lines = [f"{names[0]:>{width}}{' ' * (begin - width)}{names[1]}", f"{left:>{width}} {picture.operator} {right}"]
    for pair in picture.pairs:
        start = width - len(left) + _middle(picture.axes[0], pair.left)
        end = begin + _middle(picture.axes[1], pair.right)
        gap = end - start - 1
        lines.append(" " * start + "└" + sign_of(pair).center(gap, "─") + "┘")
    return [*lines, *_outcome(picture)]


def _one_below_the_other(picture: Picture) -> list[str]:
    """The arrays below each other, aligned from the right as numpy does, and below each axis whether it fits."""
    count = max(map(len, picture.axes))
    rows = [("",) * (count - len(axes)) + axes for axes in picture.axes]
    widths = [max(len(row[i]) for row in rows) for i in range(count)]
    fits = {count - len(picture.axes[0]) + pair.left: sign_of(pair) for pair in picture.pairs}
    label = max(map(len, picture.names))
    signs = [f" {sign:>{len(picture.operator)}}" if picture.operator else "" for sign in ("", picture.operator, "")]
    rows.append(tuple(fits.get(i, "") for i in range(count)))
    lines = [
        f"{name:<{label}}{sign} {'  '.join(f'{axis:>{w}}' for axis, w in zip(row, widths))}".rstrip()
        for name, sign, row in zip((*picture.names, ""), signs, rows)
    ]
    return [*lines, *_outcome(picture)]


def _middle(axes: Axes, number: int) -> int:
    """Where the middle of an axis is in the text of its shape."""
    return 1 + sum(len(axis) + 2 for axis in axes[:number]) + len(axes[number]) // 2


def sign_of(pair: Pair) -> str:
    """The mark of two axes that meet."""
    return "✓" if pair.fits else "✗"


def _outcome(picture: Picture) -> list[str]:
    if picture.result is None:
        return []
    return [
        f"gives {shown(picture.result)}" + (f", not {shown(picture.expected)}" if picture.expected is not None else "")
    ]
