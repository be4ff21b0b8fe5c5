"""Is the solution right, and do the checks notice what is nearly right?  Pure."""

import dataclasses
import hashlib
from collections.abc import Iterator

import msgspec
import numpy as np

from grader.checks.check import Verdicts, check_gradient
from grader.checks.fresh import MARGIN as FRESH_MARGIN
from grader.config.keys import Gradient
from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import STEP_SIZE, differentiate, random_directions, relative_error
from grader.problem.model import Array
from grader.problem.points import Point, make_points
from grader.records.run import Answer, ArrayData
from grader.validation.finding import Finding, finding, grouped

MARGIN = 10.0  # a tolerance should be at least so many times what the check itself is wrong by
SMALL = 1e-3
SHOWN = 8
FRESH_STEPS = 50
DIRECTIONS = 8  # along a single one a derivative may happen to be next to nothing, and its relative error large
NEARLY = 1e-3  # an answer off by this much, relatively, is wrong


def check_points(assignment: Assignment) -> Finding:
    """All quantities are of a size at which numbers can be compared."""
    problems, odd = [], []
    for name in assignment.config.quantities:
        values = [np.asarray(point.values[name]) for point in assignment.points]
        largest = [float(np.max(np.abs(value))) for value in values if value.ndim]
        for size in {min(largest), max(largest)} if largest else ():
            line = f"{name} has entries of {size:.1e} at most: they should be of order one"
            if not SMALL**2 < size < SMALL**-2:
                problems.append(line)
            elif not SMALL < size < 1 / SMALL:
                odd.append(line)
    if odd and not problems:
        return Finding("steps", "warning", "some quantities are rather small or large", odd)
    good = f"{len(assignment.points)} steps, all quantities of order one"
    return finding("steps", good, "quantities are too small or too large to compare numbers", problems[:SHOWN])


def check_solution(assignment: Assignment) -> Finding:
    """The solution against numerical derivatives of three kinds."""
    limits = {
        "central": assignment.config.checks.finite_difference.tolerance,
        "richardson": assignment.config.checks.finite_difference.tolerance,
        "complex_step": max(assignment.config.checks.reference.tolerance, 1e-14),
    }
    problems, wrong, worst = [], [], dict.fromkeys(limits, 0.0)
    for gradient in assignment.config.gradients:
        errors = {method: _error(assignment, gradient, method) for method in limits}
        worst = {method: max(error, errors[method][0]) for method, error in worst.items()}
        bad = [method for method, limit in limits.items() if not errors[method][0] <= limit]
        if bad:
            wrong.append(gradient.name)
            shown = ", ".join(f"{errors[method][0]:.1e} by {method.replace('_', ' ')}" for method in bad)
            problems.append(f"{gradient.name}: relative error {shown}, at step {errors[bad[0]][1] + 1}")
    shown = ", ".join(f"{error:.1e} by {method.replace('_', ' ')}" for method, error in worst.items())
    return finding(
        "solution",
        f"the solution agrees with the numerical derivatives of the model: largest relative error {shown}",
        f"the solution does not agree with the numerical derivatives of the model; begin with {_first(assignment, wrong)}",
        problems,
    )


def _first(assignment: Assignment, wrong: list[str]) -> str:
    """Those of the wrong gradients that build on no other wrong one."""
    return ", ".join(name for name in wrong if not set(wrong) & set(assignment.ancestors[name]))


def _error(assignment: Assignment, gradient: Gradient, method: str) -> tuple[float, int]:
    """The largest relative error over the steps, and the number of the step."""
    check = assignment.config.checks.finite_difference
    errors = []
    for point, right, known in zip(
        assignment.points, assignment.exact[gradient.name], assignment.numeric[gradient.name], strict=True
    ):
        if right.shape != point.shape(assignment.symbolic(gradient)):
            raise ConfigError(
                f"{assignment.config.solution}: {gradient.name}: expected shape {point.shape(assignment.symbolic(gradient))},"
                f" that of {gradient.of}, found {right.shape}"
            )
        size = check.step_size if method == check.method else STEP_SIZE[method]
        numeric = differentiate(
            assignment.graph, point, gradient.of, method=method, step_size=size, directions=known.directions
        )
        error = relative_error(numeric.of(right), numeric.value)
        errors.append(np.inf if np.isnan(error) else error)
    return float(max(errors)), int(np.argmax(errors))


def check_fresh_points(assignment: Assignment) -> Finding:
    """The solution at steps drawn as for single files, along a few random directions, and at the inconsistent step."""
    limit = FRESH_MARGIN * max(assignment.config.checks.reference.tolerance, 1e-14)
    problems = []
    try:
        for i in range(FRESH_STEPS):
            point = assignment.fresh_point(hashlib.sha256(bytes([i])).hexdigest())
            problems += [
                f"{name}: relative error {error:.1e}"
                for name, error in _errors_along_directions(assignment, point)
                if not error <= limit
            ]
        inconsistent = [name for name, value in assignment.given.items() if not np.isfinite(value).all()]
        problems += [
            f"{name}: not finite at the sample point whose quantities contradict one another" for name in inconsistent
        ]
    except ConfigError as error:
        problems = [str(error)]
    return finding(
        "sample points of single files",
        f"the solution is right at {FRESH_STEPS} more sample points, drawn as for single files",
        "the solution or the model fails at sample points drawn as for single files",
        list(dict.fromkeys(problems))[:SHOWN],
    )


def _errors_along_directions(assignment: Assignment, point: Point) -> Iterator[tuple[str, float]]:
    assert assignment.reference is not None
    for gradient in assignment.config.gradients:
        rays = random_directions(point.shape(assignment.symbolic(gradient)), DIRECTIONS, seed=0)
        numeric = differentiate(assignment.graph, point, gradient.of, method="complex_step", directions=rays)
        yield gradient.name, relative_error(numeric.of(assignment.reference(gradient.name, point)[0]), numeric.value)


def check_margins(assignment: Assignment) -> Finding:
    """The numerical derivative in use against the tolerance, and the tolerance against answers that are nearly right."""
    tolerance = assignment.config.checks.finite_difference.tolerance
    problems, narrow = [], []
    for gradient in assignment.config.gradients:
        error = max(derivative.error for derivative in assignment.numeric[gradient.name])
        if not error <= tolerance:
            problems.append((gradient.name, f"the numerical derivative itself is less accurate than {tolerance:.0e}"))
        elif error * MARGIN > tolerance:
            narrow.append((gradient.name, f"the numerical derivative is wrong by more than {tolerance / MARGIN:.0e}"))
        problems += [(gradient.name, what) for what in _let_through(assignment, gradient)]
    if not problems and narrow:
        return Finding("tolerances", "warning", f"the tolerance {tolerance:.0e} leaves little room", grouped(narrow))
    return finding(
        "tolerances",
        f"right answers have room, answers off by {NEARLY:.0e} lose marks, difference quotients are told from formulas",
        "a tolerance does not fit",
        grouped(problems),
    )


def _let_through(assignment: Assignment, gradient: Gradient) -> list[str]:
    """Answers that are not right, or not derived, and keep marks all the same."""
    right, checks = assignment.exact[gradient.name], assignment.config.checks
    random = np.random.default_rng(0)
    near = [value * (1 + NEARLY * random.choice([-1, 1], value.shape)) for value in right]
    found = []
    if judged(assignment, gradient, near).finite_difference.passed:
        found.append(
            f"an answer off by {NEARLY:.0e} passes (finite_difference.tolerance {checks.finite_difference.tolerance:.0e})"
        )
    for method in ("central", "richardson"):
        numeric = [
            differentiate(assignment.graph, point, gradient.of, method=method).value.reshape(value.shape)
            for point, value in zip(assignment.points, right, strict=True)
        ]
        if judged(assignment, gradient, numeric).reference.passed:
            found.append(
                f"{method} differences pass for a formula (reference.tolerance {checks.reference.tolerance:.0e})"
            )
    return found


def check_trivial(assignment: Assignment) -> Finding:
    """Zeros, ones and an answer kept from the first step earn nothing."""
    problems = []
    for gradient in assignment.config.gradients:
        right = assignment.exact[gradient.name]
        for word, values in (
            ("zeros", [0 * value for value in right]),
            ("ones", [np.ones_like(value) for value in right]),
        ):
            verdicts = judged(assignment, gradient, values)
            if verdicts.shape.passed:
                problems.append(f"{gradient.name}: {word} keep marks")
    same_sizes = {tuple(point.sizes.values()) for point in assignment.points}
    if len(same_sizes) == len(assignment.points) and len(same_sizes) > 1:
        details = [
            "no two steps share their sizes: an answer that never changes is caught by its shape or values alone"
        ]
    else:
        details = []
    return finding(
        "trivial answers",
        "zeros and constants earn nothing",
        "an answer without a derivation keeps marks",
        problems,
        details,
    )


def judged(assignment: Assignment, gradient: Gradient, values: list[Array]) -> Verdicts:
    """The verdicts on arrays as a student's answer, in the direction of the loss."""
    answers = [Answer("returned", as_data(assignment.config.sign * value), "ndarray") for value in values]
    return check_gradient(assignment, gradient, answers)


def as_data(value: Array) -> ArrayData:
    array = np.ascontiguousarray(value, dtype="<f8")
    return ArrayData(array.dtype.str, np.shape(value), array.tobytes())


def another_seed(seed: str) -> str:
    """The next seed, reproducibly."""
    return f"{(int(seed, 16) + 1) % 2**128:032x}"


def elsewhere(assignment: Assignment) -> Assignment:
    """The same assignment at other random steps."""
    moved = msgspec.structs.replace(assignment.config.steps, seed=another_seed(assignment.config.steps.seed))
    config = msgspec.structs.replace(assignment.config, steps=moved)
    return dataclasses.replace(assignment, config=config, points=make_points(config, assignment.graph))
