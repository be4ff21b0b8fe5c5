"""What goes wrong at the terms of the loss: they are used as they are, or differentiated as if they were others."""

from collections.abc import Iterator, Sequence

from grader.diagnosis.formulas.expression import Node, add, leaves, mul, neg, number, q, replaced, text
from grader.diagnosis.formulas.formula_nodes import holds, inside, summand
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.leaves import Mutant, wrong


def loss_mutants(name: str, world: World) -> Iterator[Mutant]:
    """The terms of the loss that a gradient is the derivative of, not differentiated."""
    parts = _terms(world)
    tree = world.local[name]
    for part in parts if not world.upstream(name) else ():
        yield from _undifferentiated(part, world)
        yield from _of_another_loss(part, tree, world)
    if tree is not None and not world.upstream(name):
        yield from _squared_error(tree, world)
    of = q(next(gradient.of for gradient in world.assignment.config.gradients if gradient.name == name))
    for i, term in enumerate(tree[1:] if tree is not None and tree[0] == "add" else ()):
        if any(leaf[0] == "g" for leaf in leaves(term)) or not holds(term, of):
            continue
        others = [other for k, other in enumerate((tree or ())[1:]) if k != i]
        for part in parts:
            if holds(part, of):
                yield from _direct_term(others, term, part, of)


def _terms(world: World) -> Sequence[Node]:
    loss = world.loss
    if loss is None:
        return ()
    return loss[1:] if loss[0] == "add" else (loss,)


def _undifferentiated(part: Node, world: World) -> Iterator[Mutant]:
    terms, loss = summand(part), world.assignment.config.loss
    if terms is not None:
        new = "the loss itself, entry by entry,"
        yield wrong(terms, "wrong-loss", loss, new=new, extra=-0.4)
        yield wrong(("div", terms, ("all", ("ones", terms))), "wrong-loss", loss, new=new, extra=-0.4)


def _of_another_loss(part: Node, tree: Node | None, world: World) -> Iterator[Mutant]:
    """The derivative of absolute values where the loss has squares."""
    for square in dict.fromkeys(inside(part)) if tree is not None else ():
        if square[0] == "pow" and square[2] == 2 and tree is not None and holds(tree, square[1]):
            sign = replaced(tree, square[1], ("div", square[1], ("abs", square[1])))
            for factor in (1.0, 0.5):
                new = f"the derivative of the absolute value of {text(square[1])}"
                yield wrong(mul(number(factor), sign), "wrong-loss", world.assignment.config.loss, new=new, extra=-0.4)


def _squared_error(tree: Node, world: World) -> Iterator[Mutant]:
    """The derivative of a squared error of probabilities, where that of their cross entropy is p - y."""
    for one in world.applications:
        p, slope = one.output, one.derivative
        if not any(part[0] == "add" and part[1] == p and len(part) == 3 for part in inside(tree)):
            continue
        for factor in (1.0, 2.0):
            g = mul(number(factor), tree)
            axis = len(world.shapes[one.quantity]) - 1
            entrywise = world.functions.entrywise[one.function]
            wrong_one = mul(g, slope) if entrywise else mul(p, add(g, neg(("sum", mul(g, p), axis))))
            if not entrywise or factor == 2:  # half of it is the derivative once too often
                yield wrong(
                    wrong_one, "wrong-loss", world.assignment.config.loss, new="the derivative of a squared error"
                )


def _direct_term(others: Sequence[Node], term: Node, part: Node, of: Node) -> Iterator[Mutant]:
    """A penalty: added as a number, entry by entry, or with the derivative of absolute values or of the norm."""
    entries = _entries(part, of)
    for used in (part, entries):
        if used is not None:
            yield wrong(add(*others, used), "undifferentiated", text(used))
    if entries is not None and holds(entries, ("pow", of, 2.0)):
        shown, norm = text(of), ("pow", ("all", ("pow", of, 2.0)), 0.5)
        for new, used in (
            (f"sign({shown})", ("div", of, ("abs", of))),
            (f"{shown} divided by its norm", ("div", of, norm)),
        ):
            for factor in (1.0, 0.5):
                changed = mul(number(factor), replaced(term, of, used))
                yield wrong(add(*others, changed), "wrong-function-of", shown, new=new)


def _entries(part: Node, of: Node) -> Node | None:
    """What a term of the loss sums, with the factors in front of the sum."""
    if part[:2] in (("np", "sum"), ("np", "mean")):
        return tuple(part[3])
    for i, inner in enumerate(part):
        if isinstance(inner, tuple) and holds(inner, of):
            found = _entries(inner, of)
            if found is None or part[0] not in ("add", "mul", "neg", "div"):
                return None
            return found if part[0] == "add" else (*part[:i], found, *part[i + 1 :])
    return None
