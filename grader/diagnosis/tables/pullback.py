"""Pull row vectors back through formulas that are affine in one gradient: a vector-Jacobian product, without the Jacobian.

For a formula  v = M D + c  and a row vector r, the pullback is  r M.  The operations that occur most have rules; for any other
the local matrix is found by applying the operation to unit vectors.
"""

from collections.abc import Sequence

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node
from grader.diagnosis.tables.projections import directions
from grader.problem.model import Array

HOLE: Node = ("g", "the operand")
CONSTANT = ("ones", "size")
SHAPE_ONLY = {"as": 2, "repeat": 2, "hot-like": 2}  # the operand of which only the shape counts
MOST_UNITS = 512
Rows = list[Array]


class _NotAffine(Exception):
    """The formula depends on the gradient in another way."""


class Pullback:
    """For formulas affine in the leaf `leaf`, with the values that `evaluator` has for it."""

    def __init__(self, evaluator: Evaluator, leaf: Node) -> None:
        self.evaluator = evaluator
        self.leaf = leaf
        self._dependent: dict[Node, bool] = {}
        self._local: dict[tuple[Node, tuple[tuple[int, ...], ...]], Rows | None] = {}

    def affine(self, node: Node, rows: Sequence[Array] | None = None) -> Rows | None:
        """(C, entries of D + 1) at each sample point: the row vectors times M, then times c; None for other formulas.

        Args:
            rows: (C, entries of the formula) at each sample point; without them the unit vectors, so that M itself is found.
        """
        values = self.evaluator(node) if self._depends(node) else None
        if values is None:
            return None
        if rows is None:
            rows = [np.eye(value.size) for value in values]
        if any(row.shape[1] != value.size for row, value in zip(rows, values, strict=True)):
            return None
        at = self.evaluator(self.leaf) or []
        found = [np.zeros((len(row), value.size)) for row, value in zip(rows, at, strict=True)]
        try:
            self._add(node, [row.reshape(-1, *value.shape) for row, value in zip(rows, values, strict=True)], found)
        except _NotAffine:
            return None
        constants = [
            row @ value.reshape(-1) - pulled @ given.reshape(-1)
            for row, value, pulled, given in zip(rows, values, found, at, strict=True)
        ]
        return [np.concatenate([pulled, c[:, None]], axis=1) for pulled, c in zip(found, constants, strict=True)]

    def _add(self, node: Node, rows: Rows, found: Rows) -> None:
        """Add what comes back through `node`; `rows` are (C, *shape of node)."""
        if node == self.leaf:
            for pulled, row in zip(found, rows, strict=True):
                pulled += row.reshape(len(row), -1)
            return
        if node[0] in CONSTANT:
            return
        ignored = SHAPE_ONLY.get(node[0])
        operands = [i for i, part in enumerate(node) if i and i != ignored and self._depends(part)]
        if len(operands) > 1 and node[0] != "add":
            raise _NotAffine
        for i in operands:
            self._add(node[i], self._through(node, i, rows), found)

    def _depends(self, node: object) -> bool:
        if not isinstance(node, tuple):
            return False
        known = self._dependent.get(node)
        if known is None:
            known = node == self.leaf or (node[0] not in CONSTANT and any(map(self._depends, node[1:])))
            self._dependent[node] = known
        return known

    def _through(self, node: Node, i: int, rows: Rows) -> Rows:
        """Row vectors at a node, pulled back to its operand `i`."""
        operand = self._values(node[i])
        if node[0] == "neg":
            return [-row for row in rows]
        if node[0] == "add":
            return [_unbroadcast(row, value.shape) for row, value in zip(rows, operand, strict=True)]
        if node[0] == "mul":
            for j, factor in enumerate(node):
                if j and j != i:
                    rows = [row * value for row, value in zip(rows, self._values(factor), strict=True)]
            return [_unbroadcast(row, value.shape) for row, value in zip(rows, operand, strict=True)]
        if node[0] == "div" and i == 1:
            below = self._values(node[2])
            return [_unbroadcast(row / b, value.shape) for row, b, value in zip(rows, below, operand, strict=True)]
        if node[0] == "T":
            return [row.transpose(0, *range(row.ndim - 1, 0, -1)) for row in rows]
        if node[0] == "mm" and all(row.ndim == 3 for row in rows):
            other = self._values(node[3 - i])
            if i == 1:
                return [row @ b.T for row, b in zip(rows, other, strict=True)]
            return [a.T @ row for a, row in zip(other, rows, strict=True)]
        matrices = self._matrices(node, i, operand)
        return [
            (row.reshape(len(row), -1) @ matrix).reshape(-1, *value.shape)
            for row, matrix, value in zip(rows, matrices, operand, strict=True)
        ]

    def _values(self, node: Node) -> Rows:
        values = self.evaluator(node)
        if values is None:
            raise _NotAffine
        return values

    def _matrices(self, node: Node, i: int, operand: Rows) -> Rows:
        """The matrix of an operation in its operand `i`, by unit vectors."""
        local = (*node[:i], HOLE, *node[i + 1 :])
        key = local, tuple(value.shape for value in operand)
        if key not in self._local:
            self._local[key] = self._by_units(local, operand)
        found = self._local[key]
        if found is None:
            raise _NotAffine
        return found

    def _by_units(self, local: Node, operand: Rows) -> Rows | None:
        def applied(filled: Rows) -> Rows | None:
            values = self.evaluator.with_gradients({HOLE[1]: filled})(local)
            return None if values is None else [value.reshape(-1).astype(float) for value in values]

        if max(value.size for value in operand) > MOST_UNITS:
            return None
        zero = applied([np.zeros(value.shape) for value in operand])
        random = [directions(value.size)[0].reshape(value.shape) for value in operand]
        at_random = applied(random)
        if zero is None or at_random is None:
            return None
        matrices = [np.zeros((z.size, value.size)) for z, value in zip(zero, operand, strict=True)]
        for j in range(max(value.size for value in operand)):
            units = [np.zeros(value.shape) for value in operand]
            for unit in units:
                unit.flat[j % unit.size] = 1.0
            columns = applied(units)
            if columns is None or any(c.shape != z.shape for c, z in zip(columns, zero, strict=True)):
                return None
            for matrix, column, z in zip(matrices, columns, zero, strict=True):
                matrix[:, j % matrix.shape[1]] = column - z
        agrees = all(
            np.allclose(matrix @ x.reshape(-1) + z, y, rtol=1e-9, atol=1e-11)
            for matrix, x, z, y in zip(matrices, random, zero, at_random, strict=True)
        )
        return matrices if agrees else None


def _unbroadcast(row: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which an operand of this shape was repeated; the first axis of `row` counts row vectors."""
    extra = row.ndim - 1 - len(shape)
    if extra:
        row = row.sum(axis=tuple(range(1, 1 + extra)))
    repeated = tuple(k + 1 for k, size in enumerate(shape) if size == 1 and row.shape[k + 1] != 1)
    return row.sum(axis=repeated, keepdims=True) if repeated else row
