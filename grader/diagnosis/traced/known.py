"""What a student's function may pass through, arranged so that it can be looked up."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, leaves, replaced
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.formula_nodes import inside, parameters_of
from grader.diagnosis.formulas.waypoints import forward_points, multiplied_out, partial_products, partial_sums
from grader.diagnosis.formulas.world import World
from grader.diagnosis.traced.events import equal, sizes_of
from grader.problem.assignment import Assignment

_MOST_ENTRIES = 2000  # of a quantity that is differentiated numerically for its gradient


class Known(Struct, frozen=True):
    """What a function may pass through.

    Attributes:
        by_sizes: by the numbers of entries at the sample points.
        made: what may be taken apart, or put together, by rows.
        filled: what may be filled bit by bit.
        factors: the single numbers that something known may be multiplied by, or divided by.
        labels: of the values that were looked up, by their bytes.
    """

    by_sizes: dict[tuple[int, ...], list[Values]]
    made: list[Values]
    filled: list[Values]
    factors: list[Values] = []
    labels: dict[bytes, str] = {}


def known_values(
    values: Iterable[Values], weights: Sequence[Values], filled: list[Values], factors: list[Values]
) -> Known:
    """Arrange them.

    Args:
        weights: of these no rows are taken: any row of a weight is a choice.
    """
    distinct = {b"".join(value.tobytes() for value in one): one for one in values}
    by_sizes: dict[tuple[int, ...], list[Values]] = {}
    for one in distinct.values():
        by_sizes.setdefault(sizes_of(one), []).append(one)
    fixed = [*weights, *([one.T for one in right] for right in weights)]
    made = [other for other in distinct.values() if not any(equal(other, weight) for weight in fixed)]
    return Known(by_sizes, made, filled, factors)


# The values of formulas


def parts_of_formulas(
    assignment: Assignment, world: World, evaluate: Evaluator, own: Collection[str] = ()
) -> list[Values]:
    """The values of all parts of all forms of the right formulas; with `own`, of those in which these gradients are."""
    nodes: dict[Node, None] = {}
    for name in assignment.names:
        for form, _ in local_forms(world, name):
            nodes.update(dict.fromkeys(part for one in inside(form) for part in (one, *partial_sums(one))))
            nodes.update(dict.fromkeys(multiplied_out(form)))
        if (whole := undivided(world, name)) is not None:
            nodes.update(dict.fromkeys(inside(whole)))
    nodes.update(dict.fromkeys(forward_points(world)))
    nodes.update(dict.fromkeys([("fn", "exp", argument) for argument, _ in of_softmaxes(nodes, world)]))
    changed = {("g", name) for name in own}
    return values_of(evaluate, (node for node in nodes if not own or changed.intersection(leaves(node))))


def not_asked(assignment: Assignment, world: World, evaluate: Evaluator) -> list[Values]:
    """The gradients by what the model computes and nobody asks for, which a student may need on the way, and their parts."""
    config = assignment.config
    asked = {gradient.of for gradient in config.gradients}
    largest = {name: max(np.size(point.values[name]) for point in assignment.points) for name in assignment.graph.order}
    nodes: dict[Node, None] = {}
    for name in assignment.graph.order:
        real = all(np.asarray(point.values[name]).dtype.kind == "f" for point in assignment.points)
        if name not in asked and name != config.loss and real and largest[name] <= _MOST_ENTRIES:
            formula = world.by(name)
            nodes[("d", name, config.loss)] = None
            nodes.update(dict.fromkeys((*inside(formula), *multiplied_out(formula)) if formula is not None else ()))
    return values_of(evaluate, nodes)


def slopes(assignment: Assignment, world: World, evaluate: Evaluator) -> list[Values]:
    """The derivatives of the model's functions, and their parts: what formulas give with ones for the gradient by the result."""
    found: list[Values] = []
    for name in assignment.names:
        above = world.upstream(name)
        for one in above:
            unit = {
                other: [np.full(value.shape, float(other == one)) for value in assignment.exact[other]]
                for other in above
            }
            upstream: Node = ("g", one)
            parts = (part for form, _ in local_forms(world, name) for part in inside(form) if upstream in leaves(form))
            nodes = dict.fromkeys(each for part in parts for each in (part, *partial_products(part)))
            terms = (term for form, _ in local_forms(world, name) for term in multiplied_out(form))
            nodes |= dict.fromkeys(each for term in terms for each in partial_products(term))
            found += values_of(evaluate.with_gradients(unit), nodes)
    return found


def maxima(quantities: Mapping[str, Values]) -> list[Values]:
    """What may be subtracted from the arguments of an exponential: the largest along any axis."""
    tables = [values for values in quantities.values() if min(value.ndim for value in values) > 1]
    return [
        [value.max(axis=axis, keepdims=True) for value in values] for values in tables for axis in range(values[0].ndim)
    ]


def undivided(world: World, name: str) -> Node | None:
    """The formula of a gradient before its division, by the number of examples say, which may come at the end as well."""
    tree = world.local[name]
    if tree is None or tree[0] == "div":
        return tree and tree[1]
    for upstream in world.upstream(name):
        if (before := undivided(world, upstream)) is not None:
            return replaced(tree, ("g", upstream), before)
    return None


def of_softmaxes(nodes: Iterable[Node], world: World) -> list[tuple[Node, int]]:
    """What is normalized within formulas, where no quantity is the result, and along which axis."""
    softmaxes = [node for node in nodes if node[:2] == ("np", "softmax")]
    arguments = [(node[3], axis) for node in softmaxes for axis in parameters_of(node[2])["axis"][:1]]
    return arguments + [(node[2], -1) for node in nodes if node[0] == "fn" and world.normalizes(node[1])]


def values_of(evaluate: Evaluator, nodes: Iterable[Node]) -> list[Values]:
    found = [[np.asarray(value) for value in values] for node in nodes if (values := evaluate(node)) is not None]
    return [values for values in found if any(value.size > 1 for value in values)]
