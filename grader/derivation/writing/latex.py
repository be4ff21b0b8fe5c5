"""Formulas as LaTeX: `h^\top \frac{\\partial J}{\\partial b_2}`."""

import re
from fractions import Fraction

from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import Number, size_of
from grader.derivation.simplify.reuse import Gradient
from grader.derivation.writing.printing import ATOM, POWER, PRODUCT, SUM, Printer, Text
from grader.derivation.writing.style import in_order, split_number, to_flip

LONGEST = 900  # characters that fit on a page
GREEK = (
    "alpha beta gamma delta epsilon eps zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega".split()
)
_RELATIONS = {
    "greater": ">",
    "greater_equal": r"\ge",
    "less": "<",
    "less_equal": r"\le",
    "equal": "=",
    "not_equal": r"\ne",
}
_FUNCTIONS = {"exp": r"\exp", "log": r"\log", "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos", "sigmoid": r"\sigma"}
_FUNCTIONS |= {"max": r"\max", "min": r"\min", "maximum": r"\max", "minimum": r"\min", "tan": r"\tan"}


def symbol(name: str) -> str:
    r"""A name as people set it: y_hat as \hat{y}, h_prev as h_{\mathrm{prev}}, W1 as W_{1}."""
    base, *rest = name.split("_")
    number = re.fullmatch(r"([A-Za-z]+?)(\d+)", base) or re.fullmatch(r"([A-Z]|b)([a-z])", base)
    if number:
        base, rest = number.group(1), [number.group(2), *rest]
    hat = "hat" in rest or (base.endswith("hat") and len(base) == 4)
    base = base.removesuffix("hat") if hat else base
    shown = rf"\{base.replace('eps', 'epsilon') if base == 'eps' else base}" if base in GREEK else base
    shown = shown if len(base) == 1 or base in GREEK else rf"\mathrm{{{base}}}"
    below = [
        part if part.isdigit() or len(part) == 1 else rf"\mathrm{{{part}}}" for part in rest if part and part != "hat"
    ]
    shown = rf"\hat{{{shown}}}" if hat else shown
    return f"{shown}_{{{','.join(below)}}}" if below else shown


class LatexPrinter(Printer):
    """Formulas in LaTeX: products of matrices side by side, entry by entry with a dot in a circle."""

    symbol = staticmethod(symbol)

    def __init__(self, loss: str) -> None:
        super().__init__()
        self.loss = loss

    def inside(self, node: Node, tightness: int) -> str:
        text, own = self.text(node)
        return text if own >= tightness else rf"\left({text}\right)"

    def _einsum(self, node: Node) -> Text:
        inputs, _, out = node.get("subscripts").partition("->")
        summed = "".join(letter for letter in dict.fromkeys(inputs.replace(",", "")) if letter not in out)
        pairs = zip(inputs.split(","), node.args, strict=True)
        factors = r" \, ".join(f"{self.inside(arg, ATOM)}_{{{letters}}}" for letters, arg in pairs)
        sign = rf"\sum_{{{summed}}} " if summed else ""
        return rf"\left[{sign}{factors}\right]_{{{out}}}", ATOM

    def _leaf(self, node: Node) -> Text:
        return symbol(node.name), ATOM

    def _size(self, node: Node) -> Text:
        return symbol(node.name), ATOM

    def _gradient(self, node: Node) -> Text:
        return partial(self.loss, str(node.get("of"))), POWER

    def _placed_together(self, terms: list[tuple[Number, Node]]) -> list[tuple[Number, Node]]:
        return terms

    def _product(self, coefficient: Number, powers: list[tuple[Node, Number]]) -> Text:
        flipped = to_flip(coefficient, powers)
        ordered = in_order(powers)
        over, under = split_number(size_of(coefficient))
        alone = [len([e for _, e in ordered if e * sign > 0]) == 1 and n == "1" for sign, n in ((1, over), (-1, under))]
        above = [self._raised(f, e, f is flipped, alone[0]) for f, e in ordered if e > 0]
        below = [self._raised(f, -e, f is flipped, alone[1]) for f, e in ordered if e < 0]
        if len(above) == 1 and not below and coefficient in (1, -1):
            return self._signed(ordered[0], flipped, coefficient)
        numerator = self._joined(over, above, [f for f, e in ordered if e > 0])
        minus = "-" if (coefficient < 0) != (flipped is not None) else ""
        if under == "1" and not below:
            return minus + numerator, SUM if minus else PRODUCT
        denominator = self._joined(under, below, [f for f, e in ordered if e < 0])
        return rf"{minus}\frac{{{numerator}}}{{{denominator}}}", SUM if minus else POWER

    def _signed(self, power: tuple[Node, Number], flipped: Node | None, coefficient: Number) -> Text:
        """One factor alone, or with a minus."""
        factor, exponent = power
        if flipped:
            return self._plus(factor, -1)
        shown = self._raised(factor, exponent, False, False)
        own = self.text(factor)[1] if exponent == 1 else POWER
        return (shown, own) if coefficient == 1 else (f"-{shown}", SUM)

    def _joined(self, number: str, parts: list[str], factors: list[Node]) -> str:
        scalars = [part for part, factor in zip(parts, factors, strict=True) if not factor.shape]
        arrays = [part for part, factor in zip(parts, factors, strict=True) if factor.shape]
        front = [number] if number != "1" or not parts else []
        return r" \, ".join([*front, *scalars, *([r" \odot ".join(arrays)] if arrays else [])])

    def _raised(self, factor: Node, exponent: Number, flip: bool, alone: bool) -> str:
        if flip:
            shown = self._plus(factor, -1)[0]
            return shown if alone else rf"\left({shown}\right)"
        if exponent == Fraction(1, 2):
            return rf"\sqrt{{{self(factor)}}}"
        if exponent != 1:
            over, under = Fraction(exponent).numerator, Fraction(exponent).denominator
            shown = str(over) if under == 1 else f"{over}/{under}"
            return f"{self.inside(factor, ATOM)}^{{{shown}}}"
        return self(factor) if alone else self.inside(factor, POWER)

    def _power(self, node: Node) -> Text:
        return f"{self.inside(node.args[0], ATOM)}^{{{self(node.args[1])}}}", POWER

    def _matmul(self, node: Node) -> Text:
        left, right = node.args
        first = self(left) if left.op == "matmul" else self.inside(left, POWER)
        return rf"{first} \, {self.inside(right, POWER)}", PRODUCT

    def _outer(self, node: Node) -> Text:
        return rf"{self.inside(node.args[0], POWER)} \otimes {self.inside(node.args[1], POWER)}", PRODUCT

    def _transpose(self, node: Node) -> Text:
        return rf"{self.inside(node.args[0], ATOM)}^{{\top}}", ATOM

    def _reduction(self, node: Node) -> Text:
        x = node.args[0]
        axes = ",".join(self(x.graph.size(x.shape[axis])) for axis in node.get("axis"))
        name = {"sum": r"\sum", "mean": r"\operatorname{mean}"} | {
            "max": r"\max",
            "min": r"\min",
            "prod": r"\prod",
        }
        return rf"{name[node.op]}_{{{axes}}} {self.inside(x, PRODUCT)}", PRODUCT

    _sum = _mean = _max = _min = _prod = _reduction

    def _broadcast_to(self, node: Node) -> Text:
        inside = self(node.args[0])
        return (rf"\mathbf{{{inside}}}" if inside in ("0", "1") else inside), ATOM

    def _reshape(self, node: Node) -> Text:
        return self.text(node.args[0])

    def _scatter(self, node: Node) -> Text:
        rows = self.index(node.get("index"), node.args[1:])
        return rf"\operatorname{{place}}_{{{rows}}}\left({self(node.args[0])}\right)", ATOM

    def _getitem(self, node: Node) -> Text:
        rows = self.index(node.get("index"), node.args[1:])
        return rf"{self.inside(node.args[0], ATOM)}_{{[{rows}]}}", ATOM

    def _text(self, node: Node) -> Text:
        if node.op in _RELATIONS:
            left, right = (self.inside(arg, SUM) for arg in node.args)
            return rf"\left[{left} {_RELATIONS[node.op]} {right}\right]", ATOM
        return super()._text(node)

    def _unit(self, node: Node) -> Text:
        return self._function(node)

    _sigmoid = _softmax = _softplus = _log_softmax = _logsumexp = _relu = _unit

    def _function(self, node: Node) -> Text:
        name = _FUNCTIONS.get(node.op, rf"\operatorname{{{node.op.replace('_', '-')}}}")
        return rf"{name}\left({', '.join(map(self, node.args))}\right)", ATOM


def partial(loss: str, of: str) -> str:
    of_what = rf"(-{symbol(loss[2:-1])})" if loss.startswith("(-") else symbol(loss)
    return rf"\frac{{\partial {of_what}}}{{\partial {symbol(of)}}}"


def equation(gradient: Gradient, loss: str) -> str:
    r"""\frac{\partial J}{\partial U} = h^{\top} \, \frac{\partial J}{\partial b_{2}}"""
    return in_latex(f"d{loss}_d{gradient.of}", gradient.formula, loss)


def in_latex(name: str, formula: Node, loss: str) -> str:
    """`name = formula`; what the formula repeats is set first, one a line.  Nothing where that is too long for a page."""
    lines = LatexPrinter(loss).lines(formula)
    left = _left_side(name, loss)
    text = f"{left} = {lines[-1]}"
    if len(lines) > 1:
        rows = [*(line.replace(" = ", " &= ", 1) for line in lines[:-1]), f"{left} &= {lines[-1]}"]
        text = r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"
    return text if len(text) < LONGEST else ""


def _left_side(name: str, loss: str) -> str:
    plain = name.removeprefix("part of ")
    found = re.fullmatch(rf"d{re.escape(loss)}_d(\w+)", plain) or re.fullmatch(r"d([^\W_]+)_d(\w+)", plain)
    shown = partial(loss, found[found.re.groups]) if found else symbol(plain)
    return rf"\text{{part of }} {shown}" if name != plain else shown
