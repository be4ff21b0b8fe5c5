"""The sample point drawn for one file alone: are answers that are right at the shared sample points right there, too?

Shared sample points never change, so a file can hold a table of the answers to them; it cannot hold those to one that depends on
its own bytes.  Answers are compared with the reference formula, which the shared sample points have checked against numerical
derivatives.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec
import numpy as np

from grader.checks.check import SKIPPED, Verdict, Verdicts, in_shape, real_array
from grader.checks.given import error_given
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.problem.points import Point
from grader.records.run import Answer, Run

MARGIN = 100.0  # times the tolerance of the reference check, because one unlucky draw must not cost a mark
ROUNDINGS = 10.0  # how many last digits of each quantity a right answer may be off by
CHANGE = 1e-8  # relative, of each quantity: far above rounding, far below what changes a formula


class Fresh(msgspec.Struct, frozen=True, dict=True):
    """The answers of one file at its own sample point."""

    assignment: Assignment
    answers: Mapping[str, Answer]
    source_hash: str

    @cached_property
    def point(self) -> Point:
        return self.assignment.fresh_point(self.source_hash)

    def returned(self, name: str) -> Array | None:
        """The answer as real numbers of whatever shape, in the direction of the loss; None where it is no such answer."""
        return real_array(self.assignment, self.answers.get(name))

    def value(self, name: str) -> Array | None:
        """The same in the right shape, if it has that."""
        value = self.returned(name)
        right = self.point.shape(self.assignment.shapes[name])
        return None if value is None else in_shape(self.assignment, value, right)

    def error(self, name: str, sources: Iterable[str] = ()) -> float:
        """The relative error of an answer against the reference with the student's own `sources`; NaN where there is none."""
        value = self.value(name)
        own = {source: self.value(source) for source in sources}
        found = {source: array for source, array in own.items() if array is not None}
        if value is None or len(found) < len(own):
            return float("nan")
        if found:
            return error_given(self.assignment, name, self.point, found, value)
        gradient = next(one for one in self.assignment.config.gradients if one.name == name)
        right = self.assignment.right(gradient, self.point)
        # Most students' formula is the reference's, so most answers are the same to the bit.
        return 0.0 if right.tobytes() == value.tobytes() else relative_error(right, value, self.point.noise)

    def confirms(self, name: str, sources: Iterable[str] = ()) -> bool:
        """The answer is right, or follows from the student's own `sources`, as it does at the shared sample points."""
        error, least = self.error(name, sources), self.assignment.config.checks.reference.tolerance
        return (
            error <= MARGIN * least
            or error <= MARGIN * self._tolerance([name, *sources])
            or error <= rounding_error(self.assignment, name, self.point)
        )

    def contradicted(self, verdicts_of: Mapping[str, Verdicts]) -> dict[str, Verdicts]:
        """New verdicts on the gradients that are right at the sample points all files share and wrong at this one."""
        return {
            name: Verdicts(verdicts.shape, Verdict("failed", self._why_refused(name)), SKIPPED, verdicts.values)
            for name, verdicts in verdicts_of.items()
            if verdicts.passed and not self.confirms(name)
        }

    def _why_refused(self, name: str) -> str:
        """For the student, how an answer is wrong that `confirms` refuses."""
        answer, error = self.answers.get(name), self.error(name)
        if answer is not None and answer.outcome != "returned":
            how = f"it did not return there ({answer.outcome.replace('_', ' ')})"
        else:
            how = "not an array of the right shape there" if np.isnan(error) else f"relative error {error:.2g} there"
        return (
            "right at the sample points that all files share, but wrong at the one drawn for your file alone:"
            f" {how}. Does the function compute its answer from what it is given on every call?"
        )

    def _tolerance(self, names: Iterable[str]) -> float:
        config = self.assignment.config.checks.reference
        # An answer in double precision that builds on others in float32 has no more digits than they have.
        upstream = {other for name in names for other in (name, *self.assignment.ancestors[name])}
        found = [answer.value for name in upstream if (answer := self.answers.get(name)) is not None]
        single = any(value is not None and value.dtype == "<f4" for value in found)
        return config.float32_tolerance if single else config.tolerance


def rounding_error(assignment: Assignment, name: str, point: Point) -> float:
    """The relative error that a right answer may have at `point` by rounding alone, however it is computed.

    It is large where digits cancel: 1 - y_hat has few left where y_hat is near 1.  Shared sample points are validated, those of
    single files are not.
    """
    gradient = next(one for one in assignment.config.gradients if one.name == name)
    random = np.random.default_rng(0)
    floats = {key: value for key, value in point.values.items() if np.asarray(value).dtype.kind == "f"}
    changed = {key: value * (1 + CHANGE * random.standard_normal(np.shape(value))) for key, value in floats.items()}
    other = msgspec.structs.replace(point, values=point.values | changed)
    with np.errstate(all="ignore"):
        condition = relative_error(assignment.right(gradient, point), assignment.right(gradient, other)) / CHANGE
    return ROUNDINGS * float(np.finfo(float).eps) * condition if np.isfinite(condition) else 0.0


def fresh_of(assignment: Assignment, run: Run) -> Fresh | None:
    """The answers of a run at its file's own sample point; None where it made no such calls, as at a student's home."""
    return Fresh(assignment, run.fresh, run.source_hash) if run.fresh else None
