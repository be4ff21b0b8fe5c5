"""What may go wrong with one part of a formula: digits, axes, functions, terms.  Each as an edit and what gives its values."""

from collections.abc import Callable, Iterator
from functools import partial, reduce

import numpy as np
from msgspec.structs import replace

from grader.derivation.graph.recorder import RULES
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, leaves, neg, q, text
from grader.diagnosis.formulas.formula_nodes import parameters_of, resolved
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.functionof import OF_GRADIENT
from grader.problem.model import Array

MOST_DECIMALS = 7
SMALL = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, *(10.0**-k for k in range(3, 13)))

Change = Callable[[Array], Array]
Changed = tuple[Edit, Callable[[Evaluator], "Values | None"]]


def changes(world: World, part: Node) -> Iterator[Changed]:
    """What may go wrong with a part of a formula."""
    if part[0] in ("q", "g", "d"):
        for edit, change in _of_array(world, part):
            yield edit, _applied(part, change)
    if part[0] == "mul":
        for edit, change in _in_low_precision(part):
            yield edit, _applied(part, change)
    if part[0] == "jacobian":
        yield OPERATORS["sign-off-diagonal"].edit(part[1]), _applied(part, np.abs)
    if part[0] == "g":
        yield from _of_gradient(part)
    if part[:2] == ("np", "scatter"):
        yield from _of_places(part)
    if part[0] in ("mm", "sum") or _sums_one_axis(part):
        for edit, combine in _of_sum(part):
            yield edit, partial(_terms, part=part, combine=combine)


def _applied(part: Node, change: Change) -> Callable[[Evaluator], Values | None]:
    def values(evaluator: Evaluator) -> Values | None:
        found = evaluator(part)
        if found is None:
            return None
        with np.errstate(all="ignore"):
            made = [np.asarray(change(value), dtype=float) for value in found]
        return made if all(np.isfinite(value).all() for value in made) else None

    return values


def _of_array(world: World, part: Node) -> Iterator[tuple[Edit, Change]]:
    shown, reader = text(part), OPERATORS["digits-inside"]
    for decimals in range(MOST_DECIMALS):
        places = f"{decimals} decimal place{'s' * (decimals > 1)}" if decimals else "whole numbers"
        edit = reader.edit(shown, new=f"rounded to {places}")
        if not decimals and _is_probability(world, part):
            new = f"{shown} rounded to 0 or 1, as predicted labels are,"
            edit = OPERATORS["wrong-function-of"].edit(shown, new=new)
        yield edit, partial(_rounded, decimals=decimals)
    yield from _in_low_precision(part)
    yield reader.edit(shown, new="cut off to whole numbers"), lambda a: np.trunc(a)
    if part[0] == "q" and part[1] in world.model:
        for small in SMALL:
            between = f"clipped to between {small:g} and {1 - small:.12g}"
            yield OPERATORS["clipped-inside"].edit(shown, new=between), partial(np.clip, a_min=small, a_max=1 - small)
            added = f"with {small:g} added to it"
            yield OPERATORS["clipped-inside"].edit(shown, new=added), partial(np.add, small)


def _is_probability(world: World, part: Node) -> bool:
    values = world.evaluator(part)
    return values is not None and all(bool(np.all((value > 0) & (value < 1))) for value in values)


def _in_low_precision(part: Node) -> Iterator[tuple[Edit, Change]]:
    reader, shown = OPERATORS["digits-inside"], text(part)
    yield reader.edit(shown, new="in half precision (float16)"), lambda a: a.astype(np.float16).astype(float)
    yield reader.edit(shown, new="in single precision (float32)"), lambda a: a.astype(np.float32).astype(float)


def _rounded(a: Array, decimals: int) -> Array:
    return np.asarray(np.round(a, decimals))


def of_application(world: World, part: Node) -> Iterator[tuple[Edit, Callable[[Evaluator], Values | None]]]:
    """A function of the model that is computed wrongly: along the wrong axis, or with parentheses missing."""
    if part[:2] == ("np", "softmax"):
        [axis] = parameters_of(part[2])["axis"]
        yield from _of_normalized(part[3], axis)
    if part[0] == "fn" and world.normalizes(part[1]):
        yield from _of_normalized(part[2], -1)
    application = world.applied(part[1]) if part[0] == "q" else None
    if application is None:
        return
    exp = ("fn", "exp", ("neg", application.argument))
    one = ("ones", part)
    if world.normalizes(application.function):
        single = world.shapes[part[1]][0] == 1
        edit = OPERATORS["wrong-axis"].edit(application.function, new=_ALONG_ONE if single else _ALONG_WRONG)
        exp_a: Node = ("fn", "exp", application.argument)
        along: Node = one if single else ("div", exp_a, ("sum", exp_a, 0))
        yield replace(edit, within=part[1]), lambda evaluator: evaluator(along)
        if not single:
            # The largest entry of each row is subtracted, and the sum taken along the other axis.
            shifted: Node = ("fn", "exp", add(application.argument, neg(("max", application.argument))))
            yield replace(edit, within=part[1]), lambda evaluator: evaluator(("div", shifted, ("sum", shifted, 0)))
            every = OPERATORS["wrong-axis"].edit(application.function, new=_OVER_ALL)
            yield replace(every, within=part[1]), lambda evaluator: evaluator(("div", exp_a, ("all", exp_a)))
    if world.equal(("div", one, ("add", one, exp)), q(part[1])):
        edit = OPERATORS["lost-parentheses"].edit(application.function)
        yield replace(edit, within=part[1]), lambda evaluator: evaluator(("add", one, exp))


def _of_normalized(argument: Node, axis: int) -> Iterator[Changed]:
    """A softmax within a formula along another axis, over everything, or without exponentials."""

    def normalized(a: Array, along: int | None) -> Array:
        exp = np.exp(a - a.max())
        return np.asarray(exp / exp.sum(axis=along, keepdims=True))

    edit = OPERATORS["wrong-axis"].edit
    for other in range(2):
        if other != axis % 2:
            yield edit("softmax", new=_ALONG_WRONG), _applied(argument, partial(normalized, along=other))
    yield edit("softmax", new=_OVER_ALL), _applied(argument, partial(normalized, along=None))
    bare = OPERATORS["wrong-activation"].edit("softmax", new=f"{text(argument)} divided by its sum")
    yield bare, _applied(argument, lambda a: a / a.sum(axis=axis, keepdims=True))


def _of_gradient(part: Node) -> Iterator[Changed]:
    """A function of an upstream gradient in its place."""
    for shown, change in OF_GRADIENT:
        new = shown.format(text(part))
        yield OPERATORS["wrong-function-of"].edit(text(part), new=new), _applied(part, change)


def _of_places(part: Node) -> Iterator[Changed]:
    """Values that are added up at places: those at the first or the last index of an axis left out, or alone."""
    given, (value, *arrays) = part[2], part[3:]
    shown = next((text(leaf) for leaf in leaves(part) if leaf in arrays and leaf[0] == "q"), "")
    for axis in range(MOST_AXES) if shown and len(arrays) == 1 else ():
        for slug, which, kept in _KEPT:
            where = f"the sum with {shown}" if slug == "last-term" else shown
            edit = OPERATORS[slug].edit(where, new=which)
            yield edit, partial(_placed, value=value, places=arrays[0], given=given, axis=axis, kept=kept)


def _placed(evaluator: Evaluator, value: Node, places: Node, given: str, axis: int, kept: slice) -> Values | None:
    values, indices = evaluator(value), evaluator(places)
    if values is None or indices is None or any(one.ndim <= axis or one.shape[axis] < 2 for one in indices):
        return None
    index = (slice(None),) * axis + (kept,)
    compute = RULES["scatter"].compute
    return [
        np.asarray(compute(v[index], where[index], **resolved(given, point.sizes)))
        for v, where, point in zip(values, indices, evaluator.points, strict=True)
    ]


MOST_AXES = 2
_KEPT = (
    ("term-left-out", "first", slice(1, None)),
    ("term-left-out", "last", slice(None, -1)),
    ("last-term", "", slice(0, 1)),
    ("last-term", "", slice(-1, None)),
)
_ALONG_WRONG, _OVER_ALL = "taken along the wrong axis", "taken over all rows at once"
_ALONG_ONE = "taken along an axis of length 1, where it is always 1"
Combine = Callable[[Array], Array]


def _first_terms(terms: Array, count: int) -> Array:
    return np.asarray(terms[:count].sum(axis=0))


_SUMS: tuple[tuple[str, str, Combine], ...] = (
    ("term-left-out", "first", lambda terms: terms[1:].sum(axis=0)),
    ("term-left-out", "last", lambda terms: terms[:-1].sum(axis=0)),
    ("max-for-sum", "largest", lambda terms: terms.max(axis=0)),
    ("max-for-sum", "smallest", lambda terms: terms.min(axis=0)),
    ("last-term", "", lambda terms: terms[0]),
    ("running-average", "", lambda terms: reduce(lambda mean, term: (mean + term) / 2, terms)),
    *(("first-terms", str(count), partial(_first_terms, count=count)) for count in (2, 3, 4, 5)),
)


def _sums_one_axis(part: Node) -> bool:
    return part[:2] == ("np", "sum") and len(parameters_of(part[2])["axis"]) == 1


def _of_sum(part: Node) -> Iterator[tuple[Edit, Combine]]:
    named = [leaf for leaf in reversed(leaves(part)) if leaf[0] in "qg"]
    quantity = next((text(leaf) for leaf in sorted(named, key=lambda leaf: leaf[0] != "q")), "")
    for slug, which, combine in _SUMS if quantity else ():
        where = f"the sum with {quantity}" if slug == "last-term" else quantity
        yield OPERATORS[slug].edit(where, new=which), combine


def _terms(evaluator: Evaluator, part: Node, combine: Combine) -> Values | None:
    """The sum with its terms combined in another way; None where there is only one."""
    operands = [evaluator(operand) for operand in part[1:] if isinstance(operand, tuple)]
    if any(operand is None for operand in operands):
        return None
    made = []
    terms: Array | None
    for arrays in zip(*operands, strict=True):
        if part[0] == "np":
            given = parameters_of(part[2])
            [axis] = given["axis"]
            sliced = _slices(arrays[0], axis)
            terms = sliced if given["keepdims"] else sliced.squeeze(axis + 1)
        else:
            terms = _products(*arrays) if part[0] == "mm" else _slices(arrays[0], part[2])
        if terms is None or len(terms) < 2:
            return None
        made.append(combine(terms))
    return made


def _products(a: Array, b: Array) -> Array | None:
    """The products that a @ b sums, (terms, rows, columns)."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        return None
    return np.asarray(a.T[:, :, None] * b[:, None, :])


def _slices(a: Array, axis: int) -> Array:
    """What a sum along an axis sums: the axis stays, as one of length 1."""
    return np.stack(np.split(a, a.shape[axis], axis))
