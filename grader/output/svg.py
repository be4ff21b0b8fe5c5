"""A picture of shapes as SVG: boxes with an axis at each side."""

from collections.abc import Sequence
from html import escape

from grader.output.pictures import Pair, Picture, sign_of
from grader.text import one_line


def as_svg(picture: Picture) -> str:
    """The picture as SVG: boxes with an axis at each side; joined where axes match, crossed where they do not."""
    return _Drawing(picture).svg()


class _Drawing:
    """Boxes from left to right, and the marks between them.

    Characters between elements are not drawn.  They are for where the elements are taken away, as in a notebook that is not
    trusted: what is left then reads `s.h (1, Dh) @ s.U (V, Dh) ✗`.
    """

    SIZE, THIN, GAP, TOP = 64, 20, 46, 28

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.x = 40
        self.bottom = self.TOP
        self.parts: list[str] = []
        self.places: list[dict[int, tuple[int, int]]] = []  # of each box, where the labels of its axes are

    def svg(self) -> str:
        first, second = self.picture.axes
        self._box(self.picture.names[0], first)
        self._sign(self.picture.operator or "≠")
        self._box(self.picture.names[1], second)
        if self.picture.result is not None:
            self._sign("=")
            self._box("result", self.picture.result)
        if self.picture.expected is not None:
            self._sign("≠")
            self._box("expected", self.picture.expected)
        for number, pair in enumerate(self.picture.pairs):
            self._join(pair, number)
        height = self.bottom + 24 + 22 * len(self.picture.pairs)
        return (
            f'<svg class="shapes" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(self.picture.description)}"'
            f' width="{self.x}" height="{height}" viewBox="0 0 {self.x} {height}" style="max-width:100%;height:auto"'
            f' font-family="system-ui,sans-serif" font-size="14" fill="currentColor">{"".join(self.parts)}</svg>'
        )

    def _box(self, name: str, axes: Sequence[str]) -> None:
        """A rectangle, thin along an axis of length 1; its last two axes at its sides, any others before its name."""
        rows, columns = ("", "", *axes)[-2:]
        width = self.THIN if columns in ("1", "") else self.SIZE
        height = self.THIN if rows in ("1", "") else self.SIZE
        others = f" ({', '.join(axes[:-2])}, …)" if len(axes) > 2 else ""
        wide = max(width, round(7.5 * len(name + others)))
        x, y = self.x + (wide - width) // 2, self.TOP
        self.bottom = max(self.bottom, y + height)
        middle = x + width // 2
        self._text(middle, 14, name + others, after=" (" if axes else " ")
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="currentColor"/>'
        )
        places = {len(axes) - 2: (x - 14, y + height // 2 + 5), len(axes) - 1: (middle, y + height + 16)}
        self.places.append({number: place for number, place in places.items() if number >= 0})
        for number, (at, down) in self.places[-1].items():
            self._text(at, down, axes[number], after=", " if number < len(axes) - 1 else ") ")
        self.x += wide + self.GAP

    def _sign(self, sign: str) -> None:
        self._text(self.x - self.GAP // 2 - 4, self.TOP + 16, sign)
        self.x += 22

    def _join(self, pair: Pair, number: int) -> None:
        """A line below the boxes from axis to axis, with a mark on it."""
        start, end = self.places[0].get(pair.left), self.places[1].get(pair.right)
        if start is None or end is None:
            return
        low = self.bottom + 34 + 22 * number
        path = f"M{start[0]} {start[1] + 5}V{low}H{end[0]}V{end[1] + 5}"
        dashes = "none" if pair.fits else "4 3"
        self.parts.append(f'<path d="{path}" fill="none" stroke="currentColor" stroke-dasharray="{dashes}"/>')
        middle, color = (start[0] + end[0]) // 2, "#19692c" if pair.fits else "#a3202a"
        self.parts.append(f'<rect x="{middle - 10}" y="{low - 10}" width="20" height="20" rx="4" fill="{color}"/>')
        self._text(middle, low + 5, sign_of(pair), fill="#fff")

    def _text(self, x: int, y: int, text: str, fill: str = "currentColor", after: str = " ") -> None:
        words = f'<text x="{x}" y="{y}" text-anchor="middle" fill="{fill}">{escape(one_line(text))}</text>'
        self.parts.append(words + after)
