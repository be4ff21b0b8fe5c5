"""What goes wrong in a sum over steps, such as back in time: steps left out, their order, what is handed on, the neighbor's value."""

from collections.abc import Iterator

from grader.derivation.graph.indexing import Slice
from grader.diagnosis.formulas.expression import ONE, Node, add, mul, neg, one_minus, q, replaced
from grader.diagnosis.formulas.formula_nodes import CARRY, STATE, STEP, call, inside, parameters_of
from grader.diagnosis.formulas.formula_text import text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.arrays import short, shifted
from grader.diagnosis.mutations.leaves import Mutant, wrong

STEPS = "the steps"


def series_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("series", count, which, term)."""
    count, term = node[1], node[3]
    yield from _steps(node)
    yield wrong(("div", node, ("size", count)), "mean-for-sum", STEPS)
    for part in dict.fromkeys(inside(term)):
        flipped = _flipped(part, count)
        if flipped is not None:
            yield wrong(replaced(node, part, flipped), "wrong-row", text(part), new=f"{text(part[3])} in the opposite order")


def _flipped(part: Node, count: str) -> Node | None:
    """What is picked by the step itself, from the other end: a kernel turned around."""
    if part[0] != "np" or part[1] != "getitem":
        return None
    index = parameters_of(part[2])["index"]
    if STEP not in index:
        return None
    turned = tuple(f"{count}-1-{STEP}" if entry == STEP else entry for entry in index)
    return call("getitem", *part[3:], index=turned)


def scan_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("scan", count, which, state, back, term)."""
    _, count, which, state, back, *term = node
    yield from _steps(node)
    yield wrong(("scan", count, "forward", *node[3:]), "step-order", STEPS)
    handed = next((part for part in inside(state) if part[0] == "add" and CARRY in part[1:]), None)
    if handed is not None and handed != state:
        passed = "the gradient that is handed to the step before"
        early = ("scan", count, which, state, replaced(back, STATE, handed), *term)
        yield wrong(early, "missing-slope", passed, extra=0.1)
        if term:
            late = ("scan", count, which, state, back, replaced(term[0], STATE, handed))
            yield wrong(late, "missing-slope", "the last factor", extra=0.3)
        outside = _slope_outside(state, handed)
        if outside is not None:
            yield wrong(("scan", count, which, outside, back, *term), "missing-factor", short(CARRY), extra=0.5)
    for part in dict.fromkeys(inside(node)):
        if part[0] == "before":
            now = _beside(part[1], 1)
            if now is not None:
                yield wrong(replaced(node, part, now), "wrong-row", text(part), new=text(now), extra=-0.2)
            yield wrong(replaced(node, part, part[1]), "wrong-row", text(part[2]), new="the last row", extra=0.4)
    for part in dict.fromkeys(inside(state)):
        start = world.starts.get(part[3][1]) if part[:2] == ("np", "getitem") and part[3][0] == "q" else None
        earlier, later = (_beside(part, -1), _beside(part, 1)) if start else (None, None)
        if earlier is not None and start:
            before: Node = ("before", earlier, q(start))
            yield wrong(replaced(node, part, before), "wrong-row", text(part), new=text(earlier))
            slope = mul(before, one_minus(before)), add(ONE, neg(("pow", before, 2)))
            for each in slope:
                twice = ("scan", count, which, state, mul(back, each), *term)
                yield wrong(twice, "extra-slope-at", text(earlier), new=text(each), extra=0.2)
        if later is not None:
            yield wrong(replaced(node, part, later), "wrong-row", text(part), new=text(later), extra=0.2)


def _slope_outside(state: Node, handed: Node) -> Node | None:
    """What arrives from the later step added after the derivative was multiplied in."""
    if state[0] != "mul" or handed not in state[1:]:
        return None
    others = [term for term in handed[1:] if term != CARRY]
    return add(mul(*(add(*others) if factor == handed else factor for factor in state[1:])), CARRY)


def _beside(part: Node, away: int) -> Node | None:
    """The row of the next step, or of the one before."""
    if part[0] != "np" or part[1] != "getitem":
        return None
    for position, entry in enumerate(parameters_of(part[2])["index"]):
        if STEP in str(entry.start if isinstance(entry, Slice) else entry):
            return shifted(part, position, away)
    return None


def _steps(node: Node) -> Iterator[Mutant]:
    """Steps that are left out."""
    kind, count, _, *parts = node
    for which, extra in (("only the last", 0.0), ("only the first", 0.2)):
        yield wrong((kind, count, which, *parts), "last-term", STEPS, extra=extra)
    for which, shown in (("without the first", "the first step"), ("without the last", "the last step")):
        yield wrong((kind, count, which, *parts), "missing-term", shown, extra=0.1)


def slope_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """A product with the derivative of an activation in it, written with values x of which no quantity is that function."""
    found = _slope(node, world)
    if found is None:
        return
    value, parts, name = found
    rest = mul(*(factor for factor in node[1:] if factor not in parts), *([] if len(parts) < len(node) - 1 else [ONE]))
    logistic, tanh = (value, one_minus(value)), (add(ONE, neg(("pow", value, 2))),)
    yield wrong(rest, "missing-slope", name)
    other, new = (tanh, "tanh") if len(parts) == 2 else (logistic, "the logistic function")
    yield wrong(mul(rest, *other), "other-slope", name, new=new, old=name)
    yield wrong(mul(node, *parts), "extra-slope", name)


def _slope(node: Node, world: World) -> tuple[Node, tuple[Node, ...], str] | None:
    factors = node[1:]
    for factor in factors:
        if factor[0] == "add" and len(factor) == 3 and factor[1] == ONE and factor[2][0] == "neg":
            inner = factor[2][1]
            if inner in factors and not _known(world, inner):
                return inner, (inner, factor), world.named_like("logistic")
            if inner[0] == "pow" and inner[2] == 2 and not _known(world, inner[1]):
                return inner[1], (factor,), world.named_like("tanh")
    return None


def _known(world: World, value: Node) -> bool:
    """Whether a value is the output of a function, whose derivative then goes wrong by its own rules."""
    return any(one.output == value for one in world.all_applications)
