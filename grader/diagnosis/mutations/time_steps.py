"""What goes wrong in a sum over steps: steps left out, their order, what one hands to the next, a neighbor's value."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.derivation.graph.indexing import Slice
from grader.diagnosis.formulas.expression import ONE, Node, add, mul, neg, one_minus, q, replaced
from grader.diagnosis.formulas.formula_nodes import CARRY, STATE, STEP, call, inside, leaves, parameters_of, step_of
from grader.diagnosis.formulas.formula_text import gradient_text, index_text, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.arrays import short
from grader.diagnosis.mutations.at_indices import shifted
from grader.diagnosis.mutations.leaves import Mutant, wrong

STEPS = "the steps"
HANDED_BACK = "what a step hands back"


def series_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("series", count, which, term)."""
    count, term = node[1], node[3]
    yield from _steps(node)
    yield wrong(("div", node, ("size", count)), "mean-for-sum", STEPS)
    yield from _overwritten(node, world)
    for part in dict.fromkeys(inside(term)):
        yield from _in_product(node, part, world)
        if part[:2] == ("np", "getitem") and step_of(node) in part[2]:
            fixed = call("getitem", *part[3:], index=_at_first(parameters_of(part[2])["index"], step_of(node)))
            once = replaced(node, part, fixed)
            yield wrong(once, "one-step-for-all", text(part), new=f"{text(part[3])} at the first step")
        for counts in ({step_of(node): count}, {step_of(node): count, STEP: term[1]} if term[0] == "series" else {}):
            flipped = _flipped(part, counts)
            if flipped is not None:
                yield wrong(replaced(node, part, flipped), "flipped", text(part[3]), extra=-0.1)


def _overwritten(node: Node, world: World) -> Iterator[Mutant]:
    """Places that overlap: a step overwrites what the one before, or the one after, has put there."""
    loops, term = [node], node[3]
    while term[0] == "series":
        loops, term = [*loops, term], term[3]
    if term[:2] == ("np", "scatter"):
        shown = f"the places [{index_text(parameters_of(term[2])['index'], term[4:])}]"
        for which in ("overwritten", "overwritten back"):
            placed = term
            for loop in reversed(loops):
                placed = (*loop[:2], which, placed)
            yield wrong(placed, "sum-overwritten", shown)


def _in_product(node: Node, part: Node, world: World) -> Iterator[Mutant]:
    """A factor from the other end, or in a product of matrices without its last or first entries."""
    if part[0] == "mul" or part[:2] == ("np", "einsum"):
        for i, factor in enumerate(part):
            if isinstance(factor, tuple) and (factor[0] in ("q", "g") or factor[:2] == ("np", "getitem")):
                turned = (*part[:i], ("flip", factor, -1), *part[i + 1 :])
                yield wrong(replaced(node, part, turned), "flipped", short(factor))
    if part[0] != "mm":
        return
    for side, axis in ((1, 1), (2, 0)):
        factor = part[side]
        base = factor[1] if factor[0] == "T" else factor
        for leaf in dict.fromkeys(leaves(base)):
            if leaf[0] in ("q", "g"):
                shown = gradient_text(leaf[1]) if leaf[0] == "g" else leaf[1]
                turned = (*part[:side], ("flip", factor, axis), *part[side + 1 :])
                yield wrong(replaced(node, part, turned), "flipped", shown)
                for k, which in ((-1, "last"), (0, "first")):
                    cut = (*part[:side], ("without", factor, k, axis), *part[side + 1 :])
                    yield wrong(replaced(node, part, cut), "term-left-out", shown, new=which)


def _at_first(index: Sequence[Any], sign: str) -> tuple[Any, ...]:
    """The place that the first step picks."""

    def first(place: Any) -> Any:
        if isinstance(place, Slice):
            return Slice(first(place.start), first(place.stop), place.step)
        return place.replace(sign, "0") if isinstance(place, str) else place

    return tuple(map(first, index))


def _flipped(part: Node, counts: Mapping[str, str]) -> Node | None:
    """What is picked by the step itself, from the other end: a kernel turned around."""
    if part[0] != "np" or part[1] != "getitem":
        return None
    index = parameters_of(part[2])["index"]
    if not counts or any(step not in index for step in counts):
        return None
    turned = tuple(f"{counts[entry]}-1-{entry}" if entry in counts else entry for entry in index)
    return call("getitem", *part[3:], index=turned)


def scan_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("scan", count, which, state, back, term)."""
    yield from _steps(node)
    yield wrong(("scan", node[1], "forward", *node[3:]), "step-order", STEPS)
    yield wrong((*node[:4], add(CARRY, node[4]), *node[5:]), "carry-added", HANDED_BACK)
    yield from _handed_on(node, world)
    yield from _rows_before(node)
    yield from _rows_of_the_step(node, world)


def _handed_on(node: Node, world: World) -> Iterator[Mutant]:
    """The derivative of the step left out where its gradient is handed on, or where it is used, or for what arrives."""
    _, count, which, state, back, *term = node
    handed = next((part for part in inside(state) if part[0] == "add" and CARRY in part[1:]), None)
    if handed is None or handed == state:
        return
    slope = _slope(state, world) if state[0] == "mul" else None
    left_out = ("missing-slope", slope[2]) if slope else ("missing-factor", _beside_what_arrives(state, handed))
    early = ("scan", count, which, state, replaced(back, STATE, handed), *term)
    yield wrong(early, *left_out, extra=0.1)
    if term:
        late = ("scan", count, which, state, back, replaced(term[0], STATE, handed))
        yield wrong(late, *left_out, extra=0.3)
        yield from _slope_after_the_sum(late, state, handed)
    elif back[0] == "mm" and STATE in back:
        matrix = short(next((part for part in inside(back) if part[0] == "q"), back))
        yield wrong(("scan", count, "only the first", state, back, STATE), "missing-matrix", matrix)
    outside = _slope_outside(state, handed)
    if outside is not None:
        yield wrong(("scan", count, which, outside, back, *term), "missing-factor", short(CARRY), extra=0.5)


def _beside_what_arrives(state: Node, handed: Node) -> str:
    """What a step multiplies its gradient by."""
    factors = [factor for factor in state[1:] if factor != handed] if state[0] == "mul" else []
    return short(mul(*factors)) if factors else short(state)


def _slope_after_the_sum(late: Node, state: Node, handed: Node) -> Iterator[Mutant]:
    """The derivative multiplied into the sum over the steps, at the first or the last step, and not into each term."""
    if state[0] != "mul" or handed not in state[1:]:
        return
    slope = mul(*(factor for factor in state[1:] if factor != handed))
    for which, extra in (("first", 0.1), ("last", 0.2)):
        at_one = ("series", late[1], f"only the {which}", slope)
        yield wrong(mul(late, at_one), "slope-outside", short(slope), new=which, extra=extra)


def _rows_before(node: Node) -> Iterator[Mutant]:
    """The row of the step itself where that of the step before belongs."""
    for part in dict.fromkeys(inside(node)):
        now = _beside(part[1], 1) if part[0] == "before" else None
        if now is not None:
            yield wrong(replaced(node, part, now), "wrong-step", text(part), new=text(now), extra=-0.2)
            wrapped = ("before", part[1], _last_row(part[1]))  # an index of -1 is no error
            yield wrong(replaced(node, part, wrapped), "wrong-step", text(part[2]), new="the last row", extra=0.4)


def _last_row(part: Node) -> Node:
    """The last row, for the row of a step."""
    given = parameters_of(part[2])
    last = tuple(_at_the_end(entry) for entry in given["index"])
    return call(part[1], *part[3:], **{**given, "index": last})


def _at_the_end(entry: object) -> object:
    at_step = STEP in str(entry.start if isinstance(entry, Slice) else entry)
    return (Slice(-1, None, None) if isinstance(entry, Slice) else -1) if at_step else entry


def _rows_of_the_step(node: Node, world: World) -> Iterator[Mutant]:
    """A neighbor's row where that of the step belongs; a derivative at the row before, once too often."""
    _, count, which, state, back, *term = node
    for part in dict.fromkeys(inside(state)):
        start = world.starts.get(part[3][1]) if part[:2] == ("np", "getitem") and part[3][0] == "q" else None
        earlier, later = (_beside(part, -1), _beside(part, 1)) if start else (None, None)
        if earlier is None or later is None or start is None:
            continue
        before: Node = ("before", earlier, q(start))
        yield wrong(replaced(node, part, before), "wrong-step", text(part), new=text(earlier))
        yield wrong(replaced(node, part, later), "wrong-step", text(part), new=text(later), extra=0.2)
        for slope in (mul(before, one_minus(before)), add(ONE, neg(("pow", before, 2)))):
            twice = ("scan", count, which, state, mul(back, slope), *term)
            yield wrong(twice, "extra-slope-at", text(earlier), new=text(slope), extra=0.2)


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
        yield wrong((kind, count, which, *parts), "missing-step", shown)


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
