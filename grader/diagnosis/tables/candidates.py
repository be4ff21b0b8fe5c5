"""Candidate expressions: what a student may have added, multiplied in or returned instead, none of them a gradient's formula.

First the quantities, the gradients and functions of them; then two of these together.
"""

from collections.abc import Iterator
from itertools import product

from grader.diagnosis.formulas.expression import Node, add, mul, neg, one_minus, q
from grader.diagnosis.formulas.world import World

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
        yield ("slope", application.function, application.argument), 0.4
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
                yield ("slope", function, node), 1.1
    for index in world.indices:
        for name in world.one_hots:
            yield ("hot-like", q(index), q(name)), 0.8


def _chains(world: World) -> Iterator[tuple[Node, float]]:
    """Rows times two matrices."""
    rows: list[Node] = [q(name) for name in world.rows] + [
        ("g", name) for name in world.assignment.names if world.gradient_shape(name)[0] == 1
    ]
    matrices: list[Node] = [q(name) for name in world.matrices]
    matrices += [("T", matrix) for matrix in matrices]
    for row, a, b in product(rows, matrices, matrices):
        yield ("mm", ("mm", row, a), b), 2.2
