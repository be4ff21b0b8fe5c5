"""What `grader explain` shows, as blocks: the derivation of a gradient from the model, checked line by line, and its numbers."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from grader.config.keys import Gradient
from grader.derivation.formula import Formula
from grader.derivation.index_notation.context import Line
from grader.errors import UsageError, did_you_mean
from grader.explain.example import Example, Named, own_section, worked_example
from grader.problem.assignment import Assignment
from grader.problem.derived import Derived, derived_formulas

Kind = Literal["title", "heading", "text", "formula", "aligned", "markdown"]

NUMPY = "all entries"  # the label of formulas in numpy's notation
LABELS = {
    "forward": "forward",
    "local": "derivative",
    "known": "known",
    "chain": "chain rule",
    "entry": "one entry",
    "note": "",
    "matrix": NUMPY,
}


@dataclass(frozen=True)
class Block:
    """One piece of a document.

    Attributes:
        kind: a title, a heading, running text, one formula with a label, lines whose columns are aligned, or Markdown.
        latex: the formula as LaTeX, where it is known.
    """

    kind: Kind
    text: str
    label: str = ""
    latex: str = ""


def explained(assignment: Assignment, wanted: str | None) -> list[Block]:
    """The derivation of one gradient, or of all of them.

    Raises:
        UsageError: there is no gradient of that name.
        ConfigError: the model cannot be differentiated; the message has file and line.
    """
    gradients = [one for one in assignment.config.gradients if wanted in (None, one.name)]
    if not gradients:
        names = assignment.names
        near = did_you_mean(str(wanted), names) or f"; expected one of {', '.join(names)}"
        raise UsageError(f"there is no gradient {wanted}{near}")
    derived = Derived(assignment.config, assignment.graph, assignment.points)
    assignment = dataclasses.replace(assignment, solution=derived)  # a hand-written solution may be hard to read
    return [block for one in gradients for block in _gradient(assignment, one, derived.formulas[one.name])]


def transposes(assignment: Assignment) -> list[Block]:
    """Where the transposes in the gradients of this assignment come from."""
    from grader.derivation.index_notation.indices import why_transposes

    formulas = derived_formulas(assignment.config, assignment.graph, assignment.points)
    first = next(iter(formulas.values()))
    lines = why_transposes(first.derivation)
    blocks = [Block("aligned" if line.startswith("    ") else "text", line.strip()) for line in lines]
    return [Block("title", "Where does the transpose come from?"), *blocks]


def _gradient(assignment: Assignment, gradient: Gradient, formula: Formula) -> Iterator[Block]:
    loss = assignment.config.loss
    yield Block("title", f"{gradient.name}: gradient of {loss} with respect to {gradient.of}")
    shape = ", ".join(map(str, assignment.symbolic(gradient)))
    yield Block("formula", f"{gradient.name} = {formula.text}", f"({shape})", formula.latex)
    yield Block("heading", "Derivation")
    yield from _lines(formula.steps[1:])
    if own := own_section(assignment, gradient.name):
        yield Block("heading", "In your own words, from derivation.md")
        yield Block("markdown", own)
    yield Block("heading", "In numbers")
    yield from _numbers(worked_example(assignment, gradient), gradient, loss)


def _lines(lines: Sequence[Line]) -> Iterator[Block]:
    """The lines of a derivation; shapes stand under the product that they belong to."""
    shapes: list[str] = []
    for line in lines:
        if line.kind == "shapes":
            shapes.append(line.text)
            continue
        if shapes:
            yield Block("aligned", "\n".join(shapes))
            shapes = []
        if line.kind == "example":
            continue  # the numbers below are for all entries
        if line.kind in ("heading", "why", "note"):
            yield Block("text", line.text)
        else:
            yield Block("formula", line.text, LABELS.get(line.kind, ""))
    if shapes:
        yield Block("aligned", "\n".join(shapes))


def _numbers(example: Example, gradient: Gradient, loss: str) -> Iterator[Block]:
    yield Block(
        "text", f"At a small sample point with {', '.join(f'{name} = {size}' for name, size in example.sizes.items())}:"
    )
    yield Block("aligned", "\n\n".join(_array(one) for one in [*example.ingredients, example.result]))
    quotient = example.quotient
    entry = f"[{', '.join(map(str, quotient.index))}]" if quotient.index else ""
    yield Block(
        "text",
        f"Check one entry by hand: with {gradient.of}{entry} moved up and down by {quotient.size:g}, {loss} is"
        f" {quotient.above:.12f} and {quotient.below:.12f}. The difference, divided by {2 * quotient.size:g}, is"
        f" {quotient.value:.8f}; {gradient.name}{entry} is {quotient.formula:.8f}.",
    )
    yield Block(
        "text", f"All entries together agree with central differences to a relative error of {example.error:.1e}."
    )
    if example.mistakes:
        yield Block("heading", "Mistakes that are recognized here")
        yield Block("text", "\n".join(f"- {mistake}" for mistake in example.mistakes))


def _array(named: Named) -> str:
    """Its name and shape, and its numbers beneath."""
    shape = f"({', '.join(map(str, named.shape))})" if named.shape else "a number"
    text = np.array2string(named.value, precision=4, suppress_small=True, floatmode="fixed", max_line_width=100)
    return "\n".join([f"{named.name}  {shape}", *(f"  {line}" for line in text.splitlines())])
