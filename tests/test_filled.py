"""A convolution with ReLU and max-pooling, written as loops over the places of its output: from the model to the grades."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader import Grader
from grader.config.load import load_config
from grader.derivation import Formula, Point, derive
from grader.derivation.docstrings import described
from grader.derivation.graph.loading import Model
from grader.newassignment.dimension_sizes import choose_sizes
from grader.problem.assignment import load_assignment
from grader.problem.kinks import breaks_ties

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "gallery" / "convolution-2d"
MODELS = ROOT / "tests" / "models" / "filled"
Run = Callable[..., "subprocess.CompletedProcess[str]"]

POOLED = "(g[:, None, :, None] * (a.reshape(R, 2, S, 2) == m[:, None, :, None])).reshape(P, Q) * (z > 0)"


def formulas_of(path: Path, sizes: dict[str, int], shapes: dict[str, tuple[str, ...]]) -> dict[str, Formula]:
    random = np.random.default_rng(0)
    inputs = {name: random.normal(size=tuple(sizes[each] for each in shape)) for name, shape in shapes.items()}
    if "y" in inputs and inputs["y"].ndim == 2:
        inputs["y"] = np.eye(inputs["y"].shape[1])[random.integers(0, inputs["y"].shape[1], len(inputs["y"]))]
    return derive(path, points=[Point(inputs, sizes)], wrt={f"dJ_d{name}": name for name in ("z", *"xwb")}, loss="J")


def test_loops_over_places_are_differentiated_as_a_sum_over_the_filter() -> None:
    sizes = {"H": 9, "W": 13, "K": 4, "P": 6, "Q": 10, "R": 3, "S": 5}
    shapes = {"x": ("H", "W"), "w": ("K", "K"), "b": (), "g": ("R", "S")}
    found = formulas_of(MODELS / "four_loops.py", sizes, shapes)
    assert all(formula.verified for formula in found.values())
    assert found["dJ_dz"].text == POOLED
    assert found["dJ_db"].text == "np.sum(dJ_dz)"
    assert "for k in range(K):     g1[i, k] += np.sum(dJ_dz * x[i:i + P, k:k + Q])" in found["dJ_dw"].text
    assert "for k in range(K):     g1[i:i + P, k:k + Q] += w[i, k] * dJ_dz" in found["dJ_dx"].text


def test_with_channels_each_entry_of_the_filters_is_a_product_of_matrices() -> None:
    sizes = {"C": 2, "H": 9, "W": 7, "F": 3, "K": 4, "L": 5, "N": 8, "P": 6, "Q": 3, "R": 3, "M": 27}
    shapes = {"x": "CHW", "w": "FCKL", "b": "F", "U": "NM", "c": "N", "y": "N"}
    found = formulas_of(MODELS / "channels.py", sizes, {name: tuple(shape) for name, shape in shapes.items()})
    assert all(formula.verified for formula in found.values())
    assert found["dJ_dw"].text.count("np.einsum") == 1, "in loops over the filter"
    assert found["dJ_db"].text == "np.sum(dJ_dz, axis=(1, 2))"


def test_padding_and_a_batch_are_differentiated_for_any_sizes() -> None:
    sizes = {
        "N": 3,
        "C": 2,
        "H": 7,
        "W": 5,
        "F": 4,
        "K": 4,
        "L": 4,
        "D": 11,
        "Hp": 9,
        "Wp": 7,
        "P": 6,
        "Q": 4,
        "R": 3,
        "S": 2,
    }
    sizes["M"] = 24
    shapes = {"x": "NCHW", "w": "FCKL", "b": "F", "U": "MD", "c": "D", "y": "ND"}
    found = formulas_of(MODELS / "batch.py", sizes, {name: tuple(shape) for name, shape in shapes.items()})
    assert all(formula.verified for formula in found.values())
    assert "[:, :, 1:-1, 1:-1]" in found["dJ_dx"].text


@pytest.mark.parametrize(
    "entry",
    [
        "np.max(x[i : i + 2, j : j + 2])",  # windows that overlap
        "np.sum(x[2 * i : 2 * i + 2, j : j + 2] * w) + i",
        "np.sum(x[i : i + 2, j : j + 2] * w) * b",
        "np.sum(x[i : i + 2, j : j + 2] * w[::-1])",
        "np.sum(x[i : i + 2, j : j + 2] * w) + x[j, i]",
        "np.max(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]) + b",
        "np.sum(x[2 * i : 2 * i + 2, j : j + 2] * w) + b",  # a stride
    ],
)
def test_other_arrays_filled_by_loops_keep_their_gradients(entry: str, tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(f"""
import numpy as np


def z(x, w, b):
    out = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = {entry}
    return out


def J(z):
    return np.sum(z ** 3)
""")
    random = np.random.default_rng(0)
    point = Point({"x": random.normal(size=(7, 6)), "w": random.normal(size=(2, 2)), "b": 0.7}, {})
    assert all(formula.verified for formula in derive(model, points=[point], loss="J").values())


def test_sizes_are_found_where_most_dimensions_follow_from_others() -> None:
    relations = {"P": "H - K + 1", "Q": "W - L + 1", "R": "P // 2", "S": "Q // 2", "M": "R * S"}
    sizes = choose_sizes(["H", "W", "K", "L", "N", *relations], relations, ())
    assert sizes is not None
    for k in range(3):
        at_k = {name: each[k] for name, each in sizes.items()}
        assert len(set(at_k.values())) == len(at_k), at_k
        assert at_k["P"] == at_k["H"] - at_k["K"] + 1 == 2 * at_k["R"], "windows cover all entries"


def test_a_formula_before_a_shape_says_nothing_of_its_parts(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text('''
def scores(m, U, c):
    """scores = U m + c: (N,); U is (N, M); c is (N,); m is (M,)."""
    return U @ m + c


def J(scores):
    """The loss."""
    return (scores ** 2).sum()
''')
    assert described(Model(model), "J")["U"].shape == ("N", "M")


def test_a_maximum_of_zeros_of_a_relu_has_no_derivative() -> None:
    config = load_config(GALLERY / "config.yaml")
    assignment = load_assignment(config, GALLERY, with_solution=False)
    values = {**assignment.points[0].values}
    z = np.array(values["z"])
    z[:2, :2] = -1.0
    values |= {"z": z, "a": np.maximum(z, 0)}
    values["m"] = assignment.graph.functions["m"](values["a"])
    assert breaks_ties(assignment.graph, values, "a")
    assert not breaks_ties(assignment.graph, values, "z")
    assert not breaks_ties(assignment.graph, values, "m")


@pytest.mark.slow
def test_right_answers_keep_their_marks_and_wrong_ones_lose_them_at_any_sample_points(tmp_path: Path) -> None:
    folder = tmp_path / "assignment"
    shutil.copytree(GALLERY, folder, ignore=shutil.ignore_patterns(".grader-cache"))
    text = (GALLERY / "config.yaml").read_text()
    wrong = (
        (GALLERY / "right" / "loops.py")
        .read_text()
        .replace("grad[i : i + K, j : j + L] +=", "grad[i : i + K, j : j + L] =")
    )
    (tmp_path / "wrong.py").write_text(wrong)
    for seed in range(10):
        (folder / "config.yaml").write_text(re.sub('seed: ".*"', f'seed: "{seed:032x}"', text))
        with Grader(folder / "config.yaml") as opened:
            for right in ("loops", "windows"):
                grade = opened.grade(GALLERY / "right" / f"{right}.py")
                assert grade.passed, (seed, right, grade.to_json())
            failed = [one.name for one in opened.grade(tmp_path / "wrong.py").gradients if one.status != "passed"]
            assert failed == ["dJ_dx"], seed


@pytest.mark.slow
def test_a_model_of_loops_becomes_an_assignment_that_is_handed_out_and_graded(grader: Run, tmp_path: Path) -> None:
    made = grader("new", GALLERY / "assignment" / "model.py", "--yes", "-o", "made", cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "dJ_da is not asked: the loss has no derivative where the largest entries of a are equal" in made.stdout
    config = tmp_path / "made" / "config.yaml"
    report = json.loads(grader("validate", "--config", config, "--json").stdout)
    assert {each["outcome"] for each in report["findings"]} == {"passed"}, report
    handout = grader("handout", "--config", config, "-o", tmp_path / "handout.zip")
    assert handout.returncode == 0, handout.stdout + handout.stderr
    with zipfile.ZipFile(tmp_path / "handout.zip") as packed:
        packed.extractall(tmp_path / "home")
    stubs = next((tmp_path / "home").rglob("gradients.py"))
    assert json.loads(grader("grade", "--config", config, stubs, "--json").stdout)["score"] == 0
    stubs.write_bytes((tmp_path / "made" / "solutions" / "gradients.py").read_bytes())
    assert grader("check", cwd=stubs.parent).returncode == 0
    built = grader("gradescope", "build", "--config", config, "-o", tmp_path / "autograder.zip")
    assert built.returncode == 0, built.stdout + built.stderr
    tried = grader("gradescope", "try", "--config", config, stubs)
    assert tried.returncode == 0, tried.stdout + tried.stderr
