"""Kinks: sample points keep away from them, numerical derivatives step past them, and the rest is called by its name."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.checks.check import check_finite_differences
from grader.config.keys import Config
from grader.config.quantities import Computed
from grader.problem.assignment import Assignment
from grader.problem.derivatives import differentiate, relative_error
from grader.problem.kinks import kinks_of
from grader.problem.model import Graph
from grader.problem.points import MANY, SAFE, Point, make_points

RELU = """
def a(X, W):
    return X @ W
def h(a):
    return np.maximum(0, a)
def J(h, v):
    return np.sum(np.sin(h @ v))
"""
POOL = """
def a(X, W):
    return X @ W
def h(a):
    N, M = a.shape
    return a.reshape(N, M // 2, 2).max(axis=2)
def J(h, v):
    return np.sum(np.sin(h @ v[: h.shape[1]]))
"""
ABSOLUTE = """
def a(X, W):
    return X @ W
def h(a):
    return np.abs(a)
def J(h, v):
    return np.sum(np.sin(h @ v))
"""
LOOP = """
def a(X, W):
    return X @ W
def h(a):
    out = np.zeros_like(a)
    for i in range(len(a)):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] if a[i, j] > 0 else 0.1 * a[i, j]
    return out
def J(h, v):
    return np.sum(np.sin(h @ v))
"""
# How the gradient by `a` follows from that by `h`.
BACKWARD: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    RELU: lambda a, dh: dh * (a > 0),
    ABSOLUTE: lambda a, dh: dh * np.sign(a),
    LOOP: lambda a, dh: dh * np.where(a > 0, 1, 0.1),
    POOL: lambda a, dh: np.repeat(dh, 2, axis=1) * (a == np.repeat(a.reshape(len(a), -1, 2).max(axis=2), 2, axis=1)),
}
KINDS = {"relu": RELU, "max pool": POOL, "absolute value": ABSOLUTE, "if in a loop": LOOP}


def assignment_of(folder: Path, model: str, seed: str, **checks: object) -> Assignment:
    path = folder / "model.py"
    path.write_text(f"import numpy as np\n{model}")
    halves = "M // 2" if model == POOL else "M"
    config = msgspec.convert(
        {
            "title": "",
            "model": "model.py",
            "dimensions": {"N": [3, 5], "D": [4, 3], "M": [6, 8]},
            "steps": {"count": 2, "seed": seed},
            "quantities": {
                "X": {"sample": "normal", "shape": ["N", "D"]},
                "W": {"sample": "normal", "shape": ["D", "M"]},
                "v": {"sample": "normal", "shape": ["M"]},
                "a": {"sample": "model", "shape": ["N", "M"]},
                "h": {"sample": "model", "shape": ["N", halves]},
            },
            "gradients": [{"name": f"d{name}", "of": name, "max_score": 1} for name in ("h", "a", "W", "X")],
            "checks": {"finite_difference": checks},
        },
        Config,
    )
    computed = [name for name, one in config.quantities.items() if isinstance(one, Computed)]
    graph = Graph(path, config.quantities, computed, config.loss)
    return Assignment(folder, config, graph, make_points(config, graph), None)


def right_gradients(model: str, point: Point) -> dict[str, np.ndarray]:
    s = point.values
    v = s["v"][: s["h"].shape[1]]
    dh = np.cos(s["h"] @ v)[:, None] * v
    da = BACKWARD[model](s["a"], dh)
    return {"h": dh, "a": da, "W": s["X"].T @ da, "X": da @ s["W"].T}


@pytest.mark.parametrize("method", ["central", "richardson", "complex_step"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "many"])
def test_the_right_gradients_pass_at_any_seed(tmp_path: Path, kind: str, method: str, many: bool) -> None:
    seeds = range(4)
    if many:
        seeds = range(4, 100 if method == "central" else 12)
    for seed in seeds:
        assignment = assignment_of(tmp_path, KINDS[kind], f"{seed:032x}", method=method)
        for point in assignment.points:
            right = right_gradients(KINDS[kind], point)
            for gradient in assignment.config.gradients:
                numeric = differentiate(assignment.graph, point, gradient.of, method=method)
                assert numeric.kinks == 0
                assert numeric.error <= 1e-6
                assert relative_error(numeric.of(right[gradient.of]), numeric.value) <= 1e-7, (seed, gradient.name)


@pytest.mark.parametrize("kind", KINDS)
def test_sample_points_keep_away_from_kinks_and_have_entries_on_both_sides(tmp_path: Path, kind: str) -> None:
    for seed in range(20):
        assignment = assignment_of(tmp_path, KINDS[kind], f"{seed:032x}")
        for point in assignment.points:
            kinks = kinks_of(assignment.graph, point.values)
            assert kinks
            assert min(kink.margin for kink in kinks) >= SAFE
            assert all(kink.sides == (True, True) for kink in kinks if kink.entries >= MANY)


def test_a_step_that_crosses_a_kink_is_shortened(tmp_path: Path) -> None:
    assignment = assignment_of(tmp_path, RELU, f"{3:032x}")
    point = assignment.points[0]
    values = {**point.values, "a": point.values["a"].copy()}
    values["a"][0, 0] = 4e-6  # a step of 1e-5 reaches the other side
    values |= {name: assignment.graph.functions[name](values["a"]) for name in ("h",)}
    values["J"] = assignment.graph.functions["J"](values["h"], values["v"])
    near = Point(values, point.sizes)
    right = right_gradients(RELU, near)["a"]
    for method in ("central", "richardson"):
        numeric = differentiate(assignment.graph, near, "a", method=method)
        assert relative_error(numeric.of(right), numeric.value) <= 1e-7
        assert numeric.kinks == 0


def test_a_sample_point_at_a_kink_decides_nothing_and_the_message_says_so(tmp_path: Path) -> None:
    assignment = assignment_of(tmp_path, RELU, f"{3:032x}")
    point = assignment.points[1]
    values = {**point.values, "a": point.values["a"].copy()}
    values["a"][0, 0] = 0.0
    values["h"] = np.maximum(0, values["a"])
    values["J"] = assignment.graph.functions["J"](values["h"], values["v"])
    at_a_kink = Assignment(
        tmp_path, assignment.config, assignment.graph, [assignment.points[0], Point(values, point.sizes)], None
    )
    gradient = assignment.config.gradients[1]
    numeric = at_a_kink.numeric[gradient.name]
    assert [derivative.kinks for derivative in numeric] == [0, 1]
    assert numeric[1].error > 1e-3
    answers = [right_gradients(RELU, each)["a"] for each in at_a_kink.points]
    found = check_finite_differences(at_a_kink, gradient, answers, [])
    assert found.outcome == "undecided"
    assert "kink at sample point 2" in found.message


def test_points_are_redrawn_in_the_same_way_every_time(tmp_path: Path) -> None:
    once, again = (assignment_of(tmp_path, RELU, f"{5:032x}").points for _ in range(2))
    for a, b in zip(once, again, strict=True):
        assert all(np.array_equal(a.values[name], b.values[name]) for name in a.values)


def test_a_bend_that_is_smooth_is_no_kink(tmp_path: Path) -> None:
    smooth = RELU.replace("np.maximum(0, a)", "np.log1p(np.exp(40 * a)) / 40")
    assignment = assignment_of(tmp_path, smooth, f"{1:032x}", step_size=1e-2)
    for derivative in assignment.numeric["da"]:
        assert derivative.kinks == 0
        assert derivative.error > 1e-6  # the step size is far too large, and that is not hidden
