"""All formulas one mistake away from a formula."""

from collections.abc import Iterator
from dataclasses import replace

from grader.diagnosis.expression import ONE, Node
from grader.diagnosis.leaves import Mutant, derivative_mutants, gradient_mutants, quantity_mutants
from grader.diagnosis.matrices import matrix_product_mutants, whole_mutants
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.products import product_mutants, slope_mutants, sum_mutants
from grader.diagnosis.world import World, local_forms


def mutants(node: Node, world: World, depth: int = 0) -> Iterator[Mutant]:
    """Each mutant of `node`, with the edit that makes it."""
    match node[0]:
        case "q":
            yield from quantity_mutants(node, world, depth, mutants)
            return
        case "g":
            yield from gradient_mutants(node, world)
            return
        case "d":
            yield from derivative_mutants(node, world)
            return
        case "mul":
            yield from product_mutants(node, world)
        case "add":
            yield from sum_mutants(node, world)
        case "mm":
            yield from matrix_product_mutants(node, world)
        case "slope":
            yield from slope_mutants(node, ONE, world)
        case "pow":
            yield node[1], OPERATORS["slope-bracket"].edit("the square", extra=0.2)
        case "div":
            yield ("mul", node[1], node[2]), OPERATORS["divided"].edit("the denominator")
            yield from _moved_power(node)
    for i, part in enumerate(node):
        if isinstance(part, tuple):
            for mutant, edit in mutants(part, world, depth):
                yield (*node[:i], mutant, *node[i + 1 :]), edit


def local_mutants(name: str, world: World) -> Iterator[Mutant]:
    """Mutants of a gradient's formula in all its forms, its upstream gradients left as they are."""
    for form, extra in local_forms(world, name):
        for mutant, edit in mutants(form, world):
            yield mutant, replace(edit, cost=edit.cost + extra)
    tree = world.local[name]
    if tree is not None:
        yield from whole_mutants(tree, name, world)


def _moved_power(node: Node) -> Iterator[Mutant]:
    """a / (1 + b)^2 read as a / (1 + b^2), and without the square."""
    match node:
        case ("div", above, ("pow", ("add", one, b), power)):
            yield ("div", above, ("add", one, ("pow", b, power))), OPERATORS["slope-bracket"].edit("the denominator")
