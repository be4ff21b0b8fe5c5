"""Build the tables: all formulas one mistake away from each gradient, each value once.  Takes seconds; `cache` keeps the result.

Mistakes in a gradient are mutants of its own formula; mistakes further up are the entries of the gradients that it builds on, put
into it.  Candidates are expressions that a student may have added, multiplied in or returned instead, none of them a gradient's
formula.
"""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import TopologicalSorter
from itertools import product

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, leaves, mul, neg, one_minus, q, replaced
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.matrices import whole_mutants
from grader.diagnosis.mutations.mutants import local_mutants
from grader.diagnosis.mutations.products import product_structures
from grader.diagnosis.tables.tables import (
    MAPPED,
    Entries,
    Group,
    Maps,
    Stock,
    Tables,
    entry_counts,
    fingerprint,
    packed,
)
from grader.problem.model import Array

ALTERNATIVES = 3
PER_LEVEL = 0.02
ZERO = 1e-12

Formula = tuple[Node, tuple[Edit, ...], float]
Kept = tuple[Node, tuple[Edit, ...], float, Values]


def make_tables(world: World) -> Tables:
    """Every table, from scratch."""
    tables = Tables()
    maps, wholes, values = {}, {}, {}
    found: dict[str, list[Formula]] = {}
    for name in TopologicalSorter({name: world.upstream(name) for name in world.assignment.names}).static_order():
        kept = _distinct(world, _formulas(world, name, found))
        found[name] = [(node, edits, cost) for node, edits, cost, _ in kept]
        tables.gradients[name] = _entries(kept)
        if len(world.upstream(name)) == 1:
            maps[name] = make_maps(world, name, world.upstream(name)[0], local_formulas(world, name))
        if world.gradient_shape(name)[:1] == (1,):
            wholes[name] = make_maps(world, name, name, whole_formulas(world, name))
            values[name] = make_stock(world, name, [(node, cost) for node, _, cost in found[name]])
    tables.maps, tables.wholes, tables.values = maps, wholes, values
    tables.candidates = _entries(_distinct(world, ((node, (), cost) for node, cost in candidates(world))))
    return tables


def _formulas(world: World, name: str, found: dict[str, list[Formula]]) -> Iterator[Formula]:
    yield ("g", name), (), 0.0
    for node, edit in local_mutants(name, world):
        yield node, (edit,), edit.cost
    tree = world.local[name]
    for upstream in world.upstream(name):
        for node, edits, cost in found[upstream]:
            if edits and tree is not None:
                turned = 0.5 if edits[0].operator in ("operand-order", "transpose-result") else 0.0
                yield replaced(tree, ("g", upstream), node), edits, cost + PER_LEVEL + turned


def _distinct(world: World, formulas: Iterable[Formula]) -> list[Kept]:
    """The cheapest formulas of each value, a few with other mistakes kept beside them; the right value has none beside it."""
    by_value: dict[tuple[object, ...], list[Kept]] = {}
    for node, edits, cost in sorted(formulas, key=lambda formula: formula[2]):
        values = world.evaluator(node)
        if values is None or all(np.max(np.abs(value)) < ZERO for value in values):
            continue
        shapes = tuple(value.shape for value in values)
        scale = tuple(float(f"{np.linalg.norm(value):.9e}") for value in values)
        key = (shapes, scale, tuple(np.round(fingerprint(values), 9)))
        same = by_value.setdefault(key, [])
        if len(same) < ALTERNATIVES and not _explained(same, edits):
            same.append((node, edits, cost, values))
    return [kept for same in by_value.values() for kept in same]


def _explained(same: Sequence[Kept], edits: tuple[Edit, ...]) -> bool:
    """Whether a value is right, or explained by the same mistakes in the same places already."""
    mistakes = [[(edit.kind, edit.where) for edit in kept[1]] for kept in same]
    return [] in mistakes or [(edit.kind, edit.where) for edit in edits] in mistakes


def _entries(kept: Sequence[Kept]) -> Entries:
    offsets, blob = packed([(node, edits) for node, edits, _, _ in kept])
    return Entries(
        counts=np.array([entry_counts(values) for _, _, _, values in kept], dtype=np.int64),
        prints=np.array([fingerprint(values) for _, _, _, values in kept]),
        costs=np.array([cost for _, _, cost, _ in kept]),
        offsets=offsets,
        blob=blob,
    )


MOST_NUMBERS = 1 << 20
COMMON = 1.75


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


SECOND = 1.5


def candidates(world: World) -> Iterator[tuple[Node, float]]:
    """Each candidate with its cost."""
    first = list(_first(world))
    yield from first
    plain = [node for node, cost in first if cost <= 0.5]
    for i, a in enumerate(plain):
        for b in plain[: i + 1]:
            yield mul(a, b), SECOND
            yield add(a, b), SECOND
            yield add(a, neg(b)), SECOND
            for left, right in ((("T", a), b), (("T", b), a), (a, ("T", b)), (b, ("T", a)), (a, b), (b, a)):
                yield ("mm", left, right), SECOND
        for b in plain:
            yield ("div", a, b), SECOND + 0.3
    yield from _chains(world)


def _first(world: World) -> Iterator[tuple[Node, float]]:
    for name in world.shapes:
        yield q(name), 0.0
    for name in world.assignment.names:
        yield ("g", name), 0.1
    for application in world.applications:
        yield ("d", application.quantity, world.assignment.config.loss), 0.3
        yield application.derivative, 0.4
        yield application.argument, 0.5
    for name in [*world.rows, *world.matrices]:
        node = q(name)
        yield one_minus(node), 0.6
        yield mul(node, node), 0.7
        yield mul(node, one_minus(node)), 0.7
        yield ("div", ("ones", node), node), 0.9
        yield ("T", node), 0.6
        yield ("abs", node), 1.0
        yield ("ones", node), 1.0
        yield ("total", node), 1.0
        yield ("sum", node, 0), 1.0
        yield ("T", ("sum", node, 1)), 1.0
        yield ("mean", node, 0), 1.1
        yield ("diagonal", node), 1.0
        for function in world.functions.names:
            yield ("fn", function, node), 1.0
            if world.functions.entrywise[function]:
                yield ("derivative", function, node), 1.1
    for index in world.indices:
        for name in world.one_hots:
            yield ("hot-like", q(index), q(name)), 0.8


def _chains(world: World) -> Iterator[tuple[Node, float]]:
    """Rows times two matrices."""
    rows: list[Node] = [q(name) for name in world.rows] + [
        ("g", name) for name in world.assignment.names if world.gradient_shape(name)[:1] == (1,)
    ]
    matrices: list[Node] = [q(name) for name in world.matrices]
    matrices += [("T", matrix) for matrix in matrices]
    for row, a, b in product(rows, matrices, matrices):
        yield ("mm", ("mm", row, a), b), 2.2
