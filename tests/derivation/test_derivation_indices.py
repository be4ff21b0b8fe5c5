"""Derivations in index notation: the bundled ones word for word, and every model's without a line that is wrong."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from derivation_points import bundled_points, derived

import grader.derivation as engine
from grader.derivation.derivation import Derivation
from grader.derivation.graph.recorder import Tracer, new_graph
from grader.derivation.index_notation import kronecker, segments
from grader.derivation.index_notation.context import Line
from grader.derivation.index_notation.entries import entry
from grader.derivation.index_notation.entry_text import text, value
from grader.derivation.index_notation.expressions import Delta, Entry, Namer, Product, Sum
from grader.derivation.index_notation.indices import as_text, explain
from grader.derivation.index_notation.places import affine, joined, moved, place_value, swapped, written
from grader.derivation.writing.printing import Printer

MODELS = sorted((Path(__file__).parent / "models").glob("*.py"))

DU = """\
dJ/dU = h.T @ dJ_db2      shape (Dh, V)
    a[v] = Σ_k h[k] · U[k, v] + b2[v]
    ∂a[v]/∂U[i, j] = h[i] · [v = j]
    dJ/da = dJ_db2, already derived
    ∂J/∂U[i, j] = Σ_v ∂J/∂a[v] · ∂a[v]/∂U[i, j]
    free: i (Dh), j (V); summed: v (V)
    ∂J/∂U[i, j] = h[i] · dJ_db2[j]
    dJ_dU = h.T @ dJ_db2
      h.T    @  dJ_db2  =   dJ/dU
    (Dh, 1)  @  (1, V)     (Dh, V)
"""

DB2 = """\
dJ/db2 = y_hat - y      shape (1, V)
    J = -Σ_v y[v] · log(y_hat[v])
    ∂J/∂y_hat[i] = -y[i] / y_hat[i]
    dJ_dy_hat = -y / y_hat
    y_hat[v] = exp(a[v]) / (Σ_j exp(a[j]))
    ∂y_hat[v]/∂a[i] = y_hat[v] · ([v = i] - y_hat[i])
    ∂J/∂a[i] = Σ_v ∂J/∂y_hat[v] · ∂y_hat[v]/∂a[i]
    free: i (V); summed: v (V)
    ∂J/∂a[i] = dJ_dy_hat[i] · y_hat[i] - y_hat[i] · (Σ_v dJ_dy_hat[v] · y_hat[v])
             = y_hat[i] · (Σ_v y[v]) - y[i]
    since the entries of y add up to one:
             = y_hat[i] - y[i]
"""


@pytest.fixture(scope="module")
def bundled() -> Any:
    wrt = {"dJ_db2": "b2", "dJ_dU": "U", "dJ_dh": "h", "dJ_db1": "b1", "dJ_dL_x": "e", "dJ_dI": "I", "dJ_dH": "H"}
    return engine.derive(ROOT / "assignment/model.py", points=bundled_points(), wrt=wrt, loss="J")["dJ_dU"].derivation


def test_dJ_dU_word_for_word(bundled: Any) -> None:
    shown = as_text(explain(bundled, "dJ_dU"))
    assert shown.startswith(DU)
    assert "Why h.T: nothing is summed." in shown
    assert "an outer product" in shown


def test_dJ_db2_word_for_word(bundled: Any) -> None:
    assert as_text(explain(bundled, "dJ_db2")).startswith(DB2)


def test_a_transposed_weight_is_explained_by_its_summed_index(bundled: Any) -> None:
    shown = as_text(explain(bundled, "dJ_dh"))
    assert "∂J/∂h[i] = Σ_v dJ_db2[v] · U[i, v]" in shown
    assert "Why U.T: the sum runs over V, the last index of U, (Dh, V)." in shown


def test_shared_weights_add_up_over_time() -> None:
    formulas = derived(Path(__file__).parent / "models" / "bptt_unrolled.py")
    shown = as_text(explain(formulas["dJ_dH"].derivation, "dJ_dH"))
    assert "Through z2:" in shown
    assert (
        "H is used 3 times, and the paths add up:\n    dJ_dH = h0.T @ dJ_dz1 + h1.T @ dJ_dz2 + h2.T @ dJ_dz3" in shown
    )


def test_a_loop_over_time_is_explained_by_one_of_its_steps() -> None:
    formulas = derived(Path(__file__).parent / "models" / "bptt_loop.py")
    shown = as_text(formulas["dJ_dH"].steps)
    assert (
        "Step t computes h, which is hs[t:t + 1], from before,\nwhich is hs[t - 1:t], or h0 in the first step." in shown
    )
    assert "∂J/∂H[i, j] = before[i] · dJ_da[j]\n    part of dJ_dH = before.T @ (dh * h * (1 - h))" in shown
    assert "dbefore = (dh * h * (1 - h)) @ H.T\nThe parts of all steps add up to dJ_dH." in shown
    assert "What the first step passes back is dJ_dh0." in as_text(formulas["dJ_dh0"].steps)


def test_a_minibatch_sums_over_its_examples() -> None:
    formulas = derived(Path(__file__).parent / "models" / "softmax_batch.py")
    shown = as_text(explain(formulas["dJ_dW"].derivation, "dJ_dW"))
    assert "∂J/∂W[i, j] = Σ_n dJ_dscores[n, j] · X[n, i]" in shown
    assert "Why X.T: the summed index counts N, and it comes first in X, (N, D)." in shown


def test_a_comparison_within_a_choice_has_no_derivative() -> None:
    lines = lines_of(MODEL_FOLDER / "leaky.py", "dJ_da")
    assert "∂J/∂a[n, i] = dJ_dh[n, i] · [a[n, i] > 0] + 0.1 · dJ_dh[n, i] · (1 - [a[n, i] > 0])" in lines


def test_repeated_words_are_brackets() -> None:
    formulas = derived(Path(__file__).parent / "models" / "embedding.py")
    shown = as_text(explain(formulas["dJ_dE"].derivation, "dJ_dE"))
    assert "h[k] = (Σ_t E[words[t], k]) / T" in shown
    assert "[words[t] = i]" in shown


# Others are like these, or shorter; test_derivation_notation reads the lines of all.
LONG = ("bptt_unrolled", "conv1d", "cosine", "gelu_swiglu", "gmm", "gru", "lstm", "padconv")


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in LONG)) for path in MODELS]
)
def test_every_gradient_of_every_model_is_explained(path: Path) -> None:
    formulas = derived(path)
    for name in list(formulas)[:: 1 + len(formulas) // 5]:
        formula = formulas[name]
        lines = explain(formula.derivation, name)
        assert lines[0].kind == "heading"
        assert any(line.kind == "matrix" for line in lines)
        assert not any("nan" in line.text for line in lines)
        assert letters_in(lines).isdisjoint(names_of(formula.derivation))


def letters_in(lines: list[Line]) -> set[str]:
    """The letters that derivations sum over, and those of free indices."""
    text = "\n".join(line.text for line in lines)
    summed = {letter for letters in re.findall(r"(?:Σ|max|min)_([A-Za-z]+) ", text) for letter in letters}
    return summed | {letter for line in re.findall(r"free: (.*)", text) for letter in re.findall(r"(\w) \(", line)}


def names_of(derivation: Derivation) -> set[str]:
    model = derivation.model
    return {*model.functions, *model.constants, *derivation.plain[0].values, *derivation.points[0].dimensions}


def lines_of(path: Path, name: str) -> list[str]:
    return [line.text for line in derived(path)[name].steps]


MODEL_FOLDER = Path(__file__).parent / "models"


@pytest.mark.parametrize(
    "path, name, expected",
    [
        (
            MODEL_FOLDER / "conv2d.py",
            "dJ_dw",
            ["∂J/∂w[i, j, k, l] = Σ_pf dJ_dconv[i, p, f] · x[j, p + k, f + l]"],
        ),
        (
            MODEL_FOLDER / "maxpool.py",
            "dJ_dscaled",
            [
                "pool[c, l, m] = max_pb scaled[c, 2·l + p, 2·m + b]",
                ("∂J/∂scaled[i, j, k] = Σ_lmpb dJ_dpool[i, l, m] · [scaled[i, j, k] = pool[i, l, m]]"
                " · [2·l + p = j] · [2·m + b = k]"),
            ],
        ),
        (
            MODEL_FOLDER / "padconv.py",
            "dJ_dx",
            ["∂J/∂x[i, j, k] = dJ_da[i, j + 1, k + 1]"],
        ),
        (
            ROOT / "tests" / "models" / "layer_norm.py",
            "dJ_dx",
            [
                "a[k] = sqrt((Σ_l centered[k, l]^2) / D + EPS)",
                "x_hat[j, d] = centered[j, d] / a[j]",
                "centered[j, d] = x[j, d] - (Σ_k x[j, k]) / D",
                "dJ_dx = dJ_dcentered - np.mean(dJ_dcentered, axis=1, keepdims=True)",
            ],
        ),
        (
            MODEL_FOLDER / "bptt_loop.py",
            "dJ_dI",
            ["∂J/∂I[i, j] = E[t, i] · dJ_da[j]"],
        ),
        (
            ROOT / "tests" / "models" / "batch_norm.py",
            "dJ_dmu",
            ["∂J/∂mu[i] = -2 · dJ_dvar[i] · (Σ_n (x[n, i] - mu[i])) / N", "since Σ_n (x[n, i] - mu[i]) = 0:"],
        ),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else "",
)  # fmt: skip
def test_loops_windows_and_shared_parts_are_written_as_a_textbook_does(
    path: Path, name: str, expected: list[str]
) -> None:
    lines = lines_of(path, name)
    assert [line for line in expected if line not in lines] == []


def test_each_derivative_has_the_name_of_its_rule() -> None:
    rules = {line.text.partition(" = ")[0]: line.rule for line in derived(MODEL_FOLDER / "bptt_loop.py")["dJ_dU"].steps}
    assert rules["∂P[j, v]/∂a[t, i]"] == "quotient rule"
    assert rules["∂a[t, v]/∂U[i, j]"] == "linear in U"


@pytest.mark.parametrize("place, factor", [("i", 1), ("2·i + k", 2), ("k + 3", 0), ("i - k + 1", 1), ("7", 0)])
def test_places_along_an_axis_are_calculated_with(place: str, factor: int) -> None:
    at = {"i": 5, "k": 2}
    number = place_value(place, at)
    assert place_value(moved(place, 4, 3), at) == 3 * number + 4
    assert place_value(joined(place, "k", 4), at) == 4 * number + 2
    assert place_value(swapped(place, "i", "2·k + 1"), at) == number  # which is 5, too
    assert affine(written(affine(place) or ({}, 0))) == affine(place)
    assert (affine(place) or ({}, 0))[0].get("i", 0) == factor


def test_a_line_that_is_wrong_is_not_shown(bundled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = kronecker.collapse
    monkeypatch.setattr(
        segments, "collapse", lambda expression, **_: Product(((right(expression), 1), (kronecker.ONE, 1)))
    )
    assert "∂J/∂U[i, j] = " in as_text(explain(bundled, "dJ_dU"))
    doubled = kronecker.Constant(Fraction(2))
    monkeypatch.setattr(segments, "collapse", lambda expression, **_: Product(((right(expression), 1), (doubled, 1))))
    assert "∂J/∂U" not in as_text(explain(bundled, "dJ_dU"))


def test_an_unknown_gradient(bundled: Any) -> None:
    with pytest.raises(engine.Unreadable, match="there is no gradient dJ_dX"):
        explain(bundled, "dJ_dX")


def test_brackets_remove_sums() -> None:
    graph = new_graph({})
    u, h = (graph.leaf(name, np.arange(6.0).reshape(2, 3)) for name in "uh")
    one = Fraction(1)
    summed = Sum(
        (("k", 3),), Product(((Entry(u, ("i", "k")), one), (Delta("k", "j"), one), (Entry(h, ("i", "k")), one)))
    )
    short = kronecker.collapse(summed)
    assert text(short, Printer()) == "u[i, j] · h[i, j]"
    for places in ({"i": 0, "j": 2}, {"i": 1, "j": 1}):
        assert value(short, places) == value(summed, places)


def test_a_sums_own_letter_is_not_confused_with_anothers() -> None:
    """∂ log(Σ_j u[j] · v[j]) / ∂v[i] keeps the sum in its denominator."""
    graph = new_graph({})
    u, v = (graph.leaf(name, np.array([1.0, 2.0, 4.0])) for name in "uv")
    node = np.log(Tracer(u) @ Tracer(v)).node
    namer = Namer()
    letters = namer.letters(v)
    slope = kronecker.collapse(kronecker.derivative(entry(node, (), namer), v, letters))
    assert value(slope, {letters[0]: 1}) == pytest.approx(2 / 21)


def reasons(model: str) -> str:
    formulas = derived(Path(__file__).parent / "models" / f"{model}.py")
    return "\n".join(engine.why_transposes(next(iter(formulas.values())).derivation))


def test_the_transposes_of_a_model_with_rows(bundled: Any) -> None:
    shown = "\n".join(engine.why_transposes(bundled))
    assert "On the left: h.T in dJ_dU, e.T in dJ_dI, h_prev.T in dJ_dH." in shown
    assert "The vectors of this model are rows, such as h, (1, Dh). In dJ_dU nothing is summed" in shown
    assert "With columns instead, the same numbers would have their transpose on the right." in shown


def test_the_transposes_of_a_model_with_columns() -> None:
    shown = reasons("columns")
    assert "The vectors of this model are columns, such as h, (Dh, 1)." in shown
    assert "are rows" not in shown
    assert "the rows of" not in shown


def test_the_transposes_of_a_minibatch() -> None:
    assert "dJ_dW sums over N, the rows of X, (N, D)" in reasons("softmax_batch")


def test_a_formula_has_its_derivation(bundled: Any) -> None:
    formula = engine.derive(ROOT / "assignment/model.py", points=bundled_points(), wrt={"dJ_dU": "U"})["dJ_dU"]
    assert formula.steps[0].text == "dJ/dU = h.T @ (y_hat - y)      shape (Dh, V)"
    assert [line.text for line in formula.steps if line.kind == "entry"][-1] == "∂J/∂U[i, j] = h[i] · dJ_da[j]"
