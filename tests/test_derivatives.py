"""The model as a graph, the steps, and the numerical derivatives: against known functions, each other, and autodiff."""

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.problem.assignment import Assignment
from grader.problem.derivatives import STEP_SIZE, differentiate, random_directions, relative_error
from grader.problem.model import Graph
from grader.problem.points import Point, make_point

METHODS = list(STEP_SIZE)
# What each method reaches on functions of order one, with a margin of about ten.
ACCURACY = {"central": 1e-8, "richardson": 1e-10, "complex_step": 1e-14}

# J, and its derivative with respect to p.
KNOWN = {
    "np.sum(p ** 3, axis=(-2, -1))": lambda p: 3 * p**2,
    "np.sum(np.sin(p), axis=(-2, -1))": np.cos,
    "np.log(np.sum(np.exp(p), axis=(-2, -1)))": lambda p: np.exp(p) / np.sum(np.exp(p)),
    "np.sum(p, axis=(-2, -1)) ** 2": lambda p: 2 * np.sum(p) * np.ones_like(p),
}


def one_quantity(tmp_path: Path, formula: str, p: np.ndarray) -> tuple[Graph, Point]:
    path = tmp_path / "model.py"
    path.write_text(f"import numpy as np\ndef J(p):\n    return {formula}\n")
    graph = Graph(path, ["p"], [], "J")
    return graph, Point(graph.evaluate({"p": p}), {})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("formula", KNOWN)
def test_functions_with_known_derivatives(tmp_path: Path, formula: str, method: str) -> None:
    p = np.random.default_rng(1).normal(size=(3, 4))
    graph, point = one_quantity(tmp_path, formula, p)
    derivative = differentiate(graph, point, "p", method=method)
    error = relative_error(derivative.value, KNOWN[formula](p).ravel())
    assert error <= ACCURACY[method]
    assert error <= 10 * derivative.error + 1e-15, "the estimate is honest"
    assert derivative.error <= 10 * ACCURACY[method], "and not useless"


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_does_not_take_stacks_is_evaluated_point_by_point(tmp_path: Path, method: str) -> None:
    p = np.random.default_rng(1).normal(size=(2, 3))
    graph, point = one_quantity(tmp_path, "sum(p[i, j] ** 2 for i in range(2) for j in range(3))", p)
    assert relative_error(differentiate(graph, point, "p", method=method).value, 2 * p.ravel()) <= ACCURACY[method]


def test_a_model_that_takes_stacks_but_mixes_their_members_is_evaluated_point_by_point(tmp_path: Path) -> None:
    p = np.random.default_rng(1).normal(size=(3, 3))
    graph, point = one_quantity(
        tmp_path, "np.sum(p[..., 0] ** 2, axis=-1) + 0 * np.mean(p) if p.ndim < 3 else p.sum((1, 2))", p
    )
    expected = np.zeros((3, 3))
    expected[:, 0] = 2 * p[:, 0]
    assert relative_error(differentiate(graph, point, "p").value, expected.ravel()) <= 1e-8


def test_the_error_estimate_shows_a_step_size_that_is_far_too_large_or_too_small(tmp_path: Path) -> None:
    graph, point = one_quantity(tmp_path, "np.sum(np.sin(5 * p), axis=(-2, -1))", np.array([[0.3, 0.7]]))
    good, large, small = (differentiate(graph, point, "p", step_size=t).error for t in (1e-5, 0.3, 1e-13))
    assert good < 1e-8 < 1e-4 < min(large, small)


@pytest.mark.parametrize("method, step_size", [("central", 1e-2), ("richardson", 5e-2)])
def test_the_error_estimate_is_no_smaller_than_the_error_where_the_step_size_decides(
    tmp_path: Path, method: str, step_size: float
) -> None:
    p = np.array([[0.3, 0.7], [1.1, 2.0]])
    graph, point = one_quantity(tmp_path, "np.sum(np.exp(p), axis=(-2, -1))", p)
    derivative = differentiate(graph, point, "p", method=method, step_size=step_size)
    assert 0 < relative_error(derivative.value, np.exp(p).ravel()) <= 1.1 * derivative.error


def test_the_error_estimate_knows_that_a_large_loss_is_rounded_more(tmp_path: Path) -> None:
    p = np.random.default_rng(1).normal(size=(3, 4))
    graph, point = one_quantity(tmp_path, "1e8 + np.sum(p ** 2, axis=(-2, -1))", p)
    derivative = differentiate(graph, point, "p")
    assert 1e-6 < relative_error(derivative.value, 2 * p.ravel()) <= derivative.error


@pytest.mark.parametrize("mixed", ["np.cumsum(each)", "np.cumsum(each[::-1])[::-1]"])
def test_a_model_that_adds_up_the_members_of_a_stack_is_evaluated_point_by_point(tmp_path: Path, mixed: str) -> None:
    """One of the two ends of the stack is right."""
    p = np.random.default_rng(1).normal(size=(3, 3))
    graph, point = one_quantity(
        tmp_path, f"(lambda each: each if np.ndim(each) == 0 else {mixed})(np.sum(p ** 2, axis=(-2, -1)))", p
    )
    assert relative_error(differentiate(graph, point, "p").value, 2 * p.ravel()) <= 1e-8


def test_random_directions_are_unit_vectors() -> None:
    rays = random_directions((7, 11), 16, seed=3)
    assert np.linalg.norm(rays, axis=(1, 2)) == pytest.approx(np.ones(16))


@pytest.mark.parametrize("method", METHODS)
def test_the_reference_agrees_with_every_method_at_every_step(assignment: Assignment, method: str) -> None:
    for gradient in assignment.config.gradients:
        for point, right in zip(assignment.points, assignment.exact[gradient.name], strict=True):
            derivative = differentiate(assignment.graph, point, gradient.of, method=method)
            assert relative_error(derivative.value, right.ravel()) <= ACCURACY[method]


@pytest.mark.parametrize("method", METHODS)
def test_along_random_directions_the_right_gradient_fits_and_one_wrong_by_half_a_permille_does_not(
    assignment: Assignment, method: str
) -> None:
    point, right = assignment.points[0], assignment.exact["dJ_dU"][0]
    rays = random_directions(right.shape, 16, seed=3)
    derivative = differentiate(assignment.graph, point, "U", method=method, directions=rays)
    assert derivative.value.shape == (16,)
    assert relative_error(derivative.of(right), derivative.value) <= 10 * ACCURACY[method]
    assert relative_error(derivative.of(right * 1.0005), derivative.value) > 1e-4
    wrong = right.copy()
    wrong[2, 3] += 1e-3 * np.abs(right).max()
    assert relative_error(derivative.of(wrong), derivative.value) > 1e-6


def test_three_independent_computations_agree(assignment: Assignment) -> None:
    """Reference, complex steps, and PyTorch's autodiff of the same equations written once more."""
    torch = pytest.importorskip("torch")
    for k, point in enumerate(assignment.points):
        v = {
            name: torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=True)
            for name, value in point.values.items()
            if name not in ("x", "J", "y")
        }
        z = v["h_prev"] @ v["H"] + v["e"] @ v["I"] + v["b1"]
        h = torch.sigmoid(z)
        logits = h @ v["U"] + v["b2"]
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([int(point.values["y"].argmax())]))
        by_hand = {"dJ_db2": v["b2"], "dJ_dU": v["U"], "dJ_dh": h, "dJ_db1": v["b1"], "dJ_dL_x": v["e"]}
        by_hand |= {"dJ_dI": v["I"], "dJ_dH": v["H"], "dJ_dh_prev": v["h_prev"]}
        autodiff = torch.autograd.grad(loss, list(by_hand.values()))
        for (name, _), gradient in zip(by_hand.items(), autodiff, strict=True):
            assert relative_error(assignment.exact[name][k], gradient.numpy()) <= 1e-14


# --- relative error -----------------------------------------------------------------------------------------------


def test_the_relative_error_of_whole_and_complex_numbers_is_that_of_floats() -> None:
    a, b = np.array([3 * 2**40, 4 * 2**40]), np.array([3 * 2**40, 0])
    assert relative_error(a, b) == pytest.approx(0.8)
    assert relative_error(a * 1j, b * 1j) == pytest.approx(0.8)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
ARRAYS = hnp.arrays(float, (2, 3), elements=NUMBERS)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1.0, 1e200, 1e307])
def test_the_relative_error_is_the_same_for_numbers_of_any_size(size: float) -> None:
    a, b = size * np.array([[3.0, 4.0]]), size * np.array([[3.0, 0.0]])
    assert relative_error(a, b) == pytest.approx(0.8)  # 3, 4 and 5 are sizes of one triangle
    assert relative_error(a, np.zeros((1, 2))) == 1.0
    assert relative_error(a, a) == 0.0
    assert np.isnan(relative_error(a, a * np.nan))


@given(ARRAYS, ARRAYS)
@example(np.zeros((2, 3)), np.full((2, 3), np.nan))
def test_the_relative_error_is_symmetric_and_nan_never_passes(a: np.ndarray, b: np.ndarray) -> None:
    error = relative_error(a, b)
    assert error == relative_error(b, a) or np.isnan(error)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        assert not error <= 0.5


@given(hnp.arrays(float, (2, 3), elements=st.floats(-1e100, 1e100)), st.floats(1e-6, 1e6))
def test_the_relative_error_does_not_change_with_the_scale(a: np.ndarray, scale: float) -> None:
    a = np.where(np.abs(a) < 1e-100, 0.0, a)
    b = a + np.abs(a).max() * 0.1
    assert relative_error(a, a) == 0
    assert relative_error(scale * a, scale * b) == pytest.approx(relative_error(a, b))


# --- steps --------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_steps_and_another_one_others(assignment: Assignment) -> None:
    again = make_point(assignment.config, assignment.graph, 1)
    for name, value in assignment.points[1].values.items():
        assert np.array_equal(value, again.values[name])
    assert not np.array_equal(assignment.points[0].values["U"], assignment.points[3].values["U"])


@settings(max_examples=30, deadline=None)
@given(seed=st.text("0123456789abcdef", min_size=32, max_size=32))
def test_steps_hide_no_mistakes_whatever_the_seed(assignment: Assignment, seed: str) -> None:
    import msgspec

    points = msgspec.structs.replace(assignment.config.steps, seed=seed)
    config = msgspec.structs.replace(assignment.config, steps=points)
    for k in range(3):
        point = make_point(config, assignment.graph, k)
        s = point.values
        assert len(set(point.sizes.values())) == 3
        assert ((s["h_prev"] > 0.1) & (s["h_prev"] < 0.9)).all()
        assert s["b1"].all()
        assert s["b2"].all()
        assert s["y"].sum() == 1
        assert s["y"][0, s["x"]] == 0, "the current word is not the target"
        assert np.array_equal(s["e"], s["L"][[s["x"]]])


def test_overriding_a_quantity_cuts_it_off_from_what_it_is_computed_from(assignment: Assignment) -> None:
    point = assignment.points[0]
    assert assignment.graph.downstream("h") == ("y_hat", "J")
    assert assignment.graph.loss_at(point.values, "h", point.values["h"]) == pytest.approx(point.values["J"])
    assert np.abs(differentiate(assignment.graph, point, "L").value).max() > 0


def test_the_config_has_the_steps_that_the_design_asks_for() -> None:
    assert (ROOT / "config.yaml").read_text().count("seed:") == 1


IN_SINGLE = """
import numpy as np

def a(x, W):
    h = np.zeros((len(x), W.shape[1]), dtype=np.result_type(x, W))
    h[:] = np.tanh((x @ W).astype(np.float32))
    return h.astype("float32")

def J(a):
    return np.float32(0.5) * np.sum(a ** 2, dtype=np.float32)
"""


def test_a_model_in_single_precision_is_differentiated_in_double(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(IN_SINGLE)
    graph = Graph(path, ["x", "W", "a"], ["a"], "J")
    random = np.random.default_rng(5)
    point = Point(graph.evaluate({"x": random.normal(size=(3, 4)), "W": random.normal(size=(4, 2))}), {})
    a = point.values["a"]
    right = point.values["x"].T @ (a * (1 - a**2))
    for method in METHODS:
        numeric = differentiate(graph, point, "W", method=method)
        assert relative_error(numeric.of(right), numeric.value) <= 1e-7, method
