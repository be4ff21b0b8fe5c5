"""Sums over steps that are written out, with shared weights: which terms are one term, and what stands where one step later.

x1^T @ dJ/dh1 + x2^T @ dJ/dh2 + x3^T @ dJ/dh3        x2 is x1 one step later, and dJ/dh2 is dJ/dh1
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from grader.diagnosis.formulas.formula_nodes import Node, add, inside

Shapes = Mapping[str, tuple[str | int, ...]]
Path = tuple[int, ...]

ATOMS = ("q", "g", "derivative")  # what changes from step to step


def alike(node: Node, shapes: Shapes) -> tuple[Node, ...]:
    """The terms of a sum that differ only in what stands for the step, in the order of the steps; () where they do not.

    Args:
        shapes: of the quantities.
    """
    terms = _paired(node[1:]) if node[0] == "add" else ()
    different = len(terms) > 1 and len(set(terms)) == len(terms) and not any(term[0] in ATOMS for term in terms)
    return terms if different and len({_skeleton(term, shapes) for term in terms}) == 1 else ()


def _paired(terms: tuple[Node, ...]) -> tuple[Node, ...]:
    """p1 + p2 - y1 - y2 as (p1 - y1) + (p2 - y2)."""
    added, taken = [[term for term in terms if (term[0] == "neg") is negative] for negative in (False, True)]
    bare = all((term[1] if term[0] == "neg" else term)[0] == "q" for term in terms)
    if not bare or len(added) != len(taken) or len(added) < 2:
        return terms
    return tuple(add(one, other) for one, other in zip(added, taken, strict=True))


def _skeleton(node: Node, shapes: Shapes) -> Node:
    if node[0] == "q":
        return ("q", shapes.get(node[1]))
    if node[0] in ATOMS:
        return node[:1] if node[0] == "g" else node[:2]
    return tuple(_skeleton(part, shapes) if isinstance(part, tuple) else part for part in node)


def places(terms: Sequence[Node]) -> Iterator[Path]:
    """Where terms that are alike differ: the way to each part, from the largest parts to single quantities."""
    for path in _paths(terms[0]):
        if path and len({at(term, path) for term in terms}) > 1:
            yield path


def _paths(node: Node) -> Iterator[Path]:
    yield ()
    for i, part in enumerate(node if node[0] not in ATOMS else ()):
        if isinstance(part, tuple):
            yield from ((i, *path) for path in _paths(part))


def at(node: Node, path: Path) -> Node:
    for i in path:
        node = node[i]
    return node


def put(node: Node, path: Path, part: Node) -> Node:
    if not path:
        return part
    i = path[0]
    return (*node[:i], put(node[i], path[1:], part), *node[i + 1 :])


def following(trees: Iterable[Node | None], shapes: Shapes) -> dict[Node, Node]:
    """What stands one step later: of each quantity and gradient for which the sums over steps agree on it."""
    found: dict[Node, set[Node]] = {}
    for part in (part for tree in trees if tree is not None for part in inside(tree)):
        terms = alike(part, shapes)
        for path in places(terms) if terms else ():
            column = [at(term, path) for term in terms]
            if column[0][0] in ("q", "g") and len(set(column)) == len(column):
                for one, later in pairwise(column):
                    found.setdefault(one, set()).add(later)
    return {one: next(iter(later)) for one, later in found.items() if len(later) == 1}
