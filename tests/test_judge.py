"""The checks, follow-through and marks: pure functions of an assignment and answers, tested without any sandbox."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.checks.check import SKIPPED, Verdict, Verdicts, check_reference
from grader.checks.followthrough import find_propagated
from grader.checks.trivial import find_trivial
from grader.classroom.batch.coordinator import difference
from grader.grading.grade import not_graded
from grader.grading.pipeline import grade_run
from grader.packaging.gradescope.attempts import wrong_answers
from grader.problem.assignment import Assignment
from grader.problem.reference import Reference
from grader.records.result import Grade, GradientResult
from grader.records.run import DTYPES, Answer, ArrayData, Run

Make = Callable[[np.ndarray], np.ndarray]


def answer(value: object) -> Answer:
    array = np.array(value)
    return Answer("returned", value=ArrayData(array.dtype.str, array.shape, array.tobytes()), returned="ndarray")


def run_of(assignment: Assignment, **changed: Make | list[Answer]) -> Run:
    """The right answers to everything, some of them changed."""
    answers = {}
    for name in assignment.names:
        change = changed.get(name, lambda value: value)
        answers[name] = change if isinstance(change, list) else [answer(change(v)) for v in assignment.exact[name]]
    return Run(answers)


def graded(assignment: Assignment, **changed: Make | list[Answer]) -> Grade:
    return grade_run(assignment, run_of(assignment, **changed), "gradients.py")


def one(grade: Grade, name: str) -> GradientResult:
    return next(gradient for gradient in grade.gradients if gradient.name == name)


def outcomes(gradient: GradientResult) -> list[str]:
    return [check.outcome for check in gradient.checks]


def with_checks(assignment: Assignment, **changes: dict[str, object]) -> Assignment:
    """The assignment with some settings of its checks changed."""
    checks = assignment.config.checks
    replaced = {name: msgspec.structs.replace(getattr(checks, name), **change) for name, change in changes.items()}
    config = msgspec.structs.replace(assignment.config, checks=msgspec.structs.replace(checks, **replaced))
    return Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)


def test_right_answers_get_full_marks(assignment: Assignment) -> None:
    result = graded(assignment)
    assert (result.score, result.max_score, result.status, result.passed) == (100, 100, "graded", True)


def test_wrong_by_half_a_permille_fails_at_the_finite_differences(assignment: Assignment) -> None:
    gradient = one(graded(assignment, dJ_dH=lambda v: v * 1.0005), "dJ_dH")
    assert outcomes(gradient) == ["passed", "failed", "skipped"]
    assert gradient.score == pytest.approx(0.2 * 15)
    assert "relative error 0.0005 (allowed 1e-06)" in gradient.checks[1].message


def test_the_sample_point_that_is_named_does_not_depend_on_last_digits(assignment: Assignment) -> None:
    """A wrong sign is as wrong at every sample point, up to rounding, which depends on the processor."""
    value = assignment.exact["dJ_dH"]
    for first in range(len(value)):
        wrong = [answer(-v * (1 + 1e-12 * (k == first))) for k, v in enumerate(value)]
        assert "at sample point 1:" in one(graded(assignment, dJ_dH=wrong), "dJ_dH").checks[1].message


@pytest.mark.parametrize("size", [1e-200, 4e-323])
def test_nothing_follows_from_numbers_with_hardly_a_digit_left(assignment: Assignment, size: float) -> None:
    """The slope of the sigmoid is between 0.1 and 0.25: times the smallest numbers there are, that is the same everywhere."""
    upstream = [answer(size * (1 + k) * np.sign(value)) for k, value in enumerate(assignment.exact["dJ_dh"])]
    after = [answer(size / 4 * (1 + k) * np.sign(value)) for k, value in enumerate(assignment.exact["dJ_dh"])]
    result = graded(assignment, dJ_dh=upstream, dJ_db1=after)
    assert [one(result, name).status for name in ("dJ_dh", "dJ_db1")] == ["failed", "failed"]


def test_nothing_follows_from_the_smallest_numbers_there_are(assignment: Assignment, copy_of_assignment: Path) -> None:
    """Six of the smallest numbers times anything near a sixth is one of them: such an answer was not derived."""
    path = copy_of_assignment / "solutions" / "gradients.py"
    path.write_text(path.read_text() + "\n\ndef dJ_db1(s):\n    return dJ_dh(s) * (0.15 + 0.05 * s.h)\n")
    reference = Reference(path, assignment.names, path.read_bytes(), assignment.graph)
    changed = Assignment(assignment.folder, assignment.config, assignment.graph, assignment.points, reference)
    for unit, follows in ((5e-324, set()), (1e-50, {"dJ_db1"})):
        upstream = [6 * unit * np.sign(value) for value in assignment.exact["dJ_dh"]]
        after = [
            reference("dJ_db1", point, {"dJ_dh": value})[0]
            for point, value in zip(assignment.points, upstream, strict=True)
        ]
        values = {"dJ_dh": upstream, "dJ_db1": after}
        verdicts_of = {name: Verdicts(Verdict("passed"), Verdict("failed"), SKIPPED, v) for name, v in values.items()}
        assert find_propagated(changed, verdicts_of, values, set()).keys() == follows


def test_one_wrong_entry_is_found_and_named(assignment: Assignment) -> None:
    def change(value: np.ndarray) -> np.ndarray:
        value = value.copy()
        value[1, 2] += 1
        return value

    message = one(graded(assignment, dJ_dI=change), "dJ_dI").checks[1].message
    assert "most at [1, 2]" in message
    assert ": 1 of " in message


def test_a_numerical_derivative_passes_the_differences_and_fails_at_the_reference(assignment: Assignment) -> None:
    gradient = one(graded(assignment, dJ_dU=lambda v: v * (1 + 1e-10)), "dJ_dU")
    assert outcomes(gradient) == ["passed", "passed", "failed"]
    assert "A numerical derivative looks like this" in gradient.checks[2].message
    assert gradient.score == pytest.approx(0.6 * 15)


def test_an_answer_that_is_right_at_one_point_only_fails_at_the_finite_differences(assignment: Assignment) -> None:
    for right in range(len(assignment.points)):
        off = [answer(value * (1 + 1e-3 * (k != right))) for k, value in enumerate(assignment.exact["dJ_dH"])]
        assert outcomes(one(graded(assignment, dJ_dH=off), "dJ_dH")) == ["passed", "failed", "skipped"]


def test_an_answer_that_is_exact_at_one_point_only_fails_at_the_reference(assignment: Assignment) -> None:
    off = [answer(value * (1 + 3e-8 * (k > 0))) for k, value in enumerate(assignment.exact["dJ_dH"])]
    gradient = one(graded(assignment, dJ_dH=off), "dJ_dH")
    assert outcomes(gradient) == ["passed", "passed", "failed"]
    assert "right to about 7 digits" in gradient.checks[2].message


def test_an_error_that_is_not_a_number_fails_at_the_reference_wherever_it_stands(assignment: Assignment) -> None:
    exact = assignment.exact["dJ_dH"]
    gradient = next(one for one in assignment.config.gradients if one.name == "dJ_dH")
    for bad in range(len(exact)):
        values = [value * (np.nan if k == bad else 1) for k, value in enumerate(exact)]
        verdict = check_reference(assignment, gradient, values, [answer(value) for value in values])
        assert verdict.outcome == "failed"
        assert "right to about 0 digits" in verdict.message


def test_single_precision_is_treated_as_the_config_says(assignment: Assignment) -> None:
    single: dict[str, Make] = {name: lambda v: v.astype(np.float32) for name in assignment.names}
    assert graded(assignment, **single).passed
    strict = with_checks(assignment, reference={"float32": "reject"})
    gradient = one(graded(strict, dJ_dU=lambda v: v.astype(np.float32)), "dJ_dU")
    assert outcomes(gradient) == ["passed", "passed", "failed"]
    assert "expected numbers in double precision (float64)" in gradient.checks[2].message


def test_single_precision_at_one_point_does_not_loosen_the_check_of_double_precision(assignment: Assignment) -> None:
    """3e-7 is what float32 leaves: no more is asked of a file that answers in it throughout, but of all others."""
    exact = assignment.exact["dJ_dU"]
    mixed = [answer(v.astype(np.float32) if k == 0 else v * (1 + 3e-7)) for k, v in enumerate(exact)]
    gradient = one(graded(assignment, dJ_dU=mixed), "dJ_dU")
    assert outcomes(gradient) == ["passed", "passed", "failed"]


SHAPES: list[tuple[str, str, Make, str]] = [
    (
        "one axis short",
        "dJ_db2",
        lambda v: v[0],
        "expected shape (1, V) = (1, 11), got (11,) = (V,): this is 1-D; a row has shape (1, V)",
    ),
    (
        "transposed",
        "dJ_dU",
        lambda v: v.T,
        "expected shape (Dh, V) = (7, 11), got (11, 7) = (V, Dh): the axes are in the",
    ),
    ("a number", "dJ_dh", lambda v: v[0, 0], "got (): a single number"),
    ("empty", "dJ_dh", lambda v: np.empty((0, 7)), "got (0, 7) = (0, Dh): an empty array"),
    (
        "repeatable",
        "dJ_dH",
        lambda v: v[:1],
        "got (1, 7) = (1, Dh): numpy would broadcast it to the right shape, but it is not the gradient",
    ),
    ("rearranged", "dJ_dI", lambda v: v.ravel(), "the right number of entries in the wrong shape"),
    ("unrelated", "dJ_dI", lambda v: np.ones((2, 3)), "expected shape (d, Dh) = (5, 7), got (2, 3)"),
    ("too many axes", "dJ_db1", lambda v: v[None], "got (1, 1, 7) = (1, 1, Dh)"),
]


@pytest.mark.parametrize(("name", "change", "words"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_a_wrong_shape_is_described_with_dimensions(
    assignment: Assignment, name: str, change: Make, words: str
) -> None:
    gradient = one(graded(assignment, **{name: change}), name)
    assert outcomes(gradient) == ["failed", "skipped", "skipped"]
    assert gradient.score == 0
    assert words in gradient.checks[0].message


def test_a_shape_that_is_wrong_at_a_later_sample_point_only_is_found_there(assignment: Assignment) -> None:
    answers = [answer(value) for value in assignment.exact["dJ_dU"]]
    answers[2] = answer(assignment.exact["dJ_dU"][0])
    gradient = one(graded(assignment, dJ_dU=answers), "dJ_dU")
    assert gradient.checks[0].message.endswith("(sample point 3)")


def test_one_axis_is_enough_where_the_config_says_so(assignment: Assignment) -> None:
    lenient = with_checks(assignment, shape={"accept_1d": True})
    assert graded(lenient, dJ_db2=lambda v: v[0], dJ_dh=lambda v: v[0]).passed
    for short in (np.ravel, lambda v: v[0]):
        assert one(graded(lenient, dJ_dU=short), "dJ_dU").checks[0].outcome == "failed"


NO_ARRAYS = [
    (Answer("returned", returned="NoneType"), "got None: is a `return` missing?"),
    (Answer("returned", returned="function"), "got a function, which is not an array of numbers"),
    (
        Answer("returned", returned="ndarray", message="the type of its entries is <U3"),
        "got an array that cannot be checked: the type of its entries is <U3",
    ),
]


@pytest.mark.parametrize(("found", "words"), NO_ARRAYS)
def test_what_is_no_array_is_named(assignment: Assignment, found: Answer, words: str) -> None:
    gradient = one(graded(assignment, dJ_dh=[found] * 4), "dJ_dh")
    assert (gradient.status, gradient.score) == ("failed", 0)
    assert words in gradient.checks[0].message


TRIVIAL: list[tuple[str, Make, str]] = [
    ("zero", np.zeros_like, "every entry is zero at every sample point"),
    ("constant", np.ones_like, "all entries are equal"),
    ("constant infinity", lambda v: np.full_like(v, np.inf), "no entry is a finite number"),
    ("NaN", lambda v: np.full_like(v, np.nan), "no entry is a finite number"),
    ("complex zero", lambda v: np.zeros(v.shape, complex), "every entry is zero"),
    (
        "point-independent",
        lambda v: np.arange(v.size, dtype=float).reshape(v.shape),
        "the same at all sample points of the same sizes",
    ),
]


@pytest.mark.parametrize(("change", "words"), [t[1:] for t in TRIVIAL], ids=[t[0] for t in TRIVIAL])
def test_answers_without_a_derivation_earn_nothing_not_even_for_their_shape(
    assignment: Assignment, change: Make, words: str
) -> None:
    result = graded(assignment, **dict.fromkeys(assignment.names, change))
    assert result.score == 0
    assert {gradient.status for gradient in result.gradients} == {"failed"}
    assert all(words in gradient.checks[0].message for gradient in result.gradients)


def test_an_answer_of_one_entry_is_no_constant() -> None:
    assert find_trivial([np.array([[1.5]]), np.array([[2.5]])]) == ""


def test_an_answer_that_is_the_same_at_some_points_only_is_not_trivial() -> None:
    small, large = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    assert find_trivial([small, large, small, 2 * large]) == ""
    assert "the same at all sample points of the same sizes" in find_trivial([small, large, small, large])
    assert "the same at every sample point" in find_trivial([small, small])


def test_zeros_at_all_points_of_one_size_do_not_make_an_answer_depend_on_sizes_alone() -> None:
    """As where a unit is switched off at two of the sample points."""
    zeros, small, large = np.zeros((2, 3)), np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    assert find_trivial([zeros, large, zeros]) == ""
    assert find_trivial([zeros, large, zeros, 2 * large]) == ""
    assert find_trivial([zeros, large, small]) == ""
    assert "the same at all sample points of the same sizes" in find_trivial([zeros, large, zeros, large])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_answer_that_is_zero_or_not_finite_at_one_point_keeps_the_marks_of_its_shape(
    assignment: Assignment, value: float
) -> None:
    answers = [answer(v if k else np.full_like(v, value)) for k, v in enumerate(assignment.exact["dJ_dU"])]
    gradient = one(graded(assignment, dJ_dU=answers), "dJ_dU")
    assert outcomes(gradient) == ["passed", "failed", "skipped"]
    assert gradient.score == pytest.approx(0.2 * 15)


def test_entries_are_called_different_by_the_size_of_the_gradient(assignment: Assignment) -> None:
    sizes = [float(np.max(np.abs(value))) for value in assignment.exact["dJ_dI"]]
    assert not any(0.99 < size < 1.01 for size in sizes), (
        "otherwise a tolerance that does not know the size would do as well"
    )

    def change(value: np.ndarray) -> np.ndarray:
        size = np.max(np.abs(value))
        value = value.copy()
        value[0, 0] += 1000
        value[1, 1] += 1e-6 * np.sqrt(size)  # between 1e-6 and 1e-6 times the size
        return value

    message = one(graded(assignment, dJ_dI=change), "dJ_dI").checks[1].message
    point = int(message.partition(" at sample point ")[2].partition(":")[0])
    assert f": {2 if sizes[point - 1] < 1 else 1} of " in message


def test_numbers_that_are_not_finite_or_not_real_fail(assignment: Assignment) -> None:
    def poison(value: np.ndarray) -> np.ndarray:
        value = value.copy()
        value[0, 1] = np.nan
        return value

    result = graded(assignment, dJ_db2=poison, dJ_dU=lambda v: v + 0j)
    assert "got NaN at [0, 1] of sample point 1 (1 of 11" in one(result, "dJ_db2").checks[1].message
    assert "expected real numbers, got complex ones" in one(result, "dJ_dU").checks[1].message


# --- propagated errors ----------------------------------------------------------------------------------------------


def propagated_run(assignment: Assignment, own: dict[str, Make]) -> Run:
    """A student whose formulas are the reference's but for some, and who builds on own results throughout."""
    assert assignment.reference is not None
    answers: dict[str, list[Answer]] = {}
    values: dict[str, list[np.ndarray]] = {}
    for name in assignment.names:
        upstream = {other: values[other] for other in assignment.ancestors[name] if other in values}
        found = [
            assignment.reference(name, point, {other: v[k] for other, v in upstream.items()})[0]
            for k, point in enumerate(assignment.points)
        ]
        values[name] = [own.get(name, lambda v: v)(value) for value in found]
        answers[name] = [answer(value) for value in values[name]]
    return Run(answers)


def test_one_wrong_sign_costs_one_gradient(assignment: Assignment) -> None:
    result = grade_run(assignment, propagated_run(assignment, {"dJ_db2": np.negative}), "x")
    assert [gradient.status for gradient in result.gradients] == ["failed"] + ["followed_through"] * 7
    assert result.score == 100 - 0.8 * 10
    follow_through = one(result, "dJ_dH").follow_through
    assert follow_through is not None
    assert follow_through.sources == ["dJ_db1"]
    assert follow_through.roots == ["dJ_db2"]
    assert follow_through.score == pytest.approx(0.8 * 15)


def test_two_mistakes_cost_two_gradients(assignment: Assignment) -> None:
    own: dict[str, Make] = {"dJ_db2": np.negative, "dJ_db1": lambda v: 2 * v}
    result = grade_run(assignment, propagated_run(assignment, own), "x")
    failed = [gradient.name for gradient in result.gradients if gradient.status == "failed"]
    assert failed == ["dJ_db2", "dJ_db1"]
    follow_through = one(result, "dJ_dI").follow_through
    assert follow_through is not None
    assert follow_through.roots == ["dJ_db1"]


def test_an_error_from_farther_upstream_is_propagated_too(assignment: Assignment) -> None:
    """dJ_dh is wrong by itself, but dJ_db1 was computed from the student's dJ_db2, not from it."""
    assert assignment.reference is not None
    run = propagated_run(assignment, {"dJ_db2": np.negative})
    answers = {**run.answers, "dJ_dh": [answer(3 * value) for value in assignment.exact["dJ_dh"]]}
    result = grade_run(assignment, Run(answers), "x")
    assert one(result, "dJ_dh").status == "failed"
    follow_through = one(result, "dJ_db1").follow_through
    assert follow_through is not None
    assert follow_through.sources == ["dJ_db2"]


@pytest.mark.parametrize("zero", [{0}, {3}, {1, 2}])
def test_an_error_is_propagated_where_it_is_exactly_zero_at_some_points(assignment: Assignment, zero: set[int]) -> None:
    """As a sum that cancels, or a unit that is switched off, may be."""
    assert assignment.reference is not None
    own = [value * (k not in zero) for k, value in enumerate(assignment.exact["dJ_dh"])]
    after = [
        assignment.reference("dJ_db1", point, {"dJ_dh": value})[0]
        for point, value in zip(assignment.points, own, strict=True)
    ]
    result = graded(assignment, dJ_dh=list(map(answer, own)), dJ_db1=list(map(answer, after)))
    assert one(result, "dJ_dh").status == "failed"
    follow_through = one(result, "dJ_db1").follow_through
    assert follow_through is not None
    assert follow_through.sources == ["dJ_dh"]


def test_zeros_at_some_points_do_not_make_up_for_a_wrong_value_at_another(assignment: Assignment) -> None:
    own = [answer(value * (k == 1)) for k, value in enumerate(assignment.exact["dJ_dh"])]
    after = [answer(value * 1.001 * (k == 1)) for k, value in enumerate(assignment.exact["dJ_db1"])]
    result = graded(assignment, dJ_dh=own, dJ_db1=after)
    assert [one(result, name).status for name in ("dJ_dh", "dJ_db1")] == ["failed", "failed"]


def test_zeros_follow_from_nothing(assignment: Assignment) -> None:
    """Such answers are refused before; whatever is handed on, zeros earn nothing."""
    failed = Verdict("failed")
    zeros = {name: [np.zeros_like(v) for v in assignment.exact[name]] for name in ("dJ_db2", "dJ_dU")}
    verdicts_of = {name: Verdicts(Verdict("passed"), failed, SKIPPED, values) for name, values in zeros.items()}
    assert find_propagated(assignment, verdicts_of, zeros, set()) == {}


def cancelling(assignment: Assignment) -> list[np.ndarray]:
    """Wrong values of dJ_db2 that dJ_dh = dJ_db2 @ U.T makes zero but for rounding."""
    found = []
    for point, right in zip(assignment.points, assignment.exact["dJ_db2"], strict=True):
        U = point.values["U"]
        found.append(right - right @ np.linalg.pinv(U) @ U)
    return found


def with_cancelling(assignment: Assignment, dJ_dh: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> GradientResult:
    own = cancelling(assignment)
    after = [dJ_dh(value, point.values["U"]) for value, point in zip(own, assignment.points, strict=True)]
    return one(graded(assignment, dJ_db2=list(map(answer, own)), dJ_dh=list(map(answer, after))), "dJ_dh")


@pytest.mark.parametrize(
    "dJ_dh",
    [
        lambda own, U: 0 * (own @ U.T),
        lambda own, U: own @ U.T + 1e-9 * U[:, 0],
        lambda own, U: np.abs(own) @ np.abs(U.T),
        lambda own, U: 1e-17 * np.cos(own @ np.sin(U.T)),
    ],
    ids=["exact zeros", "small numbers", "another sum", "no larger than rounding"],
)
def test_nothing_follows_from_what_cancels(
    assignment: Assignment, dJ_dh: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    """No number tells a right formula from a wrong one there; with random numbers in their place it is told."""
    assert with_cancelling(assignment, dJ_dh).status == "failed"


@pytest.mark.parametrize("size", [1.0, 1e-9])
def test_almost_nothing_does_not_follow_from_what_does_not_cancel(assignment: Assignment, size: float) -> None:
    """However small the student's own numbers are: zero but for rounding is a question of the terms of the sum."""
    own = [size * (value + 0.1) for value in assignment.exact["dJ_db2"]]
    after = [1e-17 * size * value for value in assignment.exact["dJ_dh"]]
    result = graded(assignment, dJ_db2=list(map(answer, own)), dJ_dh=list(map(answer, after)))
    assert one(result, "dJ_dh").status == "failed"


def test_an_error_is_propagated_from_both_of_two_wrong_gradients(
    assignment: Assignment, copy_of_assignment: Path
) -> None:
    path = copy_of_assignment / "solutions" / "gradients.py"
    path.write_text(
        path.read_text()
        + "\n\ndef dJ_dH(s):\n    return s.h_prev.T @ (0.5 * dJ_db1(s) + 0.5 * dJ_dh(s) * s.h * (1 - s.h))\n"
    )
    reference = Reference(path, assignment.names, path.read_bytes(), assignment.graph)
    both = Assignment(assignment.folder, assignment.config, assignment.graph, assignment.points, reference)
    assert graded(both).passed
    own: dict[str, Make] = {"dJ_dh": lambda v: 2 * v, "dJ_db1": lambda v: v + 1}
    follow_through = one(grade_run(both, propagated_run(both, own), "x"), "dJ_dH").follow_through
    assert follow_through is not None
    assert follow_through.sources == follow_through.roots == ["dJ_dh", "dJ_db1"]


def test_single_precision_upstream_loosens_what_follows_from_it(assignment: Assignment) -> None:
    """The student's own functions pass on more digits than are answered with."""
    run = propagated_run(assignment, {"dJ_db2": np.negative})
    double = run.answers["dJ_db2"]
    single = [answer(a.value.array().astype(np.float32)) for a in double if a.value is not None]
    mixed = Run({**run.answers, "dJ_db2": single})
    for upstream in (single, [single[0], *double[1:]]):
        found = grade_run(assignment, Run({**run.answers, "dJ_db2": upstream}), "x")
        assert one(found, "dJ_dU").status == "followed_through"
    strict = with_checks(assignment, reference={"float32": "reject"})
    assert one(grade_run(strict, mixed, "x"), "dJ_dU").status == "failed"


@pytest.mark.parametrize("upstream", [np.zeros_like, np.ones_like, lambda v: v * np.nan, lambda v: v.ravel()])
def test_no_error_is_propagated_from_a_trivial_answer(assignment: Assignment, upstream: Make) -> None:
    result = graded(assignment, dJ_db2=upstream, dJ_dU=lambda v: v * 0.5)
    assert one(result, "dJ_dU").follow_through is None
    assert one(result, "dJ_dU").status == "failed"


def test_a_copy_of_the_wrong_upstream_gradient_is_not_follow_through(assignment: Assignment) -> None:
    run = propagated_run(assignment, {"dJ_dh": lambda v: 2 * v})
    answers = {**run.answers, "dJ_db1": run.answers["dJ_dh"]}
    assert one(grade_run(assignment, Run(answers), "x"), "dJ_db1").status == "failed"


def test_a_share_of_one_half_keeps_half_of_the_marks(assignment: Assignment) -> None:
    half = msgspec.structs.replace(assignment.config.follow_through, share=0.5)
    config = msgspec.structs.replace(assignment.config, follow_through=half)
    changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    result = grade_run(changed, propagated_run(assignment, {"dJ_db2": np.negative}), "x")
    assert one(result, "dJ_dU").score == pytest.approx(3 + 0.5 * 12)


# --- the objective ------------------------------------------------------------------------------------------------


def test_for_the_log_likelihood_every_sign_is_the_other_one(assignment: Assignment) -> None:
    config = msgspec.structs.replace(assignment.config, objective="log_likelihood")
    other = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    negative: dict[str, Make] = dict.fromkeys(assignment.names, np.negative)
    assert graded(other, **negative).passed
    assert graded(other).score == pytest.approx(20 + 0.8 * 90), "one wrong sign, the rest follows from it"


# --- statuses, and our own failures -------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["missing", "raised", "timed_out", "out_of_memory", "died"])
def test_a_call_without_a_value_costs_its_own_gradient_only(assignment: Assignment, outcome: str) -> None:
    failed = [answer(assignment.exact["dJ_db1"][0]), Answer(outcome, message="why")]  # type: ignore[arg-type]
    result = graded(assignment, dJ_db1=failed)
    gradient = one(result, "dJ_db1")
    assert (gradient.status, gradient.score, gradient.message) == (outcome, 0, "why")
    assert outcomes(gradient) == ["skipped"] * 3
    assert result.score == 85


def test_a_gradient_that_was_not_called_at_every_point_earns_nothing(assignment: Assignment) -> None:
    for count in (0, 1, 3):
        right = [answer(value) for value in assignment.exact["dJ_dU"][:count]]
        gradient = one(graded(assignment, dJ_dU=right), "dJ_dU")
        assert (gradient.status, gradient.score) == ("died", 0)


def test_marks_are_rounded_only_to_rid_them_of_binary_noise(assignment: Assignment) -> None:
    gradients = [msgspec.structs.replace(one, max_score=1.23457) for one in assignment.config.gradients]
    config = msgspec.structs.replace(assignment.config, gradients=gradients)
    changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    assert graded(changed).score == 9.87656
    assert one(graded(changed, dJ_dU=np.negative), "dJ_dU").score == 0.246914


def test_a_file_that_could_not_be_loaded_scores_nothing_and_says_why(assignment: Assignment) -> None:
    run = Run({}, loading=Answer("raised", message="SyntaxError: invalid syntax", line=3))
    result = grade_run(assignment, run, "gradients.py")
    assert (result.status, result.score) == ("graded", 0)
    assert result.message == "gradients.py could not be loaded: line 3: SyntaxError: invalid syntax"


def test_a_solution_that_the_derivatives_contradict_grades_nobody(assignment: Assignment) -> None:
    wrong = Assignment(assignment.folder, assignment.config, assignment.graph, assignment.points, assignment.reference)
    wrong.exact["dJ_dU"] = [2 * value for value in assignment.exact["dJ_dU"]]
    result = graded(wrong)
    assert result.status == "not_graded"
    assert one(result, "dJ_dU").status == "not_graded"
    assert one(result, "dJ_dU").checks[1].outcome == "undecided"
    assert (one(result, "dJ_dU").score, one(result, "dJ_dU").diagnosis) == (0, None)
    assert "not graded: dJ_dU could not be checked here" in result.message


def test_our_own_failure_is_never_a_zero(assignment: Assignment) -> None:
    result = not_graded(assignment, "gradients.py", "the sandbox did not start")
    assert result.status == "not_graded"
    assert {gradient.status for gradient in result.gradients} == {"not_graded"}


def test_what_costs_no_marks_is_noted(assignment: Assignment) -> None:
    answers = [
        msgspec.structs.replace(answer(value), mutated=("y_hat",), warnings=("RuntimeWarning: overflow",), printed="hi")
        for value in assignment.exact["dJ_db2"]
    ]
    result = graded(assignment, dJ_db2=answers)
    assert result.passed
    assert one(result, "dJ_db2").notes == [
        "changes s.y_hat in place, which was undone for the other gradients; work on a copy",
        "warned: RuntimeWarning: overflow",
    ]
    assert one(result, "dJ_db2").printed == "hihihihi"


# --- any input -----------------------------------------------------------------------------------------------------

SHAPE = st.sampled_from([(1, 11), (7, 11), (7, 7), (5, 7), (11,), (), (0,), (1, 1, 7), (2, 2)])
HOSTILE = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype.replace("|", "")), SHAPE, elements=None)
)


@settings(max_examples=3 * settings.default.max_examples // 2)
@given(arrays=st.lists(HOSTILE, min_size=8, max_size=8), data=st.data())
def test_any_arrays_get_finite_marks_that_add_up(
    assignment: Assignment, arrays: list[np.ndarray], data: st.DataObject
) -> None:
    right = data.draw(st.sets(st.sampled_from(assignment.names)))
    changed = {
        name: [answer(array)] * 4 for name, array in zip(assignment.names, arrays, strict=True) if name not in right
    }
    result = graded(assignment, **changed)
    assert result.status == "graded"
    assert np.isfinite(result.score)
    assert 0 <= result.score <= result.max_score
    assert result.score == pytest.approx(sum(gradient.score for gradient in result.gradients))
    for gradient in result.gradients:
        kept = gradient.follow_through.score if gradient.follow_through else 0
        assert gradient.score == pytest.approx(sum(check.score for check in gradient.checks) + kept)
        assert sum(check.max_score for check in gradient.checks) == pytest.approx(gradient.max_score)
        assert (gradient.status == "passed") == (gradient.name in right)
    msgspec.json.decode(msgspec.json.encode(result))


def test_no_message_contains_a_number_of_the_right_answer(assignment: Assignment) -> None:
    import re

    changes: list[Make] = [
        np.negative,
        lambda v: v * 1.0005,
        lambda v: v.T,
        lambda v: v[0],
        lambda v: v + 1,
        np.zeros_like,
    ]
    for change in changes:
        result = graded(assignment, **dict.fromkeys(assignment.names, change))
        for gradient in result.gradients:
            right = np.abs(np.concatenate([value.ravel() for value in assignment.exact[gradient.name]]))
            for check in gradient.checks:
                for number in re.findall(r"\d+\.\d{3,}", check.message):
                    assert not np.isclose(right, float(number), rtol=1e-3).any()


# --- answers too large to be kept ---------------------------------------------------------------------------------


def large(shape: tuple[int, ...], number: float = 1.0) -> list[Answer]:
    """Of a wrong gradient, so large that only type, shape and a hash are kept."""
    value = ArrayData("<f8", shape, np.full(shape, number).tobytes()).within(64)
    assert not value.kept
    return [Answer("returned", value=value, returned="ndarray")] * 4


def test_a_large_answer_is_checked_for_its_shape_and_no_numbers_are_made_up(assignment: Assignment) -> None:
    whole = [answer(np.ones((3, 500)))] * 4
    kept, cut = (one(graded(assignment, dJ_dU=found), "dJ_dU") for found in (whole, large((3, 500))))
    assert outcomes(cut) == ["failed", "skipped", "skipped"]
    assert [check.message for check in cut.checks] == [check.message for check in kept.checks]
    assert cut.diagnosis is None


def test_numbers_that_should_be_there_and_are_not_are_no_wrong_answer(assignment: Assignment) -> None:
    shape = assignment.exact["dJ_dU"][0].shape
    result = graded(assignment, dJ_dU=large(shape))
    assert one(result, "dJ_dU").status == "not_graded"
    assert result.status == "not_graded"


def test_large_answers_are_different_attempts_but_the_same_when_run_twice(assignment: Assignment) -> None:
    def printed(number: float) -> dict[str, str]:
        run = run_of(assignment, dJ_dU=large((3, 500), number))
        return wrong_answers(assignment, grade_run(assignment, run, "x").gradients, run.answers)

    assert printed(1.0) == printed(1.0) != printed(2.0)
    runs = [Run({"dJ_dU": large((3, 500), number)}) for number in (1.0, 1.0 + 1e-12)]
    assert difference(*runs) == ""
    assert difference(runs[0], Run({"dJ_dU": large((500, 3))})) != ""
