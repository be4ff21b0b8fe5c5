"""What goes wrong at a product taken entry by entry, at the derivative of a function in it, and at a sum."""

from collections.abc import Iterator
from itertools import combinations, permutations

from grader.diagnosis.formulas.expression import (
    ONE,
    Node,
    add,
    gradient_text,
    leaves,
    mul,
    neg,
    one_minus,
    q,
    replaced,
    text,
)
from grader.diagnosis.formulas.world import Application, World, derivative_forms
from grader.diagnosis.mutations.leaves import Mutant, wrong


def product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mul", ...)."""
    parts = _derivative_parts(node, world)
    for i, factor in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        shown = factor_text(factor)
        if factor[0] == "derivative":
            yield wrong(rest, "missing-slope", factor[1])
            yield wrong(mul(node, factor), "extra-slope", factor[1])
            yield wrong(("spread", factor), "derivative-table", factor[1], new=factor_text(rest))
            yield from derivative_factor_mutants(factor, rest, world)
        elif factor in parts:
            yield wrong(rest, "missing-slope-factor", parts[factor])
        else:
            yield wrong(rest, "missing-factor", shown)
        if factor[0] not in ("derivative", "g"):
            yield wrong(mul(node, factor), "extra-factor", shown, new=shown, extra=0.1)
        if factor in parts and factor[0] == "add" and len(factor) == 3 and factor[2][0] == "neg":
            yield wrong(add(mul(rest, factor[1]), factor[2]), "slope-bracket", parts[factor])
    yield from product_structures(node)
    yield from _renamed(node, world)


def product_structures(node: Node) -> Iterator[Mutant]:
    """Another operation where a product is to be taken entry by entry."""
    for i, factor in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        shown = factor_text(factor)
        yield wrong(("div", rest, factor), "divided", shown)
        yield wrong(add(rest, factor), "added", shown)
        yield wrong(("mm", rest, ("T", factor)), "inner-for-elementwise", shown)
        yield wrong(("outer", rest, factor), "outer-for-elementwise", shown)
        yield wrong(("outer", factor, rest), "outer-for-elementwise", shown, extra=0.1)
        yield wrong(mul(rest, ("first", factor)), "first-entry", shown)
        yield wrong(mul(rest, ("T", factor)), "shape-broadcast", shown, new=shown, extra=0.2)


def derivative_factor_mutants(derivative: Node, rest: Node, world: World) -> Iterator[Mutant]:
    """`rest` times f'(a), with something else for f'(a)."""
    function, argument = derivative[1], derivative[2]
    application = world.application(function, argument)
    for other in world.functions.names:
        if other != function and world.functions.entrywise[other]:
            yield wrong(mul(rest, ("derivative", other, argument)), "other-slope", function, new=other, old=function)
    yield wrong(mul(rest, ("second_derivative", function, argument)), "slope-second", function)
    yield wrong(("derivative", function, rest), "slope-argument", function, new=text(rest), extra=0.4)
    if argument[0] == "q" and argument[1] in world.shapes:
        for name in world.like(argument[1]):
            yield wrong(mul(rest, ("derivative", function, q(name))), "slope-argument", function, new=name)
    if application is not None:
        out = q(application.quantity)
        yield wrong(mul(rest, ("pow", out, 2)), "slope-square", function, new=application.quantity)
        yield wrong(mul(rest, add(ONE, neg(("pow", out, 2)))), "other-slope", function, new="tanh", old=function)
        yield wrong(mul(rest, out, one_minus(out)), "other-slope", function, new="the logistic function", old=function)
        jacobian = add(("spread", out), neg(("mm", ("T", out), out)))
        yield wrong(("mm", rest, jacobian), "slope-jacobian", function)


def sum_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("add", ...)."""
    terms = node[1:]
    for i, term in enumerate(terms):
        others = [other for j, other in enumerate(terms) if j != i]
        bare = text(term[1] if term[0] == "neg" else term)
        left = add(*others)
        # What leaves 1 of a factor 1 - h leaves the whole factor out, and is reported as that.
        yield wrong(left, "missing-term", bare, extra=0.3 if left == ONE else 0.0)
        yield wrong(add(*terms[:i], neg(term), *terms[i + 1 :]), "sign-term", bare, new=bare)
        yield wrong(add(node, term), "repeated-term", bare)
        if term[0] in ("neg", "q") and (quantity := term[-1] if term[0] == "neg" else term)[1] in world.one_hots:
            yield wrong(mul(quantity, node), "target-only", quantity[1])
            yield wrong(mul(one_minus(quantity), node), "missing-entry", quantity[1])
        yield wrong(add(*others, ("T", term)), "shape-broadcast", bare, new=bare, extra=0.1)
    for kept in combinations(terms, 1) if len(terms) > 2 else ():
        lost = " + ".join(text(term) for term in terms if term not in kept)
        yield wrong(kept[0], "missing-term", lost, extra=0.4)
    for one, other in permutations(terms) if len(terms) == 2 else ():
        power = other[1] if other[0] == "neg" else other
        if power[0] == "pow":  # (1 - o)^2 for 1 - o^2
            whole = add(one, neg(power[1]) if other[0] == "neg" else power[1])
            yield wrong(("pow", whole, power[2]), "power-bracket", text(power[1]), old=text(power[1]))
    yield wrong(("abs", node), "sign-absolute", text(node) if node[1] == ONE else "the difference")


def factor_text(factor: Node) -> str:
    """What a factor is called where it is missing: a short name, never a formula of a whole gradient."""
    if factor[0] == "derivative":
        return f"{factor[1]}'"
    return gradient_text(factor[1]) if factor[0] == "g" else text(factor)


def _derivative_parts(node: Node, world: World) -> dict[Node, str]:
    """The factors of a product that together are the derivative of a function, each with the name of the function."""
    found: dict[Node, str] = {}
    for application in world.applications:
        if not world.functions.entrywise[application.function]:
            continue
        for form in derivative_forms(world, application):
            if form[0] == "mul" and all(factor in node[1:] for factor in form[1:]):
                found.update(dict.fromkeys(form[1:], application.function))
    return found


def _renamed(node: Node, world: World) -> Iterator[Mutant]:
    """The same wrong quantity in all places of a product."""
    names = [leaf[1] for leaf in leaves(node) if leaf[0] == "q" and leaf[1] in world.shapes]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            for other in world.like(name):
                yield wrong(replaced(node, q(name), q(other)), "wrong-variable", name, new=other)


def extra_application(node: Node, application: Application, world: World) -> Iterator[Mutant]:
    """A row multiplied by the derivative of a function once more."""
    if not world.functions.entrywise[application.function]:
        yield wrong(("mm", node, application.jacobian), "extra-jacobian", application.function)
    yield wrong(mul(node, application.derivative), "extra-slope", application.function)
