"""Kinds of mistakes in models that are no recurrent network: what instructors read of each, and of its place."""

import ast
import shutil
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import ROOT

from grader.config.load import load_config
from grader.diagnosis.engine import explain
from grader.diagnosis.knowledge import knowledge_of
from grader.grading.grader import Grader
from grader.problem.assignment import load_assignment
from grader.problem.derivatives import relative_error
from grader.problem.derived import Derived
from grader.records.result import GradientResult

COURSES = ROOT / "tests" / "courses"
BPTT = ROOT / "tests" / "blind" / "bptt"
GATES = """\
i, f, o, g = np.split(s.a, 4)
i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
d = dc(s)
di, df, do, dg = d * g * i * (1 - i), d * s.c_prev * f * (1 - f), s.dh * np.tanh(s.c) * o * (1 - o), d * i * (1 - g**2)
"""
SOFTMAX = """\
p = np.exp(s.shifted)
p = p / p.sum(axis=1, keepdims=True)
"""
NORMALIZED = "d = s.dout * s.gamma\nN = len(s.x)\nd = N * d - d.sum(0) - s.xhat * (d * s.xhat).sum(0)\n"
OF_WORDS = "G = np.zeros_like(s.E)\nfor n, row in enumerate(s.words):\n    for word in {words}:\n"
OF_WORDS += "        G[word] += de(s)[n] / len(row)\nreturn G"

THROUGH = """\
direct = du(s) * s.g / s.rms
through = drms(s) * {size} / (s.x.shape[1] * s.rms)
return direct + through
"""
STAGES = """\
N = len(s.x)
dxhat = s.dout * s.gamma
dvar = np.sum(dxhat * (s.x - s.mu), axis=0) * -0.5 * (s.var + s.eps) ** -1.5
spread = np.ones(s.x.shape) * dvar / N
through = {factor} * (s.x - s.mu) * spread
dmu = -np.sum(dxhat, axis=0) / np.sqrt(s.var + s.eps)
return dxhat / np.sqrt(s.var + s.eps) + through + dmu / N
"""
OVERWRITTEN = """\
N = len(s.x)
dxhat = s.dout * s.gamma
result = dxhat / np.sqrt(s.var + s.eps)
result = result - s.xhat * (dxhat * s.xhat).mean(axis=0) / np.sqrt(s.var + s.eps)
result = -np.sum(dxhat, axis=0) / np.sqrt(s.var + s.eps) / N
return result
"""
SLOPE = """\
gate = 1 / (1 + np.exp(-s.u))
first = gate * (1 - gate)
slope = gate + {second} * first
return da(s) * slope
"""

CASES = [
    ("lstm_gates", "dc", "return s.dh * (1 - np.tanh(s.c) ** 2)", "the factor sigmoid(a[2*H:3*H]) is left out"),
    ("lstm_gates", "da", f"{GATES}return np.concatenate([df, di, do, dg])", "4 blocks are in the order 2, 1, 3, 4"),
    (
        "lstm_gates",
        "da",
        f"{GATES}return np.concatenate([di, -df, do, dg])",
        "the part with c_prev enters with the opp",
    ),
    ("lstm_gates", "da", f"{GATES}return np.concatenate([di, df, do, d * i * g * (1 - g)])", "that of tanh belongs"),
    ("lstm_gates", "dh_prev", "return s.U @ np.tanh(da(s))", "tanh(da) where da belongs"),
    (
        "two_layer_relu",
        "dlogits",
        f"{SOFTMAX}p[:, s.y] -= 1\nreturn p / len(p)",
        "the labels of all examples in each row",
    ),
    ("two_layer_relu", "dlogits", f"{SOFTMAX}p[range(len(p)), s.y - 1] -= 1\nreturn p / len(p)", "with y - 1 where y"),
    (
        "two_layer_relu",
        "dlogits",
        "p = np.exp(s.shifted)\np = p / p.sum(axis=0)\np[range(len(p)), s.y] -= 1\nreturn p / len(p)",
        "softmax taken along the wrong axis",
    ),
    ("two_layer_relu", "db1", "return da(s).max(axis=0)", "the largest term instead of the sum"),
    ("two_layer_relu", "db1", "return da(s)[:-1].sum(axis=0)", "without the last term of the sum with da"),
    ("two_layer_relu", "dW1", "return s.X.T @ da(s) + s.reg / 2 * s.W1", "reg * W1 / 2 where reg * W1 belongs"),
    (
        "batch_norm",
        "dx",
        f"{NORMALIZED}return d / ((N - 1) * np.sqrt(s.var + s.eps))",
        "N / (N - 1) times the right ones",
    ),
    (
        "batch_norm",
        "dx",
        f"{NORMALIZED}return d / (N * np.sqrt(np.round(s.var, 2) + s.eps))",
        "var is rounded to 2 decimal places",
    ),
    (
        "batch_norm",
        "dx",
        OVERWRITTEN,
        "without dout and xhat * mean(dout * xhat)",
    ),  # and so without the axis of the examples
    ("normalized_hinge", "dm", "return (s.m < 1) * -1.0", "the factor 1 / N is left out"),
    ("normalized_hinge", "dm", "return -1.0 * (s.m < 0) / len(s.m)", "without 1"),
    ("normalized_hinge", "dx", THROUGH.format(size="2 * s.x"), "the part with drms is multiplied by 2"),
    (
        "normalized_hinge",
        "drms",
        "return -np.sum(du(s) * s.x * s.g, axis=0, keepdims=True) / s.rms**2",
        "a sum runs along the wrong axis",
    ),
    ("embeddings", "dE", OF_WORDS.format(words="row[:-1]"), "without the last term of the sum with words"),
    ("embeddings", "dE", OF_WORDS.format(words="row").replace("+=", "="), "overwritten instead of added up"),
    ("embeddings", "de", "return np.outer(np.ones(len(s.e)), s.v)", "the derivative of tanh is left out"),
]


@pytest.fixture(scope="module")
def graders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Grader]]:
    """A copy of each assignment, so that no tables are kept beside it."""
    folder = tmp_path_factory.mktemp("courses")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SEED", "5eed5eed5eed5eed5eed5eed5eed5eed")
        opened = {}
        for course in ("lstm_gates", "two_layer_relu", "batch_norm", "embeddings", "conv1d", "normalized_hinge"):
            shutil.copytree(COURSES / course, folder / course, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            opened[course] = stack.enter_context(Grader(folder / course / "config.yaml"))
        shutil.copytree(BPTT, folder / "bptt", ignore=shutil.ignore_patterns("__pycache__", ".*"))
        opened["bptt"] = stack.enter_context(Grader(folder / "bptt" / "config.yaml"))
        yield opened


def file_with(course: str, gradient: str, code: str) -> str:
    """The right file with another body of one function."""
    path = BPTT / "solutions" / "gradients.py" if course == "bptt" else COURSES / course / "right.all_passed.py"
    right = path.read_text()
    kept = [n for n in ast.parse(right).body if not (isinstance(n, ast.FunctionDef) and n.name == gradient)]
    body = "".join(f"    {line}\n" for line in code.splitlines())
    return "\n\n".join(map(ast.unparse, kept)) + f"\n\n\ndef {gradient}(s):\n{body}"


def graded(grader: Grader, folder: Path, course: str, gradient: str, code: str) -> GradientResult:
    path = folder / "gradients.py"
    path.write_text(file_with(course, gradient, code))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as: no diagnosis
        grade = grader.grade(path)
    return next(one for one in grade.gradients if one.name == gradient)


@pytest.mark.parametrize(("course", "gradient", "code", "words"), CASES)
def test_a_mistake_is_named(
    graders: dict[str, Grader], tmp_path: Path, course: str, gradient: str, code: str, words: str
) -> None:
    found = graded(graders[course], tmp_path, course, gradient, code).diagnosis
    assert found is not None
    assert found.certainty == "exact"
    assert words in found.mistakes[0].statement


def test_an_axis_that_goes_with_a_missing_term_is_no_second_mistake() -> None:
    """(D,) instead of (N, D): of three terms only the one without an index for the examples is left."""
    folder = ROOT / "gallery" / "batch-norm"
    assignment = load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)
    left = [
        value / point.sizes["N"] for value, point in zip(assignment.exact["dJ_dmu"], assignment.points, strict=True)
    ]
    found = explain(assignment, knowledge_of(assignment), "dJ_dx", left, {}).diagnosis
    assert found.certainty == "exact"
    assert [one.kind for one in found.mistakes] == ["missing-term"]


def test_no_line_of_a_right_softmax_is_blamed(graders: dict[str, Grader], tmp_path: Path) -> None:
    code = f"{SOFTMAX}p[range(len(p)), s.y] += 1\nreturn p / len(p)"
    where = graded(graders["two_layer_relu"], tmp_path, "two_layer_relu", "dlogits", code).where
    line = (tmp_path / "gradients.py").read_text().splitlines().index("    p[range(len(p)), s.y] += 1") + 1
    assert where == f"Before line {line} your values match the derivation; in line {line}, `p` does not"


@pytest.mark.parametrize(
    ("course", "gradient", "code", "wrong"),
    [
        ("normalized_hinge", "dx", THROUGH.format(size="np.abs(s.x)"), "through ="),
        ("normalized_hinge", "dx", THROUGH.format(size="s.x").replace("direct + through", "direct"), "return direct"),
        ("normalized_hinge", "du", SLOPE.format(second="s.x"), "slope ="),
        ("batch_norm", "dx", STAGES.format(factor=1), "through ="),
        ("batch_norm", "dx", OVERWRITTEN, "result = -"),
    ],
    ids=[
        "a term of a sum over one divisor",
        "a term that is never added",
        "the derivative of the model's own function",
        "the gradient by a quantity that nobody asks for, row by row",
        "a sum that its last term overwrites",
    ],
)
def test_no_line_of_a_right_part_is_blamed(
    graders: dict[str, Grader], tmp_path: Path, course: str, gradient: str, code: str, wrong: str
) -> None:
    where = graded(graders[course], tmp_path, course, gradient, code).where
    lines = (tmp_path / "gradients.py").read_text().splitlines()
    last = max(number for number, text in enumerate(lines, start=1) if text.strip().startswith(wrong))
    assert where.startswith(f"Before line {last} your values match the derivation; in line {last}, ")


@pytest.mark.parametrize("course", ["lstm_gates", "conv1d", "two_layer_relu"])
def test_formulas_derived_at_one_point_are_right_at_all_of_them(graders: dict[str, Grader], course: str) -> None:
    given = graders[course].assignment
    exact = given.exact
    derived = Derived(given.config, given.graph, given.points, exact, at_one=True)
    for name, values in exact.items():
        for point, right in zip(given.points, values, strict=True):
            assert relative_error(derived(name, point)[0], right) < 1e-9, name


@pytest.mark.parametrize("name", ["bptt", "makemore"])  # a loop over time, and a gradient that is zero but for rounding
def test_one_point_is_enough_to_derive_formulas_for_all(name: str) -> None:
    reference = Grader(ROOT / "gallery" / name / "config.yaml", at_home=True).assignment.reference
    assert isinstance(reference, Derived)
    assert len(reference.derivation.points) == 1


@pytest.mark.parametrize(
    ("gradient", "code", "kinds"),
    [
        pytest.param(
            "dJ_dh1",
            "return (s.y1 - s.p1) @ s.Why.T + (dJ_dh2(s) * (1 - s.h3**2)) @ s.Whh.T",
            ["sign", "wrong-variable"],
            marks=pytest.mark.slow,
        ),
        (
            "dJ_dh2",
            "return (s.p2 - s.y2) @ s.Why.T + dJ_dh3(s) @ s.Whh",
            ["transpose", "missing-factor"],
        ),
        pytest.param(
            "dJ_dWhh", "return (first(s) + second(s)).T", ["missing-term", "transpose"], marks=pytest.mark.slow
        ),
    ],
)
def test_two_mistakes_in_the_terms_of_a_sum_are_observed(
    graders: dict[str, Grader], tmp_path: Path, gradient: str, code: str, kinds: list[str]
) -> None:
    for step, name in ((1, "first"), (2, "second")):
        code = code.replace(f"{name}(s)", f"s.h{step - 1}.T @ (dJ_dh{step}(s) * (1 - s.h{step}**2))")
    found = graded(graders["bptt"], tmp_path, "bptt", gradient, code).diagnosis
    assert found is not None
    assert found.certainty == "observation"
    assert [one.kind for one in found.mistakes] == kinds
