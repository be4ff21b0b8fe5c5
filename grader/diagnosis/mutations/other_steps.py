"""What goes wrong between the steps of a recurrence that is written out: another step's part, a path that is not there."""

from collections.abc import Iterator

from grader.diagnosis.formulas.expression import Node, add, leaves, replaced, text
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.formula_text import gradient_text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.every_step import moved
from grader.diagnosis.mutations.leaves import Mutant, wrong


def other_step_mutants(name: str, world: World) -> Iterator[Mutant]:
    tree = world.local[name]
    if tree is not None and world.later:
        yield from _parts_of_other_steps(tree, world)
        yield from _paths_of_others(tree, name, world)


def _parts_of_other_steps(tree: Node, world: World) -> Iterator[Mutant]:
    """A part with all that belongs to a step taken from another step."""
    for part in dict.fromkeys(inside(tree)):
        own = [leaf for leaf in dict.fromkeys(leaves(part)) if leaf in world.later or leaf in world.earlier]
        if len(own) < 2:
            continue
        for steps in (-2, -1, 1, 2):
            other = moved(part, steps, world)
            others = [moved(leaf, steps, world) for leaf in own]
            if other is not None and None not in others:
                where, new = (", ".join(_name(leaf) for leaf in found if leaf) for found in (own, others))
                yield wrong(replaced(tree, part, other), "wrong-variable", where, new=new, extra=0.1)


def _name(leaf: Node) -> str:
    return gradient_text(leaf[1]) if leaf[0] == "g" else str(leaf[1])


def _paths_of_others(tree: Node, name: str, world: World) -> Iterator[Mutant]:
    """A term that another gradient has, and this one does not: from a later step, or from its own."""
    for other, formula in world.local.items():
        if other == name or formula is None or world.gradient_shape(other) != world.gradient_shape(name):
            continue
        for term in formula[1:] if formula[0] == "add" else (formula,):
            built_on = [leaf for leaf in leaves(term) if leaf[0] == "g"]
            if built_on and ("g", other) not in built_on and term not in tree:
                more = replaced(term, ("g", name), tree)
                yield wrong(add(tree, more), "extra-path", text(term), new=text(term), extra=-0.4)
