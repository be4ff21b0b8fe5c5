"""One part of the right formula with other numbers in it: rounded, clipped, along the wrong axis, or a sum with terms left out.

Each change is tried once at the first sample point; what fits a target there is verified at all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, leaves, replaced, text
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.patterns.partchanges import changes, of_application
from grader.problem.model import Array

CHANGED = "changed"  # stands for the part in a formula
MOST_FORMS = 12
LAYER = "formula"


class Try(Struct, frozen=True):
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
        self._right = evaluator(world.local[name] or ("g", name))
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

    def _changes_nothing(self, made: Values | None) -> bool:
        """Such as a limit that no number reaches."""
        return made is not None and self._right is not None and all(map(np.array_equal, made, self._right))

    def _verified(self, one: Try, target: Target) -> Hypothesis | None:
        values = one.change(self._evaluator)
        if values is None:
            return None
        everywhere = self._evaluator.with_gradients({CHANGED: values})
        if self._changes_nothing(everywhere(one.formula)):
            return None
        found = verify(target, one.formula, (one.edit,), one.edit.cost, everywhere, LAYER)
        return found and replace(found, formula=text(replaced(one.formula, ("g", CHANGED), one.part)))


def _tries(world: World, name: str, *, functions_only: bool) -> Iterator[Try]:
    forms = list(_forms(world, name))
    for form in forms[:1] + forms[-1:]:  # a function is computed wrongly once, for every place
        for part in dict.fromkeys(_parts(form)):
            for edit, change in of_application(world, part):
                yield Try(part, edit, replaced(form, part, ("g", CHANGED)), change)
    for form in forms if not functions_only else ():
        for part in dict.fromkeys(_parts(form)):
            found = list(changes(world, part))
            for formula in _with_part(form, part) if found else ():
                yield from (Try(part, edit, formula, change) for edit, change in found)


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


def _parts(node: Node) -> Iterator[Node]:
    yield node
    for inner in node:
        if isinstance(inner, tuple):
            yield from _parts(inner)
