"""Does every known mistake lose marks, and can the mistakes be told apart?  Uses the diagnosis's own mutants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.config.keys import Gradient
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, text
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.mutants import local_mutants
from grader.problem.assignment import Assignment
from grader.problem.derivatives import is_zero, relative_error
from grader.problem.points import Point
from grader.validation.finding import Finding, finding
from grader.validation.numbers import check_values, elsewhere
from grader.validation.suggestions import other_points

DIFFERS = 1e-9
SHOWN = 8
COMMON = 1.8  # mistakes that cost more are too rare to choose the sample points by


@dataclass(frozen=True)
class Mutant:
    """A wrong formula of one gradient, its edit, and its values at the assignment's sample points."""

    node: Node
    edit: Edit
    here: Values

    @property
    def formula(self) -> str:
        return text(self.node)


def mutants_of(assignment: Assignment, world: World, gradient: Gradient) -> Iterator[Mutant]:
    """The mutants of one gradient that have its shape at all sample points; each formula once."""
    here = _evaluator(assignment, world)
    seen = set()
    right = assignment.exact[gradient.name]
    for node, edit in local_mutants(gradient.name, world):
        if node in seen:
            continue
        seen.add(node)
        values = here(node)
        if values is None or any(np.shape(v) != r.shape for v, r in zip(values, right, strict=True)):
            continue
        yield Mutant(node, edit, values)


def _evaluator(assignment: Assignment, world: World) -> Evaluator:
    return Evaluator(assignment.graph, world.functions, assignment.points, assignment.exact)


@dataclass
class _Examined:
    """What became of the mutants: lines on those that keep marks, are right here by accident, or coincide here."""

    kept: list[str]
    hidden: list[str]
    same: list[str]
    total: int


def _examined(assignment: Assignment, world: World) -> _Examined:
    other = elsewhere(assignment)
    there = _evaluator(other, world)
    kept, hidden, same, total = [], [], [], 0
    for gradient in assignment.config.gradients:
        wrong: list[Mutant] = []
        right = assignment.exact[gradient.name]
        # Nothing is zero at every sample point by accident: rounding alone makes such a formula differ elsewhere.
        zero = all(is_zero(value, point) for value, point in zip(right, assignment.points, strict=True))
        for mutant in mutants_of(assignment, world, gradient):
            if not _differs(mutant.here, right, assignment.points):
                moved = None if zero else there(mutant.node)  # another way to write what is right, or not
                if moved is not None and _differs(moved, other.exact[gradient.name], other.points):
                    total += 1
                    hidden.append(f"{gradient.name}: {mutant.formula} is right at the chosen sample points by accident")
                continue
            total += 1
            if _may_pass(assignment, gradient, mutant.here):
                kept.append(f"{gradient.name}: {mutant.formula} keeps all marks")
            else:
                wrong.append(mutant)
        same += _indistinguishable(gradient, wrong, there)
    return _Examined(kept, hidden, same, total)


def _by_chance(assignment: Assignment, found: _Examined) -> list[str]:
    """What would do better than these sample points, where something is due to them."""

    def better(other: Assignment) -> bool:
        again = _examined(other, make_world(other))
        return not again.hidden and len(again.same) < max(1, len(found.same))

    return [other_points(assignment, better)] if found.hidden or found.same else []


def check_mutants(assignment: Assignment) -> list[Finding]:
    """Every mutant must lose marks where its values differ; and how many mistakes share their numbers."""
    world = make_world(assignment)
    found = _examined(assignment, world)
    suggestion, total, same = _by_chance(assignment, found), found.total, found.same
    marks = finding(
        "mistakes lose marks",
        f"{total} wrong formulas, each one mistake away from the solution, lose marks",
        "wrong formulas keep all marks",
        [*_some(found.kept + found.hidden), *(suggestion if found.hidden else [])],
    )
    unread = _unread(assignment, world)
    if unread and marks.outcome == "passed":
        unknown = (
            "for the gradients below no mistakes are known, since their formulas cannot be read:"
            " wrong answers are found, but students are not told what went wrong"
        )
        marks = Finding(marks.check, "warning", f"{marks.message}; {unknown}", unread)
    check, where = "mistakes can be told apart", "at the chosen sample points"
    if same:
        return [
            marks,
            Finding(check, "warning", f"{len(same)} pairs of mistakes coincide {where}", [*_some(same), *suggestion]),
        ]
    return [marks, Finding(check, "passed", f"{where} no two of {total} mistakes coincide by accident")]


def _unread(assignment: Assignment, world: World) -> list[str]:
    """The gradients whose formulas diagnosis does not have, each with the construct that stands in the way."""
    return [f"{name}: {_obstacle(assignment, world, name)}" for name, tree in world.local.items() if tree is None]


def _obstacle(assignment: Assignment, world: World, name: str) -> str:
    known = [world.problems[each] for each in (name, "model", "solution") if each in world.problems]
    return "; ".join(known) or (
        f"{assignment.graph.path}: the formula is another one for other sizes, and not a sum over the steps of one loop"
    )


def _differs(values: Values, right: Values, points: Sequence[Point] = ()) -> bool:
    """Whether two formulas have different values; at `points` two that are zero but for rounding are equal."""
    noise = [point.noise for point in points] or [0.0] * len(values)
    pairs = zip(values, right, noise, strict=True)
    return any(not relative_error(np.asarray(v), r, least) <= DIFFERS for v, r, least in pairs)


def _may_pass(assignment: Assignment, gradient: Gradient, values: Values) -> bool:
    """Whether wrong values pass all checks; most are far from what the last one of them accepts, and need no others."""
    check = assignment.config.checks.reference
    loosest = max(check.tolerance, check.float32_tolerance)
    pairs = zip(values, assignment.exact[gradient.name], assignment.points, strict=True)
    return (
        all(relative_error(np.asarray(value), right, point.noise) <= loosest for value, right, point in pairs)
        and check_values(assignment, gradient, [np.asarray(value) for value in values]).passed
    )


def _indistinguishable(gradient: Gradient, wrong: list[Mutant], there: Evaluator) -> list[str]:
    """Pairs of common mistakes of different kinds that have the same numbers here, and different ones elsewhere."""
    by_value: dict[tuple[float, ...], list[Mutant]] = {}
    pairs = []
    for mutant in wrong:
        alike = by_value.setdefault(_rounded(mutant.here), [])  # a few entries: mostly zeros may agree in these alone
        first = next((one for one in alike if not _differs(one.here, mutant.here)), None)
        if first is None:
            alike.append(mutant)
            continue
        common = max(first.edit.cost, mutant.edit.cost) <= COMMON
        if not common or first.edit.kind == mutant.edit.kind:
            continue
        moved, others = there(mutant.node), there(first.node)
        if moved is not None and others is not None and _differs(moved, others):
            both = f"{first.formula} and {mutant.formula}"
            pairs.append(f"{gradient.name}: {both} have the same numbers at the chosen sample points only")
    return pairs


def _rounded(values: Values) -> tuple[float, ...]:
    numbers = [number for v in values for number in (np.linalg.norm(v), *np.ravel(v)[:3])]
    return tuple(float(f"{number:.9e}") for number in numbers)


def _some(lines: list[str]) -> list[str]:
    return lines[:SHOWN] + ([f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
