"""Check one gradient: its checks, in order; a failed one skips the later ones.  Gives no advice.

No message contains a number of the right answer: shapes, positions and relative errors only.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from grader.checks.trivial import find_trivial
from grader.config.keys import Gradient
from grader.problem.assignment import Assignment
from grader.problem.derivatives import Derivative, relative_error
from grader.problem.model import Array
from grader.records.result import CheckOutcome
from grader.records.run import Answer

Symbolic = tuple[str | int, ...]
REAL_KINDS = "biuf"
TIE = 1e-6


class Verdict(msgspec.Struct, frozen=True):
    """How one check went, before marks.

    Attributes:
        error: of an answer in double precision that passed the reference check, the relative one.
    """

    outcome: CheckOutcome
    message: str = ""
    error: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome == "passed"


PASSED = Verdict("passed")
SKIPPED = Verdict("skipped")


class Verdicts(msgspec.Struct, frozen=True):
    """The verdicts on one gradient, and its arrays.

    Attributes:
        values: the answer as real numbers of the right shape, one array per sample point, in the direction of the loss (for
            the log-likelihood their negative); None where it is no such answer, or is trivial.
    """

    shape: Verdict
    finite_difference: Verdict
    reference: Verdict
    values: list[Array] | None = None

    @property
    def passed(self) -> bool:
        return self.shape.passed and self.finite_difference.passed and self.reference.passed

    @property
    def undecided(self) -> bool:
        return "undecided" in (self.shape.outcome, self.finite_difference.outcome, self.reference.outcome)


def check_gradient(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> Verdicts:
    """Check the answers to one gradient, one per sample point, all of them returned."""
    form = check_form(assignment, gradient, answers)
    if form.values is None:
        return form
    numeric = check_finite_differences(assignment, gradient, form.values, answers)
    if not numeric.passed:
        return Verdicts(form.shape, numeric, SKIPPED, form.values)
    return Verdicts(form.shape, numeric, check_reference(assignment, gradient, form.values, answers), form.values)


def check_form(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> Verdicts:
    """Whether they are numbers that can be compared, of the right shape; with their values if so."""
    shape, values = check_shape(assignment, gradient, answers)
    if values is None:
        return Verdicts(shape, SKIPPED, SKIPPED)
    trivial = "" if gradient.name in assignment.zero else find_trivial(values)
    if trivial:
        return Verdicts(Verdict("failed", trivial), SKIPPED, SKIPPED)
    numbers = check_numbers(values)
    if not numbers.passed:
        return Verdicts(shape, numbers, SKIPPED)
    return Verdicts(shape, SKIPPED, SKIPPED, [assignment.config.sign * value.astype(float) for value in values])


def check_shape(
    assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]
) -> tuple[Verdict, list[Array] | None]:
    """The shape must be that of what the gradient is taken with respect to, at every sample point."""
    symbolic = assignment.symbolic(gradient)
    values = []
    for k, (point, answer) in enumerate(zip(assignment.points, answers, strict=True)):
        expected = point.shape(symbolic)
        if answer.value is None:
            return Verdict("failed", _no_array(symbolic, expected, answer)), None
        value = in_shape(assignment, answer.value.array(), expected)
        if value is None:
            return Verdict("failed", _wrong_shape(symbolic, expected, answer.value.shape, point.sizes, k)), None
        if not answer.value.kept:
            return Verdict("undecided", "the numbers of this answer were not kept: run the file again"), None
        values.append(value)
    return PASSED, values


def in_shape(assignment: Assignment, value: Array, expected: tuple[int, ...]) -> Array | None:
    """The answer in the expected shape, where it has that or, if the config accepts this, is a 1-D row; otherwise None."""
    if assignment.config.checks.shape.accept_1d and expected[:1] == (1,) and value.shape == expected[1:]:
        return value.reshape(expected)
    return value if value.shape == expected else None


def check_numbers(values: Sequence[Array]) -> Verdict:
    """Real and finite, every entry."""
    for k, value in enumerate(values):
        if value.dtype.kind not in REAL_KINDS:
            return Verdict("failed", f"expected real numbers, got complex ones ({value.dtype})")
        bad = ~np.isfinite(value)
        if bad.any():
            first = _index(bad, int(np.argmax(bad)))
            found = "NaN" if np.isnan(value[tuple(first)]) else "infinity"
            count = f"{int(bad.sum())} of {bad.size}"
            where = f"{first} of sample point {k + 1} ({count} entries are not finite)"
            return Verdict("failed", f"expected finite numbers, got {found} at {where}")
    return PASSED


def as_returned(assignment: Assignment, verdicts: Verdicts, answers: Sequence[Answer]) -> list[Array] | None:
    """The answer as finite real numbers, of whatever shape, in the direction of the loss."""
    if verdicts.values is not None:
        return verdicts.values
    values = []
    for answer in answers:
        value = real_array(assignment, answer)
        if value is None or not value.size or not np.isfinite(value).all():
            return None
        values.append(value)
    return values


def real_array(assignment: Assignment, answer: Answer | None) -> Array | None:
    """An answer as real numbers, of whatever shape, in the direction of the loss; None where it is no such answer."""
    if answer is None or answer.value is None or not answer.value.kept:
        return None
    value = answer.value.array()
    return np.asarray(assignment.config.sign * value.astype(float)) if value.dtype.kind in REAL_KINDS else None


def check_finite_differences(
    assignment: Assignment, gradient: Gradient, values: Sequence[Array], answers: Sequence[Answer]
) -> Verdict:
    """Against the numerical derivative of the loss, which uses no derived formula."""
    config = assignment.config.checks
    tolerance = max(config.finite_difference.tolerance, config.reference.float32_tolerance if _single(answers) else 0.0)
    numeric = assignment.numeric[gradient.name]
    exact = assignment.exact[gradient.name]
    if not all(error <= tolerance for error in assignment.numeric_errors[gradient.name]):
        return Verdict("undecided", _no_comparison(numeric))
    errors = [d.error_of(value, point) for d, value, point in zip(numeric, values, assignment.points, strict=True)]
    if all(error <= tolerance for error in errors):
        return PASSED
    worst = _first_of_the_worst(errors)
    return Verdict("failed", differs(values[worst], exact[worst], errors[worst], tolerance, worst))


def check_reference(
    assignment: Assignment, gradient: Gradient, values: Sequence[Array], answers: Sequence[Answer]
) -> Verdict:
    """Against the exact gradient: near machine precision, which no numerical differentiation reaches."""
    config = assignment.config.checks.reference
    single = _single(answers)
    if single and config.float32 == "reject":
        return Verdict("failed", "expected numbers in double precision (float64), got single precision (float32)")
    tolerance = config.float32_tolerance if single else config.tolerance
    right = assignment.exact[gradient.name]
    errors = [
        relative_error(value, exact, point.noise)
        for value, exact, point in zip(values, right, assignment.points, strict=True)
    ]
    if all(error <= tolerance for error in errors):
        return PASSED if single else Verdict("passed", error=max(errors))
    worst = errors[_first_of_the_worst(errors)]
    digits = 0 if np.isnan(worst) else max(0, int(-np.log10(worst)))
    return Verdict(
        "failed",
        f"right to about {digits} digits, not to machine precision: relative error {worst:.1e} (allowed {tolerance:.0e})."
        " A numerical derivative looks like this; derive the formula instead",
    )


def _no_comparison(numeric: Sequence[Derivative]) -> str:
    """Why the numerical derivatives of a gradient decide nothing."""
    k = next((k for k, derivative in enumerate(numeric, start=1) if derivative.kinks), None)
    if k is None:
        return "the numerical derivative is not accurate enough here, or the solution does not agree with it"
    return (
        f"the model has a kink at sample point {k}, such as that of a ReLU at 0: the loss has no derivative there to compare"
        " with"
    )


def _first_of_the_worst(errors: Sequence[float]) -> int:
    """Where the error is largest.  Of several that differ only in the last digits, the first: machines differ in those."""
    sizes = np.where(np.isnan(errors), np.inf, errors)
    return int(np.argmax(sizes >= np.max(sizes) * (1 - TIE)))


def _single(answers: Sequence[Answer]) -> bool:
    return all(answer.value is not None and answer.value.dtype == "<f4" for answer in answers)


def differs(value: Array, right: Array, error: float, tolerance: float, k: int) -> str:
    with np.errstate(all="ignore"):
        gap = np.abs(value - right)
        wrong = ~(gap <= tolerance * np.max(np.abs(right)))
        worst = _index(gap, int(np.argmax(gap)))
    entries = f": {int(wrong.sum())} of {wrong.size} entries differ, most at {worst}" if worst else ""
    return f"relative error {error:.2g} (allowed {tolerance:.0e}) at sample point {k + 1}{entries}"


def _index(array: Array, flat: int) -> list[int]:
    return [int(i) for i in np.unravel_index(flat, array.shape)]


def _no_array(symbolic: Symbolic, expected: tuple[int, ...], answer: Answer) -> str:
    wanted = f"expected {_wanted(symbolic, expected)}, got "
    if answer.returned == "NoneType":
        return wanted + (f"nothing: {answer.message}" if answer.message else "None: is a `return` missing?")
    if answer.message and answer.returned == "ndarray":
        return f"{wanted}an array that cannot be checked: {answer.message}"
    detail = f": {answer.message}" if answer.message else ""
    article = "an" if answer.returned[:1].lower() in "aeiou" else "a"
    return f"{wanted}{article} {answer.returned}, which is not an array of numbers{detail}"


def _wanted(symbolic: Symbolic, expected: tuple[int, ...]) -> str:
    return f"an array of shape {show(symbolic)} = {show(expected)}" if expected else "a single number"


def _wrong_shape(
    symbolic: Symbolic, expected: tuple[int, ...], found: tuple[int, ...], sizes: dict[str, int], k: int
) -> str:
    named = name_axes(found, sizes)
    known = "" if named == found else f" = {show(named)}"
    text = f"expected shape {show(symbolic)} = {show(expected)}, got {show(found)}{known}"
    if not expected:
        text = f"expected a single number, got an array of shape {show(found)}{known}"
    return text + _near_miss(symbolic, expected, found) + (f" (sample point {k + 1})" if k else "")


def _near_miss(symbolic: Symbolic, expected: tuple[int, ...], found: tuple[int, ...]) -> str:
    if found == ():
        return ": a single number"
    if int(np.prod(found)) == 0:
        return ": an empty array"
    if found == expected[1:] and expected[:1] == (1,):
        return f": this is 1-D; a row has shape {show(symbolic)}"
    if found == expected[::-1]:
        return ": the axes are in the wrong order"
    if int(np.prod(found)) == int(np.prod(expected)) and expected:
        return ": the right number of entries in the wrong shape"
    try:
        broadcasts = np.broadcast_shapes(found, expected)
    except ValueError:
        return ""
    return ": numpy would broadcast it to the right shape, but it is not the gradient" if broadcasts == expected else ""


def name_axes(shape: tuple[int, ...], sizes: dict[str, int]) -> Symbolic:
    """Sizes by the names of their dimensions, where they have one: dimensions all differ in size."""
    names = {size: name for name, size in sizes.items()}
    return tuple(names.get(size, size) for size in shape)


def show(shape: Symbolic) -> str:
    """`(1, Dh)`, and `(Dh,)` for a single axis."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
