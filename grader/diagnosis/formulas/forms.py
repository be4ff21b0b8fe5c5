"""The ways to write one gradient: as derived, as solved, and with the derivative of a function as a factor of its own."""

from collections.abc import Iterator
from itertools import combinations

from grader.diagnosis.formulas.expression import ONE, Node, add, mul, neg, one_minus, q, transposed
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.world import Application, World


def derivative_forms(world: World, application: Application) -> list[Node]:
    """Ways to write f'(argument) that textbooks give and that hold for this function: f(1 - f), 1 - f^2, ..."""
    out = application.output
    exp = ("fn", "exp", neg(application.argument))
    forms: list[Node] = [
        mul(out, one_minus(out)),
        ("div", exp, ("pow", add(ONE, exp), 2)),
        add(ONE, neg(("pow", out, 2))),
    ]
    return [form for form in forms if world.equal(form, application.derivative)]


def local_forms(world: World, name: str) -> Iterator[tuple[Node, float]]:
    """The solution's formula of a gradient, and equal ones, each with a cost: how unusual it is."""
    tree = world.local[name]
    if tree is None:
        return
    yield tree, 0.0
    for other in world.others.get(name, ()):
        yield other, 0.0
    for application in world.all_applications:
        if not application.quantity and not world.functions.entrywise[application.function]:
            continue
        for form in with_derivative(world, tree, application.derivative):
            yield form, 0.0
            for written in derivative_forms(world, application):
                yield _substituted(form, application.derivative, written), 0.1
    if not world.upstream(name):
        yield from _root_forms(world, name)


def with_derivative(world: World, tree: Node, derivative: Node) -> Iterator[Node]:
    """`tree` with the factors that make up this derivative put together."""
    if tree[0] == "mul":
        factors = tree[1:]
        for size in range(1, len(factors)):
            for chosen in combinations(range(len(factors)), size):
                if world.equal(mul(*(factors[i] for i in chosen)), derivative):
                    rest = [factor for i, factor in enumerate(factors) if i not in chosen]
                    yield mul(*rest, derivative)
                    return
    if tree[0] == "add" and world.equal(tree, derivative):
        yield derivative
        return
    for i, part in enumerate(tree):
        if isinstance(part, tuple):
            for new in with_derivative(world, part, derivative):
                yield (*tree[:i], new, *tree[i + 1 :])


def _substituted(tree: Node, old: Node, new: Node) -> Node:
    if tree[0] == "mul" and old in tree[1:]:
        return mul(*(new if factor == old else factor for factor in tree[1:]))
    return tuple(_substituted(part, old, new) if isinstance(part, tuple) else part for part in tree)


def _root_forms(world: World, name: str) -> Iterator[tuple[Node, float]]:
    """The gradient as dJ/d(output of a function) times the whole derivative of the function."""
    yield from _logarithm_forms(world, name)
    for application in world.applications:
        out: Node = ("d", application.quantity, world.assignment.config.loss)
        if world.functions.entrywise[application.function]:
            yield from _entrywise_root_forms(world, name, application, out)
        elif not world.equal(("mm", out, application.jacobian), ("g", name)):
            if world.normalizes(application.function):
                yield from _batch_root_forms(world, name, application, out)
        else:
            yield from _jacobian_forms(world, application, out)


def _jacobian_forms(world: World, application: Application, out: Node) -> Iterator[tuple[Node, float]]:
    jacobian, result = application.jacobian, q(application.quantity)
    yield ("mm", out, jacobian), 0.1
    spelled = add(("spread", result), neg(("mm", transposed(result), result)))
    for target in world.one_hots:
        quotient = neg(("div", q(target), result))
        if world.equal(quotient, out):
            yield ("mm", quotient, jacobian), 0.2
            if world.equal(spelled, jacobian):
                yield ("mm", quotient, spelled), 0.3


def _entrywise_root_forms(world: World, name: str, application: Application, out: Node) -> Iterator[tuple[Node, float]]:
    """dJ/dp * f'(z) for p = f(z), with the derivative of the loss as it is, and written out."""
    slope = application.derivative
    if world.equal(mul(out, slope), ("g", name)):
        by_output = world.by(application.quantity)
        for upstream in (out,) if by_output is None else (out, by_output):
            for written in (slope, *derivative_forms(world, application)):
                yield mul(upstream, written), 0.2


def _batch_root_forms(world: World, name: str, application: Application, out: Node) -> Iterator[tuple[Node, float]]:
    """p * (dJ/dp - sum(dJ/dp * p)) for each row of p = softmax(...)."""
    p, axis = q(application.quantity), len(world.shapes[application.quantity]) - 1
    form = mul(p, add(out, neg(("sum", mul(out, p), axis))))
    if world.equal(form, ("g", name)):
        yield form, 0.2


def _logarithm_forms(world: World, name: str) -> Iterator[tuple[Node, float]]:
    """f'(a) / f(a) for a loss with the logarithm of f(a)."""
    for part in dict.fromkeys(inside(world.loss)) if world.loss is not None else ():
        if part[0] == "fn" and world.functions.entrywise[part[1]]:
            quotient = mul(("derivative", *part[1:]), ("div", ONE, part))
            yield from ((form, 0.2) for form in (quotient, neg(quotient)) if world.equal(form, ("g", name)))
