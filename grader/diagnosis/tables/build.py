"""Build the tables: all formulas one mistake away from each gradient, each value once.  Takes seconds; `cache` keeps the result.

Mistakes in a gradient are mutants of its own formula; mistakes further up are the entries of the gradients that it builds on, put
into it.
"""

from collections.abc import Iterable, Iterator, Sequence
from graphlib import TopologicalSorter

import numpy as np

from grader.diagnosis.formulas.expression import Node, Values, replaced
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.mutants import local_mutants
from grader.diagnosis.tables.candidates import candidates
from grader.diagnosis.tables.fingerprints import entry_counts, fingerprint
from grader.diagnosis.tables.maps import Formula, local_formulas, make_maps, make_stock, whole_formulas
from grader.diagnosis.tables.tables import Entries, Tables, packed

ALTERNATIVES = 3
PER_LEVEL = 0.02
ZERO = 1e-12

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
        if world.gradient_shape(name)[0] == 1:
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
