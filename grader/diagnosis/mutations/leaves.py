"""What goes wrong at a quantity or a gradient: another one in its place, a function of it, its own forward pass gone wrong."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from grader.diagnosis.formulas.expression import ONE, Node, mul, neg, one_minus, q
from grader.diagnosis.formulas.rendering import gradient_text, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.operators import OPERATORS

Mutant = tuple[Node, Edit]
Mutator = Callable[[Node, World, int], Iterator[Mutant]]

UNFOLDINGS = 2


def quantity_mutants(node: Node, world: World, depth: int, mutants: Mutator) -> Iterator[Mutant]:
    """Mutants of the leaf ("q", name); `depth` counts how often a quantity has been unfolded around it."""
    name = node[1]
    if name not in world.shapes:
        return
    yield from _others(node, world)
    yield from _functions_of(node, world)
    if name in world.one_hots:
        yield from _targets(node, world)
    if world.shapes[name][0] == 1:
        yield from extra_matrices(node, world)
    formula = world.model.get(name)
    if formula is None:
        return
    if formula[0] == "row":
        yield from _rows(node, formula, world)
    if formula[0] == "fn":
        yield from _activations(node, formula, world)
    if depth < UNFOLDINGS:
        for mutant, edit in mutants(formula, world, depth + 1):
            yield mutant, replace(edit, cost=edit.cost + 0.3, within=name)


def gradient_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of the leaf ("g", name)."""
    name = node[1]
    shown = gradient_text(name)
    shape = world.gradient_shape(name)
    for other in world.assignment.names:
        if other != name:
            extra = 0.0 if world.gradient_shape(other) == shape else 0.3
            new = gradient_text(other)
            yield ("g", other), OPERATORS["wrong-gradient"].edit(shown, new=new, extra=extra)
    for quantity, own in world.shapes.items():
        if own == shape:
            yield q(quantity), OPERATORS["wrong-variable"].edit(shown, new=quantity, extra=0.3)
    yield ("ones", node), OPERATORS["missing-factor"].edit(shown, extra=0.2)
    yield ("T", node), OPERATORS["shape-broadcast"].edit(shown, new=shown)
    if shape[0] == 1:
        yield from extra_matrices(node, world)


def derivative_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of the leaf ("d", name, loss), dJ/d(name)."""
    shown = text(node)
    for other in [node[1], *world.like(node[1])]:
        slug = "missing-factor" if other in world.one_hots else "wrong-variable"
        yield q(other), OPERATORS[slug].edit(shown, new=other)


def extra_matrices(node: Node, world: World) -> Iterator[Mutant]:
    """A row with one more matrix multiplied in."""
    for matrix in world.matrices:
        for factor in (q(matrix), ("T", q(matrix))):
            square = len(set(world.shapes[matrix])) == 1
            yield (
                ("mm", node, factor),
                OPERATORS["extra-matrix"].edit(matrix, new=text(factor), extra=0.0 if square else 0.6),
            )


def _others(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    for other in world.like(name):
        yield q(other), OPERATORS["wrong-variable"].edit(name, new=other)
    kind = world.matrices if name in world.matrices else world.rows
    for other in kind:
        if world.shapes[other] != world.shapes[name]:
            yield q(other), OPERATORS["wrong-variable-shape"].edit(name, new=other, extra=0.6)
            if name in world.matrices:
                yield ("T", q(other)), OPERATORS["wrong-variable-shape"].edit(name, new=f"{other}^T", extra=0.9)
    for gradient in world.assignment.names:
        if world.gradient_shape(gradient) == world.shapes[name]:
            yield ("g", gradient), OPERATORS["wrong-variable"].edit(name, new=gradient_text(gradient), extra=0.6)


def _functions_of(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    application = world.applied(name)
    if name not in world.one_hots:  # for a target that is the number 1, said so below
        yield ("ones", node), OPERATORS["missing-factor"].edit(name, extra=0.1)
    flipped: Node | None = None
    if application is not None:
        flipped = ("fn", application.function, neg(application.argument))
        yield flipped, OPERATORS["sign-argument"].edit(application.function)
    if flipped is None or not world.equal(one_minus(node), flipped):
        yield one_minus(node), OPERATORS["wrong-function-of"].edit(name, new=f"1 - {name}")
    yield mul(node, one_minus(node)), OPERATORS["extra-factor"].edit(f"1 - {name}", new=f"1 - {name}", extra=-0.2)
    yield mul(node, node), OPERATORS["extra-factor"].edit(name, new=name, extra=0.2)
    yield ("average", node), OPERATORS["mean-variable"].edit(name)
    for function in world.functions.names:
        yield ("fn", function, node), OPERATORS["wrong-function-of"].edit(name, new=f"{function}({name})")


def _targets(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    yield ONE, OPERATORS["wrong-constant"].edit(name, new="1")
    for index in world.indices:
        yield ("hot-like", q(index), node), OPERATORS["wrong-variable"].edit(name, new=f"the one-hot of {index}")
    for n, side in ((1, "after"), (-1, "before")):
        yield ("roll", node, n), OPERATORS["wrong-row"].edit(name, new=f"the one-hot of the position {side} the target")
    for other in world.like(name):
        hot = ("hot-like", ("argmax", q(other)), node)
        yield hot, OPERATORS["wrong-row"].edit(name, new=f"the one-hot of the largest entry of {other}")


def _rows(node: Node, formula: Node, world: World) -> Iterator[Mutant]:
    """A quantity that is a row of a matrix: another row, their mean, the one-hot, the bare index."""
    name, matrix, index = node[1], formula[1], formula[2]
    shown = text(matrix)
    row = OPERATORS["wrong-row"]
    for target in world.one_hots:
        yield ("row", matrix, ("argmax", q(target))), row.edit(name, new=f"the row of {shown} of the target {target}")
    for n, side in ((-1, "before"), (1, "after")):
        neighbour = ("row", matrix, ("add", index, ("c", float(n))))
        yield neighbour, row.edit(name, new=f"the row of {shown} {side} that of {text(index)}", extra=0.3)
    yield ("mean", matrix, 0), row.edit(name, new=f"the mean row of {shown}", extra=0.2)
    yield ("hot", index, matrix), row.edit(name, new=f"the one-hot of {text(index)}")
    yield mul(("ones", node), index), row.edit(name, new=f"the index {text(index)}", extra=0.3)


def _activations(node: Node, formula: Node, world: World) -> Iterator[Mutant]:
    """A quantity f(a): a itself, another function of a, f not normalised."""
    name, (_, function, argument) = node[1], formula
    yield argument, OPERATORS["skipped-activation"].edit(function, old=name)
    for other in world.functions.names:
        if other != function:
            slug = "missing-normalisation" if other == "exp" and world.normalises(function) else "wrong-activation"
            yield (
                ("fn", other, argument),
                OPERATORS[slug].edit(function if slug != "wrong-activation" else name, new=other, old=function),
            )
    if world.normalises(function):
        exp = ("fn", "exp", argument)
        yield ("div", exp, ("max", exp)), OPERATORS["max-normalisation"].edit(function)
        shifted = ("div", node, ("fn", "exp", ("max", argument)))
        yield (
            shifted,
            OPERATORS["extra-factor"].edit(function, new="a shift of only one part of the fraction", extra=0.3),
        )
