"""Does every known mistake lose marks, and can the mistakes be told apart?  Pure; uses the diagnosis's own mutants."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grader.config.keys import Gradient
from grader.diagnosis.formulas.expression import Evaluator, Values
from grader.diagnosis.formulas.rendering import text
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.mutations.mutants import local_mutants
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.validation.finding import Finding, finding
from grader.validation.numbers import elsewhere

DIFFERS = 1e-9
SHOWN = 8
COMMON = 1.8  # mistakes that cost more are too rare to choose the steps by


@dataclass(frozen=True)
class Mutant:
    """A wrong formula of one gradient: how it is made, and its values at the assignment's steps and at others."""

    formula: str
    edit: Edit
    here: Values
    there: Values


def mutants_of(assignment: Assignment, world: World, other: Assignment, gradient: Gradient) -> Iterator[Mutant]:
    """The mutants of one gradient that have its shape at all steps; each formula once."""
    here = Evaluator(assignment.graph, world.functions, assignment.points, assignment.exact)
    there = Evaluator(other.graph, world.functions, other.points, other.exact)
    seen = set()
    right = assignment.exact[gradient.name]
    for node, edit in local_mutants(gradient.name, world):
        if node in seen:
            continue
        seen.add(node)
        values = here(node)
        if values is None or any(np.shape(v) != r.shape for v, r in zip(values, right, strict=True)):
            continue
        moved = there(node)
        if moved is not None:
            yield Mutant(text(node), edit, values, moved)


def check_mutants(assignment: Assignment) -> list[Finding]:
    """Every mutant must lose marks where its values differ; and how many mistakes share their numbers."""
    world, other = make_world(assignment), elsewhere(assignment)
    kept, merged, total, hidden = [], [], 0, []
    for gradient in assignment.config.gradients:
        wrong: list[Mutant] = []
        for mutant in mutants_of(assignment, world, other, gradient):
            if not _differs(mutant.there, other.exact[gradient.name]):
                continue
            total += 1
            if not _differs(mutant.here, assignment.exact[gradient.name]):
                hidden.append(f"{gradient.name}: {mutant.formula} is right at the chosen steps by accident")
            elif _keeps_all_marks(assignment, gradient, mutant.here):
                kept.append(f"{gradient.name}: {mutant.formula} keeps all marks")
            else:
                wrong.append(mutant)
        merged += _told_as_one(gradient, wrong)
    unread = [name for name, tree in world.local.items() if tree is None]
    return [
        finding(
            "mistakes lose marks",
            f"{total} wrong formulas, each one mistake away from the solution, lose marks",
            "wrong formulas keep all marks",
            _some(kept + hidden),
            [f"{name}: its formula in the solution is not read, so it has no mutants" for name in unread],
        ),
        _distinguishable(merged, total),
    ]


def _differs(values: Values, right: Values) -> bool:
    return any(not relative_error(np.asarray(v), r) <= DIFFERS for v, r in zip(values, right, strict=True))


def _keeps_all_marks(assignment: Assignment, gradient: Gradient, values: Values) -> bool:
    """Whether the values pass finite differences and the reference, as the judge compares them."""
    checks = assignment.config.checks
    numeric = assignment.numeric[gradient.name]
    if not all(
        relative_error(d.of(np.asarray(v)), d.value) <= checks.finite_difference.tolerance
        for d, v in zip(numeric, values, strict=True)
    ):
        return False
    right = assignment.exact[gradient.name]
    return all(
        relative_error(np.asarray(v), r) <= checks.reference.tolerance for v, r in zip(values, right, strict=True)
    )


def _told_as_one(gradient: Gradient, wrong: list[Mutant]) -> list[str]:
    """Pairs of mistakes of different kinds that have the same numbers here and others elsewhere; common mistakes only."""
    by_value: dict[tuple[float, ...], Mutant] = {}
    pairs = []
    for mutant in wrong:
        first = by_value.setdefault(_rounded(mutant.here), mutant)
        common = max(first.edit.cost, mutant.edit.cost) <= COMMON
        if common and first.edit.kind != mutant.edit.kind and _differs(mutant.there, first.there):
            pairs.append(
                f"{gradient.name}: {first.formula} and {mutant.formula} have the same numbers at the chosen steps only"
            )
    return pairs


def _rounded(values: Values) -> tuple[float, ...]:
    return tuple(float(f"{number:.9e}") for value in values for number in _few(np.asarray(value)))


def _few(value: Array) -> list[float]:
    return [float(np.linalg.norm(value)), *map(float, value.reshape(-1)[:3])]


def _distinguishable(pairs: list[str], total: int) -> Finding:
    message = f"at the chosen steps and sizes no two of {total} mistakes coincide by accident"
    if not pairs:
        return Finding("mistakes can be told apart", "passed", message)
    return Finding(
        "mistakes can be told apart",
        "warning",
        f"{len(pairs)} pairs of mistakes coincide at the chosen steps",
        _some(pairs),
    )


def _some(lines: list[str]) -> list[str]:
    return lines[:SHOWN] + ([f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
