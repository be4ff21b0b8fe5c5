"""What goes wrong at a quantity or a gradient: another one in its place, a function of it, its own forward pass gone wrong."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from grader.diagnosis.formulas.expression import ONE, Node, gradient_text, leaves, mul, neg, one_minus, q, text
from grader.diagnosis.formulas.on_the_way import steps_of_shape
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.operators import OPERATORS

Mutant = tuple[Node, Edit]
Mutator = Callable[[Node, World, int], Iterator[Mutant]]

UNFOLDINGS = 2


def wrong(
    node: Node, operator: str, where: str = "the result", *, new: str = "", old: str = "", extra: float = 0.0
) -> Mutant:
    """A wrong formula, with the edit that makes it; see `Operator.edit`."""
    return node, OPERATORS[operator].edit(where, new=new, old=old, extra=extra)


def without_factor(node: Node, factor: Node, shown: str, world: World, *, extra: float = 0.0) -> Mutant:
    """What is left without a factor: of an array, or of a number."""
    numbers = all(leaf[0] in ("c", "k", "size") or world.is_constant(leaf) for leaf in leaves(factor))
    return wrong(node, "missing-number" if numbers else "missing-factor", shown, extra=extra)


def quantity_mutants(node: Node, world: World, depth: int, mutants: Mutator) -> Iterator[Mutant]:
    """Mutants of the leaf ("q", name); `depth` counts how often a quantity has been unfolded around it."""
    name = node[1]
    if name not in world.shapes:
        return
    yield from _others(node, world)
    yield from _functions_of(node, world)
    if name in world.one_hots:
        yield from _targets(node, world)
    if world.is_rows(world.shapes[name]):
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
    for forward in steps_of_shape(world, name):
        yield wrong(forward, "wrong-variable", shown, new=text(forward), extra=0.4)
    for other in world.assignment.names:
        if other != name:
            extra = 0.0 if world.gradient_shape(other) == shape else 0.3
            new = gradient_text(other)
            yield wrong(("g", other), "wrong-gradient", shown, new=new, extra=extra)
    for quantity, own in world.shapes.items():
        if own == shape:
            yield wrong(q(quantity), "wrong-variable", shown, new=quantity, extra=0.3)
    yield wrong(("ones", node), "missing-factor", shown, extra=0.2)
    square = len(shape) == 2 and shape[0] == shape[1]
    yield wrong(("T", node), "transpose-factor" if square else "shape-broadcast", shown, new=shown)
    if world.is_rows(shape):
        yield from extra_matrices(node, world)


def derivative_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of the leaf ("d", name, loss), dJ/d(name)."""
    shown = text(node)
    for other in [node[1], *world.like(node[1])]:
        slug = "missing-factor" if other in world.one_hots else "wrong-variable"
        yield wrong(q(other), slug, shown, new=other)


def extra_matrices(node: Node, world: World) -> Iterator[Mutant]:
    """A row with one more matrix multiplied in."""
    for matrix in world.matrices:
        for factor in (q(matrix), ("T", q(matrix))):
            square = len(set(world.shapes[matrix])) == 1
            yield wrong(("mm", node, factor), "extra-matrix", matrix, new=text(factor), extra=0.0 if square else 0.6)


def _others(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    for other in world.like(name):
        yield wrong(q(other), "wrong-variable", name, new=other)
    kind = world.matrices if name in world.matrices else world.rows
    for other in kind:
        if world.shapes[other] != world.shapes[name]:
            yield wrong(q(other), "wrong-variable-shape", name, new=other, extra=0.6)
            if name in world.matrices:
                yield wrong(("T", q(other)), "wrong-variable-shape", name, new=f"{other}^T", extra=0.9)
    for gradient in world.assignment.names:
        if world.gradient_shape(gradient) == world.shapes[name]:
            yield wrong(("g", gradient), "wrong-variable", name, new=gradient_text(gradient), extra=0.6)


def _functions_of(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    application = world.applied(name)
    if name not in world.one_hots:  # for a target that is the number 1, see _targets
        yield wrong(("ones", node), "missing-factor", name, extra=0.1)
    if application is not None:
        flipped = ("fn", application.function, neg(application.argument))
        yield wrong(flipped, "sign-argument", application.function)
    yield wrong(one_minus(node), "wrong-function-of", name, new=f"1 - {name}")
    yield wrong(mul(node, one_minus(node)), "extra-factor", f"1 - {name}", new=f"1 - {name}", extra=-0.2)
    yield wrong(mul(node, node), "extra-factor", name, new=name, extra=0.2)
    yield from means(node, name, world)
    for function in world.functions.names:
        again = application is not None and function == application.function
        twice = -0.3 if again else 0.0
        yield wrong(("fn", function, node), "wrong-function-of", name, new=f"{function}({name})", extra=twice)
    if application is not None and world.normalizes(application.function):
        yield wrong(("hot-rows", node), "wrong-function-of", name, new=f"the one-hot of the largest entry of {name}")
    if application is not None and world.functions.entrywise[application.function]:
        slope = application.derivative
        yield wrong(slope, "wrong-function-of", name, new=text(slope))
        yield wrong(mul(node, slope), "extra-slope", application.function, extra=0.1)


def means(node: Node, shown: str, world: World) -> Iterator[Mutant]:
    """The mean of all entries, and where there are several examples the mean over these."""
    yield wrong(("average", node), "mean-variable", shown)
    yield wrong(("mean", node, 0), "mean-variable", shown)


def _targets(node: Node, world: World) -> Iterator[Mutant]:
    name = node[1]
    yield wrong(ONE, "wrong-constant", name, new="1")
    for index in world.indices:
        yield wrong(("hot-like", q(index), node), "wrong-variable", name, new=f"the one-hot of {index}")
    for n, side in ((1, "after"), (-1, "before")):
        yield wrong(("roll", node, n), "wrong-row", name, new=f"the one-hot of the position {side} the target")
    for other in world.like(name):
        yield wrong(("hot-rows", q(other)), "wrong-row", name, new=f"the one-hot of the largest entry of {other}")
    if world.shapes[name][0] != 1:
        yield wrong(("every-target", node), "wrong-row", name, new="the targets of all examples in each row")


def _rows(node: Node, formula: Node, world: World) -> Iterator[Mutant]:
    """A quantity that is a row of a matrix: another row, their mean, the one-hot, the bare index."""
    name, matrix, index = node[1], formula[1], formula[2]
    shown = text(matrix)
    for target in world.one_hots:
        yield wrong(
            ("row", matrix, ("argmax", q(target))), "wrong-row", name, new=f"the row of {shown} of the target {target}"
        )
    for n, side in ((-1, "before"), (1, "after")):
        neighbor = ("row", matrix, ("add", index, ("c", float(n))))
        yield wrong(neighbor, "wrong-row", name, new=f"the row of {shown} {side} that of {text(index)}", extra=0.3)
    yield wrong(("mean", matrix, 0), "wrong-row", name, new=f"the mean row of {shown}", extra=0.2)
    yield wrong(("hot", index, matrix), "wrong-row", name, new=f"the one-hot of {text(index)}")
    yield wrong(mul(("ones", node), index), "wrong-row", name, new=f"the index {text(index)}", extra=0.3)


def _activations(node: Node, formula: Node, world: World) -> Iterator[Mutant]:
    """A quantity f(a): a itself, another function of a, f not normalized."""
    name, (_, function, argument) = node[1], formula
    yield wrong(argument, "skipped-activation", function, old=name)
    for other in world.functions.names:
        if other != function:
            slug = "missing-normalisation" if other == "exp" and world.normalizes(function) else "wrong-activation"
            where = name if slug == "wrong-activation" else function
            yield wrong(("fn", other, argument), slug, where, new=world.named_like(other), old=function)
    if world.normalizes(function):
        exp = ("fn", "exp", argument)
        yield wrong(("div", exp, ("max", exp)), "max-normalisation", function)
        shifted = ("div", node, ("fn", "exp", ("max", argument)))
        yield wrong(shifted, "extra-factor", function, new="a shift of only one part of the fraction", extra=0.3)
