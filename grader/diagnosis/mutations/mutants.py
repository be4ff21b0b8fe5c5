"""All formulas one mistake away from a formula."""

from collections.abc import Callable, Iterator
from itertools import chain

from msgspec.structs import replace

from grader.config.quantities import Index
from grader.diagnosis.formulas.expression import ONE, Node, holds, leaves, text
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.arrays import (
    application_mutants,
    bare_text,
    constant_mutants,
    numpy_mutants,
    other_sums,
    outer_mutants,
    power_mutants,
    reduction_mutants,
    short,
    size_mutants,
)
from grader.diagnosis.mutations.at_indices import index_mutants
from grader.diagnosis.mutations.every_step import every_step_mutants
from grader.diagnosis.mutations.everywhere import everywhere_mutants
from grader.diagnosis.mutations.leaves import (
    Mutant,
    derivative_mutants,
    gradient_mutants,
    quantity_mutants,
    without_factor,
    wrong,
)
from grader.diagnosis.mutations.loss_terms import loss_mutants
from grader.diagnosis.mutations.matrices import matrix_product_mutants, whole_mutants
from grader.diagnosis.mutations.other_steps import other_step_mutants
from grader.diagnosis.mutations.products import derivative_factor_mutants, product_mutants, sum_mutants
from grader.diagnosis.mutations.time_steps import scan_mutants, series_mutants, slope_mutants
from grader.diagnosis.mutations.vectors import vector_outer_mutants, vector_product_mutants
from grader.diagnosis.operators import OPERATORS


def mutants(node: Node, world: World, depth: int = 0) -> Iterator[Mutant]:
    """Each mutant of `node`, with the edit that makes it."""
    if node[0] == "q":
        counts = isinstance(world.assignment.config.quantities.get(node[1]), Index)
        yield from index_mutants(node, world) if counts else quantity_mutants(node, world, depth, mutants)
    elif node[0] in _RULES:
        yield from _RULES[node[0]](node, world)
    for i, part in enumerate(node):
        if isinstance(part, tuple):
            for mutant, edit in mutants(part, world, depth):
                if node[0] == "add" and edit.operator == "row-alone":  # p - 1: it is added everywhere
                    edit = _for_one_hot(mutant, edit.where)
                yield (*node[:i], mutant, *node[i + 1 :]), _placed(edit, node, world)


def local_mutants(name: str, world: World) -> Iterator[Mutant]:
    """Mutants of a gradient's formula in all its forms, its upstream gradients left as they are."""
    first = world.local[name]
    for form, extra in local_forms(world, name):
        for mutant, edit in _further(form, first, world):
            if holds(mutant, ("g", name)):
                continue  # a gradient does not explain itself: r - (r - y) is y, and explains nothing
            yield mutant, replace(edit, cost=edit.cost + extra) if extra else edit
    several = (
        every_step_mutants(name, world, mutants),
        other_step_mutants(name, world),
        everywhere_mutants(name, world),
    )
    for mutant, edit in chain(*several):
        if not holds(mutant, ("g", name)):
            yield mutant, edit
    yield from whole_mutants(world.local[name] or ("g", name), name, world)
    yield from loss_mutants(name, world)


def _further(form: Node, first: Node | None, world: World) -> Iterator[Mutant]:
    """The mutants of a form: of a sum, only those of terms that the first form does not have as well."""
    if first is None or form == first or form[0] != "add" or first[0] != "add":
        yield from mutants(form, world)
        return
    for i, term in enumerate(form[1:], 1):
        for mutant, edit in mutants(term, world) if term not in first[1:] else ():
            yield (*form[:i], mutant, *form[i + 1 :]), edit


def _for_one_hot(value: Node, label: str) -> Edit:
    """A value in every place of a sum, and not only where the label is."""
    new = text(value[1] if value[0] == "neg" else value)
    one_hot = f"an array that is zero except at {label}"
    if any(leaf[0] in ("q", "g") for leaf in leaves(value)):
        return OPERATORS["wrong-variable"].edit(one_hot, new=new, extra=0.3)
    return OPERATORS["wrong-constant"].edit(one_hot, new=new, extra=-0.2)


def _placed(edit: Edit, node: Node, world: World) -> Edit:
    """A mistake in the argument of a derivative is one in computing the output that the derivative is written with."""
    if node[0] not in ("derivative", "jacobian"):
        return edit
    argument = node[2]
    application = world.application(node[1], argument)
    if application is None or (argument[0] == "q" and not edit.within):
        return edit
    return replace(edit, within=application.quantity)


def _quotient(node: Node, world: World) -> Iterator[Mutant]:
    """a b for a / b, a alone, and a / (1 + b^2) for a / (1 + b)^2."""
    above, below = node[1], node[2]
    over = f"1 / ({short(below)})" if below[0] in ("mul", "div", "add") else f"1 / {short(below)}"
    yield wrong(("mul", above, below), "multiplied", short(below))
    yield without_factor(above, below, over, world, extra=0.2)
    if above[0] == "sum":  # the quotient summed along the other axis
        yield from other_sums(("div", above[1], below), above, world)
    for i, term in enumerate(above[1:] if above[0] == "add" else ()):  # a - b / c for (a - b) / c
        others = [other for j, other in enumerate(above[1:]) if j != i]
        outside = ("add", ("div", others[0] if len(others) == 1 else ("add", *others), below), term)
        yield without_factor(outside, below, f"{over} of {bare_text(term)}", world, extra=0.2)
    if below[0] == "pow" and below[1][0] == "add" and len(below[1]) == 3:
        one, b = below[1][1:]
        yield wrong(("div", above, ("add", one, ("pow", b, below[2]))), "slope-bracket", "the denominator")


_RULES: dict[str, Callable[[Node, World], Iterator[Mutant]]] = {
    "g": gradient_mutants,
    "d": derivative_mutants,
    "mul": lambda node, world: chain(product_mutants(node, world), slope_mutants(node, world)),
    "add": sum_mutants,
    "mm": lambda node, world: chain(matrix_product_mutants(node, world), vector_product_mutants(node, world)),
    "derivative": lambda node, world: derivative_factor_mutants(node, ONE, world),
    "pow": power_mutants,
    "div": _quotient,
    "sum": reduction_mutants,
    "mean": reduction_mutants,
    "np": numpy_mutants,
    "fn": application_mutants,
    "size": size_mutants,
    "k": constant_mutants,
    "outer": lambda node, world: chain(outer_mutants(node, world), vector_outer_mutants(node, world)),
    "series": series_mutants,
    "scan": scan_mutants,
}
