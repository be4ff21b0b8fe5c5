"""Make the maps and stocks of the tables from the mutants."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, leaves
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.matrices import whole_mutants
from grader.diagnosis.mutations.mutants import local_mutants
from grader.diagnosis.mutations.products import product_structures
from grader.diagnosis.tables.tables import MAPPED, Group, Maps, Stock, packed
from grader.problem.model import Array

MOST_NUMBERS = 1 << 20
COMMON = 1.75

Formula = tuple[Node, tuple[Edit, ...], float]


def make_stock(world: World, name: str, formulas: Sequence[tuple[Node, float]]) -> Stock:
    """The formulas of a gradient's table that have its shape."""
    right = world.evaluator(("g", name)) or []
    chosen, rows = [], []
    for i, (node, _) in enumerate(formulas):
        values = world.evaluator(node)
        if values is not None and all(v.shape == r.shape for v, r in zip(values, right, strict=True)):
            chosen.append(i)
            rows.append([np.append(value.reshape(-1), 1.0) for value in values[:MAPPED]])
    stacked = [np.array([row[k] for row in rows]) for k in range(min(MAPPED, len(right)))]
    lengths = [np.linalg.norm(stack, axis=1, keepdims=True) for stack in stacked]
    return Stock(
        values=[stack / length for stack, length in zip(stacked, lengths, strict=True)],
        entries=np.array(chosen),
        costs=np.array([formulas[i][1] for i in chosen]),
    )


def make_maps(world: World, name: str, upstream: str, formulas: Iterable[Formula]) -> Maps:
    """Those formulas of a gradient, the right one first, that are affine in the gradient `upstream`."""
    right = (world.evaluator(("g", upstream)) or [])[:MAPPED]
    units = [_Units(world, upstream, k, value) for k, value in enumerate(right)]
    found: dict[tuple[int, ...], dict[bytes, tuple[Node, tuple[Edit, ...], float, list[Array]]]] = {}
    numbers = 0
    for node, edits, cost in sorted(formulas, key=lambda formula: formula[2]):
        if ("g", upstream) not in leaves(node):
            continue
        matrices = [unit.map_of(node) for unit in units]
        known = [matrix for matrix in matrices if matrix is not None]
        if len(known) < len(matrices) or not all(np.any(matrix[:, :-1]) for matrix in known):
            continue
        numbers += sum(matrix.size for matrix in known)
        if numbers > MOST_NUMBERS:
            break
        sizes = tuple(len(matrix) for matrix in known)
        scale = float(np.max(np.abs(known[0])))
        key = np.round(known[0] / scale, 8).tobytes() + f"{scale:.8e}".encode()
        found.setdefault(sizes, {}).setdefault(key, (node, edits, cost, known))
    return Maps(upstream, [_group(sizes, list(formulas.values())) for sizes, formulas in found.items()])


def local_formulas(world: World, name: str) -> Iterator[Formula]:
    """The solution's formula, all one-mistake ones, and those with a second mistake in the same product."""
    tree = world.local[name]
    if tree is not None:
        yield tree, (), 0.0
    for node, edit in local_mutants(name, world):
        yield node, (edit,), edit.cost
        if node[0] == "mul" and edit.cost <= COMMON:
            for mutant, second in product_structures(node):
                yield mutant, (edit, second), edit.cost + second.cost


def whole_formulas(world: World, name: str) -> Iterator[Formula]:
    """The gradient itself, and what may be done with it at the end."""
    yield ("g", name), (), 0.0
    for node, edit in whole_mutants(("g", name), name, world):
        yield node, (edit,), edit.cost


def _group(sizes: tuple[int, ...], formulas: Sequence[tuple[Node, tuple[Edit, ...], float, list[Array]]]) -> Group:
    offsets, blob = packed([(node, edits) for node, edits, _, _ in formulas])
    return Group(
        sizes=sizes,
        matrices=[np.array([matrices[k] for _, _, _, matrices in formulas]) for k in range(len(sizes))],
        costs=np.array([cost for _, _, cost, _ in formulas]),
        offsets=offsets,
        blob=blob,
    )


class _Units:
    """Evaluates a formula at one sample point with the upstream gradient zero, a unit vector each, and something random."""

    def __init__(self, world: World, upstream: str, k: int, value: Array) -> None:
        gradients = {name: [world.evaluator(("g", name))[k]] for name in world.local}  # type: ignore[index]
        base = Evaluator(world.evaluator.graph, world.functions, [world.evaluator.points[k]], gradients)
        zero = np.zeros(value.shape)
        units = np.eye(value.size).reshape(value.size, *value.shape)
        self.random = np.asarray(np.random.default_rng(7).standard_normal(value.shape))
        self.evaluators = [base.with_gradients({upstream: [D]}) for D in [zero, *units, self.random]]

    def map_of(self, node: Node) -> Array | None:
        """(entries, entries of D + 1), or None where the formula is not affine."""
        columns = []
        for evaluator in (self.evaluators[0], self.evaluators[-1], *self.evaluators[1:-1]):
            found = evaluator(node)
            if found is None:
                return None
            columns.append(np.ravel(found[0]))
        zero, at_random, units = columns[0], columns[1], columns[2:]
        matrix = np.stack([*(unit - zero for unit in units), zero], axis=1)
        expected = matrix @ np.append(self.random.reshape(-1), [1.0])
        return matrix if np.allclose(expected, at_random, rtol=1e-9, atol=1e-11) else None
