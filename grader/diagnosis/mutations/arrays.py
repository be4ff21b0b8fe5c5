"""What goes wrong at an operation of numpy: a sum, a comparison, an index, a placement, a concatenation, a power, a size."""

from collections.abc import Callable, Iterator

from grader.diagnosis.formulas.expression import Node, leaves, q
from grader.diagnosis.formulas.formula_nodes import call, number, parameters_of
from grader.diagnosis.formulas.formula_text import gradient_text, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.at_indices import picked_mutants, placed_mutants
from grader.diagnosis.mutations.leaves import Mutant, wrong
from grader.problem.model import Array

LONG = 24
_ZERO = number(0)
WRONG_AXIS, EVERY_AXIS = "along the wrong axis", "over all entries at once"
ONE_AXIS = "along only one of its axes"


def short(node: Node) -> str:
    """What a part is called: its text, or for a long one the gradient, else the first quantity, that it has in it."""
    shown = text(node)
    if len(shown) <= LONG:
        return shown
    inside = [leaf for leaf in leaves(node) if leaf[0] in "gq"]
    first = next((leaf for leaf in inside if leaf[0] == "g"), inside[0] if inside else None)
    return f"the part with {gradient_text(first[1])}" if first else shown


def numpy_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("np", name, parameters, *operands)."""
    rule = _RULES.get(node[1])
    if rule is not None:
        yield from rule(node, world)


# Reductions


def reduction_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """The terms themselves, another axis, a mean for a sum, all entries, one term, an axis kept or lost."""
    name, terms, axes, keepdims = _reduction(node)
    values = world.evaluator(terms)
    if values is None:
        return
    ndim, shown = values[0].ndim, f"the {name} of {short(terms)}"

    def reduced(kind: str, along: tuple[int, ...], keep: bool = keepdims) -> Node:
        if keep and len(along) == 1:
            return (kind, terms, along[0])
        return call(kind, terms, axis=along, keepdims=keep)

    yield wrong(terms, "sum-missing", shown)
    for axis in {*range(ndim)} - {*axes}:
        yield wrong(reduced(name, (axis,)), "sum-axis", shown, new=WRONG_AXIS)
    for axis in axes if len(axes) > 1 else ():
        yield wrong(reduced(name, (axis,)), "sum-axis", shown, new=ONE_AXIS)
    if len(axes) < ndim:
        every = tuple(range(ndim))
        yield wrong(reduced(name, every), "sum-axis", shown, new=EVERY_AXIS, extra=0.3)
        yield wrong(reduced(name, axes, not keepdims), "shape-broadcast", shown, new=shown, extra=0.1)
    if name == "sum":
        yield wrong(reduced("mean", axes), "mean-for-sum", shown)
    if name == "mean":
        yield wrong(reduced("sum", axes), "sum-for-mean", shown)
    for k, extra in ((-1, 0.0), (0, 0.2)) if len(axes) == 1 else ():
        one: Node = ("one-of", terms, k, axes[0])
        yield wrong(one if keepdims else call("sum", one, axis=axes, keepdims=False), "last-term", shown, extra=extra)


def other_sums(terms: Node, total: Node, world: World) -> Iterator[Mutant]:
    """`terms`, which are summed early in a right formula, summed along another axis."""
    values = world.evaluator(terms)
    if values is not None:
        for axis in {*range(values[0].ndim)} - {total[2]}:
            yield wrong(("sum", terms, axis), "sum-axis", f"the sum of {short(total[1])}", new=WRONG_AXIS, extra=0.1)


def _reduction(node: Node) -> tuple[str, Node, tuple[int, ...], bool]:
    """What is reduced how: the operation, its operand, the axes, and whether they stay."""
    if node[0] != "np":
        return node[0], node[1], (node[2],), True
    given = parameters_of(node[2])
    return node[1], node[3], tuple(given["axis"]), bool(given["keepdims"])


# Comparisons and choices


_NEGATED = {
    "greater": "less_equal", "greater_equal": "less", "less": "greater_equal", "less_equal": "greater",
    "equal": "not_equal", "not_equal": "equal",
}  # fmt: skip
_OPPOSITE = {"greater": "less", "greater_equal": "less_equal", "less": "greater", "less_equal": "greater_equal"}


def is_comparison(node: Node) -> bool:
    return node[0] == "np" and node[1] in (*_OPPOSITE, "equal", "not_equal")


def case_of(term: Node) -> str:
    """The condition where a term counts, such as `Z > 0`, if it is zero elsewhere; "" for others."""
    for factor in term[1:] if term[0] == "mul" else (term,):
        if is_comparison(factor):
            return text(factor)
        if factor[:2] == ("np", "where"):
            condition, *cases = factor[3:]
            if _ZERO in cases:
                return text(condition) if cases[1] == _ZERO else _negated(condition)
    return ""


def bare_text(term: Node) -> str:
    """What a term is called, whatever its sign; one case of a condition by that."""
    bare = term[1] if term[0] == "neg" else term
    return f"the part where {case}" if (case := case_of(bare)) else short(bare)


def left_out(term: Node) -> str:
    """The operator that leaves out a term."""
    return "missing-case" if case_of(term[1] if term[0] == "neg" else term) else "missing-term"


def _negated(condition: Node) -> str:
    """The condition for all other entries."""
    if is_comparison(condition):
        return text(("np", _NEGATED[condition[1]], *condition[2:]))
    return f"{text(condition)} does not hold"


def _comparison(node: Node, world: World) -> Iterator[Mutant]:
    """The opposite one, and the value instead of whether it is positive."""
    opposite = ("np", _OPPOSITE[node[1]], *node[2:])
    yield wrong(opposite, "other-side", text(node), new=text(opposite))
    yield wrong(node[3], "wrong-function-of", text(node), new=text(node[3]))


def _choice(node: Node, world: World) -> Iterator[Mutant]:
    """np.where with its two cases exchanged, without one of them, or without a condition."""
    condition, one, other = node[3:]
    shown = text(condition)
    if _ZERO not in (one, other):
        yield wrong(call("where", condition, one, _ZERO), "missing-case", f"the part where {_negated(condition)}")
        yield wrong(call("where", condition, _ZERO, other), "missing-case", f"the part where {shown}")
    yield wrong(call("where", condition, other, one), "other-side", shown, new=f"the opposite of {shown}")
    yield wrong(one, "missing-factor", shown)
    yield wrong(other, "missing-factor", shown, extra=0.4)


# Parts put together, and shapes


def _reshaped(node: Node, world: World) -> Iterator[Mutant]:
    """Filled, or read, column by column."""
    shape, values = parameters_of(node[2])["shape"], world.evaluator(node)
    if len(shape) == 2 and 1 not in shape and values is not None:
        turned = call("reshape", node[3], shape=shape[::-1])
        yield wrong(("T", turned), "reshape-order", short(node[3]))
    if len(shape) == 1 and (matrix := world.evaluator(node[3])) is not None and all(map(_is_table, matrix)):
        turned = call("reshape", ("T", node[3]), shape=shape)
        yield wrong(turned, "transpose-factor", short(node[3]))


def _is_table(value: Array) -> bool:
    return value.ndim == 2 and 1 not in value.shape


def _joined(node: Node, world: World) -> Iterator[Mutant]:
    """The parts of a concatenation in the opposite order, and along another axis."""
    parts = node[3:]
    axis = parameters_of(node[2])["axis"]
    yield wrong(call("concatenate", *parts[::-1], axis=axis), "wrong-row", "the parts", new="their opposite order")


def _einsum(node: Node, world: World) -> Iterator[Mutant]:
    """An operand or the result the wrong way around; a letter that is not summed."""
    terms, _, out = parameters_of(node[2])["subscripts"].partition("->")
    operands = node[3:]
    given = terms.split(",")
    for k, term in enumerate(given):
        if len(term) == 2:
            turned = ",".join(each[::-1] if k == position else each for position, each in enumerate(given))
            yield wrong(
                call("einsum", *operands, subscripts=f"{turned}->{out}"), "transpose-factor", short(operands[k])
            )
    for letter in dict.fromkeys(terms.replace(",", "")):
        if letter not in out:
            subscripts = f"{terms}->{out}{letter}"
            yield wrong(call("einsum", *operands, subscripts=subscripts), "sum-missing", "the sum of the product")


def _turned(node: Node, world: World) -> Iterator[Mutant]:
    """No transpose, or another one."""
    yield wrong(node[3], "transpose-factor", short(node[3]))
    yield wrong(("T", node[3]), "transpose-factor", short(node[3]), extra=0.2)


def outer_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """All pairs of two arrays: one of them left out, the other way around, entry by entry."""
    a, b = node[1], node[2]
    pair = f"{short(a)} and {short(b)}"
    if a[0] == "derivative":
        yield wrong(("outer", ("ones", a), b), "missing-slope", a[1])
    else:
        yield wrong(("outer", ("ones", a), b), "missing-factor", short(a))
    yield wrong(("outer", a, ("ones", b)), "missing-factor", short(b))
    yield wrong(("outer", b, a), "operand-order", short(a), new="transposed matrix", extra=0.4)
    yield wrong(("mul", a, b), "elementwise-for-outer", pair)


# Numbers


def power_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """The base itself, and another power."""
    base, power = node[1], node[2]
    yield wrong(base, "missing-power", short(base))
    for away in (-1, 1) if power == int(power) else (-1, -0.5, 0.5, 1):
        other = power + away
        if other > 0 and other != 1:
            extra = 0.5 if len(text(base)) > LONG else -0.2  # of a long base, another part explains the numbers better
            yield wrong(
                ("pow", base, other), "other-power", short(base), new=f"{other:g}", old=f"{power:g}", extra=extra
            )


def size_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """The size of another dimension."""
    for other in world.assignment.config.dimensions:
        if other != node[1]:
            yield wrong(("size", other), "wrong-size", node[1], new=other)


def constant_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Another constant of the model."""
    for other in world.constants:
        if other != node[1]:
            yield wrong(("k", other), "wrong-variable", node[1], new=other)


def application_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """A function within a formula: its argument, or another function of that."""
    _, function, argument = node
    if world.application(function, argument) is not None:
        return  # it is a quantity, and goes wrong as one
    yield wrong(argument, "skipped-activation", function, old=text(node))
    for other in world.functions.names:
        if other != function:
            shown = world.named_like(other)
            yield wrong(("fn", other, argument), "wrong-activation", text(node), new=shown, old=function)
    for name in world.shapes if argument[0] == "q" else ():
        if argument[1] in world.shapes and world.shapes[name] == world.shapes[argument[1]] and name != argument[1]:
            yield wrong(q(name), "wrong-variable", text(node), new=name, extra=0.2)


_RULES: dict[str, Callable[[Node, World], Iterator[Mutant]]] = {
    **dict.fromkeys(("sum", "mean", "max", "min", "prod"), reduction_mutants),
    **dict.fromkeys(_OPPOSITE, _comparison),
    "where": _choice,
    "getitem": picked_mutants,
    "scatter": placed_mutants,
    "reshape": _reshaped,
    "concatenate": _joined,
    "einsum": _einsum,
    "transpose": _turned,
}
