"""One part of the right formula with other numbers in it: rounded, clipped, along the wrong axis, or a sum with terms left out.

Each change is tried once at the first sample point; what fits a target there is verified at all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import islice

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, leaves, neg, q, replaced, text
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.problem.model import Array

MOST_DECIMALS = 7
SMALL = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, *(10.0**-k for k in range(3, 13)))
CHANGED = "changed"  # stands for the part in a formula
MOST_FORMS = 12
LAYER = "formula"

Change = Callable[[Array], Array]
Changed = tuple[Edit, Callable[[Evaluator], "Values | None"]]


@dataclass(frozen=True)
class Try:
    """A changed formula: what is changed, its edit, the formula with a place for it, and what gives its values."""

    part: Node
    edit: Edit
    formula: Node
    change: Callable[[Evaluator], Values | None]


class ChangedFormulas:
    """The right formula of a gradient with one part changed, in every way, on the gradients of `evaluator`."""

    def __init__(self, world: World, name: str, evaluator: Evaluator, *, functions_only: bool = False) -> None:
        """Evaluate all of them at the first sample point.

        Args:
            functions_only: only the model's functions are changed, which is quick.
        """
        self._evaluator = evaluator
        first = _at_first_point(evaluator, world.assignment.names)
        rows: dict[int, list[tuple[Try, Array]]] = {}
        for one in _tries(world, name, functions_only=functions_only):
            once = one.change(first)
            made = None if once is None else first.with_gradients({CHANGED: once})(one.formula)
            if made is not None:
                rows.setdefault(made[0].size, []).append((one, made[0].reshape(-1)))
        self._by_size = {
            size: ([one for one, _ in found], np.stack([v for _, v in found])) for size, found in rows.items()
        }

    def hypotheses(self, target: Target) -> list[Hypothesis]:
        """Those that give the target, verified at every sample point."""
        found = (self._verified(one, target) for one in self._fitting(target))
        return [hypothesis for hypothesis in found if hypothesis is not None]

    def _fitting(self, target: Target) -> list[Try]:
        """Those that give a multiple of the target at the first sample point."""
        goal = target.values[0].reshape(-1)
        tries, made = self._by_size.get(goal.size, ([], np.zeros((0, goal.size))))
        squares = np.einsum("ni,ni->n", made, made)
        factors = np.divide(made @ goal, squares, out=np.zeros(len(made)), where=squares > 0)
        gaps = np.max(np.abs(factors[:, None] * made - goal), axis=1, initial=0.0)
        return [tries[i] for i in np.flatnonzero(gaps <= target.tolerance * np.max(np.abs(goal), initial=0.0))]

    def _verified(self, one: Try, target: Target) -> Hypothesis | None:
        values = one.change(self._evaluator)
        if values is None:
            return None
        everywhere = self._evaluator.with_gradients({CHANGED: values})
        found = verify(target, one.formula, (one.edit,), one.edit.cost, everywhere, LAYER)
        return found and replace(found, formula=text(replaced(one.formula, ("g", CHANGED), one.part)))


def _tries(world: World, name: str, *, functions_only: bool) -> Iterator[Try]:
    forms = list(_forms(world, name))
    for form in forms[:1] + forms[-1:]:  # a function is computed wrongly once, for every place
        for part in dict.fromkeys(_parts(form)):
            for edit, change in _of_application(world, part):
                yield Try(part, edit, replaced(form, part, ("g", CHANGED)), change)
    for form in forms if not functions_only else ():
        for part in dict.fromkeys(_parts(form)):
            changes = list(_changes(world, part))
            for formula in _with_part(form, part) if changes else ():
                yield from (Try(part, edit, formula, change) for edit, change in changes)


def _at_first_point(evaluator: Evaluator, names: Sequence[str]) -> Evaluator:
    gradients = {name: values[:1] for name in names if (values := evaluator(("g", name))) is not None}
    return Evaluator(evaluator.graph, evaluator.functions, evaluator.points[:1], gradients)


def _forms(world: World, name: str) -> Iterator[Node]:
    """The right formula as it is, in other forms, and with the gradients that it builds on written out."""
    forms = [form for form, _ in islice(local_forms(world, name), MOST_FORMS)]
    if forms:
        forms.append(_written_out(world, forms[0]))
    yield from dict.fromkeys(forms)


def _written_out(world: World, form: Node) -> Node:
    for leaf in dict.fromkeys(leaves(form)):
        tree = world.local.get(leaf[1]) if leaf[0] == "g" else None
        if tree is not None:
            form = replaced(form, leaf, _written_out(world, tree))
    return form


def _with_part(form: Node, part: Node) -> list[Node]:
    """The form with every occurrence of `part` changed and, where there are several, with only one of them."""
    together = replaced(form, part, ("g", CHANGED))
    single = list(_one_at_a_time(form, part))
    return [together, *single] if len(single) > 1 else [together]


def _one_at_a_time(node: Node, part: Node) -> Iterator[Node]:
    if node == part:
        yield ("g", CHANGED)
        return
    for i, inner in enumerate(node):
        if isinstance(inner, tuple):
            for new in _one_at_a_time(inner, part):
                yield (*node[:i], new, *node[i + 1 :])


def _changes(world: World, part: Node) -> Iterator[Changed]:
    """What may go wrong with a part of a formula."""
    if part[0] in ("q", "g", "d"):
        for edit, change in _of_array(world, part):
            yield edit, _applied(part, change)
    if part[0] == "mul":
        for edit, change in _in_low_precision(part):
            yield edit, _applied(part, change)
    if part[0] == "jacobian":
        yield OPERATORS["sign-off-diagonal"].edit(part[1]), _applied(part, np.abs)
    if part[0] in ("mm", "sum"):
        for edit, combine in _of_sum(part):
            yield edit, partial(_terms, part=part, combine=combine)


def _parts(node: Node) -> Iterator[Node]:
    yield node
    for inner in node:
        if isinstance(inner, tuple):
            yield from _parts(inner)


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


def _of_application(world: World, part: Node) -> Iterator[tuple[Edit, Callable[[Evaluator], Values | None]]]:
    """A function of the model that is computed wrongly: along the wrong axis, or with parentheses missing."""
    application = world.applied(part[1]) if part[0] == "q" else None
    if application is None:
        return
    exp = ("fn", "exp", ("neg", application.argument))
    one = ("ones", part)
    if world.normalizes(application.function):
        single = world.shapes[part[1]][0] == 1
        edit = OPERATORS["wrong-axis"].edit(
            application.function, new=_ALONG_ONE if single else "taken along the wrong axis"
        )
        exp_a: Node = ("fn", "exp", application.argument)
        along: Node = one if single else ("div", exp_a, ("sum", exp_a, 0))
        yield replace(edit, within=part[1]), lambda evaluator: evaluator(along)
        shifted: Node = ("fn", "exp", add(application.argument, neg(("max", application.argument))))
        if not single:  # the largest entry of each row subtracted, and the sum taken along the other axis
            yield replace(edit, within=part[1]), lambda evaluator: evaluator(("div", shifted, ("sum", shifted, 0)))
        if not single:
            every = OPERATORS["wrong-axis"].edit(application.function, new="taken over all rows at once")
            yield replace(every, within=part[1]), lambda evaluator: evaluator(("div", exp_a, ("all", exp_a)))
    if world.equal(("div", one, ("add", one, exp)), q(part[1])):
        edit = OPERATORS["lost-parentheses"].edit(application.function)
        yield replace(edit, within=part[1]), lambda evaluator: evaluator(("add", one, exp))


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


def _of_sum(part: Node) -> Iterator[tuple[Edit, Combine]]:
    quantity = next((text(leaf) for leaf in reversed(leaves(part)) if leaf[0] == "q"), "")
    for slug, which, combine in _SUMS if quantity else ():
        yield OPERATORS[slug].edit(quantity, new=which), combine


def _terms(evaluator: Evaluator, part: Node, combine: Combine) -> Values | None:
    """The sum with its terms combined in another way; None where there is only one."""
    operands = [evaluator(operand) for operand in part[1:] if isinstance(operand, tuple)]
    if any(operand is None for operand in operands):
        return None
    made = []
    for arrays in zip(*operands, strict=True):
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
