"""What `grader explain` shows, as blocks: the derivation of a gradient from the model, checked line by line, and its numbers."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from grader.checks.check import show
from grader.config.keys import Gradient
from grader.derivation.formula import Formula
from grader.errors import UsageError, did_you_mean
from grader.explain.blocks import Block, derivation_blocks, formula_block, sign_block
from grader.explain.example import Example, Named, own_section, worked_example
from grader.problem.assignment import Assignment
from grader.problem.derived import Derived, derived_formulas


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
    formulas = derived.formulas
    if assignment.config.sign < 0:
        formulas = derived_formulas(assignment.config, assignment.graph, assignment.points, sign=-1)
    shown = [block for one in gradients for block in _gradient(assignment, one, formulas[one.name])]
    return [*shown[:1], *sign_block(formulas[gradients[0].name]), *shown[1:]]


def transposes(assignment: Assignment) -> list[Block]:
    """Where the transposes in the gradients of this assignment come from."""
    from grader.derivation.index_notation.indices import why_transposes

    formulas = derived_formulas(assignment.config, assignment.graph, assignment.points)
    first = next(iter(formulas.values()))
    lines = why_transposes(first.derivation)
    blocks = [Block("aligned", line[4:]) if line.startswith("    ") else Block("text", line) for line in lines]
    return [Block("title", "Where does the transpose come from?"), *blocks]


def _gradient(assignment: Assignment, gradient: Gradient, formula: Formula) -> Iterator[Block]:
    loss = assignment.config.differentiated
    yield Block("title", f"{gradient.name}: gradient of {loss} with respect to {gradient.of}")
    yield formula_block(formula)
    yield Block("heading", "Derivation")
    yield from derivation_blocks(formula.steps[1:], numbers=False)
    if own := own_section(assignment, gradient.name):
        yield Block("heading", "In your own words, from derivation.md")
        yield Block("markdown", own)
    yield Block("heading", "In numbers")
    yield from _numbers(worked_example(assignment, gradient), gradient, loss)


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
    shape = show(named.shape) if named.shape else "a number"
    text = np.array2string(named.value, precision=4, suppress_small=True, floatmode="fixed", max_line_width=100)
    return "\n".join([f"{named.name}  {shape}", *(f"  {line}" for line in text.splitlines())])
