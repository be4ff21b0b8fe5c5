"""Quantities of every kind and shape: what is drawn, what reaches students' code, and the memory that derivatives take."""

import math
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.config.cross_checks import cross_checked
from grader.config.keys import Config
from grader.config.quantities import Bernoulli, Constant, Index, OneHot, Orthogonal, Positives, Probabilities, Sign
from grader.problem.derivatives import differentiate, relative_error
from grader.problem.model import Graph
from grader.problem.points import Point, make_fresh_point, make_points
from grader.sandbox.wire import JobWriter

AXES = st.sampled_from(["A", "B", "C", "D", 1, 3, "A + B", "2 * C - 1"])
SHAPES = st.lists(AXES, max_size=4)
LONG = ["A", "B", "C", "D"]


def with_axis(sample: str) -> Any:
    """A shape with an axis that is longer than 1, and which one it is."""
    before, after = st.lists(AXES, max_size=2), st.lists(AXES, max_size=2)
    return st.tuples(before, st.sampled_from(LONG), after).map(
        lambda each: {"sample": sample, "shape": [*each[0], each[1], *each[2]], "axis": len(each[0])}
    )


KINDS = st.one_of(
    st.builds(lambda shape: {"sample": "normal", "shape": shape}, SHAPES),
    st.builds(lambda shape: {"sample": "uniform", "shape": shape, "low": -1, "high": 2}, SHAPES),
    st.builds(lambda shape: {"sample": "positive", "shape": shape}, SHAPES),
    st.builds(lambda shape: {"sample": "bernoulli", "shape": shape, "p": 0.3}, SHAPES),
    st.builds(lambda shape: {"sample": "sign", "shape": shape}, SHAPES),
    st.builds(lambda shape, of: {"sample": "index", "shape": shape, "of": of}, SHAPES, st.sampled_from(LONG)),
    st.builds(
        lambda shape, value: {"sample": "constant", "shape": shape, "value": value}, SHAPES, st.sampled_from([2, 0.5])
    ),
    st.builds(lambda shape: {"sample": "orthogonal", "shape": [*shape[:2], "A", "B"]}, SHAPES),
    with_axis("one_hot"),
    with_axis("probability"),
)
SEEDS = st.text("0123456789abcdef", min_size=32, max_size=32)


def config_of(quantities: dict[str, Any], seed: str) -> Config:
    return msgspec.convert(
        {
            "title": "",
            "model": "model.py",
            "dimensions": {"A": [2, 4], "B": [3, 2], "C": 5, "D": "C + 1"},
            "steps": {"count": 3, "seed": seed},
            "quantities": {"w": {"sample": "normal", "shape": []}, **quantities},
            "gradients": [{"name": "dw", "of": "w", "max_score": 1}],
        },
        Config,
    )


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    path = tmp_path_factory.mktemp("any") / "model.py"
    path.write_text("def J(w):\n    return w**2\n")
    return Graph(path, ["w"], [], "J")


@given(st.lists(KINDS, min_size=1, max_size=4), SEEDS)
def test_what_is_drawn_has_the_shape_the_kind_and_the_range_that_the_config_says(
    graph: Graph, kinds: list[dict[str, Any]], seed: str
) -> None:
    config = config_of({f"q{i}": kind for i, kind in enumerate(kinds)}, seed)
    assert not list(cross_checked(config, msgspec.to_builtins(config), set()))
    points = [*make_points(config, graph), make_fresh_point(config, graph, "ab" * 32)]
    for point in points:
        for name, quantity in config.quantities.items():
            value = point.values[name]
            assert np.shape(value) == point.shape(quantity.shape)
            assert np.isfinite(value).all()
            check_kind(quantity, np.asarray(value), point)
    again = make_points(config, graph)
    assert all(
        np.array_equal(a.values[name], b.values[name]) for a, b in zip(points, again, strict=False) for name in a.values
    )


def check_kind(quantity: Any, value: np.ndarray, point: Point) -> None:
    match quantity:
        case Index(of=of):
            assert value.dtype.kind == "i"
            assert ((value >= 0) & (value < point.sizes[of])).all()
        case Constant(value=number):
            assert value.dtype.kind == ("i" if isinstance(number, int) else "f")
            assert (value == number).all()
        case OneHot():
            assert set(np.unique(value)) <= {0.0, 1.0}
            assert (value.sum(axis=quantity.along) == 1).all()
        case Probabilities(axis=axis):
            assert (value > 0).all()
            assert np.allclose(value.sum(axis=axis), 1)
        case Bernoulli():
            assert set(np.unique(value)) == {0.0, 1.0} if value.size > 1 else value in (0.0, 1.0)
        case Sign():
            assert set(np.unique(value)) == {-1.0, 1.0} if value.size > 1 else value in (-1.0, 1.0)
        case Positives(scale=scale):
            assert ((value >= scale / 2) & (value <= 2 * scale)).all()
        case Orthogonal():
            rows, columns = value.shape[-2:]
            product = value @ np.swapaxes(value, -1, -2) if rows <= columns else np.swapaxes(value, -1, -2) @ value
            assert np.allclose(product, np.eye(min(rows, columns)))
        case _:
            assert value.dtype.kind == "f"


@given(KINDS, SEEDS)
def test_every_kind_crosses_to_a_childs_process_unchanged(graph: Graph, kind: dict[str, Any], seed: str) -> None:
    from grader.sandbox.inside.child import _Pristine

    [point, *_] = make_points(config_of({"q": kind}, seed), graph)
    writer = JobWriter([{**point.values, "last": np.array([True, False])}], 2048)
    pristine = _Pristine(writer._points[0], writer._blob)
    s, arrays, buffer = pristine.copy()
    for name, sent in point.values.items():
        found = getattr(s, name)
        assert np.array_equal(found, sent)
        assert np.asarray(found).dtype == np.asarray(sent).dtype
    assert s.last.tolist() == [True, False]
    assert pristine.changed(arrays, buffer) == []
    s.last[0] = False
    assert pristine.changed(arrays, buffer) == ["last"]


@given(SEEDS, st.integers(2, 7))
def test_an_array_of_indices_repeats_one_at_the_first_sample_point_and_differs_from_each_rows_own_target(
    graph: Graph, seed: str, count: int
) -> None:
    quantities = {
        "y": {"sample": "one_hot", "shape": [count, "C"]},
        "x": {"sample": "index", "of": "C", "shape": [count], "differs_from": "y"},
        "t": {"sample": "index", "of": "D", "shape": [count]},
    }
    points = make_points(config_of(quantities, seed), graph)
    for point in points:
        assert not point.values["y"][np.arange(count), point.values["x"]].any()
    assert len(set(points[0].values["t"].tolist())) < count


LINEAR = """
import numpy as np
def p(x, U):
    a = x @ U
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
def J(p, y):
    return -np.sum(y * np.log(p), axis=(-2, -1))
"""


@pytest.mark.parametrize("method", ["central", "complex_step"])
def test_the_derivatives_of_a_large_quantity_take_little_memory(tmp_path: Path, method: str) -> None:
    path = tmp_path / "model.py"
    path.write_text(LINEAR)
    graph = Graph(path, ["x", "U", "y", "p"], ["p"], "J")
    random = np.random.default_rng(0)
    inputs = {"x": random.normal(size=(1, 40)), "U": random.normal(size=(40, 60)), "y": np.eye(60)[[3]]}
    point = Point(graph.evaluate(inputs), {})
    tracemalloc.start()
    try:
        derivative = differentiate(graph, point, "U", method=method, memory_mb=110)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    right = inputs["x"].T @ (point.values["p"] - inputs["y"])
    assert relative_error(derivative.of(right), derivative.value) <= 1e-8
    assert peak < 20, "all perturbed values at once are 184 MB, and more as complex numbers"


def test_where_entries_are_too_many_random_directions_take_their_place(tmp_path: Path) -> None:
    from grader.problem.assignment import Assignment

    (tmp_path / "model.py").write_text(LINEAR)
    config = msgspec.convert(
        {
            "title": "",
            "model": "model.py",
            "dimensions": {"n": [64, 60], "V": [150, 140]},
            "steps": {"count": 2, "seed": "0" * 32},
            "quantities": {
                "x": {"sample": "normal", "shape": [1, "n"], "scale": 0.1},
                "U": {"sample": "normal", "shape": ["n", "V"]},
                "y": {"sample": "one_hot", "shape": [1, "V"]},
                "p": {"sample": "model", "shape": [1, "V"]},
            },
            "gradients": [{"name": "dU", "of": "U", "max_score": 1}, {"name": "dx", "of": "x", "max_score": 1}],
        },
        Config,
    )
    graph = Graph(tmp_path / "model.py", config.quantities, ["p"], "J")
    assignment = Assignment(tmp_path, config, graph, make_points(config, graph), None)
    of_U, of_x = (assignment.numeric[name] for name in ("dU", "dx"))
    assert all(derivative.directions is not None for derivative in of_U)
    assert all(derivative.directions is None for derivative in of_x)
    for point, derivative in zip(assignment.points, of_U, strict=True):
        right = point.values["x"].T @ (point.values["p"] - point.values["y"])
        assert relative_error(derivative.of(right), derivative.value) <= 1e-7
        wrong = right * np.where(np.arange(right.size).reshape(right.shape) == np.argmax(np.abs(right)), 1.1, 1)
        assert relative_error(derivative.of(wrong), derivative.value) > 1e-4
    assert math.prod(of_U[0].directions.shape) == 16 * 64 * 150  # type: ignore[union-attr]
