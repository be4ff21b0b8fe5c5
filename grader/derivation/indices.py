"""The derivation of any gradient of any model, in index notation."""

from grader.derivation.context import Context, Line
from grader.derivation.derivation import Derivation
from grader.derivation.nodes import Unreadable
from grader.derivation.paths import paths
from grader.derivation.transposes import why


def explain(derivation: Derivation, name: str) -> list[Line]:
    """The derivation of a gradient, each line checked at the first point.

    Raises:
        Unreadable: there is no such gradient.
    """
    context = Context(derivation)
    if name not in context.gradients:
        raise Unreadable(f"there is no gradient {name}", str(derivation.model.path), 1)
    gradient = context.gradients[name]
    shape = ", ".join(context.graph.letters(gradient.quantity.shape))
    heading = f"d{derivation.loss}/d{gradient.of} = {context.shown(gradient.formula)}      shape ({shape})"
    reasons = [Line("why", sentence) for sentence in why(gradient.formula, context.printer)]
    return [Line("heading", heading), *paths(context, gradient), *reasons]


def as_text(lines: list[Line]) -> str:
    """The lines, formulas indented."""
    shown = [line.text if line.kind in ("heading", "why") else f"    {line.text}" for line in lines]
    return "\n".join(shown)
