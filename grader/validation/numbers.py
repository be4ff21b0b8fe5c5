"""Is the solution right, and do the checks notice what is nearly right?"""

import dataclasses
import hashlib
import time
from collections.abc import Iterator

import msgspec
import numpy as np

from grader.checks.check import Verdicts, check_gradient
from grader.checks.fresh import MARGIN as FRESH_MARGIN
from grader.checks.fresh import rounding_error
from grader.config.keys import Gradient
from grader.config.quantities import Constant
from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import STEP_SIZE, differentiate, random_directions
from grader.problem.model import Array
from grader.problem.points import Point
from grader.records.run import Answer, ArrayData
from grader.validation.finding import Finding, finding, grouped
from grader.validation.suggestions import other_points, with_seed

MARGIN = 10.0  # a tolerance should be at least this many times the error of the check itself
SMALL = 1e-3
SHOWN = 8
FRESH_POINTS = 50
FEW_FRESH_POINTS = 10  # of a slow model, since each of them takes hundreds of runs of it
SLOW_S = 0.02  # for one run of a model
DIRECTIONS = 8  # along a single one a derivative may happen to be tiny, and its relative error large
MOST_QUOTIENTS = 100  # of a large gradient
NEARLY = 1e-3  # an answer off by this much, relatively, is wrong


def check_points(assignment: Assignment) -> Finding:
    """All quantities are of a size at which numbers can be compared."""
    problems, odd = [], []
    for name, quantity in assignment.config.quantities.items():
        if isinstance(quantity, Constant):
            continue  # such as a small eps
        values = [np.asarray(point.values[name]) for point in assignment.points]
        largest = [_largest(value) for value in values if value.dtype.kind == "f" and np.any(value)]
        for size in {min(largest), max(largest)} if largest else ():
            line = f"{name} has entries of {size:.1e} at most: they should be of order one"
            if not SMALL**2 < size < SMALL**-2:
                problems.append(line)
            elif not SMALL < size < 1 / SMALL:
                odd.append(line)
    if odd and not problems:
        return Finding("steps", "warning", "some quantities are rather small or large", odd)
    good = f"{len(assignment.points)} sample points, all quantities of order one"
    return finding("steps", good, "quantities are too small or too large to compare numbers", problems[:SHOWN])


def _largest(value: np.ndarray) -> float:
    """The size of the largest entry, those apart that a mask has made -1e9: together, and far from all others."""
    sizes = np.abs(value)
    masked = sizes > np.median(sizes[sizes > 0]) / SMALL**2
    if masked.any() and np.ptp(sizes[masked]) <= SMALL**2 * np.max(sizes[masked]) and masked.sum() > 1:
        sizes = sizes[~masked]
    return float(np.max(sizes))


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
            problems.append(f"{gradient.name}: relative error {shown}, at sample point {errors[bad[0]][1] + 1}")
    shown = ", ".join(f"{error:.1e} by {method.replace('_', ' ')}" for method, error in worst.items())
    # Those of the wrong gradients that build on no other wrong one.
    first = ", ".join(name for name in wrong if not set(wrong) & set(assignment.ancestors[name]))
    return finding(
        "solution",
        f"the solution agrees with the numerical derivatives of the model: largest relative error {shown}",
        f"the solution does not agree with the numerical derivatives of the model; begin with {first}",
        problems,
    )


def _error(assignment: Assignment, gradient: Gradient, method: str) -> tuple[float, int]:
    """The largest relative error over the sample points, and the number of the sample point."""
    check = assignment.config.checks.finite_difference
    errors = []
    for point, right, known in zip(
        assignment.points, assignment.exact[gradient.name], assignment.numeric[gradient.name], strict=True
    ):
        expected = point.shape(assignment.symbolic(gradient))
        if right.shape != expected:
            where = f"{assignment.config.solution}: {gradient.name}"
            raise ConfigError(f"{where}: expected shape {expected}, that of {gradient.of}, found {right.shape}")
        size = check.step_size if method == check.method else STEP_SIZE[method]
        numeric = differentiate(
            assignment.graph,
            point,
            gradient.of,
            method=method,
            step_size=size,
            directions=known.directions,
            memory_mb=check.memory_mb,
        )
        error = numeric.error_of(right, point)
        is_second_opinion = method not in (check.method, "complex_step")
        if is_second_opinion and error <= MARGIN * numeric.error:  # it knows that it is inaccurate here
            error = 0.0
        errors.append(np.inf if np.isnan(error) else error)
    return float(max(errors)), int(np.argmax(errors))


def check_fresh_points(assignment: Assignment) -> Finding:
    """The solution at sample points drawn as for single files, along random directions, and at the inconsistent one."""
    limit = FRESH_MARGIN * max(assignment.config.checks.reference.tolerance, 1e-14)
    problems, count = [], FEW_FRESH_POINTS if _is_slow(assignment) else FRESH_POINTS
    try:
        for i in range(count):
            point = assignment.fresh_point(hashlib.sha256(bytes([i])).hexdigest())
            problems += [
                f"{name}: relative error {error:.1e}"
                for name, error in _errors_along_directions(assignment, point)
                if not error <= max(limit, rounding_error(assignment, name, point))
            ]
        problems += [
            f"{name}: not finite at the sample point whose quantities contradict one another"
            for name, value in assignment.given.items()
            if not np.isfinite(value).all()
        ]
    except ConfigError as error:
        problems = [str(error)]
    return finding(
        "sample points of single files",
        f"the solution is right at {count} more sample points, drawn as for single files",
        "the solution or the model fails at sample points drawn as for single files",
        list(dict.fromkeys(problems))[:SHOWN],
    )


def _is_slow(assignment: Assignment) -> bool:
    """Whether one run of the model takes long, as loops over all places of many images do."""
    start = time.process_time()
    assignment.graph.evaluate(assignment.points[0].values)
    return time.process_time() - start > SLOW_S


def _errors_along_directions(assignment: Assignment, point: Point) -> Iterator[tuple[str, float]]:
    assert assignment.reference is not None
    for gradient in assignment.config.gradients:
        rays = random_directions(point.shape(assignment.symbolic(gradient)), DIRECTIONS, seed=0)
        numeric = differentiate(assignment.graph, point, gradient.of, method="complex_step", directions=rays)
        yield gradient.name, numeric.error_of(assignment.reference(gradient.name, point)[0], point)


def check_margins(assignment: Assignment) -> Finding:
    """The numerical derivative against the tolerance, and the tolerance against answers that are nearly right."""
    tolerance = assignment.config.checks.finite_difference.tolerance
    problems, narrow = [], []
    for gradient in assignment.config.gradients:
        error = max(assignment.numeric_errors[gradient.name])
        if _is_inaccurate(assignment, gradient):
            problems.append((gradient.name, _inaccurate(assignment, gradient)))
        elif error * MARGIN > tolerance:
            narrow.append((gradient.name, f"the numerical derivative is wrong by more than {tolerance / MARGIN:.0e}"))
        problems += [(gradient.name, what) for what in _let_through(assignment, gradient)]
    if not problems and narrow:
        message = f"the tolerance {tolerance:.0e} leaves little room"
        return Finding("tolerances", "warning", message, [*grouped(narrow), _more_exact(assignment)])
    if any(_is_inaccurate(assignment, gradient) for gradient in assignment.config.gradients):
        problems.append(("all gradients", _more_exact(assignment)))
    return finding(
        "tolerances",
        f"right answers have room, answers off by {NEARLY:.0e} lose marks, and so do difference quotients",
        "a tolerance is too loose or too tight",
        grouped(problems),
    )


def _is_inaccurate(assignment: Assignment, gradient: Gradient) -> bool:
    return not max(assignment.numeric_errors[gradient.name]) <= assignment.config.checks.finite_difference.tolerance


def _more_exact(assignment: Assignment) -> str:
    """The method of numerical differentiation, or else the seed or the sizes, that leaves room."""
    check = assignment.config.checks.finite_difference

    def has_room(other: Assignment) -> bool:
        return all(error * MARGIN <= check.tolerance for errors in other.numeric_errors.values() for error in errors)

    for method in ("richardson", "complex_step"):
        differently = msgspec.structs.replace(check, method=method, step_size=None)
        checks = msgspec.structs.replace(assignment.config.checks, finite_difference=differently)
        config = msgspec.structs.replace(assignment.config, checks=checks)
        if has_room(dataclasses.replace(assignment, config=config)):
            return f"this leaves room: checks.finite_difference.method: {method}"
    return other_points(assignment, has_room)


def _inaccurate(assignment: Assignment, gradient: Gradient) -> str:
    tolerance = assignment.config.checks.finite_difference.tolerance
    if any(derivative.kinks for derivative in assignment.numeric[gradient.name]):
        return "the numerical derivative meets a kink of the model: see there"
    return f"the numerical derivative itself is less accurate than {tolerance:.0e}"


def _let_through(assignment: Assignment, gradient: Gradient) -> list[str]:
    """Answers that are not right, or not derived, but keep marks."""
    if gradient.name in assignment.zero:  # a fraction of zero is right, and so are quotients that cancel
        return []
    right, checks = assignment.exact[gradient.name], assignment.config.checks
    random = np.random.default_rng(0)
    near = [value * (1 + NEARLY * random.choice([-1, 1], value.shape)) for value in right]
    found = []
    if check_values(assignment, gradient, near).finite_difference.passed:
        found.append(
            f"an answer off by {NEARLY:.0e} passes (finite_difference.tolerance {checks.finite_difference.tolerance:.0e})"
        )
    for method in ("central", "richardson"):
        numeric = [
            _with_quotients(assignment, gradient, method, point, value)
            for point, value in zip(assignment.points, right, strict=True)
        ]
        if check_values(assignment, gradient, numeric).reference.passed:
            found.append(
                f"{method} differences pass for a formula (reference.tolerance {checks.reference.tolerance:.0e})"
            )
    return found


def _with_quotients(assignment: Assignment, gradient: Gradient, method: str, point: Point, right: Array) -> Array:
    """A gradient with difference quotients in place of its entries, or of some of them where there are many."""
    entries = np.arange(right.size)
    if not assignment.entry_by_entry(gradient, point):
        entries = np.random.default_rng(0).choice(right.size, size=min(MOST_QUOTIENTS, right.size), replace=False)
    rays = None
    if len(entries) < right.size:
        rays = np.zeros((len(entries), right.size))
        rays[np.arange(len(entries)), entries] = 1.0
        rays = rays.reshape(-1, *right.shape)
    found: Array = right.copy()
    found.flat[entries] = differentiate(
        assignment.graph,
        point,
        gradient.of,
        method=method,
        directions=rays,
        memory_mb=assignment.config.checks.finite_difference.memory_mb,
    ).value
    return found


def check_trivial(assignment: Assignment) -> Finding:
    """Zeros and ones earn nothing."""
    problems = []
    asked = [gradient for gradient in assignment.config.gradients if gradient.name not in assignment.zero]
    for gradient in asked:
        for word, constant in (("zeros", np.zeros_like), ("ones", np.ones_like)):
            values = [constant(value) for value in assignment.exact[gradient.name]]
            if check_values(assignment, gradient, values).shape.passed:
                problems.append(f"{gradient.name}: {word} keep marks")
    sizes = {tuple(point.sizes.values()) for point in assignment.points}
    details = []
    if len(sizes) == len(assignment.points) > 1:
        details.append(
            "no two sample points share their sizes: an answer that never changes fails by its shape or values alone"
        )
    good, bad = "zeros and constants earn nothing", "an answer without a derivation keeps marks"
    return finding("trivial answers", good, bad, problems, details)


def check_values(assignment: Assignment, gradient: Gradient, values: list[Array]) -> Verdicts:
    """The verdicts on arrays as a student's answer; the arrays are in the direction of the loss."""
    answers = [Answer("returned", as_data(assignment.config.sign * value), "ndarray") for value in values]
    return check_gradient(assignment, gradient, answers)


def as_data(value: Array) -> ArrayData:
    array = np.ascontiguousarray(value, dtype="<f8")
    return ArrayData(array.dtype.str, np.shape(value), array.tobytes())


def elsewhere(assignment: Assignment) -> Assignment:
    """The same assignment at other random sample points: those of the next seed."""
    seed = f"{(int(assignment.config.steps.seed, 16) + 1) % 2**128:032x}"
    return with_seed(assignment, seed)
