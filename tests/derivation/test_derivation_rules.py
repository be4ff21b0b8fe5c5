"""Every entry of the table of derivatives, on its own examples, against the complex step or Richardson's extrapolation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import grader.derivation.formula
from grader.derivation.graph.recorder import RULES, Tracer, new_graph, record
from grader.derivation.numerical import slope
from grader.derivation.rules.backward import gradients

assert grader.derivation.formula  # fills the tables

# What the examples are written with: p is positive, u lies between -1 and 1, v, row and q have one axis, S and T three.
SHAPES = {"x": (2, 3), "y": (2, 3), "p": (2, 3), "u": (2, 3), "row": (3,), "v": (3,), "column": (2, 1), "A": (3, 4)}
SHAPES |= {"S": (2, 4, 3), "T": (2, 3, 5), "q": (4,)}
EXAMPLES = [(name, example) for name, rule in sorted(RULES.items()) for example in rule.examples]


def operands(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    values = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
    return values | {"p": random.uniform(0.5, 2, (2, 3)), "u": random.uniform(-0.9, 0.9, (2, 3))}


def placed(x: Any, row: Any) -> Any:
    copy = x * 1
    copy[1] = 2 * row
    copy[0, 1:] += x[1, 1:]
    return copy


def added(x: Any, rows: list[int]) -> Any:
    total = x * 0
    total = np.concatenate([total, total, total])[:3]
    np.add.at(total, [0, 0], 2 * x)
    return total


def units(make: Callable[..., Any]) -> dict[str, Any]:
    return {
        "sigmoid": lambda x: make("sigmoid", x),
        "relu": lambda x: make("relu", x),
        "softplus": lambda x: make("softplus", x),
        "softmax": lambda x, axis: make("softmax", x, axis=axis),
        "log_softmax": lambda x, axis: make("log_softmax", x, axis=axis),
        "logsumexp": lambda x, axis, keepdims=True: make("logsumexp", x, axis=axis, keepdims=keepdims),
    }


def on_arrays(op: str, x: np.ndarray, **params: Any) -> Any:
    return RULES[op].compute(x, **params)


def compiled(example: str) -> tuple[Any, list[str]]:
    code = compile(example, "<example>", "eval")
    return code, [name for name in SHAPES if name in code.co_names]


@pytest.mark.parametrize("name, example", EXAMPLES, ids=[f"{name}: {example}" for name, example in EXAMPLES])
def test_derivative(name: str, example: str) -> None:
    code, used = compiled(example)
    graph, values = new_graph({}), operands()
    stand_ins = {key: Tracer(graph.leaf(key, values[key])) for key in used}
    scope = {"np": np, "placed": placed, "added": added}
    result = eval(code, {**scope, **units(record), **stand_ins, "len": lambda x: x.shape[0]})
    expected = eval(code, {**scope, **units(on_arrays), **values})
    assert np.allclose(result.value, expected, rtol=1e-13, atol=1e-13), "the recorded value is numpy's"
    assert used
    weights = np.random.default_rng(1).normal(size=np.shape(expected))
    found = gradients(result.node, graph.constant(weights), [stand_ins[key].node for key in used])

    def along(key: str, direction: np.ndarray) -> Callable[[float], float]:
        def moved(t: float) -> float:
            changed = {**values, key: values[key] + t * direction}
            return float(np.sum(weights * eval(code, {**scope, **units(on_arrays), **changed})))

        return moved

    for key in used:
        node = found.get(stand_ins[key].node)
        gradient = node.value if node else np.zeros(values[key].shape)
        assert gradient.shape == values[key].shape
        for position in np.ndindex(values[key].shape):
            direction = np.zeros(values[key].shape)
            direction[position] = 1
            numerical = slope(along(key, direction), 1e-3)
            assert abs(numerical - gradient[position]) < 1e-8 * (1 + abs(numerical)), (key, position)


def test_every_rule_with_a_derivative_has_an_example() -> None:
    inner = {"plus", "times", "gradient", "mean"}
    assert [name for name, rule in RULES.items() if rule.gradient and not rule.examples and name not in inner] == []


def test_second_derivatives_come_free() -> None:
    graph = new_graph({})
    x = Tracer(graph.leaf("x", np.array([0.3, -1.2])))
    first = gradients(np.tanh(x).node, graph.constant(np.ones(2)), [x.node])[x.node]
    second = gradients(first, graph.constant(np.ones(2)), [x.node])[x.node]
    t = np.tanh(x.value)
    assert np.allclose(second.value, -2 * t * (1 - t**2), rtol=1e-14)
