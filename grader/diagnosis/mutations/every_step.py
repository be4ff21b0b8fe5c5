"""What goes wrong in a sum over steps that is written out: the same mistake in each term, and terms that are mixed up."""

from collections.abc import Iterator, Sequence
from itertools import permutations

from msgspec.structs import replace

from grader.diagnosis.formulas.expression import Node, add, gradient_text, leaves, mul, replaced, text
from grader.diagnosis.formulas.forms import with_derivative
from grader.diagnosis.formulas.formula_nodes import call, inside
from grader.diagnosis.formulas.sequences import Path, alike, at, places, put
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import WHAT_YOU_GET, Edit
from grader.diagnosis.mutations.arrays import WRONG_AXIS, short
from grader.diagnosis.mutations.leaves import UNFOLDINGS, Mutant, Mutator, wrong
from grader.diagnosis.operators import OPERATORS

MOST_PERMUTED = 3
ONCE_MORE = 0.1  # the same mistake in all terms is hardly rarer than in one


def every_step_mutants(name: str, world: World, mutants: Mutator) -> Iterator[Mutant]:
    """Mutants of the sums over steps in the formula of a gradient."""
    tree = world.local[name]
    if tree is None:
        return
    for form in dict.fromkeys([tree, *world.others.get(name, ()), _with_derivatives(tree, world)]):
        for part in dict.fromkeys(inside(form)):
            terms = alike(part, world.shapes)
            for mutant, edit in _of_terms(terms, world, mutants) if terms else ():
                yield replaced(form, part, mutant), edit


def _with_derivatives(tree: Node, world: World) -> Node:
    """`tree` with the derivatives of all functions that are applied entry by entry put together."""
    for one in world.all_applications:
        if world.functions.entrywise[one.function]:
            tree = next(with_derivative(world, tree, one.derivative), tree)
    return tree


def _of_terms(terms: tuple[Node, ...], world: World, mutants: Mutator) -> Iterator[Mutant]:
    yield from _same_mistake(terms, world, mutants)
    yield from _one_step_for_all(terms)
    yield from _in_another_order(terms)
    yield from _shifted_and_cut(terms)
    yield from _summed_apart(terms)
    yield from _stack_reshaped(terms)
    yield from _not_summed(terms, world)
    yield from _one_step_more(terms, world)
    yield from _nothing_handed_back(terms, world)


# The same mistake in each term


def _same_mistake(terms: Sequence[Node], world: World, mutants: Mutator) -> Iterator[Mutant]:
    if any(moved(terms[0], k, world) != term for k, term in enumerate(terms)):
        return
    single = [_cheapest(mutants(term, world, UNFOLDINGS)) for term in terms]
    seen = set()
    for k, known in enumerate(single):
        for mutant in known:
            everywhere = [moved(mutant, j - k, world) for j in range(len(terms))]
            edits = [own.get(node) for own, node in zip(single, everywhere, strict=True) if node is not None]
            found = [edit for edit in edits if edit is not None]
            if len(found) == len(terms) and len({edit.operator for edit in found}) == 1:
                whole = add(*(node for node in everywhere if node is not None))
                if whole not in seen and not _of_the_whole(found[0]):
                    seen.add(whole)
                    yield whole, _together(found)


def _of_the_whole(edit: Edit) -> bool:
    """Whether its sentence says what all the numbers are, not what goes wrong in a part."""
    return not edit.statement.startswith(WHAT_YOU_GET)


def _cheapest(mutants: Iterator[Mutant]) -> dict[Node, Edit]:
    found: dict[Node, Edit] = {}
    for node, edit in mutants:
        if node not in found or edit.cost < found[node].cost:
            found[node] = edit
    return found


def _together(edits: Sequence[Edit]) -> Edit:
    """One edit for the same mistake in all terms."""
    where, new, old = (_listed(getattr(edit, part) for edit in edits) for part in ("where", "new", "old"))
    whole = OPERATORS[edits[0].operator].edit(where, new=new, old=old)
    named = whole.statement if where != edits[0].where else f"{whole.statement}, in each of the {len(edits)} terms"
    return replace(whole, statement=named, cost=edits[0].cost + ONCE_MORE, terms=len(edits))


def _listed(names: Iterator[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def moved(node: Node, steps: int, world: World) -> Node | None:
    """The same formula some steps later or, below zero, earlier; what belongs to no step stays.  None beyond the ends."""
    if not steps:
        return node
    if node[0] in ("q", "g"):
        for _ in range(abs(steps)):
            if node not in world.later and node not in world.earlier:
                return node
            after = (world.later if steps > 0 else world.earlier).get(node)
            if after is None:
                return None
            node = after
        return node
    one = world.application(node[1], node[2]) if node[0] == "derivative" else None
    if one is not None and one.quantity:
        output = moved(one.output, steps, world)
        other = None if output is None else world.applied(output[1])
        return None if other is None else other.derivative
    parts = [moved(part, steps, world) if isinstance(part, tuple) else part for part in node]
    return None if None in parts else tuple(parts)


# Terms that are mixed up


def _one_step_for_all(terms: Sequence[Node]) -> Iterator[Mutant]:
    """A part of one term in all of them."""
    for path in places(terms):
        parts = [at(term, path) for term in terms]
        if parts[0][0] in ("T", "neg"):
            continue  # the same as what is in it
        for k, part in enumerate(parts):
            extra = 0.0 if k == len(terms) - 1 else 0.1
            same = add(*(put(term, path, part) for term in terms))
            yield wrong(same, "one-step-for-all", _listed(map(short, parts)), new=short(part), extra=extra)


def _in_another_order(terms: Sequence[Node]) -> Iterator[Mutant]:
    """The quantities in one place of the terms exchanged between them."""
    steps = range(len(terms))
    orders = list(permutations(steps)) if len(terms) <= MOST_PERMUTED else [tuple(reversed(steps))]
    for path in _quantities(terms):
        parts = [at(term, path) for term in terms]
        for order in orders:
            exchanged = [parts[k] for k in order]
            away = [k for k in steps if exchanged[k] != parts[k]]
            if away:
                mixed = add(*(put(term, path, part) for term, part in zip(terms, exchanged, strict=True)))
                where, new = (", ".join(text(found[k]) for k in away) for found in (parts, exchanged))
                yield wrong(mixed, "wrong-variable", where, new=new, extra=0.1)


def _quantities(terms: Sequence[Node]) -> list[Path]:
    return [path for path in places(terms) if at(terms[0], path)[0] in ("q", "g")]


def _shifted_and_cut(terms: Sequence[Node]) -> Iterator[Mutant]:
    """Each term with its neighbor's quantity, and no term for the step that then has none."""
    for path in _quantities(terms):
        parts = [at(term, path) for term in terms]
        for kept, others in ((terms[:-1], parts[1:]), (terms[1:], parts[:-1])):
            cut = add(*(put(term, path, other) for term, other in zip(kept, others, strict=True)))
            where = ", ".join(text(at(term, path)) for term in kept)
            yield wrong(cut, "shifted-and-cut", where, new=", ".join(map(text, others)))


def _summed_apart(terms: Sequence[Node]) -> Iterator[Mutant]:
    """The sum of the products as the product of the sums."""
    kind = terms[0][0]
    if kind not in ("mm", "mul"):
        return
    for i in range(1, len(terms[0]) - (kind == "mm")):
        factors = [term[i] for term in terms]
        rests = [term[2] if kind == "mm" else mul(*term[1:i], *term[i + 1 :]) for term in terms]
        if len(set(factors)) > 1 and len(set(rests)) > 1:
            yield wrong((kind, add(*factors), add(*rests)), "sums-apart", _listed(map(short, factors)))


def _stack_reshaped(terms: Sequence[Node]) -> Iterator[Mutant]:
    """The sum of the products as one product of stacks, of which one is reshaped instead of transposed."""
    for side in (1, 2) if terms[0][0] == "mm" else ():
        turned = [term[side] for term in terms]
        if any(one[0] != "T" for one in turned):
            continue
        axis = side - 1  # rows below each other in x^T d, columns side by side in d x^T
        stack = ("reshaped", call("concatenate", *(one[1] for one in turned), axis=axis))
        others = call("concatenate", *(term[3 - side] for term in terms), axis=axis)
        product = ("mm", stack, others) if side == 1 else ("mm", others, stack)
        yield wrong(product, "transpose-reshape", f"the stack of {_listed(text(one[1]) for one in turned)}")


def _not_summed(terms: Sequence[Node], world: World) -> Iterator[Mutant]:
    """The terms stacked or multiplied instead of added, or stacked and then summed along the wrong axis."""
    shown = f"the {len(terms)} terms"
    yield wrong(mul(*terms), "product-for-sum", _listed(map(short, terms)))
    values = world.evaluator(terms[0])
    if values is not None and values[0].ndim == 2:
        stack = call("concatenate", *terms, axis=0)
        yield wrong(stack, "sum-missing", shown)
        if values[0].shape[0] == 1:
            yield wrong(("sum", stack, 1), "sum-axis", shown, new=WRONG_AXIS)


def _one_step_more(terms: Sequence[Node], world: World) -> Iterator[Mutant]:
    """A further term, with the quantity from before the first step or after the last one."""
    for path in _quantities(terms):
        for term, steps in ((terms[0], -1), (terms[-1], 1)):
            beyond = moved(at(term, path), steps, world)
            if beyond is not None and beyond != at(term, path):
                more = put(term, path, beyond)
                yield wrong(add(*terms, more), "extra-term", text(more), new=text(more), extra=-0.4)


def _nothing_handed_back(terms: Sequence[Node], world: World) -> Iterator[Mutant]:
    """The gradients of the steps without what each of them gets from a later one."""
    whole = add(*terms)
    cut = {leaf: alone for leaf in dict.fromkeys(leaves(whole)) if (alone := _without_others(leaf, world)) is not None}
    if cut:
        node = whole
        for leaf, alone in cut.items():
            node = replaced(node, leaf, alone)
        shown = ", ".join(gradient_text(leaf[1]) for leaf in cut)
        yield wrong(
            node, "missing-term", f"what {shown} {'get' if len(cut) > 1 else 'gets'} from later steps", extra=0.2
        )


def _without_others(leaf: Node, world: World) -> Node | None:
    """A gradient without the terms that build on others; None where these are all or none."""
    tree = world.local[leaf[1]] if leaf[0] == "g" and leaf in (*world.later, *world.earlier) else None
    if tree is None or tree[0] != "add":
        return None
    own = [term for term in tree[1:] if all(one[0] != "g" for one in leaves(term))]
    return add(*own) if 0 < len(own) < len(tree) - 1 else None
