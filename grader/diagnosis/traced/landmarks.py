"""Values that a right calculation passes through."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.config.calling import Function
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, one_minus
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.waypoints import (
    forward_points,
    multiplied_out,
    partial_sums,
    waypoints,
)
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.traced.events import (
    TOLERANCE,
    differ_by_rows,
    either_way,
    equal,
    is_filled_in_part,
    is_regrouped,
    is_row,
    is_stack,
    is_window,
    sizes_of,
)
from grader.diagnosis.traced.known import (
    Known,
    known_values,
    maxima,
    not_asked,
    of_softmaxes,
    parts_of_formulas,
    slopes,
    undivided,
    values_of,
)
from grader.diagnosis.traced.passes import Recurrence, recurrences
from grader.diagnosis.traced.variants import is_multiple, is_rearranged, numbers, powers, repeated_rows
from grader.problem.assignment import Assignment
from grader.problem.model import Array

SINGLE = 3e-6
PART = "part of a right formula"
MULTIPLE = "part of a right formula, times a number or divided by it that belongs in another place"
REARRANGED = "the entries of a part, more often or with zeros: as they should be or not"


class Landmarks(Struct):
    """Values that a right calculation passes through.

    Attributes:
        gradients: the right gradients, by name.
        quantities: the given values.
        others: parts of right formulas.
        forward: those of `others` that the forward pass is made of.
        shifted: what may be changed by a number for each row, or along the axis that is named: the arguments of a softmax, and
            the logarithms of its parts.
        world, evaluate: the formulas; None where the model cannot be differentiated.
        right: the formulas with the right gradients, where those of `evaluate` are a student's own.
        formulas: those in which a value may stand in for another, by gradient, once they are needed.
        ways: the values on the ways to each gradient, once they are needed.
        stops: for each gradient what a name or a helper may hold before the last step, once they are needed.
        loops: the recurrences in the formulas of each gradient, once they are needed.
        known: what each function may pass through, once it is needed.
    """

    gradients: dict[str, Values]
    quantities: dict[str, Values]
    others: list[Values] = []
    forward: list[Values] = []
    shifted: list[tuple[Values, int]] = []
    world: World | None = None
    evaluate: Evaluator | None = None
    right: Evaluator | None = None
    formulas: dict[str, list[Node]] = {}
    ways: dict[str, list[Values]] = {}
    stops: dict[str, list[Values]] = {}
    loops: dict[str, list[Recurrence]] = {}
    known: dict[str, Known] = {}

    def is_complete(self, names: Iterable[str]) -> bool:
        """Whether the parts of the formulas of these gradients are among them."""
        return self.world is not None and all(self.world.local[name] is not None for name in names)

    def label(self, assignment: Assignment, gradient: str, values: Values) -> str:
        """Which gradient it is, or that it is a quantity or part of a right formula; "" where it is neither."""
        known = self._known_of(assignment.config.function_of(gradient))
        key = b"".join(part for value in values for part in (repr(value.shape).encode(), value.tobytes()))
        if key not in known.labels:
            known.labels[key] = self._new_label(known, assignment.config.sign, values)
        return known.labels[key]

    def _new_label(self, known: Known, sign: float, values: Values) -> str:
        with np.errstate(over="ignore"):  # what is too large for float32 is none
            tolerance = (
                SINGLE if all(np.array_equal(value, value.astype(np.float32)) for value in values) else TOLERANCE
            )
        turned = [sign * value for value in values]
        for name, right in self.gradients.items():
            if equal(turned, right, tolerance):  # correct only if its axes are, too
                return name if turned[0].shape == right[0].shape else PART
        both = either_way(values, sign)
        forms = list(both)
        flat = [np.squeeze(value) for value in values]
        if any(value.ndim > 1 for value in flat):  # a matrix is correct both ways around, a gradient is not
            forms.append([value.T for value in flat])
        alike = known.by_sizes.get(sizes_of(values), ())
        if any(equal(form, other, tolerance) or is_regrouped(form, other) for other in alike for form in forms):
            return PART
        if any(is_multiple(form, other, known.factors) for other in alike for form in both):
            return MULTIPLE
        if any(is_filled_in_part(turned, one) for one in known.filled) or self._is_shifted(values):
            return PART
        if any(self._new_label(known, sign, row) for row in repeated_rows(values)):
            return REARRANGED
        if any(self._is_made_of_rows(form, [*self.gradients.values(), *known.made]) for form in both):
            return PART
        if any(is_window(values, given) for given in self.quantities.values()):
            return PART
        everything = [one for found in known.by_sizes.values() for one in found]
        return REARRANGED if any(is_rearranged(form, everything) for form in both) else ""

    def has_entries(self, assignment: Assignment, gradient: str, values: Values, entries: Sequence[Array]) -> bool:
        """Whether some known value has the same numbers at these entries."""
        alike = self._known_of(assignment.config.function_of(gradient)).by_sizes.get(sizes_of(values), ())
        return any(
            all(
                value.shape == known.shape and np.allclose(value[at], known[at], TOLERANCE, 0)
                for value, known, at in zip(form, other, entries, strict=True)
            )
            for form in either_way(values, assignment.config.sign)
            for other in [*alike, *self.gradients.values()]
        )

    def is_made_of(self, values: Values, names: Collection[str], own: Mapping[str, Values], sign: float) -> bool:
        """Whether it has the entries of one of these quantities and gradients, where any of them is known."""
        known = {**self.quantities, **self.gradients, **own}
        places = [known[name] for name in names if name in known]
        return not places or any(is_rearranged(form, places) for form in either_way(values, sign))

    def _known_of(self, function: Function) -> Known:
        """What a function may pass through, for all gradients that it returns."""
        if function.name not in self.known:
            together = [name for name in function.returns if name in self.gradients]
            loops = [loop for name in together for loop in self._loops(name)]
            values = [*self.quantities.values(), *self.others, *(way for one in together for way in self._ways(one))]
            values += [found for loop in loops for found in loop.known]
            rows = self.world.rows if self.world is not None else []
            weights = [right for name, right in self.quantities.items() if name not in rows]
            filled = [self.gradients[name] for name in together] + [table for loop in loops for table in loop.tables]
            forms = [form for one in together for form in self._forms(one)]
            if self.evaluate is not None:
                values += list(powers(self.evaluate, forms))
            model = list(self.world.model.values()) if self.world is not None else []
            factors = list(numbers(self.evaluate, [*forms, *model])) if self.evaluate is not None else []
            self.known[function.name] = known_values(values, weights, filled, factors)
        return self.known[function.name]

    def _forms(self, gradient: str) -> list[Node]:
        """The formulas of a gradient and of those it builds on."""
        world = self.world
        if world is None:
            return []
        names = (gradient, *world.assignment.ancestors[gradient])
        return [form for name in names for form, _ in local_forms(world, name)]

    def is_term(self, gradient: str, values: Values) -> bool:
        """Whether it is a term of a gradient, or the sum of some of its terms."""
        if self.world is None or self.evaluate is None:
            return False
        forms = [form for form, _ in local_forms(self.world, gradient)]
        sums = [form for form in forms if form[0] == "add"]
        parts = dict.fromkeys(part for form in sums for part in (*form[1:], *partial_sums(form)))
        parts |= dict.fromkeys(part for form in forms for part in multiplied_out(form))
        terms = values_of(self.evaluate, parts)
        return any(
            equal(form, term) for form in either_way(values, self.world.assignment.config.sign) for term in terms
        )

    def is_begun(self, assignment: Assignment, gradient: str, values: Values) -> bool:
        """Whether rows of something known are there, and the others are zero."""
        filled = self._known_of(assignment.config.function_of(gradient)).filled
        forms = either_way(values, assignment.config.sign)
        return any(is_filled_in_part(form, one) and not equal(form, one) for one in filled for form in forms)

    def loops_of(self, assignment: Assignment, gradient: str) -> list[Recurrence]:
        """Those of all gradients that come from the same function."""
        together = assignment.config.function_of(gradient).returns
        return [loop for one in together if one in self.gradients for loop in self._loops(one)]

    def _loops(self, gradient: str) -> list[Recurrence]:
        if gradient not in self.loops:
            world, evaluate = self.world, self.evaluate
            known = world is not None and evaluate is not None
            self.loops[gradient] = recurrences(world, evaluate, gradient) if known else []  # type: ignore[arg-type]
        return self.loops[gradient]

    def _ways(self, gradient: str) -> list[Values]:
        if self.world is None:
            return []
        if gradient not in self.ways:
            evaluators = [one for one in (self.right, self.evaluate) if one is not None]
            self.ways[gradient] = [way for one in evaluators for way in waypoints(self.world, gradient, one)]
        return self.ways[gradient]

    def is_finished(self, gradient: str, values: Values) -> bool:
        """Whether a right calculation may stop here for a moment: at a gradient, before it is divided, at a derivative."""
        if self.world is None or self.evaluate is None:
            return False
        if gradient not in self.stops:
            world = self.world
            loss = world.assignment.config.loss
            nodes = [undivided(world, name) for name in world.assignment.names]
            nodes += [("g", name) for name in world.assignment.names if name != gradient]
            nodes += [node for one in world.applications for node in (one.derivative, ("d", one.quantity, loss))]
            self.stops[gradient] = values_of(self.evaluate, [node for node in nodes if node is not None])
        forms = either_way(values, self.world.assignment.config.sign)
        return any(equal(form, other) for other in self.stops[gradient] for form in forms)

    def _is_shifted(self, values: Values) -> bool:
        """A softmax may be computed from exponentials of any common size along its axis, such as for each row."""
        positive = all(np.all(value > 0) for value in values)
        for right, axis in self.shifted:
            for form in (values, [np.log(value) for value in values]) if positive else (values,):
                if all(differ_by_rows(value, other, axis) for value, other in zip(form, right, strict=True)):
                    return True
        return False

    def _is_made_of_rows(self, values: Values, known: Sequence[Values]) -> bool:
        """A row of something known, or known rows below each other."""
        if any(np.squeeze(value).ndim > 2 for value in values):
            return False
        if all(np.squeeze(value).ndim == 1 for value in values):
            tables = [other for other in known if all(np.squeeze(one).ndim == 2 for one in other)]
            return any(
                all(is_row(np.squeeze(value), np.squeeze(one)) for value, one in zip(values, table, strict=True))
                for table in tables
            )
        return any(is_stack(values, known, axis) for axis in (0, 1))


def make_landmarks(assignment: Assignment, world: World | None = None) -> Landmarks:
    """The gradients, the quantities and all parts of the right formulas, where they are known."""
    names = assignment.config.quantities
    quantities = {name: [np.asarray(point.values[name]) for point in assignment.points] for name in names}
    exact = dict(assignment.exact)
    if assignment.reference is None:
        return Landmarks(exact, quantities)
    world = make_world(assignment) if world is None else world
    evaluate = Evaluator(assignment.graph, world.functions, assignment.points, exact)
    parts = parts_of_formulas(assignment, world, evaluate)
    parts += [*not_asked(assignment, world, evaluate), *slopes(assignment, world, evaluate), *maxima(quantities)]
    inner = [of_softmaxes(inside(tree), world) for tree in world.local.values() if tree is not None]
    outputs = [one.output for one in world.all_applications]
    forward = values_of(evaluate, [*forward_points(world), *map(one_minus, outputs)])
    arguments = [(one.argument, -1) for one in world.all_applications if world.normalizes(one.function)]
    arguments += [pair for each in inner for pair in each]
    shifted = [(values, axis) for node, axis in arguments for values in values_of(evaluate, [node])]
    return Landmarks(exact, quantities, parts, forward, shifted, world, evaluate)


def with_own(assignment: Assignment, known: Landmarks, own: Mapping[str, Values]) -> Landmarks:
    """What is right, and what follows rightly from a student's own wrong gradients."""
    if known.world is None or known.evaluate is None:
        return known
    evaluate = known.evaluate.with_gradients(own)
    others = [*known.others, *own.values(), *parts_of_formulas(assignment, known.world, evaluate, own)]
    return replace(known, others=others, evaluate=evaluate, right=known.evaluate, ways={}, stops={}, loops={}, known={})
