"""Do the sizes and the sample points suit the checks: memory, cost, and the distance from kinks?"""

import math

import numpy as np

from grader.problem.assignment import Assignment
from grader.problem.kinks import kinks_of
from grader.problem.losses import numbers_per_evaluation
from grader.problem.points import SAFE, Point, one_sided
from grader.records.run import MAX_ENTRIES
from grader.validation.finding import Finding
from grader.validation.suggestions import other_points, smaller_sizes

SHOWN = 8
_COPIES = 4  # of each array, while a loss is computed


def check_sizes(assignment: Assignment) -> Finding:
    """Whether everything fits into memory, and which gradients are too large to be checked entry by entry."""
    problems, largest = _too_large(assignment)
    details = _along_directions(assignment)
    if problems:
        details += [found] if (found := smaller_sizes(assignment, lambda other: not _too_large(other)[0])) else []
        return Finding("sizes", "warning", "these sizes need much memory: choose smaller ones", [*problems, *details])
    return Finding("sizes", "passed", f"a sample point takes {largest:.2g} MB at most", details)


def _too_large(assignment: Assignment) -> tuple[list[str], float]:
    """What needs more memory than it may have, and how many megabytes the largest sample point takes."""
    config, limits = assignment.config, assignment.config.sandbox
    problems = []
    largest = max(_megabytes(point) for point in assignment.points)
    if 3 * largest > limits.memory_mb:
        problems.append(
            f"a sample point takes {largest:.0f} MB: students' code gets sandbox.memory_mb = {limits.memory_mb} MB in all"
        )
    memory = config.checks.finite_difference.memory_mb
    for gradient in config.gradients:
        numbers = max(numbers_per_evaluation(assignment.graph, p.values, gradient.of) for p in assignment.points)
        needed = 8 * _COPIES * numbers / 2**20
        if needed > memory:
            problems.append(
                f"{gradient.name}: one evaluation of {config.loss} takes about {needed:.0f} MB, more than"
                f" checks.finite_difference.memory_mb = {memory}"
            )
    problems += [
        f"{name}: has {entries} entries at most, and answers are read up to {MAX_ENTRIES}"
        for name, entries in assignment.most_entries.items()
        if entries > MAX_ENTRIES
    ]
    return problems, largest


def _along_directions(assignment: Assignment) -> list[str]:
    check = assignment.config.checks.finite_difference
    names = [
        gradient.name
        for gradient in assignment.config.gradients
        if not all(assignment.entry_by_entry(gradient, point) for point in assignment.points)
    ]
    if not names:
        return []
    how = f"numerical derivatives are taken along {check.directions} random directions instead"
    return [f"{', '.join(names)}: too large to be checked in every entry; {how}"]


def _megabytes(point: Point) -> float:
    return sum(np.asarray(value).nbytes for value in point.values.values()) / 2**20


def check_kinks(assignment: Assignment) -> Finding:
    """How near the sample points are to kinks of the model, and whether they show both sides of each."""
    met = [
        f"{name}: the loss has a kink at sample point {k}: no derivative to compare with"
        for name, derivatives in assignment.numeric.items()
        for k, derivative in enumerate(derivatives, start=1)
        if derivative.kinks
    ]
    near, hidden, margin = _near_kinks(assignment, assignment.points)
    if not (met or near or hidden):
        if margin == math.inf:
            return Finding("kinks", "passed", "the model compares nothing, so it has no kinks")
        good = f"no sample point is nearer to a kink than {margin:.1e}, and both sides of each occur"
        return Finding("kinks", "passed", good)
    details = [*met, *near, *hidden][:SHOWN]
    return Finding(
        "kinks",
        "failed" if met else "warning",
        "sample points are at a kink of the model, such as that of a ReLU at 0"
        if met
        else "sample points are near a kink of the model, or hide one side of it",
        [*details, _way_out(assignment)],
    )


def _way_out(assignment: Assignment) -> str:
    """What would keep the sample points away from kinks; for a gradient that is at one wherever it is taken, to leave it out."""
    at_kinks = {
        name: [bool(derivative.kinks) for derivative in derivatives] for name, derivatives in assignment.numeric.items()
    }
    if always := [name for name, met in at_kinks.items() if all(met)]:
        return (
            f"no seed helps with {', '.join(always)}: the model compares numbers that are equal there, such as zeros of a ReLU;"
            " ask for the gradient by what they are computed from instead"
        )
    names = [name for name, met in at_kinks.items() if any(met)]

    def keeps_away(other: Assignment) -> bool:
        near, hidden, _ = _near_kinks(other, other.points)
        return not near and not hidden and not any(each.kinks for name in names for each in other.numeric[name])

    return other_points(assignment, keeps_away, smaller=True)


def _near_kinks(assignment: Assignment, points: list[Point]) -> tuple[list[str], list[str], float]:
    """What is nearer to a kink than is safe, what is on one side of one at all sample points, and the smallest distance."""
    near, margin, sided = [], math.inf, []
    for k, point in enumerate(points, start=1):
        kinks = kinks_of(assignment.graph, point.values)
        margin = min([margin, *(kink.margin for kink in kinks)])
        near += [
            f"{kink.function}: {kink.margin:.1e} from a kink at sample point {k}; {SAFE:.0e} would be safe"
            for kink in kinks
            if kink.margin < SAFE
        ]
        sided.append({kink.function for kink in one_sided(kinks)})
    always = set.intersection(*sided) if sided else set()
    hidden = [f"{name}: every entry is on one side of a kink, at all sample points" for name in sorted(always)]
    return near, hidden, margin
