"""Values of many formulas at once: stacked by shape, and carried through another formula by one matrix."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Evaluator, Node, Values
from grader.diagnosis.tables.projections import directions
from grader.diagnosis.tables.pullback import Pullback
from grader.diagnosis.tables.tables import Shapes
from grader.problem.model import Array

MOST_NUMBERS = 1 << 22  # of a map
PER_VALUE = 1 << 14  # ... that costs as much to find as carrying one value through by itself


class Stack(Struct):
    """Values of one shape.

    Attributes:
        shapes: at each sample point.
        numbers: (N,), of the formulas or entries that have these values.
        values: at each sample point (N, entries).
    """

    shapes: Shapes
    numbers: Array
    values: list[Array]

    def chosen(self, rows: Array) -> "Stack":
        return Stack(self.shapes, self.numbers[rows], [value[rows] for value in self.values])


def stacked(nodes: Sequence[Node], evaluator: Evaluator) -> list[Stack]:
    """The values of formulas by shape; those that cannot be evaluated are left out."""
    found: dict[Shapes, tuple[list[int], list[Values]]] = {}
    for i, node in enumerate(nodes):
        values = evaluator(node)
        if values is not None:
            numbers, kept = found.setdefault(tuple(value.shape for value in values), ([], []))
            numbers.append(i)
            kept.append(values)
    return [
        Stack(shapes, np.array(numbers), [np.array([one[k].reshape(-1) for one in kept]) for k in range(len(shapes))])
        for shapes, (numbers, kept) in found.items()
    ]


def through(tree: Node, upstream: str, stack: Stack, evaluator: Evaluator, *, whole: bool) -> list[Stack]:
    """What follows from the values of a stack, taken for the gradient `upstream` in the formula `tree`.

    Args:
        whole: the values; else only their two projections.
    """
    arrays = [value[0].reshape(shape) for value, shape in zip(stack.values, stack.shapes, strict=True)]
    inside = evaluator.with_gradients({upstream: arrays})
    example = inside(tree)
    if example is None:
        return []
    shapes = tuple(value.shape for value in example)
    rows = None if whole else [directions(value.size) for value in example]
    numbers = max(value.size for value in example) * max(value.size for value in arrays)
    if whole and numbers > min(MOST_NUMBERS, PER_VALUE * len(stack.numbers)):
        maps = None
    else:
        maps = Pullback(inside, ("g", upstream)).affine(tree, rows)
    if maps is None:
        return _one_by_one(tree, upstream, stack, evaluator, whole=whole)
    values = [value @ m[:, :-1].T + m[:, -1] for value, m in zip(stack.values, maps, strict=True)]
    return [Stack(shapes, stack.numbers, values)]


def _one_by_one(tree: Node, upstream: str, stack: Stack, evaluator: Evaluator, *, whole: bool) -> list[Stack]:
    """The same for a formula that is not affine, or too large."""
    found: dict[Shapes, tuple[list[int], list[list[Array]]]] = {}
    for i, number in enumerate(stack.numbers):
        arrays = [value[i].reshape(shape) for value, shape in zip(stack.values, stack.shapes, strict=True)]
        values = evaluator.with_gradients({upstream: arrays})(tree)
        if values is None:
            continue
        numbers, kept = found.setdefault(tuple(value.shape for value in values), ([], []))
        numbers.append(number)
        flat = [value.reshape(-1) for value in values]
        kept.append(flat if whole else [directions(value.size) @ value for value in flat])
    return [
        Stack(shapes, np.array(numbers), [np.array([one[k] for one in kept]) for k in range(len(shapes))])
        for shapes, (numbers, kept) in found.items()
    ]
