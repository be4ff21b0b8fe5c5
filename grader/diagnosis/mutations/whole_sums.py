"""What goes wrong at a sum as a whole: its steps, its targets, the sizes of its terms."""

from collections.abc import Iterator, Sequence

from grader.diagnosis.formulas.expression import ONE, Node, add, leaves, mul, number, one_minus, q, replaced, text
from grader.diagnosis.formulas.formula_nodes import labels_of
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.leaves import Mutant, wrong


def target_mutants(term: Node, node: Node, world: World) -> Iterator[Mutant]:
    """A sum with one-hot targets at these alone, and everywhere else."""
    target = term[1] if term[0] == "neg" else term
    labels = labels_of(target)
    if labels is not None or (target[0] == "q" and target[1] in world.one_hots):
        yield wrong(mul(target, node), "target-only", text(labels or target))
        yield wrong(mul(one_minus(target), node), "missing-entry", text(labels or target))


def scaled_terms(term: Node, bare: str, node: Node, world: World) -> Iterator[tuple[Node, str]]:
    """A term of a sum that counts twice or half; of the whole formula, also one that a size is multiplied or divided into."""
    if ONE in node:
        return
    factors = [(number(2), "2")]
    if node in world.local.values():
        factors += [(("size", name), name) for name in world.assignment.config.dimensions]
    for factor, shown in factors:
        yield mul(factor, term), f"{shown} * {bare}"
        yield ("div", term, factor), f"{bare} / {shown}"


def undifferentiated_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """p - y within a formula, for p = softmax(...): the gradient by p, or times the diagonal of the Jacobian only."""
    for one in world.applications if len(node) == 3 and ONE not in node else ():
        if one.output in node and not world.functions.entrywise[one.function]:
            by_output = ("d", one.quantity, world.assignment.config.loss)
            if world.equal(node, ("mm", by_output, one.jacobian)):
                yield wrong(by_output, "skipped-jacobian", one.function)
                yield wrong(mul(by_output, one.derivative), "jacobian-diagonal", one.function)


def sequence_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """A sum of one kind of term for several steps: one step only, one left out, and each step with its neighbor's value."""
    terms = node[1:]
    added = [term for term in terms if term[0] != "neg"]
    taken = [term for term in terms if term[0] == "neg"]
    if len(added) == len(taken) > 1:  # p1 + p2 - y1 - y2
        pairs = [add(*pair) for pair in zip(added, taken, strict=True)]
        for pair in pairs:
            others = add(*(other for other in pairs if other != pair))
            yield wrong(pair, "missing-terms" if len(pairs) > 2 else "missing-term", text(others))
            yield wrong(others, "missing-term", text(pair), extra=0.2)
    columns = _columns(terms)
    for names in columns if len(terms) > 2 else ():
        for moved in _neighbors(names, world):
            if any(new == old for new, old in zip(moved, names, strict=True)):
                continue
            shifted = [replaced(term, q(old), q(new)) for term, old, new in zip(terms, names, moved, strict=True)]
            yield wrong(add(*shifted), "wrong-variable", ", ".join(names), new=", ".join(moved), extra=-0.1)


def _columns(terms: Sequence[Node]) -> list[tuple[str, ...]]:
    """The quantities in the same place of all terms, where the terms differ in their leaves only."""

    def skeleton(node: Node) -> Node:
        if node[0] in ("q", "g"):
            return (node[0],)
        return tuple(skeleton(part) if isinstance(part, tuple) else part for part in node)

    if len({skeleton(term) for term in terms}) != 1:
        return []
    rows = [[leaf[1] for leaf in leaves(term) if leaf[0] == "q"] for term in terms]
    return [column for column in zip(*rows, strict=True) if len(set(column)) == len(column)]


def _neighbors(names: Sequence[str], world: World) -> Iterator[tuple[str, ...]]:
    """The sequence moved by one step, with what may then stand at its end."""
    if names[0] not in world.shapes:
        return
    for other in world.like(names[0]):
        if other not in names:
            yield (*names[1:], other)
            yield (other, *names[:-1])
