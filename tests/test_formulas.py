"""Formulas of diagnosis, from the derivation's graphs: right at every sample point, whatever the model; and how they go wrong."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from grader.config.load import load_config
from grader.derivation.graph.indexing import Slice, Slot
from grader.derivation.rules import array_rules
from grader.diagnosis.alternatives import without_signs_of_gates
from grader.diagnosis.comparison import Target
from grader.diagnosis.formulas.expression import Evaluator, Node, text
from grader.diagnosis.formulas.formula_nodes import call, encoded, inside, parameters_of, q, resolved, whole_number
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.mutations.mutants import local_mutants
from grader.diagnosis.search.finder import Finder
from grader.diagnosis.search.instead import beyond, left_out
from grader.diagnosis.search.terms import weighted
from grader.diagnosis.tables.build import Tables
from grader.newassignment.blueprint import make_blueprint
from grader.newassignment.config_text import config_text
from grader.newassignment.write_folder import write_files
from grader.problem.assignment import load_assignment
from grader.problem.derivatives import relative_error

MODELS = [
    ROOT / "tests" / "models" / f"{name}.py"
    for name in (
        "two_layer_relu softmax_regression batch_norm layer_norm attention gru_step lstm_step conv1d convolution word2vec"
    ).split()
]
LOOPS = '''
"""x is (F, W), b is (F,), and dout is (F, W)."""
import numpy as np


def out(x, b):
    """Each row of x times its number."""
    y = np.zeros(x.shape, dtype=np.result_type(x, b))
    for f in range(x.shape[0]):
        for o in range(x.shape[1]):
            y[f, o] = x[f, o] * b[f]
    return y


def J(out, dout):
    """The loss with the gradient dout by out."""
    return np.sum(out * dout)
'''
Code = Callable[[Any, Any], np.ndarray[Any, Any]]
EVALUATORS: dict[int, Evaluator] = {}
WRONG: dict[tuple[int, str], list[tuple[list[np.ndarray[Any, Any]], Edit]]] = {}

BPTT = '''
"""Backpropagation through time.

E is (T, d), the inputs; Y is (T, k), the targets; h0 is (1, m), the state before the first step.
W is (d, m), U is (m, m), c is (1, m) and V is (m, k).
"""
import numpy as np


def hs(E, h0, U, W, c):
    """The states, one a row."""
    h, rows = h0, []
    for t in range(len(E)):
        h = np.tanh(h @ U + E[t : t + 1] @ W + c)
        rows.append(h)
    return np.concatenate(rows)


def O(hs, V):
    return hs @ V


def J(O, Y):
    return 0.5 * np.sum((O - Y) ** 2)
'''

UNROLLED = '''
"""Three steps with shared weights.

a1, a2 and a3 are (1, d), the inputs, and s0 is (1, m), the first state.  A is (d, m), B is (m, m), C is (m, k), and
t1, t2 and t3 are (1, k), the targets.
"""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def s1(a1, A, s0, B):
    return sigmoid(a1 @ A + s0 @ B)


def s2(a2, A, s1, B):
    return sigmoid(a2 @ A + s1 @ B)


def s3(a3, A, s2, B):
    return sigmoid(a3 @ A + s2 @ B)


def J(s1, s2, s3, C, t1, t2, t3):
    return 0.5 * np.sum((s1 @ C - t1) ** 2 + (s2 @ C - t2) ** 2 + (s3 @ C - t3) ** 2)
'''


@pytest.fixture(scope="module")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], World]:
    """The formulas of an assignment, made from a model where there is none."""

    @cache
    def make(model: Path) -> World:
        folder = model
        if model.is_file():
            folder = tmp_path_factory.mktemp(model.stem)
            blueprint = make_blueprint(model, lambda question, default, choices: default)
            files = {"config.yaml": config_text(blueprint), "solutions/gradients.py": blueprint.solution}
            write_files(folder, {**files, "assignment/model.py": blueprint.read.source})
        config = load_config(folder / "config.yaml")
        return make_world(load_assignment(config, folder, with_solution=True))

    return make


@pytest.fixture(scope="module")
def loop(world_of: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> World:
    model = tmp_path_factory.mktemp("loop") / "bptt_loop.py"
    model.write_text(BPTT)
    return world_of(model)


def everywhere(world: World) -> Evaluator:
    """At all sample points, those included that were not probed; the same one each time."""
    assignment = world.assignment
    if id(world) not in EVALUATORS:
        EVALUATORS[id(world)] = Evaluator(assignment.graph, world.functions, assignment.points, assignment.exact)
    return EVALUATORS[id(world)]


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in ("convolution", "lstm_step")))
        for path in MODELS
    ],
)
def test_every_gradient_of_a_model_has_a_formula_with_the_right_values(
    model: Path, world_of: Callable[[Path], World]
) -> None:
    world = world_of(model)
    evaluate = everywhere(world)
    for name, formula in world.local.items():
        assert formula is not None, (name, world.problems)
        values = evaluate(formula)
        assert values is not None, text(formula)
        for value, numeric in zip(values, world.assignment.numeric[name], strict=True):
            assert relative_error(numeric.of(value), numeric.value) < 1e-5, (name, text(formula))


def test_an_exponent_may_be_a_quantity(world_of: Callable[[Path], World], tmp_path: Path) -> None:
    model = tmp_path / "power.py"
    model.write_text(
        '"""x is (n, d), positive.  q is (d,), positive.  t is (n, d)."""\n'
        "import numpy as np\n"
        "def h(x, q):\n"
        '    """h = x**q: (n, d)."""\n'
        "    return x**q\n"
        "def J(h, t):\n"
        "    return np.sum((h - t) ** 2)\n"
    )
    world = world_of(model)
    for name in ("dJ_dh", "dJ_dx", "dJ_dq"):
        formula = world.local[name]
        assert formula is not None
        for value, numeric in zip(everywhere(world)(formula) or [], world.assignment.numeric[name], strict=True):
            assert relative_error(numeric.of(value), numeric.value) < 1e-5, name


def test_a_loop_is_one_step_for_any_number_of_steps(loop: World) -> None:
    assert loop.local["dJ_dU"] is not None
    assert loop.local["dJ_dU"][0] == "scan"
    assert loop.starts == {"hs": "h0"}
    at_home = Evaluator(loop.assignment.graph, loop.functions, loop.assignment.points, loop.assignment.exact)
    for name, formula in loop.local.items():
        assert formula is not None
        for value, right in zip(at_home(formula) or [], loop.assignment.exact[name], strict=True):
            assert relative_error(np.asarray(value), right) < 1e-12, name


def test_a_sum_that_a_loop_wrote_out_is_one_term(world_of: Callable[[Path], World]) -> None:
    formula = world_of(ROOT / "tests" / "models" / "conv1d.py").local["dJ_dw"]
    assert formula is not None
    assert formula[0] == "series"
    assert sum(part[:2] == ("np", "scatter") for part in inside(formula)) == 1


# Mistakes: model, gradient, what a student computed, the operators and places of which one must give exactly these numbers.


def values_of(world: World, code: Code) -> list[np.ndarray[Any, Any]]:
    assignment = world.assignment
    right = [{name: values[k] for name, values in assignment.exact.items()} for k in range(len(assignment.points))]
    points = [SimpleNamespace(**point.values) for point in assignment.points]
    return [np.asarray(code(s, SimpleNamespace(**g))) for s, g in zip(points, right, strict=True)]


def wrong_values(world: World, name: str) -> list[tuple[list[np.ndarray[Any, Any]], Edit]]:
    """What each mistake in a gradient gives at all sample points; worked out once."""
    key = (id(world), name)
    if key not in WRONG:
        evaluate = everywhere(world)
        evaluated = ((evaluate(mutant), edit) for mutant, edit in local_mutants(name, world))
        WRONG[key] = [(values, edit) for values, edit in evaluated if values is not None]
    return WRONG[key]


def same(value: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """As np.allclose, which takes five times as long."""
    if value.shape != other.shape:
        return False
    number = 1.0 * other  # truth values have no difference
    return bool((abs(value - number) <= 1e-12 + 1e-9 * abs(number)).all())


def cheapest(world: World, name: str, wrong: list[np.ndarray[Any, Any]]) -> tuple[str, str]:
    """The likeliest mistake that gives these numbers."""
    found = [
        (edit.cost, edit.operator, edit.where)
        for values, edit in wrong_values(world, name)
        if all(same(value, other) for value, other in zip(values, wrong, strict=True))
    ]
    assert found, f"{name}: no mistake gives these numbers"
    return min(found)[1:]


def relu(a: Any) -> Any:
    return np.maximum(a, 0)


def placed(
    s: Any, pick: Code, kernel: Code = lambda s, k: s.w[:, :, k], overwrite: bool = False, back: bool = False
) -> Any:
    result = np.zeros(s.x.shape)
    width = s.dout.shape[1]
    for k in range(s.w.shape[2])[:: -1 if back else 1]:
        before = 0 if overwrite else result[:, k : k + width]
        result[:, k : k + width] = before + kernel(s, k).T @ pick(s, k)
    return result


def spread_2d(s: Any, g: Any, w: Any) -> Any:
    result = np.zeros(s.x.shape)
    height, width = s.z.shape[1:]
    for i, j in np.ndindex(w.shape[1:]):
        result[i : i + height, j : j + width] += np.sum(g.dJ_dz * w[:, i, j, None, None], axis=0)
    return result


def correlated(s: Any, dout: Any) -> Any:
    return np.stack([dout @ s.x[:, k : k + dout.shape[1]].T for k in range(s.w.shape[2])], axis=2)


MISTAKES: list[tuple[str, str, Code, str]] = [
    # a minibatch
    ("two_layer_relu", "dloss_da", lambda s, g: g.dloss_ds @ s.W2.T, "missing-slope"),
    ("two_layer_relu", "dloss_da", lambda s, g: (g.dloss_ds @ s.W2.T) * (s.a < 0), "other-side"),
    ("two_layer_relu", "dloss_dW2", lambda s, g: relu(s.a).T @ g.dloss_ds, "missing-term"),
    ("two_layer_relu", "dloss_dW2", lambda s, g: 0.1 * s.W2 + s.a.T @ g.dloss_ds, "skipped-activation"),
    ("two_layer_relu", "dloss_db1", lambda s, g: g.dloss_da.mean(0), "mean-for-sum"),
    ("two_layer_relu", "dloss_db1", lambda s, g: g.dloss_da[-1], "last-term"),
    ("two_layer_relu", "dloss_db1", lambda s, g: g.dloss_da, "sum-missing"),
    ("two_layer_relu", "dloss_db1", lambda s, g: g.dloss_da.sum(1), "sum-axis"),
    ("softmax_regression", "dL_dscores", lambda s, g: s.P - s.Y, "missing-number"),
    ("softmax_regression", "dL_dscores", lambda s, g: (s.P - s.Y) / s.Y.shape[1], "wrong-size"),
    ("softmax_regression", "dL_dW", lambda s, g: s.X[-1:].T @ g.dL_dscores[-1:], "last-term"),
    ("softmax_regression", "dL_dscores", lambda s, g: s.P - s.Y / len(s.Y), "missing-number"),
    ("softmax_regression", "dL_dscores", lambda s, g: -s.Y * np.log(s.P) / len(s.Y), "wrong-loss"),
    (
        "softmax_regression",
        "dL_dscores",
        lambda s, g: (s.P - np.eye(s.P.shape[1])[s.P.argmax(1)]) / len(s.Y),
        "wrong-row",
    ),
    ("softmax_regression", "dL_dscores", lambda s, g: (s.P - s.Y.max(0)) / len(s.Y), "wrong-row"),
    ("softmax_regression", "dL_dscores", lambda s, g: np.ones(s.P.shape) * g.dL_dscores.mean(0), "mean-extra"),
    ("softmax_regression", "dL_dW", lambda s, g: np.outer(s.X.sum(0), g.dL_dscores.mean(0)), "examples-apart"),
    ("softmax_regression", "dL_dW", lambda s, g: s.X.T @ s.scores, "wrong-variable"),
    # batch norm
    ("batch_norm", "dJ_dx", lambda s, g: bn(s, g) - g.dJ_dmu / len(s.x), "missing-term"),
    ("batch_norm", "dJ_dx", lambda s, g: bn(s, g) - 2 * g.dJ_dvar * (s.x - s.mu) / len(s.x), "missing-term"),
    ("batch_norm", "dJ_dvar", lambda s, g: g.dJ_dvar * (s.var + 1e-5), "other-power"),
    ("batch_norm", "dJ_dvar", lambda s, g: -g.dJ_dvar, "sign-result"),
    ("batch_norm", "dJ_dgamma", lambda s, g: np.sum(s.x * s.dout, 0, keepdims=True), "wrong-variable"),
    ("batch_norm", "dJ_dgamma", lambda s, g: s.x_hat * s.dout, "sum-missing"),
    ("batch_norm", "dJ_dx", lambda s, g: bn(s, g, count=s.x.shape[1]), "wrong-variable"),
    # attention
    ("models/attention", "dJ_dS_", lambda s, g: s.A * (1 - s.A) * g.dJ_dA, "jacobian-diagonal"),
    ("models/attention", "dJ_dS_", lambda s, g: s.A * (g.dJ_dA - (g.dJ_dA * s.A).sum(0)), "sum-axis"),
    ("models/attention", "dJ_dQ", lambda s, g: g.dJ_dS_ @ s.K / np.sqrt(s.V.shape[1]), "wrong-size"),
    # gates
    ("gru_step", "dJ_dz", lambda s, g: g.dJ_dz + 2 * g.dJ_dh * s.n, "sign-term"),
    ("gru_step", "dJ_dr", lambda s, g: (g.dJ_dbh * s.h_prev) @ s.Uh.T, "operand-order-early"),
    ("gru_step", "dJ_dUh", lambda s, g: s.h_prev.T @ (s.r * g.dJ_dbh), "operand-order-side"),
    ("gru_step", "dJ_dh_prev", lambda s, g: g.dJ_dh_prev + (1 - s.r) * reset(s, g), "missing-factor"),
    ("gru_step", "dJ_dh_prev", lambda s, g: s.r * (g.dJ_dh_prev + (1 - s.r) * reset(s, g)), "extra-factor"),
    ("lstm_step", "dJ_dc", lambda s, g: s.dh * s.o * (1 - s.c**2), "skipped-activation"),
    # a convolution
    ("conv1d", "dJ_dx", lambda s, g: placed(s, lambda s, k: s.dout, lambda s, k: s.w[:, :, -1 - k]), "flipped"),
    ("conv1d", "dJ_dx", lambda s, g: placed(s, lambda s, k: s.dout, overwrite=True), "sum-overwritten"),
    ("conv1d", "dJ_dx", lambda s, g: placed(s, lambda s, k: s.dout, overwrite=True, back=True), "sum-overwritten"),
    ("conv1d", "dJ_dw", lambda s, g: correlated(s, s.dout[:, ::-1]), "flipped"),
    ("conv1d", "dJ_dw", lambda s, g: correlated(s, s.dout[:, :-1]), "term-left-out"),
    ("models/convolution", "dJ_dx", lambda s, g: spread_2d(s, g, s.w[:, ::-1]), "flipped"),
    ("models/convolution", "dJ_dx", lambda s, g: spread_2d(s, g, s.w[:, ::-1, ::-1]), "flipped"),
    ("conv1d", "dJ_dw", lambda s, g: correlated(s, s.dout)[:, :, [0] * s.w.shape[2]], "one-step-for-all"),
    ("convolution", "dJ_dU", lambda s, g: np.outer(g.dJ_dscores, s.m.T), "transpose-factor"),
    ("models/convolution", "dJ_dz", lambda s, g: np.repeat(s.g, 2, axis=-1) * (s.z > 0), "missing-factor"),
    ("conv1d", "dJ_dw", lambda s, g: g.dJ_dw * (np.arange(s.w.shape[2]) == s.w.shape[2] - 1), "last-term"),
    # terms of the loss
    ("linear-regression", "dJ_dw", lambda s, g: g.dJ_dw + 2 * s.lam * s.w, "scaled-term"),
    ("linear-regression", "dJ_dw", lambda s, g: penalized(s, g, 2 * s.lam * s.w / len(s.y)), "scaled-term"),
    ("linear-regression", "dJ_dw", lambda s, g: penalized(s, g, s.lam * np.sum(s.w**2)), "undifferentiated"),
    ("linear-regression", "dJ_dw", lambda s, g: penalized(s, g, s.lam * s.w**2), "undifferentiated"),
    ("linear-regression", "dJ_dw", lambda s, g: penalized(s, g, s.lam * np.sign(s.w)), "wrong-function-of"),
    ("linear-regression", "dJ_dy_hat", lambda s, g: (s.y_hat - s.y) ** 2 / len(s.y), "wrong-loss"),
    ("logistic-regression", "dJ_dz", lambda s, g: -s.y * (1 - s.p) / len(s.y), "missing-term"),
    ("logistic-regression", "dJ_dz", lambda s, g: (s.p - s.y) / (s.p * (1 - s.p)) / len(s.y), "missing-slope"),
    ("word2vec", "dJ_dpos", lambda s, g: -sigmoid(s.pos) * (1 - sigmoid(s.pos)), "missing-factor"),
    ("word2vec", "dJ_dpos", lambda s, g: -1 / sigmoid(s.pos), "missing-slope"),
    ("two-layer-relu", "dJ_da", lambda s, g: g.dJ_dh * s.h, "value-for-slope"),
    ("two-layer-relu", "dJ_da", lambda s, g: s.a > 0, "missing-factor"),
    # products of 1-D arrays
    ("logistic-regression", "dJ_dw", lambda s, g: s.X * g.dJ_dz[:, None], "sum-missing"),
    ("logistic-regression", "dJ_dw", lambda s, g: (s.X * g.dJ_dz[:, None]).sum(axis=1), "sum-axis"),
    (
        "word2vec",
        "dJ_dv",
        lambda s, g: g.dJ_dpos * s.U[s.outside] + g.dJ_dneg[:, None] * s.U[s.negatives],
        "sum-missing",
    ),
    # indices and labels
    ("softmax-regression", "dJ_dscores", lambda s, g: (s.p - np.eye(s.p.shape[1])[s.y - 1]) / len(s.y), "wrong-row"),
    ("softmax-regression", "dJ_dscores", lambda s, g: (s.p - s.y[:, None]) / len(s.y), "wrong-variable"),
    ("softmax-regression", "dJ_dscores", lambda s, g: (s.p - 1) / len(s.y), "wrong-constant"),
    ("softmax-regression", "dJ_dscores", lambda s, g: (s.p - one_hot(s) * 0) / len(s.y), "missing-term"),
    ("softmax-regression", "dJ_dscores", lambda s, g: one_hot(s) * (s.p - 1) / len(s.y), "jacobian-diagonal"),
    ("word2vec", "dJ_dC", lambda s, g: g.dJ_dv, "row-alone"),
    ("word2vec", "dJ_dC", lambda s, g: np.outer(np.eye(len(s.C))[s.outside], g.dJ_dv), "wrong-row"),
    (
        "embedding",
        "dJ_dE",
        lambda s, g: g.dJ_dE / np.maximum(np.bincount(s.words.ravel(), minlength=len(s.E)), 1)[:, None],
        "mean-for-sum",
    ),
]


def bn(s: Any, g: Any, count: int = 0) -> Any:
    n = count or len(s.x)
    return g.dJ_dmu / n + 2 * g.dJ_dvar * (s.x - s.mu) / n + g.dJ_dx_hat / np.sqrt(s.var + 1e-5)


def penalized(s: Any, g: Any, penalty: Any) -> Any:
    return s.X.T @ g.dJ_dy_hat + penalty


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def one_hot(s: Any) -> Any:
    return np.eye(s.p.shape[1])[s.y]


def reset(s: Any, g: Any) -> Any:
    """What arrives at the state that the reset gate has left."""
    return g.dJ_dbh @ s.Uh.T


def test_a_loop_that_is_a_sum_goes_wrong_along_an_axis(world_of: Callable[[Path], World], tmp_path: Path) -> None:
    model = tmp_path / "loops.py"
    model.write_text(LOOPS)
    world = world_of(model)
    wrong = values_of(world, lambda s, g: np.sum(s.dout * s.x, axis=0))
    assert cheapest(world, "dJ_db", wrong)[0] == "sum-axis"


# The slow ones have the largest arrays; those of conv1d and of the gallery's convolution are of the same kind.
@pytest.mark.parametrize(
    "model, name, code, operator",
    [pytest.param(*one, marks=[pytest.mark.slow] * (one[0] == "models/convolution")) for one in MISTAKES],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_mistake_in_any_kind_of_model_is_recognized(
    model: str, name: str, code: Code, operator: str, world_of: Callable[[Path], World]
) -> None:
    of_gallery = ROOT / "gallery" / model
    own = ROOT / "tests" / "models" / f"{model.removeprefix('models/')}.py"
    world = world_of(of_gallery if of_gallery.is_dir() else own)
    assert cheapest(world, name, values_of(world, code))[0] == operator


def test_of_a_product_summed_over_examples_the_wrong_factor_is_transposed(
    world_of: Callable[[Path], World], tmp_path: Path
) -> None:
    model = tmp_path / "recurrent.py"
    model.write_text(
        '"""x is (n, d).  U is (d, d).  t is (n, d)."""\n'
        "import numpy as np\n"
        "def y(x, U):\n"
        '    """y = x U: (n, d)."""\n'
        "    return x @ U\n"
        "def J(y, t):\n"
        "    return np.sum((y - t) ** 2)\n"
    )
    world = world_of(model)
    wrong = values_of(world, lambda s, g: s.x @ g.dJ_dy.T)
    assert cheapest(world, "dJ_dU", wrong) == ("transpose-factor", "each factor")


@pytest.mark.parametrize(
    ("output", "where"),
    [
        ("np.where(z > 0, z, 0.01 * z)", "z <= 0"),
        ("z * np.where(z > 0, 1, 0.01)", "z <= 0"),
        ("np.maximum(z, 0) + 0.01 * np.minimum(z, 0)", "z < 0"),
    ],
)
def test_one_case_of_a_condition_that_is_left_out_is_named_by_the_condition(
    world_of: Callable[[Path], World], tmp_path: Path, output: str, where: str
) -> None:
    model = tmp_path / "leaky.py"
    model.write_text(
        '"""z is (n, d).  t is (n, d)."""\n'
        "import numpy as np\n"
        "def a(z):\n"
        '    """(n, d)."""\n'
        f"    return {output}\n"
        "def J(a, t):\n"
        "    return np.sum((a - t) ** 2)\n"
    )
    world = world_of(model)
    wrong = values_of(world, lambda s, g: g.dJ_da * np.where(s.z > 0, 1, 0))
    assert cheapest(world, "dJ_dz", wrong) == ("missing-case", f"the part where {where}")
    other = values_of(world, lambda s, g: g.dJ_da * np.where(s.z > 0, 0, 0.01))
    assert cheapest(world, "dJ_dz", other) == ("missing-case", "the part where z > 0")


@pytest.mark.parametrize("model", ["softmax_regression", "two_layer_relu"])
def test_no_mistake_has_a_quantity_in_its_own_place(model: str, world_of: Callable[[Path], World]) -> None:
    world = world_of(ROOT / "tests" / "models" / f"{model}.py")
    edits = [edit for name in world.local for _, edit in local_mutants(name, world)]
    assert [edit for edit in edits if edit.operator.startswith("wrong-variable") and edit.new == edit.where] == []


def test_z_for_one_minus_z_is_no_sign_inside_the_sigmoid_where_the_model_has_both(
    world_of: Callable[[Path], World],
) -> None:
    world = world_of(ROOT / "gallery" / "gru-step")
    likely = [
        Hypothesis((edit,), "", edit.cost, "plain")
        for _, edit in local_mutants("dJ_dn", world)
        if (edit.operator, edit.where) in (("sign-argument", "sigmoid"), ("wrong-variable", "1 - z"))
    ]
    assert "sign-argument" in {one.operator for one in likely}
    assert {one.operator for one in without_signs_of_gates(likely, world)} == {"wrong-variable"}
    signs = [one for one in likely if one.operator == "sign-argument"]
    assert without_signs_of_gates(signs, world) == signs, "there is nothing to confuse it with"


def test_a_factor_that_is_missing_everywhere_in_a_closed_form_is_named(world_of: Callable[[Path], World]) -> None:
    world = world_of(ROOT / "tests" / "models" / "batch_norm.py")
    right, gamma = world.evaluator(("g", "dJ_dx")), world.evaluator(q("gamma"))
    assert right is not None
    assert gamma is not None
    values = [one / factor for one, factor in zip(right, gamma, strict=True)]
    target = Target(values, [point.sizes for point in world.evaluator.points], 1e-9)
    quotient = [1 / factor * np.ones(one.shape) for one, factor in zip(right, gamma, strict=True)]
    [found] = left_out(target, "dJ_dx", quotient, world, world.evaluator)
    assert [(edit.operator, edit.where) for edit in found.edits] == [("missing-factor", "gamma")]


def back_in_time(
    s: Any,
    *,
    slope: bool = True,
    carry: bool = True,
    before: int = 0,
    forward: bool = False,
    only: int | None = None,
    outside: bool = False,
    whole: bool = True,
    handed: bool = True,
    wrapped: bool = False,
    piled: bool = False,
) -> dict[str, Any]:
    """The backward pass, with one of a student's mistakes."""
    D, dh = (s.O - s.Y) @ s.V.T, np.zeros(s.h0.shape)
    total = {"U": np.zeros(s.U.shape), "c": np.zeros(s.c.shape)}
    steps = range(len(s.E))
    for t in steps if forward else reversed(steps):
        h = s.hs[t : t + 1]
        earlier = s.hs[[t - 1]] if t or wrapped else s.h0
        dz = (D[t : t + 1] + dh) * ((1 - h**2) if slope else 1)
        if only is None or t == only:
            total["U"] += (h if before else earlier).T @ dz
            total["c"] += D[t : t + 1] + dh if outside else dz
        back = (dz if handed else D[t : t + 1] + dh) @ s.U.T if carry else 0 * dh
        dh = dh + back if piled else back
    if outside:
        total["c"] *= 1 - s.hs[:1] ** 2
    return {**total, "h0": dh if whole else dz}


# Those of h0 are slow: all formulas that are one mistake away from its own are evaluated, which are most of the loop's.
@pytest.mark.parametrize(
    "of, mistake, operator, where",
    [
        ("U", {"carry": False}, "missing-term", "what the later step hands back"),
        ("U", {"slope": False}, "missing-slope", "tanh"),
        ("U", {"before": 1}, "wrong-step", "hs[t-1:t]"),
        ("U", {"wrapped": True}, "wrong-step", "h0"),
        ("c", {"forward": True}, "step-order", "the steps"),
        ("c", {"only": 0}, "last-term", "the steps"),
        ("c", {"slope": False}, "missing-slope", "tanh"),
        ("c", {"handed": False}, "missing-slope", "tanh"),
        ("c", {"outside": True}, "slope-outside", "1 - hs[t]^2"),
        pytest.param("h0", {"whole": False}, "missing-matrix", "U", marks=pytest.mark.slow),
        ("U", {"piled": True}, "carry-added", "what a step hands back"),
        pytest.param("h0", {"piled": True}, "carry-added", "what a step hands back", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_mistake_in_the_body_of_a_loop_is_one_mistake(
    of: str, mistake: dict[str, Any], operator: str, where: str, loop: World
) -> None:
    for value, right in zip(
        values_of(loop, lambda s, g: back_in_time(s)[of]), loop.assignment.exact[f"dJ_d{of}"], strict=True
    ):
        assert np.allclose(value, right)
    wrong = values_of(loop, lambda s, g: back_in_time(s, **mistake)[of])
    assert cheapest(loop, f"dJ_d{of}", wrong) == (operator, where)


@pytest.fixture(scope="module")
def unrolled(world_of: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> World:
    model = tmp_path_factory.mktemp("unrolled") / "three_steps.py"
    model.write_text(UNROLLED)
    return world_of(model)


def over_steps(s: Any, g: Any, of: str, term: Callable[..., Any] | None = None, **changed: Any) -> Any:
    """The sum over the steps, with another term, or with other inputs, states or gradients than those of the step."""
    values = {
        "inputs": [s.a1, s.a2, s.a3] if of == "A" else [s.s0, s.s1, s.s2],
        "states": [s.s1, s.s2, s.s3],
        "gradients": [g.dJ_ds1, g.dJ_ds2, g.dJ_ds3],
        **changed,
    }
    term = term or (lambda x, h, dh: x.T @ (dh * h * (1 - h)))
    return sum(map(term, values["inputs"], values["states"], values["gradients"]))


STEPS: list[tuple[str, Code, str, str]] = [
    ("A", lambda s, g: over_steps(s, g, "A", lambda x, h, dh: x.T @ dh), "missing-slope", "sigmoid"),
    ("A", lambda s, g: over_steps(s, g, "A", lambda x, h, dh: x.T @ (dh * h)), "missing-slope-factor", "sigmoid"),
    ("B", lambda s, g: over_steps(s, g, "B", inputs=[s.s1, s.s2, s.s3]), "wrong-variable", "s0, s1, s2"),
    ("A", lambda s, g: over_steps(s, g, "A", inputs=[s.a3, s.a2, s.a1]), "exchanged", "a1, a3"),
    ("A", lambda s, g: over_steps(s, g, "A", inputs=[s.a3] * 3), "one-step-for-all", "a1, a2, a3"),
    ("B", lambda s, g: over_steps(s, g, "B", inputs=[s.s1, s.s2]), "shifted-and-cut", "s0, s1"),
    ("A", lambda s, g: (s.a1 + s.a2 + s.a3).T @ slopes(s, g).sum(0, keepdims=True), "sums-apart", "a1^T, a2^T, a3^T"),
    (
        "A",
        lambda s, g: np.vstack([s.a1, s.a2, s.a3]).reshape(-1, 3) @ slopes(s, g),
        "transpose-reshape",
        "the stack of a1, a2, a3",
    ),
    ("A", lambda s, g: over_steps(s, g, "A", gradients=without_later(s)), "missing-term", "get from later steps"),
    ("s1", lambda s, g: without_later(s)[0] + g.dJ_ds2, "used-as-it-is", "B and "),
    ("s1", lambda s, g: without_later(s)[0] + slopes(s, g)[2:] @ s.B.T, "wrong-variable", "dJ/ds2, s2"),
    ("s3", lambda s, g: g.dJ_ds3 + slopes(s, g)[2:] @ s.B.T, "extra-path", "dJ/ds3"),
    ("s0", lambda s, g: (g.dJ_ds1 @ s.B.T) * (s.s1 * (1 - s.s1)), "operand-order-steps", "sigmoid'"),
]


def slopes(s: Any, g: Any) -> Any:
    """The gradients at the input of each state, one a row."""
    states = ((s.s1, g.dJ_ds1), (s.s2, g.dJ_ds2), (s.s3, g.dJ_ds3))
    return np.concatenate([dh * h * (1 - h) for h, dh in states])


def without_later(s: Any) -> list[Any]:
    """The gradients of the states by their own outputs alone."""
    return [(h @ s.C - t) @ s.C.T for h, t in ((s.s1, s.t1), (s.s2, s.t2), (s.s3, s.t3))]


@pytest.mark.parametrize(
    "of, code, operator, where",
    [
        pytest.param(*step, id=f"{step[0]}-{step[2]}", marks=[pytest.mark.slow] * (k > 2))
        for k, step in enumerate(STEPS)
    ],
)
def test_one_misunderstanding_in_all_terms_of_a_sum_over_steps_is_one_mistake(
    of: str, code: Code, operator: str, where: str, unrolled: World
) -> None:
    found = cheapest(unrolled, f"dJ_d{of}", values_of(unrolled, code))
    assert found[0] == operator
    assert where in found[1]


def test_what_stands_one_step_later_is_read_off_the_sums(unrolled: World) -> None:
    later = {one[1]: other[1] for one, other in unrolled.later.items()}
    assert later.items() >= {"s0": "s1", "s1": "s2", "s2": "s3", "a1": "a2", "dJ_ds1": "dJ_ds2"}.items()
    assert not {"A", "B", "C"} & {*later, *later.values()}


def terms_of(world: World, name: str, weights: Sequence[float]) -> list[np.ndarray[Any, Any]]:
    tree = world.local[name]
    assert tree is not None
    found = [everywhere(world)(term) for term in tree[1:]]
    return [
        np.asarray(sum(weight * value for weight, value in zip(weights, values, strict=True)))
        for values in zip(*(one for one in found if one is not None), strict=True)
    ]


@pytest.mark.parametrize(
    "weights, operators",
    [
        ((0.25, 0.5, 1), ["weighted-terms"]),
        ((1, -1, 0), ["sign-term", "missing-term"]),
        ((2, 2, 2), []),
        ((1, 1, 1), []),
    ],
    ids=str,
)
def test_terms_that_are_weighted_are_told_from_terms_left_out(
    weights: tuple[float, ...], operators: list[str], unrolled: World
) -> None:
    values, sizes = terms_of(unrolled, "dJ_dB", weights), [point.sizes for point in unrolled.assignment.points]
    tree = unrolled.local["dJ_dB"]
    assert tree is not None
    found = weighted(tree, Target(values, sizes, 1e-9), everywhere(unrolled))
    assert [edit.operator for one in found for edit in one.edits] == operators
    noise = [value + 1e-6 * np.random.default_rng(1).normal(size=value.shape) for value in values]
    assert weighted(tree, Target(noise, sizes, 1e-9), everywhere(unrolled)) == []


@pytest.mark.slow
def test_a_mistake_on_several_of_ones_own_gradients_is_found(unrolled: World) -> None:
    """The gradient of the last state has the wrong sign, and what is built on all three of them has its own mistake."""
    assignment = unrolled.assignment
    own = {f"dJ_ds{k}": [-value for value in assignment.exact[f"dJ_ds{k}"]] for k in (1, 2, 3)}
    turned = everywhere(unrolled).with_gradients(own)
    inputs = [mutant for mutant, edit in local_mutants("dJ_dB", unrolled) if edit.new == "s1, s2, s3"]
    values = turned(inputs[0])
    assert values is not None
    finder = Finder(assignment, Tables(assignment))
    target = Target(values, [point.sizes for point in assignment.points], 1e-9)
    found = finder.single("dJ_dB", target, own)
    assert found is not None
    assert (found.edits[0].where, found.own) == ("s0, s1, s2", "dJ_ds3")


@pytest.mark.parametrize("more, where", [(1, "B"), (2, "B")])
def test_the_gradient_times_further_matrices_is_not_called_something_else(
    more: int, where: str, unrolled: World
) -> None:
    node: Node = ("g", "dJ_ds0")
    for _ in range(more):
        node = ("mm", node, ("T", q("B")))
    values = everywhere(unrolled)(node)
    assert values is not None
    target = Target(values, [point.sizes for point in unrolled.assignment.points], 1e-9)
    found = beyond(target, "dJ_ds0", node, 1.0, everywhere(unrolled))
    assert found is not None
    assert (found.operator, found.edits[0].where) == ("extra-matrix", where)
    assert beyond(target, "dJ_ds1", node, 1.0, everywhere(unrolled)) is None


def test_repeated_places_that_are_overwritten_are_told_from_those_added_up(loop: World) -> None:
    added = call("scatter", q("E"), ("array", "[0,0,1]"), index=(Slot(0),), shape=(4, 2))
    from grader.diagnosis.mutations.arrays import numpy_mutants

    wrong = [mutant for mutant, edit in numpy_mutants(added, loop) if edit.operator == "sum-overwritten"]
    assert len(wrong) == 1
    value = array_rules._setitem(
        np.zeros((4, 1)), np.array([[1.0], [2.0], [3.0]]), np.array([0, 0, 1]), index=(Slot(0),)
    )
    assert value.ravel().tolist() == [2, 3, 0, 0]
    assert wrong[0][1] == "setitem"


# Parameters

ENTRIES = st.one_of(
    st.integers(-9, 9),
    st.none(),
    st.just(Ellipsis),
    st.builds(Slot, st.integers(0, 3)),
    st.sampled_from(["#", "#+1", "N-1"]),
)
SLICES = st.builds(Slice, st.none() | st.integers(-9, 9), st.none() | st.integers(-9, 9), st.none() | st.integers(1, 3))


@given(st.lists(st.one_of(ENTRIES, SLICES), max_size=4), st.booleans())
def test_parameters_survive_their_text(index: list[Any], keepdims: bool) -> None:
    given = {"index": tuple(index), "keepdims": keepdims, "subscripts": "ij->ji"}
    assert parameters_of(encoded(given)) == given


@given(st.integers(2, 50), st.integers(2, 50), st.integers(0, 9))
def test_expressions_of_sizes_are_sums(W: int, K: int, step: int) -> None:
    sizes = {"W": W, "K": K}
    assert whole_number("W-K+1", sizes) == W - K + 1
    steps = {**sizes, "#": step, "~": 2 * step}
    assert whole_number("K-1-#", steps) == K - 1 - step
    found = resolved(encoded({"index": (Slice("#", "~+K", None),)}), steps)  # type: ignore[arg-type]
    assert found == {"index": (Slice(step, 2 * step + K, None),)}
