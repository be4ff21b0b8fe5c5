"""What goes wrong at a product taken entry by entry, at the derivative of a function in it, and at a sum."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from grader.diagnosis.formulas.expression import (
    ONE,
    Node,
    add,
    gradient_text,
    holds,
    leaves,
    mul,
    neg,
    one_minus,
    q,
    replaced,
    text,
)
from grader.diagnosis.formulas.forms import derivative_forms
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.world import Application, World
from grader.diagnosis.mutations.arrays import bare_text, is_comparison, left_out, short
from grader.diagnosis.mutations.leaves import Mutant, without_factor, wrong
from grader.diagnosis.mutations.whole_sums import (
    scaled_terms,
    sequence_mutants,
    target_mutants,
    undifferentiated_mutants,
)


def product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mul", ...)."""
    parts, slopes = _derivative_parts(node, world), _whole_slopes(node, world)
    for i, factor in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        shown = factor_text(factor)
        if factor[0] == "derivative":
            yield wrong(rest, "missing-slope", factor[1])
            yield wrong(mul(node, factor), "extra-slope", factor[1])
            yield wrong(("spread", factor), "derivative-table", factor[1], new=factor_text(rest))
            yield wrong(mul(rest, ("pow", factor, 0.5)), "other-power", shown, new="1/2", old="1")
            yield from derivative_factor_mutants(factor, rest, world)
        elif factor in parts:
            yield wrong(rest, "missing-slope-factor", parts[factor])
        else:
            # A bracket that has the other factors in it, too, is not simply left out.
            unlikely = (
                0.6
                if factor[0] == "add" and any(holds(factor, other) for other in node[1:] if other != factor)
                else 0.0
            )
            yield without_factor(rest, factor, shown, world, extra=unlikely)
            if _is_spread_by(factor, rest, world):
                yield wrong(mul(rest, ("ones", factor)), "missing-factor", shown)
        if is_comparison(factor):
            of_rest = (*factor[:3], rest, *factor[4:])
            yield wrong(mul(rest, of_rest), "compared-gradient", shown)
        if factor[0] not in ("derivative", "g"):
            yield wrong(mul(node, factor), "extra-factor", shown, new=shown, extra=0.1)
        bracket = parts.get(factor) or slopes.get(factor)
        if bracket and factor[0] == "add" and len(factor) == 3 and factor[2][0] == "neg":
            yield wrong(add(mul(rest, factor[1]), factor[2]), "slope-bracket", bracket)
        yield wrong(mul(rest, ("mean", factor, 0)), "mean-variable", shown, extra=0.1)
    yield from product_structures(node)
    yield from _before_the_matrix(node)
    yield from _one_term_only(node, world)
    yield from _softmax_diagonal(node, world)
    yield from _renamed(node, world)


def _before_the_matrix(node: Node) -> Iterator[Mutant]:
    """A factor that comes after a matrix, multiplied in before it."""
    for i, product in enumerate(node[1:]):
        others = [other for j, other in enumerate(node[1:]) if j != i]
        for factor in others if product[0] == "mm" else ():
            rest = [other for other in others if other != factor]
            for early in (("mm", mul(product[1], factor), product[2]), ("mm", product[1], mul(factor, product[2]))):
                yield wrong(mul(early, *rest), "operand-order-early", factor_text(factor))


def _is_spread_by(factor: Node, rest: Node, world: World) -> bool:
    """Whether the product has a larger shape than the rest alone."""
    alone, whole = world.evaluator(rest), world.evaluator(mul(rest, factor))
    return alone is not None and whole is not None and alone[0].shape != whole[0].shape


def _one_term_only(node: Node, world: World) -> Iterator[Mutant]:
    """A factor of a bracket that is multiplied into one of its terms only."""
    for i, bracket in enumerate(node[1:]):
        rest = mul(*(other for j, other in enumerate(node[1:]) if j != i))
        if bracket[0] != "add" or ONE in bracket[1:]:
            continue
        for k, term in enumerate(bracket[1:]):
            others = [other for j, other in enumerate(bracket[1:]) if j != k]
            outside = add(mul(add(*others), rest), term)
            yield without_factor(outside, rest, f"{factor_text(rest)} of {bare_text(term)}", world, extra=0.3)


def _softmax_diagonal(node: Node, world: World) -> Iterator[Mutant]:
    """p * (g - sum(g * p)) with the diagonal of the Jacobian alone, or with the sum added."""
    for one in world.all_applications:
        p = one.output
        if p not in node[1:] or world.functions.entrywise[one.function]:
            continue
        for bracket in node[1:]:
            if bracket[0] == "add" and len(bracket) == 3 and bracket[2][0] == "neg":
                others = [factor for factor in node[1:] if factor not in (p, bracket)]
                diagonal = mul(*others, bracket[1], p, one_minus(p))
                yield wrong(diagonal, "jacobian-diagonal", one.function, extra=-0.2)
                yield wrong(mul(*others, bracket[1]), "skipped-jacobian", one.function)
                added = mul(*others, p, add(bracket[1], bracket[2][1]))
                yield wrong(added, "sign-jacobian", one.function, extra=-0.7)


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
        if not is_comparison(factor):
            yield wrong(mul(rest, ("first", factor)), "first-entry", shown)
        yield wrong(mul(rest, ("T", factor)), "shape-broadcast", shown, new=shown, extra=0.2)
    yield from _inner_pairs(node)


def _inner_pairs(node: Node) -> Iterator[Mutant]:
    """a * b * c with an inner product of two of the factors."""
    if len(node) < 4:
        return
    for i, j in combinations(range(1, len(node)), 2):
        others = mul(*(factor for k, factor in enumerate(node[1:], 1) if k not in (i, j)))
        shown = f"{factor_text(node[i])} and {factor_text(node[j])}"
        yield wrong(mul(("mm", node[i], ("T", node[j])), others), "inner-for-elementwise", shown, extra=0.1)


def derivative_factor_mutants(derivative: Node, rest: Node, world: World) -> Iterator[Mutant]:
    """`rest` times f'(a), with something else for f'(a)."""
    function, argument = derivative[1], derivative[2]
    application = next((one for one in world.all_applications if one.derivative == derivative), None)
    for other in world.functions.names:
        if other != function and world.functions.entrywise[other]:
            made = mul(rest, ("derivative", other, argument))
            yield wrong(made, "other-slope", function, new=world.named_like(other), old=function)
    yield wrong(mul(rest, ("second_derivative", function, argument)), "slope-second", function)
    yield wrong(("derivative", function, rest), "slope-argument", function, new=text(rest), extra=0.4)
    yield wrong(mul(rest, ("derivative", function, rest)), "compared-gradient", function, extra=0.2)
    if argument[0] == "q" and argument[1] in world.shapes:
        for name in world.like(argument[1]):
            yield wrong(mul(rest, ("derivative", function, q(name))), "slope-argument", function, new=name)
    yield wrong(mul(rest, ("fn", function, argument)), "value-for-slope", function)
    if application is not None:
        out = application.output
        yield wrong(mul(rest, ("pow", out, 2)), "slope-square", function, new=application.name)
        yield wrong(mul(rest, add(ONE, neg(("pow", out, 2)))), "other-slope", function, new="tanh", old=function)
        yield wrong(mul(rest, out, one_minus(out)), "other-slope", function, new="the logistic function", old=function)
        jacobian = add(("spread", out), neg(("mm", ("T", out), out)))
        yield wrong(("mm", rest, jacobian), "slope-jacobian", function)


def sum_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("add", ...)."""
    terms = node[1:]
    yield from sequence_mutants(node, world)
    yield from _renamed(node, world)
    if len(terms) == 2 and terms[1][0] == "neg":  # b for a - b
        extra = 0.3 if terms[0] == ONE else 0.5
        yield wrong(terms[1][1], "wrong-variable", text(node), new=bare_text(terms[1]), extra=extra)
    for one in world.all_applications if world.local else ():
        if one.quantity and world.functions.entrywise[one.function] and _has_shape_of(node, one, world):
            yield wrong(mul(node, one.derivative), "extra-slope", one.function, extra=0.2)
    yield from undifferentiated_mutants(node, world)
    for i, term in enumerate(terms):
        others = [other for j, other in enumerate(terms) if j != i]
        bare = _told_apart(term, others)
        left = add(*others)
        # What leaves 1 of a factor 1 - h leaves the whole factor out, and is reported as that.
        yield wrong(left, left_out(term), bare, extra=0.3 if left == ONE else 0.0)
        if _is_broadcast(left, node, world):
            yield wrong(mul(("ones", node), left), "missing-term", bare)
        yield from _on_the_whole_sum(term, others)
        yield wrong(add(*terms[:i], neg(term), *terms[i + 1 :]), "sign-term", bare, new=bare)
        yield wrong(add(node, term), "repeated-term", bare)
        yield from (
            wrong(add(*others, term_), "scaled-term", bare, new=new)
            for term_, new in scaled_terms(term, bare, node, world)
        )
        yield from target_mutants(term, node, world)
        slug = "transpose-factor" if _is_square(term, world) else "shape-broadcast"
        yield wrong(add(*others, ("T", term)), slug, bare, new=bare, extra=0.1)
    for kept in combinations(terms, 1) if len(terms) > 2 else ():
        lost = [_told_apart(term, [one for one in terms if one != term]) for term in terms if term not in kept]
        yield wrong(kept[0], "missing-terms", f"{', '.join(lost[:-1])} and {lost[-1]}")
    if len(terms) == 2 and ONE not in terms and all(term[0] == "mm" for term in terms):
        yield wrong(mul(*terms), "product-for-sum", ", ".join(map(bare_text, terms)))
    yield from _power_of_all(terms)
    yield wrong(("abs", node), "sign-absolute", text(node) if node[1] == ONE else "the difference")


def _power_of_all(terms: Sequence[Node]) -> Iterator[Mutant]:
    """(1 - o)^2 for 1 - o^2."""
    for one, other in permutations(terms) if len(terms) == 2 else ():
        power = other[1] if other[0] == "neg" else other
        if power[0] == "pow":
            whole = add(one, neg(power[1]) if other[0] == "neg" else power[1])
            yield wrong(("pow", whole, power[2]), "power-bracket", text(power[1]), old=text(power[1]))


def _on_the_whole_sum(term: Node, others: Sequence[Node]) -> Iterator[Mutant]:
    """A factor of one term that is multiplied into the others as well."""
    factors = term[1:] if term[0] == "mul" else ()
    for size in (1, 2):
        for chosen in combinations(factors, size) if size < len(factors) else ():
            rest = mul(*(factor for factor in factors if factor not in chosen))
            shown = f"{factor_text(mul(*chosen))} of {', '.join(map(bare_text, others))}"
            yield wrong(mul(add(rest, *others), *chosen), "extra-factor", shown, new=shown, extra=-0.3)


def _is_broadcast(part: Node, whole: Node, world: World) -> bool:
    """Whether a part of a sum has fewer entries than the sum."""
    values, filled = world.evaluator(part), world.evaluator(whole)
    return values is not None and filled is not None and 1 < values[0].size < filled[0].size


def _is_square(node: Node, world: World) -> bool:
    values = world.evaluator(node)
    return values is not None and values[0].ndim == 2 and values[0].shape[0] == values[0].shape[1] > 1


def _told_apart(term: Node, others: Sequence[Node]) -> str:
    """What a term is called among others: by what only this one has in it, where several would be called alike."""
    shown = bare_text(term)
    if shown not in map(bare_text, others):
        return shown
    elsewhere = {part for other in others for part in inside(other)}
    named = [part for part in inside(term) if part[0] in "qg" or part[:2] == ("np", "getitem")]
    return next((f"the part with {text(part)}" for part in named if part not in elsewhere), shown)


def _has_shape_of(node: Node, application: Application, world: World) -> bool:
    """Whether a sum is a gradient at the output of a function, or looks like one."""
    if all(leaf[0] != "g" and leaf[0] != "q" for leaf in leaves(node)) or ONE in node:
        return False
    values, output = world.evaluator(node), world.evaluator(application.output)
    return values is not None and output is not None and values[0].shape == output[0].shape


def factor_text(factor: Node) -> str:
    """What a factor is called where it is missing: a short name, never a formula of a whole gradient."""
    if factor[0] == "derivative":
        return f"{factor[1]}'"
    return gradient_text(factor[1]) if factor[0] == "g" else short(factor)


def _derivative_parts(node: Node, world: World) -> dict[Node, str]:
    """The factors of a product that together are the derivative of a function, each with the name of the function."""
    found: dict[Node, str] = {}
    for application in world.all_applications:
        if not world.functions.entrywise[application.function]:
            continue
        for form in derivative_forms(world, application):
            if form[0] == "mul" and all(factor in node[1:] for factor in form[1:]):
                found.update(dict.fromkeys(form[1:], application.function))
    return found


def _whole_slopes(node: Node, world: World) -> dict[Node, str]:
    """The factors of a product that are the derivative of a function by themselves, each with the name of the function."""
    entrywise = [one for one in world.all_applications if world.functions.entrywise[one.function]]
    return {form: one.function for one in entrywise for form in derivative_forms(world, one) if form in node[1:]}


def _renamed(node: Node, world: World) -> Iterator[Mutant]:
    """The same wrong quantity in all places of a product or a sum, or none in all terms of a sum."""
    names = [leaf[1] for leaf in leaves(node) if leaf[0] == "q" and leaf[1] in world.shapes]
    for name in dict.fromkeys(names):
        if names.count(name) > 1 and node[0] == "add":
            yield wrong(replaced(node, q(name), ("ones", q(name))), "missing-factor", name, extra=0.1)
        if names.count(name) > 1:
            for other in world.like(name):
                yield wrong(replaced(node, q(name), q(other)), "wrong-variable", name, new=other)


def extra_application(node: Node, application: Application, world: World) -> Iterator[Mutant]:
    """A row multiplied by the derivative of a function once more."""
    if not world.functions.entrywise[application.function]:
        yield wrong(("mm", node, application.jacobian), "extra-jacobian", application.function)
    yield wrong(mul(node, application.derivative), "extra-slope", application.function)
