"""What the engine returns: the formula of one gradient, to print, to evaluate at other points, and to derive line by line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from grader.derivation.chain import Point, derive_at, order_of
from grader.derivation.derivation import Derivation
from grader.derivation.docstrings import points_for
from grader.derivation.graph.loading import Model
from grader.derivation.graph.nodes import Array, Unreadable
from grader.derivation.simplify.reuse import Gradient
from grader.derivation.writing.code import CodePrinter, DocPrinter
from grader.derivation.writing.filling import filled_loop
from grader.derivation.writing.loops import backward_loop, holds
from grader.derivation.writing.printing import Printer
from grader.derivation.writing.style import assigned

if TYPE_CHECKING:
    from grader.derivation.index_notation.context import Line

TOLERANCE = 1e-6
LONG = 200  # characters of a formula that may be better as a loop
LOSSES = ("J", "loss", "cost", "L")


@dataclass(frozen=True)
class Formula:
    """The gradient by one quantity, as derived from the model; it can be checked against the numerical derivative."""

    name: str
    of: str
    shape: tuple[str, ...]
    text: str
    upstream: tuple[str, ...]
    general: bool  # the same formula at every point: False where a loop was written out
    derivation: Derivation = field(repr=False, compare=False)

    @cached_property
    def error(self) -> float:
        """The largest relative difference to the numerical derivative, over all points."""
        derivation = self.derivation
        return max(
            plain.error(self.of, derivation.sign * found[self.name].value)
            for plain, found in zip(derivation.plain, derivation.at_points, strict=True)
        )

    @property
    def verified(self) -> bool:
        return self.error <= TOLERANCE

    @cached_property
    def code(self) -> str:
        """A function of the solution; a loop that was written out is a loop again, where that is possible."""
        return self._loop or self._straight

    @property
    def code_is_general(self) -> bool:
        """Whether the code holds for all sizes."""
        return self.general or self.is_loop

    @cached_property
    def _loop(self) -> str:
        compared = len(self.derivation.points) > 1
        if compared and self.general and len(self.text) <= LONG and "for " not in self.text:
            return ""
        asked = self.derivation
        kind, lines = ", back through time", backward_loop(asked, self.of, self._gradient_in_code, self._printer)
        if not lines and not (compared and self.general):
            kind, lines = "", filled_loop(asked, self.of, self._gradient_in_code, self._printer)
        shape = f"({', '.join(self.shape)}{',' if len(self.shape) == 1 else ''})"
        doc = f'"""d{asked.differentiated}/d{self.of}{kind}, shape {shape}."""'
        code = f"def {self.name}(s):\n" + "".join(f"    {line}\n" for line in [doc, *lines])
        return code if lines and holds(asked, self.name, code) else ""

    def _gradient_in_code(self, result: str) -> str:
        """The gradient by a result of the model: a call where it is asked for, else its formula."""
        asked = self.derivation
        named = next((name for name, of in asked.wanted.items() if of == result), None)
        if named:
            return f"{named}(s)"
        *statements, formula = self._printer.lines(asked.gradient_by(result).formula)
        return "" if statements else formula

    @property
    def _printer(self) -> CodePrinter:
        return CodePrinter(
            sizes_in_code(self.derivation), set(self.derivation.model.constants), self.derivation.helpers
        )

    @cached_property
    def _straight(self) -> str:
        gradient = self.derivation.at_points[0][self.name]
        *statements, result = self._printer.lines(gradient.formula)
        lines = [*statements, f"return {result}"]
        shape = f"({', '.join(self.shape)}{',' if len(self.shape) == 1 else ''})"
        documented = DocPrinter(self.derivation.differentiated, self.derivation.helpers)
        formula = "" if statements else f" = {documented(gradient.formula)}"
        sizes = ", ".join(f"{name} = {size}" for name, size in self.derivation.points[0].dimensions.items())
        sizes = "" if self.general else f", written out for {sizes}"
        doc = f'"""d{self.derivation.differentiated}/d{self.of}{formula}, shape {shape}{sizes}."""'
        return f"def {self.name}(s):\n" + "".join(f"    {line}\n" for line in [doc, *lines])

    @property
    def is_loop(self) -> bool:
        """Whether the code is a loop, and no formula."""
        return bool(self._loop)

    @property
    def statements(self) -> str:
        """`dJ_dW = x.T @ dJ_dz`, after the statements that it needs, one a line."""
        if self.is_loop:
            return f"{self.name} is computed by a loop, see below"
        return assigned(
            self.name, Printer(self.derivation.helpers).lines(self.derivation.at_points[0][self.name].formula)
        )

    @cached_property
    def latex(self) -> str:
        """The equation in LaTeX."""
        from grader.derivation.writing.latex import equation  # not even imported where only numbers are needed

        return equation(self.derivation.at_points[0][self.name], self.derivation.differentiated)

    @cached_property
    def steps(self) -> "tuple[Line, ...]":
        """The derivation in index notation, line by line."""
        from grader.derivation.index_notation.context import Line
        from grader.derivation.index_notation.indices import explain

        *lines, example = explain(self.derivation, self.name)
        if self._loop:
            lines = [line for line in lines if line.kind == "heading" or "\n" not in line.text]
            lines.append(Line("heading", "As code, for any sizes:"))
            lines += [Line("code", line) for line in self._loop.rstrip().splitlines()]
        return (*lines, example)

    def value_at(self, point: Point) -> Array:
        """The gradient at another point."""
        asked = self.derivation
        return derive_at(asked.model, point, asked.loss, asked.wanted, asked.sign)[self.name].value


def sizes_in_code(derivation: Derivation) -> dict[str, str]:
    """How a solution reads each size: `len(s.y)`, or `s.X.shape[1]`."""
    point, result = derivation.points[0], {}
    for name, value in {**point.inputs, **derivation.plain[0].values}.items():
        for axis, length in enumerate(getattr(value, "shape", ())):
            for dimension, size in point.dimensions.items():
                if size == length and dimension not in result:
                    result[dimension] = f"s.{name}.shape[{axis}]" if axis else f"len(s.{name})"
    return _away_from(result, derivation.points) | result


def _away_from(known: Mapping[str, str], points: Sequence[Point]) -> dict[str, str]:
    """Sizes that no quantity has, such as that of a padded image, as the same distance from one at all points."""
    found = {}
    for name in points[0].dimensions.keys() - known.keys() if len(points) > 1 else ():
        for other, code in known.items():
            away = {point.dimensions[name] - point.dimensions[other] for point in points}
            if len(away) == 1 and name not in found:
                found[name] = f"({code} {'+' if min(away) >= 0 else '-'} {abs(min(away))})"
    return found


def derive(
    model: Path | str | ModuleType | Model,
    *,
    points: Iterable[Point] | None = None,
    wrt: Mapping[str, str] | Sequence[str] | None = None,
    loss: str | None = None,
    sign: int = 1,
) -> dict[str, Formula]:
    """The formulas of a model's gradients.

    Args:
        model: the model's file, one function per quantity; it is run.
        points: values of the inputs; several, so that sizes differ.  Drawn by the shapes in docstrings if left out.
        wrt: the quantities to differentiate by, or name of the gradient -> quantity; all if left out.
        loss: the function to differentiate; J, loss, cost, L or the last one if left out.
        sign: -1 for the gradients of minus the loss, such as a log-likelihood.

    Raises:
        Unreadable: a construct of the model cannot be differentiated; the message has file and line.
    """
    read = model if isinstance(model, Model) else Model(Path(getattr(model, "__file__", None) or model))
    if not read.functions:
        raise Unreadable(
            "no function is defined here: a model is one function for each quantity, the loss last", str(read.path), 1
        )
    loss = loss or next((name for name in LOSSES if name in read.functions), list(read.functions)[-1])
    at = tuple(points_for(read, loss) if points is None else points)
    derivation = Derivation(read, loss, _wanted(read, loss, wrt), at, sign)
    return {name: _formula(derivation, name) for name in derivation.at_points[0]}


def _wanted(model: Model, loss: str, wrt: Mapping[str, str] | Sequence[str] | None) -> dict[str, str]:
    if isinstance(wrt, Mapping):
        return dict(wrt)
    return {f"d{loss}_d{name}": name for name in wrt or _worth_asking(model, loss)}


def _worth_asking(model: Model, loss: str) -> list[str]:
    """All quantities but the loss's own inputs, such as the targets: what the model computes, and what it is computed from."""
    order = order_of(model, loss)
    inner = [name for function in reversed(order[:-1]) for name in (function, *model.parameters(function))]
    return list(dict.fromkeys(inner or model.parameters(loss)))


def _formula(derivation: Derivation, name: str) -> Formula:
    gradients = [found[name] for found in derivation.at_points]
    texts = [text_of(derivation, gradient) for gradient in gradients]
    first = gradients[0]
    shape = first.formula.graph.letters(first.quantity.shape)
    general = len(set(texts)) == 1
    return Formula(name, first.of, shape, texts[0], first.upstream, general, derivation)


def text_of(derivation: Derivation, gradient: Gradient) -> str:
    """The formula on one line, with the statements that it needs."""
    lines = Printer(derivation.helpers).lines(gradient.formula)
    return "; ".join(lines).replace(":; ", ": ").replace(":     ", ": ")


__all__ = ["Derivation", "Formula", "Point", "Unreadable", "derive"]
