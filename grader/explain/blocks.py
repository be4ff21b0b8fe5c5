"""The derivation of a gradient as blocks, which every format writes in its own way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.derivation.formula import Formula
from grader.derivation.index_notation.context import Line

Kind = Literal["title", "heading", "text", "formula", "aligned", "markdown"]

NUMPY = "all entries"  # the label of formulas in numpy's notation
LABELS = {
    "forward": "forward",
    "local": "derivative",
    "known": "known",
    "chain": "chain rule",
    "indices": "indices",
    "entry": "one entry",
    "matrix": NUMPY,
}
SIGN = (
    "The objective is the log-likelihood, -{loss}: {name} and all other gradients here are those of -{loss}. They have the"
    " opposite sign of the gradients of {loss}. The sign comes in once, where -{loss} is differentiated, and every gradient"
    " inherits it from the one above."
)


@dataclass(frozen=True)
class Block:
    """One piece of a document.

    Attributes:
        kind: a title, a heading, running text, one formula with a label, lines whose columns are aligned, or Markdown.
        latex: the formula as LaTeX, where it is known.
        rule: the rule by which the formula follows.
    """

    kind: Kind
    text: str
    label: str = ""
    latex: str = ""
    rule: str = ""


def formula_block(formula: Formula) -> Block:
    """A gradient's formula, all of its statements, and its shape."""
    if formula.is_loop:
        return Block("text", f"{formula.statements}. Its shape is {shape_of(formula)}.")
    return Block("formula", formula.statements, shape_of(formula), formula.latex)


def shape_of(formula: Formula) -> str:
    return f"({', '.join(formula.shape)}{',' if len(formula.shape) == 1 else ''})"


def sign_block(formula: Formula) -> list[Block]:
    """What a gradient of minus the loss is, to be said once."""
    loss = formula.derivation.loss
    return [Block("text", SIGN.format(loss=loss, name=formula.name))] if formula.derivation.sign < 0 else []


def derivation_blocks(lines: Sequence[Line], *, numbers: bool) -> Iterator[Block]:
    """The lines of a derivation; shapes stand under the product that they belong to.

    Args:
        numbers: whether to keep the example that ends the lines.
    """
    for kind, group in _together(lines):
        text = "\n".join(line.text for line in group)
        if kind in ("shapes", "code"):
            yield Block("aligned", text)
        elif kind in ("heading", "why", "note") or (kind == "example" and numbers):
            label = "note" * (kind == "note")
            yield from (Block("text", line.text.replace("\n", " "), label=label) for line in group)
        elif kind in LABELS:
            label = LABELS[kind]
            yield from (
                Block("formula", each.text, label * (each.text[0] != " "), each.latex, each.rule) for each in group
            )


def _together(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Lines of one kind that follow one another."""
    group: list[Line] = []
    for line in lines:
        if group and group[-1].kind != line.kind:
            yield group[0].kind, group
            group = []
        group.append(line)
    if group:
        yield group[0].kind, group
