"""The derivation of any gradient of any model, in index notation."""

from textwrap import indent

import numpy as np

from grader.derivation.derivation import Derivation
from grader.derivation.graph.nodes import Unreadable
from grader.derivation.index_notation.context import Context, Line
from grader.derivation.index_notation.paths import paths
from grader.derivation.index_notation.steps import step_lines
from grader.derivation.index_notation.transposes import first_product, overview, shape_text, why
from grader.derivation.numerical import slope
from grader.derivation.simplify.reuse import Gradient
from grader.derivation.writing.printing import Printer

STEP = 1e-3  # of the entry that is moved


def explain(derivation: Derivation, name: str) -> list[Line]:
    """The derivation of a gradient, each line checked at the first point.

    Raises:
        Unreadable: there is no such gradient.
    """
    context = Context(derivation)
    if name not in context.gradients:
        raise Unreadable(f"there is no gradient {name}", str(derivation.model.path), 1)
    gradient = context.gradients[name]
    shape = shape_text(gradient.quantity)
    number = Line("example", example(derivation, gradient))
    heading = f"d{context.loss}/d{gradient.of}"
    steps = step_lines(context, gradient)
    if steps:
        return [Line("heading", f"{heading}      shape {shape}"), *steps, number]
    reasons = [Line("why", sentence) for sentence in why(gradient.formula, context.printer)]
    whole = context.assigned(heading, gradient.formula)
    one_line = "\n" not in whole
    head = [Line("heading", f"{whole if one_line else heading}      shape {shape}")]
    if not one_line:
        head.append(Line("whole", context.assigned(gradient.name, gradient.formula)))
    return [*head, *paths(context, gradient), *reasons, number]


def why_transposes(derivation: Derivation) -> list[str]:
    """Where the transposes in this model's gradients come from."""
    found = {name: gradient.formula for name, gradient in derivation.at_points[0].items()}
    name = first_product(found)
    lines = explain(derivation, name) if name else []
    entries = [f"    {line.text}" for line in lines if line.kind == "entry"][-1:]
    shapes = [f"    {line.text}" for line in lines if line.kind == "shapes"][:2]
    return overview(found, Printer(derivation.helpers), derivation.wanted, [*entries, *shapes])


def example(derivation: Derivation, gradient: Gradient) -> str:
    """`For one entry: dJ_dU[2, 3] = -0.0682. Moving U[2, 3] a little changes J at the rate -0.0682.`"""
    array = gradient.value
    index = tuple(int(k) for k in np.unravel_index(np.argmax(np.abs(array)), array.shape)) if array.ndim else ()
    plain = derivation.plain[0]
    start = np.asarray(plain.values[gradient.of], dtype=float)
    direction = np.zeros(array.shape)
    direction[index] = 1
    step = STEP * (abs(float(start[index])) or 1)
    rate = derivation.sign * slope(lambda t: plain.loss_with(gradient.of, start + t * direction), step)
    place = f"[{', '.join(map(str, index))}]" if index else ""
    loss = derivation.loss if derivation.sign == 1 else f"-{derivation.loss}"
    return (
        f"In numbers: {gradient.name}{place} = {array[index]:.4g}."
        f" Moving {gradient.of}{place} a little changes {loss} at the rate {rate:.4g}."
    )


def as_text(lines: list[Line]) -> str:
    """The lines, formulas indented."""
    words = ("heading", "why", "example")
    return "\n".join(line.text if line.kind in words else indent(line.text, "    ") for line in lines)
