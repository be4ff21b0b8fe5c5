"""What goes wrong at a product taken entry by entry, at the derivative of a function in it, and at a sum."""

from collections.abc import Iterator
from itertools import combinations, permutations

from grader.diagnosis.formulas.expression import ONE, Node, add, leaves, mul, neg, one_minus, q, replaced
from grader.diagnosis.formulas.rendering import gradient_text, text
from grader.diagnosis.formulas.world import Application, World, slope_forms
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.leaves import Mutant
from grader.diagnosis.operators import OPERATORS


def product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mul", ...)."""
    parts = _slope_parts(node, world)
    for i, factor in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        shown = factor_text(factor)
        yield rest, _left_out(factor, parts, shown)
        if factor[0] == "slope":
            yield mul(node, factor), OPERATORS["extra-slope"].edit(factor[1])
            yield ("spread", factor), OPERATORS["derivative-table"].edit(factor[1], new=factor_text(rest))
            yield from slope_mutants(factor, rest, world)
        elif factor[0] != "g":
            yield mul(node, factor), OPERATORS["extra-factor"].edit(shown, new=shown, extra=0.1)
        if factor in parts and factor[0] == "add" and len(factor) == 3 and factor[2][0] == "neg":
            yield add(mul(rest, factor[1]), factor[2]), OPERATORS["slope-bracket"].edit(parts[factor])
    yield from product_structures(node)
    yield from _renamed(node, world)


def product_structures(node: Node) -> Iterator[Mutant]:
    """Another operation where a product is to be taken entry by entry."""
    for i, factor in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        shown = factor_text(factor)
        yield ("div", rest, factor), OPERATORS["divided"].edit(shown)
        yield add(rest, factor), OPERATORS["added"].edit(shown)
        yield ("mm", rest, ("T", factor)), OPERATORS["inner-for-elementwise"].edit(shown)
        yield ("outer", rest, factor), OPERATORS["outer-for-elementwise"].edit(shown)
        yield ("outer", factor, rest), OPERATORS["outer-for-elementwise"].edit(shown, extra=0.1)
        yield mul(rest, ("first", factor)), OPERATORS["first-entry"].edit(shown)
        yield mul(rest, ("T", factor)), OPERATORS["shape-broadcast"].edit(shown, new=shown, extra=0.2)


def slope_mutants(slope: Node, rest: Node, world: World) -> Iterator[Mutant]:
    """`rest` times f'(a), with something else for f'(a)."""
    function, argument = slope[1], slope[2]
    application = next(
        (one for one in world.applications if one.function == function and one.argument == argument), None
    )
    for other in world.functions.names:
        if other != function and world.functions.entrywise[other]:
            yield (
                mul(rest, ("slope", other, argument)),
                OPERATORS["other-slope"].edit(function, new=other, old=function),
            )
    yield mul(rest, ("curve", function, argument)), OPERATORS["slope-second"].edit(function)
    yield ("slope", function, rest), OPERATORS["slope-argument"].edit(function, new=text(rest), extra=0.4)
    if argument[0] == "q" and argument[1] in world.shapes:
        for name in world.like(argument[1]):
            yield mul(rest, ("slope", function, q(name))), OPERATORS["slope-argument"].edit(function, new=name)
    if application is not None:
        out = q(application.quantity)
        yield mul(rest, ("pow", out, 2)), OPERATORS["slope-square"].edit(function, new=application.quantity)
        yield (
            mul(rest, add(ONE, neg(("pow", out, 2)))),
            OPERATORS["other-slope"].edit(function, new="tanh", old=function),
        )
        yield (
            mul(rest, out, one_minus(out)),
            OPERATORS["other-slope"].edit(function, new="the logistic function", old=function),
        )
        jacobian = add(("spread", out), neg(("mm", ("T", out), out)))
        yield ("mm", rest, jacobian), OPERATORS["slope-jacobian"].edit(function)


def sum_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("add", ...)."""
    terms = node[1:]
    for i, term in enumerate(terms):
        others = [other for j, other in enumerate(terms) if j != i]
        bare = text(term[1] if term[0] == "neg" else term)
        left = add(*others)
        # What leaves 1 of a factor 1 - h leaves the whole factor out, and is told so.
        yield left, OPERATORS["missing-term"].edit(bare, extra=0.3 if left == ONE else 0.0)
        yield add(*terms[:i], neg(term), *terms[i + 1 :]), OPERATORS["sign-term"].edit(bare, new=bare)
        yield add(node, term), OPERATORS["extra-term"].edit(bare, new=f"another {bare}", extra=-0.3)
        if term[0] in ("neg", "q") and (quantity := term[-1] if term[0] == "neg" else term)[1] in world.one_hots:
            yield mul(quantity, node), OPERATORS["target-only"].edit(quantity[1])
            yield mul(one_minus(quantity), node), OPERATORS["missing-entry"].edit(quantity[1])
        yield add(*others, ("T", term)), OPERATORS["shape-broadcast"].edit(bare, new=bare, extra=0.1)
    for kept in combinations(terms, 1) if len(terms) > 2 else ():
        lost = " + ".join(text(term) for term in terms if term not in kept)
        yield kept[0], OPERATORS["missing-term"].edit(lost, extra=0.4)
    for one, other in permutations(terms) if len(terms) == 2 else ():
        power = other[1] if other[0] == "neg" else other
        if power[0] == "pow":  # (1 - o)^2 for 1 - o^2
            whole = add(one, neg(power[1]) if other[0] == "neg" else power[1])
            yield ("pow", whole, power[2]), OPERATORS["power-bracket"].edit(text(power[1]), old=text(power[1]))
    yield ("abs", node), OPERATORS["sign-absolute"].edit(text(node) if node[1] == ONE else "the difference")


def factor_text(factor: Node) -> str:
    """What a factor is called where it is missing: a short name, never a formula of a whole gradient."""
    if factor[0] == "slope":
        return f"{factor[1]}'"
    return gradient_text(factor[1]) if factor[0] == "g" else text(factor)


def _left_out(factor: Node, parts: dict[Node, str], shown: str) -> Edit:
    if factor[0] == "slope":
        return OPERATORS["missing-slope"].edit(factor[1])
    if factor in parts:
        return OPERATORS["missing-slope-factor"].edit(parts[factor])
    return OPERATORS["missing-factor"].edit(shown)


def _slope_parts(node: Node, world: World) -> dict[Node, str]:
    """The factors of a product that together are the derivative of a function, each with the name of the function."""
    found: dict[Node, str] = {}
    for application in world.applications:
        if not world.functions.entrywise[application.function]:
            continue
        for form in slope_forms(world, application):
            if form[0] == "mul" and all(factor in node[1:] for factor in form[1:]):
                found.update(dict.fromkeys(form[1:], application.function))
    return found


def _renamed(node: Node, world: World) -> Iterator[Mutant]:
    """The same wrong quantity in all places of a product."""
    names = [leaf[1] for leaf in leaves(node) if leaf[0] == "q" and leaf[1] in world.shapes]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            for other in world.like(name):
                yield replaced(node, q(name), q(other)), OPERATORS["wrong-variable"].edit(name, new=other)


def slope_of(application: Application) -> Node:
    """The derivative of the function, where it was applied."""
    return ("slope", application.function, application.argument)


def extra_application(node: Node, application: Application, world: World) -> Iterator[Mutant]:
    """A row multiplied by the derivative of a function once more."""
    slope = slope_of(application)
    if world.functions.entrywise[application.function]:
        yield mul(node, slope), OPERATORS["extra-slope"].edit(application.function)
        return
    jacobian: Node = ("jacobian", application.function, application.argument)
    yield ("mm", node, jacobian), OPERATORS["extra-jacobian"].edit(application.function)
    yield mul(node, slope), OPERATORS["extra-slope"].edit(application.function)
