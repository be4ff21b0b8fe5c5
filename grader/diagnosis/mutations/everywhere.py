"""One misunderstanding in all of a formula: a quantity or size that is another one in every place, or two that are exchanged."""

from collections.abc import Iterator
from itertools import combinations

from grader.diagnosis.formulas.expression import Node, leaves, q, replaced
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.leaves import Mutant, wrong

_BETWEEN: Node = ("carry",)  # while two are exchanged


def everywhere_mutants(name: str, world: World) -> Iterator[Mutant]:
    """Mutants of a gradient's formula in which several places change alike."""
    tree = world.local[name]
    if tree is None:
        return
    found = leaves(tree)
    several = [leaf for leaf in dict.fromkeys(found) if found.count(leaf) > 1]
    for leaf in several:
        if leaf[0] == "size":
            for other in world.assignment.config.dimensions:
                if other != leaf[1]:
                    yield wrong(replaced(tree, leaf, ("size", other)), "wrong-variable", leaf[1], new=other)
        elif leaf[0] == "q" and leaf[1] in world.shapes:
            for other in world.like(leaf[1]):
                yield wrong(replaced(tree, leaf, q(other)), "wrong-variable", leaf[1], new=other)
    yield from _exchanged(tree, world)


def _exchanged(tree: Node, world: World) -> Iterator[Mutant]:
    names = dict.fromkeys(leaf[1] for leaf in leaves(tree) if leaf[0] == "q" and leaf[1] in world.shapes)
    for one, other in combinations(names, 2):
        if world.shapes[one] == world.shapes[other]:
            half = replaced(replaced(tree, q(one), _BETWEEN), q(other), q(one))
            yield wrong(replaced(half, _BETWEEN, q(other)), "exchanged", f"{one}, {other}")
