"""Simplified formulas: what they look like, and that they keep their values, for random formulas too."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grader.derivation as engine
from grader.derivation.graph.nodes import Node
from grader.derivation.graph.recorder import Tracer, new_graph, record
from grader.derivation.index_notation.entries import entry
from grader.derivation.index_notation.entry_text import text, value
from grader.derivation.index_notation.expressions import Namer, NotInIndices
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.code import CodePrinter
from grader.derivation.writing.printing import Printer

assert engine.derive  # fills the tables

SIZES = {"N": 5, "D": 4, "K": 3}
SHAPES = {"X": ("N", "D"), "Y": ("N", "D"), "W": ("D", "K"), "G": ("N", "K"), "r": (1, "D"), "c": ("N", 1), "s": ()}


def leaves() -> dict[str, Any]:
    graph = new_graph(SIZES)
    random = np.random.default_rng(3)
    made = {}
    for name, shape in SHAPES.items():
        lengths = tuple(SIZES.get(size, size) if isinstance(size, str) else size for size in shape)
        made[name] = Tracer(graph.leaf(name, random.uniform(0.5, 2, lengths)))
    made["y"] = Tracer(graph.leaf("y", np.eye(4)[[0, 2, 1, 3, 0]]))
    made["labels"] = Tracer(graph.leaf("labels", np.array([0, 2, 1, 3, 0])))
    return made


def simplified(expression: str) -> Node:
    scope = {"np": np, "len": lambda x: x.shape[0], "softmax": lambda x: record("softmax", x, axis=(1,)), **leaves()}
    node = eval(expression, scope).node
    return Simplifier(node.graph)(node)


WRITTEN = {
    "0.5 * X * 2": "X",
    "X * Y / X": "Y",
    "-(X - Y)": "Y - X",
    "X + X": "2 * X",
    "X - X": "np.zeros((N, D))",
    "X * Y + X * r": "X * (Y + r)",
    "X / len(X) + Y / len(X)": "(X + Y) / N",
    "X**1": "X",
    "X**2 / X": "X",
    "np.sqrt(X) ** 2": "X",
    "np.sqrt(X**2)": "np.sqrt(X**2)",
    "1 / np.sqrt(X)": "1 / np.sqrt(X)",
    "X**-1.5": "1 / X**1.5",
    "(X.T).T": "X",
    "(X @ W).T": "W.T @ X.T",
    "(G.T @ X).T": "X.T @ G",
    "(2 * X) @ (W / 3)": "2 * (X @ W) / 3",
    "(-X) @ W": "-X @ W",
    "np.sum(2 * X * c, axis=1, keepdims=True)": "2 * c * np.sum(X, axis=1, keepdims=True)",
    "np.sum(y, axis=1, keepdims=True) * X": "X",
    "np.sum(softmax(X), axis=1, keepdims=True) + X": "1 + X",
    "softmax(X) * (Y / softmax(X) - np.sum(Y, axis=1, keepdims=True))": "Y - np.sum(Y, axis=1, keepdims=True) * softmax(X)",
    "np.sum(X - np.mean(X, axis=0, keepdims=True), axis=0, keepdims=True) + r": "r",
    "np.sum(np.broadcast_to(s, (5, 4)))": "s * N * D",
    "softmax(X - np.max(X, axis=1, keepdims=True))": "softmax(X)",
    "X * (1 - Y) - (1 - X) * Y": "X - Y",
    "np.broadcast_to(r, (5, 4)) * X": "r * X",
    "np.maximum(0, X) * (X > 0)": "np.maximum(0, X) * (X > 0)",
    "X[:, 1:][:, 0]": "X[:, 1:][:, 0]",
    "X[np.arange(5), labels]": "X[np.arange(N), labels]",
    "-0.5 * X / c**3": "-0.5 * X / c**3",
    "X / 3": "X / 3",
    "(1 - X) * Y": "(1 - X) * Y",
    "X - (Y - 1)": "1 + X - Y",
    "X @ W @ W.T": "X @ W @ W.T",
    "X @ (W @ W.T)": "X @ (W @ W.T)",
    "(X @ W) * (2 * G)": "2 * (X @ W) * G",
    "np.eye(5) @ X": "np.eye(N) @ X",
}


@pytest.mark.parametrize("expression", WRITTEN)
def test_what_a_formula_is_shortened_to(expression: str) -> None:
    scope = {"np": np, "len": lambda x: x.shape[0], "softmax": lambda x: record("softmax", x, axis=(1,)), **leaves()}
    short = simplified(expression)
    shown = Printer()(short)
    assert sorted(shown.replace(" ", "")) == sorted(WRITTEN[expression].replace(" ", "")), shown
    assert np.allclose(short.value, eval(expression, scope).value, rtol=1e-13)


# Random formulas: every value is (N, D), so that all can be combined.

UNARY = [
    "-{}",
    "np.exp(-{})",
    "np.tanh({})",
    "2 * {}",
    "{} / len(X)",
    "{}**2",
    "np.sqrt(1 + {}**2)",
    "({}.T).T",
    "1 / (2 + {}**2)",
]
UNARY += [
    "np.sum({}, axis=0, keepdims=True) + Y",
    "np.mean({}, axis=1, keepdims=True) * X",
    "softmax({})",
    "({} @ W) @ W.T",
]
UNARY += [
    "np.where({} > 1, {}, 0.5)",
    "np.concatenate([{}[:2], Y[2:]])",
    "np.sum({}) * Y",
    "(W @ (W.T @ {}.T)).T",
    "1 - {}",
]
BINARY = ["{} + {}", "{} - {}", "{} * {}", "{} / (1 + ({})**2)", "({} @ {}.T) @ Y", "np.maximum({}, {})"]


def formulas() -> st.SearchStrategy[str]:
    base = st.sampled_from(["X", "Y", "X * r", "c * Y", "y", "s * X"])

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        one = st.builds(lambda form, a: "(" + form.replace("{}", f"({a})") + ")", st.sampled_from(UNARY), inner)
        two = st.builds(
            lambda form, a, b: "(" + form.format(f"({a})", f"({b})") + ")", st.sampled_from(BINARY), inner, inner
        )
        return one | two

    return st.recursive(base, extend, max_leaves=6)


@settings(max_examples=150)
@given(formulas())
def test_random_formulas_keep_their_values_and_their_code_says_the_same(expression: str) -> None:
    scope = {"np": np, "len": lambda x: x.shape[0], "softmax": lambda x: record("softmax", x, axis=(1,)), **leaves()}
    node = eval(expression, scope).node
    short = Simplifier(node.graph)(node)
    scale = np.abs(node.value).max() + 1e-300
    assert short.shape == node.shape
    assert np.all(np.abs(short.value - node.value) <= 1e-10 * (scale + 1)), Printer()(short)
    *statements, result = CodePrinter({}, set()).lines(short)
    plain = {name: leaf.value for name, leaf in scope.items() if isinstance(leaf, Tracer)}
    namespace: dict[str, Any] = {"np": np, "s": type("Values", (), plain), "softmax": softmax}
    exec("\n".join([*statements, f"result = {result}"]), namespace)
    assert np.allclose(np.broadcast_to(namespace["result"], short.shape), short.value, rtol=1e-9, atol=1e-10 * scale)


def softmax(x: np.ndarray) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@settings(max_examples=80)
@given(formulas())
def test_entries_of_random_formulas_in_index_notation_have_the_values(expression: str) -> None:
    short = simplified(expression)
    namer = Namer()
    try:
        letters = namer.letters(short)
        built = entry(short, letters, namer)
    except NotInIndices:
        return
    for index in ((0, 0), (4, 2)):
        found = value(built, dict(zip(letters, index, strict=True)))
        assert abs(found - short.value[index]) <= 1e-9 * (1 + np.abs(short.value).max()), text(built, Printer())


def test_labels_of_which_one_is_1_are_no_one_hot_row() -> None:
    graph = new_graph({"N": 4}, frozenset({"labels"}))
    labels, target = (Tracer(graph.leaf(name, np.array([0.0, 1.0, 0.0, 0.0]))) for name in ("labels", "target"))
    assert Simplifier(graph)(np.sum(target).node).is_number()
    assert not Simplifier(graph)(np.sum(labels).node).is_number()
    signs = Tracer(graph.leaf("signs", np.array([1.0, 0.0, 1.0, 0.0])))
    graph.discrete |= {"signs"}  # 2 y - 1, as in a hinge loss
    assert not Simplifier(graph)(np.sum(2 * signs - 1).node).is_number()
