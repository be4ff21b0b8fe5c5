"""A model runs once for a whole stack of values, and gives what it gives for each of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.problem.fillable import for_stacks
from grader.problem.kinks import watched
from grader.problem.losses import Losses, Rays
from grader.problem.model import Graph
from grader.problem.stacked import Stack

M = np.random.default_rng(1).normal(size=(4, 5))
V = np.arange(4.0) + 1
Y = np.array([1, 0, 3])

# What models do with one quantity x, (3, 4).
DONE: dict[str, Callable[[Any], Any]] = {
    "sum over rows": lambda x: x.sum(axis=0),
    "sum over a negative axis": lambda x: np.sum(x, axis=-1, keepdims=True),
    "sum of all": lambda x: np.sum(x),
    "mean": lambda x: x.mean(0) + np.mean(x, axis=(0, 1)),
    "largest": lambda x: x - x.max(axis=1, keepdims=True),
    "ufunc reduction": lambda x: np.add.reduce(x, axis=0),
    "broadcast row": lambda x: x * V + x[0],
    "broadcast scalar of its own": lambda x: x / np.sum(x),
    "matrix product": lambda x: x @ M,
    "matrix product from the left": lambda x: M.T @ x.T,
    "matrix times vector": lambda x: x @ V,
    "vector times matrix": lambda x: V[:3] @ x,
    "vectors": lambda x: x[0] @ x[1],
    "product with itself": lambda x: x.T @ x,
    "dot": lambda x: np.dot(x, M) + x.dot(M),
    "outer": lambda x: np.outer(x[0], x[1]),
    "einsum": lambda x: np.einsum("nd,dk->nk", x, M) * np.einsum("nd->n", x)[:, None],
    "labels": lambda x: x[np.arange(len(x)), Y],
    "rows by index": lambda x: x[Y % 3],
    "slices": lambda x: x[1:, ::2] + x[..., [0, 2]][:2],
    "new axis": lambda x: x[:, None] - x[None],
    "a loop": lambda x: np.concatenate([x[t : t + 1] @ M for t in range(len(x))]),
    "rows one by one": lambda x: np.stack([np.tanh(row) for row in x]),
    "split": lambda x: np.split(x, 2, axis=1)[1],
    "reshape": lambda x: x.reshape(2, -1) + np.reshape(x, (2, 6)),
    "transposes": lambda x: x.T.swapaxes(0, 1) + np.transpose(x, (1, 0)).transpose(),
    "where": lambda x: np.where(x > 0, x, 0.1 * x),
    "ReLU": lambda x: np.maximum(x, 0),
    "absolute": lambda x: np.abs(x) + np.sign(x),
    "filled": lambda x: _filled(np.zeros_like(x), x),
    "in place": lambda x: _in_place(x.copy()),
    "flip and roll": lambda x: np.flip(x, axis=1) + np.roll(x, 1, axis=0),
    "running sum": lambda x: np.cumsum(x, axis=1),
    "shapes": lambda x: x / x.shape[0] / np.shape(x)[1] / x.ndim / x.size,
    "padding": lambda x: np.pad(x, 1) + np.pad(x, ((2, 0), (1, 1))),
    "tensor product": lambda x: np.tensordot(x, M, 1) + np.tensordot(x, M, axes=([1], [0])),
    "tensor product with itself": lambda x: np.tensordot(x, x[:, :3], axes=((0,), (1,))),
    "variance": lambda x: (x - x.mean(0)) / x.std(axis=0) + np.var(x) + np.var(x, axis=-1, ddof=1, keepdims=True),
    "norm": lambda x: x / np.linalg.norm(x, axis=1, keepdims=True) + np.linalg.norm(x) * np.linalg.norm(x, 2, 0),
    "real in numpy only": lambda x: np.logaddexp(0, x) + np.arctan2(x, 2) + np.hypot(x, x + 1) + np.cbrt(x),
    "powers": lambda x: (x**2 + 1) ** -0.5 - 2 / (3 + x**2),
}
# What a stack refuses, so that the values are taken one by one.
REFUSED: dict[str, Callable[[Any], Any]] = {
    "a number": float,
    "an array": np.asarray,
    "a decision": lambda x: x if x.sum() > 0 else -x,
    "an index of its own": lambda x: M[x > 0],
    "a mask": lambda x: x[x > 0],
    "separate index arrays": lambda x: x[None][[0], :, [1]],
    "an unknown function": lambda x: np.linalg.inv(x[:, :3]),
    "part of an array that is none": lambda x: np.zeros((3, 4)).__setitem__(0, x[0]),
    "part of what a few values gave": lambda x: Stack(x.values[:1]).__setitem__(0, x[0]),
}

# What models fill, or put into lists.
FILLED = {
    "a convolution": """
    out = np.zeros((2, 3))
    for i in range(2):
        for j in range(3):
            out[i, j] = np.sum(x[i : i + 2, j : j + 2] * M[:2, :2])
    return np.sum(np.maximum(out, 0) ** 2)""",
    "sums": """
    out = np.zeros((3, 5))
    for k in range(4):
        out += x[:, k : k + 1] * M[k]
    for k in range(3):
        out[k] += x[k, 0]
    return np.sum(np.tanh(out))""",
    "a row by its name": """
    out = np.ones((2, 4))
    row = out[1]
    row[:] = x[0]
    row += x[1]
    row[1:3] *= x[2, :2]
    return np.sum(out ** 2 * out[::-1])""",
    "a row that is a copy": """
    out = np.ones((3, 4))
    rows = out[[0, 2]]
    out[:] = x
    return np.sum((out + rows[0]) ** 2)""",
    "an array like another one": """
    out = np.empty_like(M)
    out[:, 1:] = x.T @ x[:, :4]
    out[:, 0] = 2
    return np.sum(out ** 2)""",
    "states": """
    h = np.full((4, 4), 0.5)
    for t in range(1, 4):
        h[t] = np.tanh(h[t - 1] @ M[:, :4] + x[t - 1])
    return np.sum(h[1:] ** 2)""",
    "lists": "return np.sum(np.array([[row @ M[:, 0], 1.0] for row in x]) ** 2)",
    "constants": "return np.sum(x @ np.ones((4, 2)) + np.zeros(2)[0])",
    "a function imported from numpy": """
    out = zeros(3)
    out[:] = x[:, 0]
    return np.sum(out ** 3)""",
}

ONE_BY_ONE = """
    out = zeros(3)
    out[:] = x[:, 0] if np.sum(x) > -99 else x[:, 1]
    return np.sum(out ** 2)"""


def _filled(whole: Any, x: Any) -> Any:
    whole[1:] = x[:-1]
    whole[0] = 2 * x[2]
    return whole


def _in_place(x: Any) -> Any:
    x += 1
    x[0] *= 2
    return x


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", DONE)
def test_a_stack_gives_what_each_value_gives(name: str, kind: str) -> None:
    values = np.random.default_rng(0).normal(size=(6, 3, 4))
    stack: Any = values + 1e-20j * values[::-1] if kind == "complex" else values
    found = DONE[name](Stack(stack.copy()))
    alone = [np.asarray(DONE[name](watched(value))) for value in stack]
    assert isinstance(found, Stack)
    assert found.shape == alone[0].shape
    for part in ("real", "imag"):
        expected = np.stack([getattr(one, part) for one in alone])
        assert np.allclose(getattr(found.values, part), expected, rtol=1e-12, atol=1e-33 if part == "imag" else 1e-14)


@pytest.mark.parametrize("name", ["variance", "norm", "real in numpy only", "absolute", "ReLU", "largest"])
def test_a_complex_step_gives_the_derivative(name: str) -> None:
    x, direction = np.random.default_rng(0).normal(size=(2, 3, 4))
    step = np.asarray(DONE[name](watched(x + 1e-20j * direction))).imag / 1e-20
    quotient = (DONE[name](x + 1e-6 * direction) - DONE[name](x - 1e-6 * direction)) / 2e-6
    assert np.allclose(step, quotient, atol=1e-8)
    assert step.any()


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_stack_cannot_do_raises(name: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        REFUSED[name](Stack(np.random.default_rng(0).normal(size=(6, 3, 4))))


@pytest.mark.parametrize("name", FILLED)
def test_a_model_that_fills_arrays_runs_once_for_a_stack(name: str, tmp_path: Path) -> None:
    graph, values, rays = one_quantity(tmp_path, FILLED[name])
    alone = [float(graph.loss_at(values, "x", moved)) for moved in rays.moved([1e-3, -1e-3])]
    stack = Stack(rays.moved([1e-3, -1e-3]))
    assert np.allclose(graph.loss_at(values, "x", stack, for_stacks).values, alone, rtol=1e-13)
    assert np.allclose(np.concatenate(Losses(graph, values, "x", 300)(rays, [1e-3, -1e-3])), alone, rtol=1e-13)


@pytest.mark.parametrize(
    "body",
    [FILLED["a convolution"], FILLED["states"], ONE_BY_ONE],
)
def test_complex_steps_pass_through_arrays_that_a_model_fills(body: str, tmp_path: Path) -> None:
    graph, values, rays = one_quantity(tmp_path, body)
    (central, other), (step,) = (
        (Losses(graph, values, "x", 300)(rays, [1e-6, -1e-6])),
        Losses(graph, values, "x", 300, analytic=True)(rays, [1e-20j]),
    )
    assert np.allclose(step.imag / 1e-20, (central - other) / 2e-6, atol=1e-7)
    assert step.imag.any()


def test_numpy_stays_itself_in_a_model_that_has_run_on_stacks(tmp_path: Path) -> None:
    graph, values, rays = one_quantity(tmp_path, FILLED["a convolution"])
    Losses(graph, values, "x", 300)(rays, [1e-3])
    assert graph.functions["J"].__globals__["np"] is np


@pytest.mark.parametrize(
    "code",
    [
        "np.sum(x[np.arange(len(x)), [1, 0, 3]] ** 2)",  # on a stack
        "float(np.sum(x ** 2))",  # one by one
        "np.sum(x ** 2) if np.asarray(x).ndim == 2 else 0 * x[0]",
        "np.sum(x ** 2) + (0 if isinstance(x, np.ndarray) else 1)",  # a stack gives something else
    ],
)
def test_losses_are_the_same_however_they_are_computed(code: str, tmp_path: Path) -> None:
    graph, values, rays = one_quantity(tmp_path, f"return {code}")
    found = Losses(graph, values, "x", 300)(rays, [1e-3, -1e-3])
    for losses, step in zip(found, (1e-3, -1e-3), strict=True):
        alone = [float(graph.loss_at(values, "x", moved)) for moved in rays.moved([step])]
        assert np.allclose(losses, alone, rtol=1e-14)


def one_quantity(folder: Path, body: str) -> tuple[Graph, dict[str, Any], Rays]:
    """A model of one quantity x, (3, 4), and a constant M, (4, 5)."""
    path = folder / "model.py"
    source = f"import numpy as np\nfrom numpy import zeros\nM = np.arange(1.0, 21).reshape(4, 5) / 10\ndef J(x):\n    {body}\n"
    path.write_text(source)
    graph = Graph(path, ["x"], [], "J")
    x = np.random.default_rng(0).normal(size=(3, 4))
    return graph, {"x": x, "J": graph.evaluate({"x": x})["J"]}, Rays(x, None)
