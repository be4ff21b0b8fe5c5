"""What goes wrong at an index: at rows that are picked, at values that are put in their places, at labels as one-hot rows."""

from collections.abc import Iterator, Sequence

from grader.derivation.graph.indexing import Slice, Slot
from grader.diagnosis.formulas.expression import ONE, Node, number, q
from grader.diagnosis.formulas.formula_nodes import STEPS, call, labels_of, parameters_of
from grader.diagnosis.formulas.formula_text import index_text, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.leaves import Mutant, wrong


def index_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of the leaf ("q", name) of an index: another one, labels counted from one."""
    name = node[1]
    for other in world.counts_like(name):
        yield wrong(q(other), "wrong-row", name, new=other)
    for away in (-1, 1) if world.assignment.config.shape_of(name) else ():
        # Likelier than an answer whose rows are moved, which looks the same.
        yield wrong(("moved", node, away), "wrong-row", name, new=f"{name} {'-' if away < 0 else '+'} 1", extra=-0.35)


def picked_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """One place further, one place before; everything instead of a part."""
    whole, index = node[3], parameters_of(node[2])["index"]
    for position in range(len(index)):
        for away in (-1, 1):
            moved = shifted(node, position, away)
            if moved is not None:
                yield wrong(moved, "wrong-row", text(node), new=text(moved), extra=0.2)
    if not any(sign in str(entry) for entry in index for sign in STEPS):
        yield wrong(whole, "wrong-row", text(node), new=f"all of {text(whole)}", extra=0.2)


def shifted(node: Node, position: int, away: int) -> Node | None:
    """The index moved along one axis; None where it is not a place."""
    index = list(parameters_of(node[2])["index"])
    entry = index[position]
    if isinstance(entry, Slice):
        if entry.start is None or entry.stop is None:
            return None
        index[position] = Slice(_moved(entry.start, away), _moved(entry.stop, away), entry.step)  # type: ignore[arg-type]
    elif isinstance(entry, int | str) and not isinstance(entry, bool):
        index[position] = _moved(entry, away)
    else:
        return None
    return call(node[1], *node[3:], **{**parameters_of(node[2]), "index": tuple(index)})


def _moved(place: int | str, away: int) -> int | str:
    if isinstance(place, int):
        return place + away
    back = f"{-away:+d}"
    return place.removesuffix(back) if place.endswith(back) else f"{place}{away:+d}"


def placed_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Repeated places overwritten instead of added up, or averaged; the values before they are placed."""
    value, *arrays = node[3:]
    given = parameters_of(node[2])
    shown = f"the places [{index_text(given['index'], arrays)}]"
    axes = _axes(arrays, world)
    if labels_of(node) is not None:
        yield from _label_mutants(node, world)
        return
    zeros = call("broadcast_to", number(0), shape=given["shape"])
    if axes:
        overwritten = call("setitem", zeros, value, *arrays, index=given["index"])
        yield wrong(overwritten, "sum-overwritten", shown)
        for terms in (value, ("rows", value)):
            yield wrong(terms, "sum-missing", f"the sum at {shown}")
        often = call(node[1], ("ones", value), *arrays, **given)
        yield wrong(("div", node, ("at-least-one", often)), "mean-for-sum", f"the sum at {shown}", extra=0.3)
    elif arrays:
        yield wrong(value, "row-alone", index_text(given["index"], arrays))
    for position in range(len(given["index"])):
        for away in (-1, 1):
            moved = shifted(node, position, away)
            if moved is not None:
                yield wrong(moved, "wrong-row", shown.removeprefix("the places "), new="a place beside it", extra=0.4)
    for k, array in enumerate(arrays if len(arrays) == len(given["index"]) == 2 else ()):
        if array[0] == "q":  # a[:, y] -= 1 for a[arange(N), y] -= 1
            index = tuple(Slot(0) if position == k else Slice(None, None, None) for position in range(2))
            everywhere = call("setitem", zeros, value, array, index=index)
            yield wrong(
                everywhere, "wrong-row", shown.removeprefix("the places "), new=f"[{index_text(index, [array])}]"
            )


def _axes(arrays: Sequence[Node], world: World) -> range:
    """The axes of the index arrays; none where they are single numbers."""
    values = [world.evaluator(array) for array in arrays]
    return range(max((value[0].ndim for value in values if value is not None), default=0))


def _label_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """The one-hot rows of labels: the labels themselves, the number 1, predictions, all targets in each row."""
    labels = labels_of(node)
    values = world.evaluator(node)
    if labels is None or values is None:
        return
    name, rows = text(labels), text(node)
    column = call("reshape", labels, shape=(*parameters_of(node[2])["shape"][:-1], 1))
    yield wrong(column, "wrong-variable", name, new=f"{name} as a number", old=f"a one-hot row of {name}")
    yield wrong(ONE, "wrong-constant", name, new="1", old=f"a one-hot row of {name}")
    yield wrong(("every-target", node), "wrong-row", name, new="the labels of all examples in each row")
    for other in world.shapes:
        found = world.evaluator(q(other))
        if found is not None and all(a.shape == b.shape for a, b in zip(found, values, strict=True)):
            yield wrong(("hot-rows", q(other)), "wrong-row", name, new=f"the one-hot of the largest entry of {other}")
            yield wrong(q(other), "wrong-variable", name, new=other, old=rows, extra=0.3)
