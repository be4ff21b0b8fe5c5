"""Whole models: the bundled assignment letter by letter, and two dozen others against the numerical derivative."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from derivation_points import bundled_points, derived
from right import RIGHT_FILE

import grader.derivation as engine
import grader.derivation.formula as formula_module
from grader.derivation.graph.recorder import RULES, Rule

MODELS = sorted((Path(__file__).parent / "models").glob("*.py"))
BUNDLED = {
    "dJ_db2": ("b2", "s.y_hat - s.y"),
    "dJ_dU": ("U", "s.h.T @ dJ_db2(s)"),
    "dJ_dh": ("h", "dJ_db2(s) @ s.U.T"),
    "dJ_db1": ("b1", "dJ_dh(s) * s.h * (1 - s.h)"),
    "dJ_dL_x": ("e", "dJ_db1(s) @ s.I.T"),
    "dJ_dI": ("I", "s.e.T @ dJ_db1(s)"),
    "dJ_dH": ("H", "s.h_prev.T @ dJ_db1(s)"),
    "dJ_dh_prev": ("h_prev", "dJ_db1(s) @ s.H.T"),
}

# What a person writes, for a selection.
EXPECTED = {
    "affine": {"dJ_dx": "dJ_dout @ w.T", "dJ_dw": "x.T @ dJ_dout", "dJ_db": "np.sum(dJ_dout, axis=0)"},
    "attention_one_head": {
        "dJ_dscores": "A * (dJ_dA - np.sum(dJ_dA * A, axis=1, keepdims=True))",
        "dJ_dQ": "dJ_dscores @ K / np.sqrt(dk)",
        "dJ_dK": "dJ_dscores.T @ Q / np.sqrt(dk)",
        "dJ_dV": "A.T @ dJ_dout",
    },
    "batchnorm": {
        "dJ_dgamma": "np.sum(dJ_dout * xhat, axis=0, keepdims=True)",
        "dJ_dvar": "-0.5 * np.sum(dJ_dxhat * (x - mu), axis=0, keepdims=True) / (var + EPS)**1.5",
        "dJ_dmu": "-np.sum(dJ_dxhat, axis=0, keepdims=True) / np.sqrt(var + EPS)",
        "dJ_dx": "dJ_dmu / N + 2 * dJ_dvar * (x - mu) / N + dJ_dxhat / np.sqrt(var + EPS)",
    },
    "bptt_unrolled": {
        "dJ_dz2": "dJ_dh2 * h2 * (1 - h2)",
        "dJ_dH": "h0.T @ dJ_dz1 + h1.T @ dJ_dz2 + h2.T @ dJ_dz3",
        "dJ_db1": "dJ_dz1 + dJ_dz2 + dJ_dz3",
    },
    "columns": {
        "dJ_db2": "y_hat - y.T",
        "dJ_dU": "dJ_db2 @ h.T",
        "dJ_dh": "U.T @ dJ_db2",
        "dJ_dz": "dJ_dh * h * (1 - h)",
    },
    "embedding": {"dJ_dscores": "softmax(scores) - np.eye(V)[label]", "dJ_dh": "E.T @ dJ_dscores"},
    "labels": {"dloss_dscores": "(p - np.eye(C)[y]) / N", "dloss_dW": "X.T @ dloss_dscores + 2 * reg * W"},
    "logistic": {"dJ_dw": "X.T @ (p - y) / N"},
    "lstm": {"dJ_dbf": "dJ_df * f * (1 - f)", "dJ_dUg": "h_prev.T @ dJ_dbg", "dJ_dc_prev": "dJ_dc * f"},
    "makemore": {
        "dJ_dlogp": "-np.eye(V)[Y] / N",
        "dJ_dprobs": "dJ_dlogp / probs",
        "dJ_dinv": "np.sum(dJ_draw * diff, axis=0, keepdims=True)",
        "dJ_ddiff": "2 * dJ_dvar * diff / (N - 1) + dJ_draw * inv",
        "dJ_db1": "np.zeros((1, H))",
        "dJ_demb": "dJ_dflat.reshape(N, T, d)",
    },
    "softmax_batch": {
        "dJ_dscores": "(p - y) / N",
        "dJ_dW": "X.T @ dJ_dscores",
        "dJ_db": "np.sum(dJ_dscores, axis=0, keepdims=True)",
    },
    "two_layers": {"dJ_da": "(dJ_dscores @ W2.T) * (a > 0)", "dJ_dW1": "REG * W1 + X.T @ dJ_da"},
    "vae": {"dJ_dlogits": "(sigmoid(logits) - x) / N", "dJ_dm": "m / N + dJ_dz"},
    "word2vec": {"dJ_du": "(sigma(u @ v) - 1) * v"},
}


@pytest.fixture(scope="module")
def bundled() -> dict[str, engine.Formula]:
    wrt = {name: of for name, (of, _) in BUNDLED.items()}
    return engine.derive(ROOT / "assignment/model.py", points=bundled_points(), wrt=wrt, loss="J")


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_solution_is_derived_letter_by_letter(bundled: dict[str, engine.Formula], name: str) -> None:
    last = bundled[name].code.strip().splitlines()[-1]
    assert last == f"    return {BUNDLED[name][1]}"
    assert last in RIGHT_FILE.read_text().splitlines()
    assert bundled[name].verified
    assert bundled[name].general


def test_gradients_build_on_one_another_as_in_the_solution(bundled: dict[str, engine.Formula]) -> None:
    assert {name: formula.upstream for name, formula in bundled.items()} == {
        "dJ_db2": (),
        "dJ_dU": ("dJ_db2",),
        "dJ_dh": ("dJ_db2",),
        "dJ_db1": ("dJ_dh",),
        "dJ_dL_x": ("dJ_db1",),
        "dJ_dI": ("dJ_db1",),
        "dJ_dH": ("dJ_db1",),
        "dJ_dh_prev": ("dJ_db1",),
    }
    assert bundled["dJ_dU"].shape == ("Dh", "V")


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_gradient_equals_the_numerical_derivative(path: Path) -> None:
    formulas = derived(path)
    assert len(formulas) >= 3
    assert {name: formula.error for name, formula in formulas.items() if not formula.verified} == {}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_code_runs_and_gives_the_values(path: Path) -> None:
    """At every point where the formula is general, else at the one that it was written out for."""
    formulas = derived(path)
    some = next(iter(formulas.values())).derivation
    namespace: dict[str, Any] = {**runpy.run_path(str(path)), "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    namespace["softmax"] = namespace.get("softmax", lambda a: np.exp(a) / np.exp(a).sum(-1, keepdims=True))
    exec("\n".join(formula.code for formula in formulas.values()), namespace)
    everywhere = all(formula.code_is_general for formula in formulas.values())
    for number in range(len(some.points) if everywhere else 1):
        s = SimpleNamespace(**some.plain[number].values)
        for name, formula in formulas.items():
            expected = some.at_points[number][name].value
            assert np.allclose(namespace[name](s), expected, rtol=1e-11, atol=1e-13), formula.code


@pytest.mark.parametrize("model, name", [(model, name) for model, names in EXPECTED.items() for name in names])
def test_formulas_are_what_a_person_writes(model: str, name: str) -> None:
    formula = derived(Path(__file__).parent / "models" / f"{model}.py")[name]
    assert formula.text == EXPECTED[model][name]
    assert formula.general


THROUGH_TIME = """\
def dJ_dH(s):
    \"\"\"dJ/dH, back through time, shape (Dh, Dh).\"\"\"
    total = np.zeros(s.H.shape)
    upstream, dh = dJ_dhs(s), np.zeros(s.hs[0:1].shape)
    for t in reversed(range(len(s.hs))):
        before = s.hs[t - 1:t] if t else s.h0
        dh = dh + upstream[t:t + 1]
        total += before.T @ (dh * s.hs[t:t + 1] * (1 - s.hs[t:t + 1]))
        dh = (dh * s.hs[t:t + 1] * (1 - s.hs[t:t + 1])) @ s.H.T
    return total
"""


def test_a_loop_over_time_is_a_loop_again() -> None:
    formulas = derived(Path(__file__).parent / "models" / "bptt_loop.py")
    assert not formulas["dJ_dH"].general, "as an expression"
    assert formulas["dJ_dH"].code == THROUGH_TIME
    assert all(formula.code_is_general for formula in formulas.values())


FILLED = """\
def dJ_dw(s):
    \"\"\"dJ/dw, shape (F, C, 3).\"\"\"
    total, upstream = np.zeros(s.w.shape), dJ_dout(s)
    for i in range(s.out.shape[0]):
        for j in range(s.out.shape[1]):
            total[i] += s.b[i, 0] * upstream[i, j] * s.x[:, j:j + 3]
    return total
"""


def test_an_array_filled_by_loops_has_its_gradients_by_loops(tmp_path: Path) -> None:
    model = tmp_path / "scaled.py"
    convolution = (Path(__file__).parent / "models" / "conv1d.py").read_text()
    model.write_text(
        convolution.replace("+ b[f, 0]", "* b[f, 0]").replace("(C, 6)", "(C, T)").replace("(F, 4)", "(F, T - 2)")
    )
    formulas = derived(model)
    assert formulas["dJ_dw"].code == FILLED
    assert "total[:, j:j + 3] += s.b[i, 0] * upstream[i, j] * s.w[i]" in formulas["dJ_dx"].code
    assert formulas["dJ_dw"].code_is_general
    assert formulas["dJ_dx"].code_is_general


def test_a_loop_that_is_wrong_at_a_point_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parent / "models" / "conv1d.py"
    wrong = ["total, upstream = np.zeros(s.w.shape), dJ_dout(s)", "return total"]
    monkeypatch.setattr(formula_module, "filled_loop", lambda *_: wrong)
    formula = engine.derive(path)["dJ_dw"]
    assert "total" not in formula.code


def test_what_is_upstream_of_a_loop_is_written_out_where_it_is_not_asked_for() -> None:
    path = Path(__file__).parent / "models" / "bptt_loop.py"
    formula = engine.derive(path, wrt={"dJ_dh0": "h0"}, points=derived(path)["dJ_dH"].derivation.points)["dJ_dh0"]
    assert "upstream, dh = (s.P - s.Y) @ s.U.T, np.zeros(s.hs[0:1].shape)" in formula.code
    assert formula.code_is_general


def test_another_loop_is_written_out_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    body = "total = 0\n    for k in range(len(x)):\n        total = total + x[k] ** (k + 1)\n    return total"
    path.write_text(f'"""x is (N,)."""\n\n\ndef J(x):\n    {body}\n')
    formula = engine.derive(path)["dJ_dx"]
    assert formula.verified
    assert "total" not in formula.code
    assert "written out for N = 5" in formula.code


def test_a_wrong_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RULES["tanh"]
    monkeypatch.setitem(RULES, "tanh", Rule(lambda g, t, x: (g * (1 - x**2),), right.compute))
    formulas = engine.derive(Path(__file__).parent / "models" / "lstm.py")
    assert not formulas["dJ_dbg"].verified
    assert formulas["dJ_dWo"].verified


def test_value_at_another_point(bundled: dict[str, engine.Formula]) -> None:
    point = bundled_points()[1]
    assert bundled["dJ_dU"].value_at(point).shape == (8, 13)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_hips_autograd_agrees(path: Path) -> None:
    """An independent implementation, where it is installed and can run the model."""
    autograd = pytest.importorskip("autograd")
    namespace: dict[str, Any] = {}
    exec(path.read_text().replace("import numpy as np", "import autograd.numpy as np"), namespace)
    formulas = derived(path)
    derivation = next(iter(formulas.values())).derivation
    plain, found = derivation.plain[0], derivation.at_points[0]
    model = SimpleNamespace(functions=namespace, parameters=derivation.model.parameters)
    for name, formula in formulas.items():

        def loss(value: Any, of: str = formula.of) -> Any:
            known, changed = {**plain.values, of: value}, {of}
            for function in plain.order:
                if function != of and changed & set(model.parameters(function)):
                    changed.add(function)
                    known[function] = model.functions[function](*[known[p] for p in model.parameters(function)])
            return known[derivation.loss]

        try:
            expected = autograd.grad(loss)(np.asarray(plain.values[formula.of], dtype=float))
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            pytest.skip(f"autograd cannot run this model: {error}")
        assert np.allclose(found[name].value, expected, rtol=1e-9, atol=1e-12), name


LATEX = {
    ("columns", "dJ_dU"): r"\frac{\partial J}{\partial U} = \frac{\partial J}{\partial b_{2}} \, h^{\top}",
    ("columns", "dJ_db2"): r"\frac{\partial J}{\partial b_{2}} = \hat{y} - y^{\top}",
    ("softmax_batch", "dJ_dscores"): r"\frac{\partial J}{\partial \mathrm{scores}} = \frac{p - y}{N}",
    ("two_layers", "dJ_da"): r"\frac{\partial J}{\partial a} = \left(\frac{\partial J}{\partial \mathrm{scores}} \, "
    r"W_{2}^{\top}\right) \odot \left[a > 0\right]",
    ("batchnorm", "dJ_dmu"): r"\frac{\partial J}{\partial \mu} = -\frac{\sum_{N} \frac{\partial J}{\partial \hat{x}}}"
    r"{\sqrt{\mathrm{var} + \mathrm{EPS}}}",
}


@pytest.mark.parametrize("model, name", LATEX)
def test_latex(model: str, name: str) -> None:
    assert derived(Path(__file__).parent / "models" / f"{model}.py")[name].latex == LATEX[model, name]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_latex_has_balanced_braces_for_every_model(path: Path) -> None:
    for formula in derived(path).values():
        assert formula.latex.count("{") == formula.latex.count("}")
        assert formula.latex.count(r"\left") == formula.latex.count(r"\right")
        assert "g1" not in formula.latex


def test_a_function_of_the_solution_has_the_solutions_docstring(bundled: dict[str, engine.Formula]) -> None:
    solution = RIGHT_FILE.read_text()
    for name in ("dJ_db2", "dJ_dU", "dJ_dh", "dJ_db1", "dJ_dI", "dJ_dH", "dJ_dh_prev"):
        assert bundled[name].code.strip() in solution


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_whole_solution_stands_alone(path: Path) -> None:
    formulas = derived(path)
    namespace: dict[str, Any] = {}
    exec(engine.write_solution(formulas.values()), namespace)
    some = next(iter(formulas.values())).derivation
    s = SimpleNamespace(**some.plain[0].values)
    assert not set(some.model.functions) & set(namespace) - set(some.model.helpers)
    for name in formulas:
        assert np.allclose(namespace[name](s), some.at_points[0][name].value, rtol=1e-11, atol=1e-13), name


def test_gradients_of_minus_the_loss() -> None:
    wrt = {"dJ_db2": "b2", "dJ_dU": "U"}
    formulas = engine.derive(ROOT / "assignment/model.py", points=bundled_points(), wrt=wrt, loss="J", sign=-1)
    assert [formula.text for formula in formulas.values()] == ["y - y_hat", "h.T @ dJ_db2"]
    assert all(formula.verified for formula in formulas.values())
    assert any(line.text == "∂(-J)/∂y_hat[i] = y[i] / y_hat[i]" for line in formulas["dJ_db2"].steps)


def test_a_parameter_with_a_default_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text('"""x is (N, D)."""\n\n\ndef J(x, power=3):\n    return (x**power).sum()\n')
    assert {name: formula.text for name, formula in engine.derive(path).items()} == {"dJ_dx": "3 * x**2"}
