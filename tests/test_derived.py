"""Without a solution: the right gradients come from the model, and grading, diagnosis and validation are the same."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from conftest import ROOT, SUBMISSIONS
from right import RIGHT_FILE

import grader as package
from grader.errors import ConfigError
from grader.grading.grader import Grader
from grader.problem.derivatives import differentiate, relative_error
from grader.problem.derived import Derived
from grader.records.result import Grade

Run = Callable[..., "CompletedProcess[str]"]
NAMES = [
    "wrong_variables.failed.py",
    "H_not_transposed.failed.py",
    "epsilon_in_softmax.followed_through.py",
    "broadcast_accident.failed.py",
    "forgotten_transposes.raised.py",
    "half_done.missing.py",
    "numeric_central.failed.py",
]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled assignment without its solution."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(ROOT / "assignment", folder / "assignment", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("gradients.py", "__pycache__")
    )
    (folder / "config.yaml").write_text(re.sub(r"(?m)^solution:.*\n", "", (ROOT / "config.yaml").read_text()))
    return folder / "config.yaml"


def essence(grade: Grade) -> object:
    """Marks, and what is said of each gradient."""
    return [
        (one.name, one.status, one.score, one.diagnosis, one.hints, one.where, one.inherits, one.follow_through)
        for one in grade.gradients
    ]


def test_the_derived_file_reads_like_a_solution(alone: Path) -> None:
    assignment = Grader(alone).assignment
    assert isinstance(assignment.reference, Derived)
    assert assignment.reference.source.decode().splitlines()[:12] == [
        '"""The gradients, derived from the model."""',
        "",
        "",
        "def dJ_db2(s):",
        '    """dJ/db2 = y_hat - y, shape (1, V)."""',
        "    return s.y_hat - s.y",
        "",
        "",
        "def dJ_dU(s):",
        '    """dJ/dU = h^T dJ/db2, shape (Dh, V)."""',
        "    return s.h.T @ dJ_db2(s)",
        "",
    ]


def test_submissions_get_the_same_marks_diagnoses_and_hints(alone: Path) -> None:
    with Grader(ROOT / "config.yaml") as solved, Grader(alone) as derived:
        assert derived.grade(RIGHT_FILE).passed
        for name in NAMES:
            assert essence(derived.grade(SUBMISSIONS / name)) == essence(solved.grade(SUBMISSIONS / name)), name


def test_the_assignment_is_sound(tmp_path: Path, grader: Run) -> None:
    small = Path(shutil.copytree(ROOT / "gallery" / "linear-regression", tmp_path / "small")) / "config.yaml"
    small.write_text(re.sub(r"(?m)^solution:.*\n", "", small.read_text()))
    (tmp_path / "small" / "solutions" / "gradients.py").unlink()
    done = grader("validate", "--config", small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every gradient is derived from the model" in done.stdout


def test_a_solution_that_differs_from_the_model_is_reported(copy_of_assignment: Path, grader: Run) -> None:
    solution = copy_of_assignment / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("return s.y_hat - s.y", "return (s.y_hat - s.y) * (1 + 1e-11)"))
    done = grader("validate", cwd=copy_of_assignment)
    assert done.returncode == 1
    assert "dJ_db2: relative error 1.0e-11 at sample point 1; derived: dJ_db2 = y_hat - y" in " ".join(
        done.stdout.split()
    )


def test_a_model_that_cannot_be_differentiated_is_an_error_with_its_line(
    alone: Path, tmp_path: Path, grader: Run
) -> None:
    folder = Path(shutil.copytree(alone.parent, tmp_path / "copy"))
    model = folder / "assignment" / "model.py"
    model.write_text(model.read_text().replace("return sigmoid(z)", "return np.sort(sigmoid(z))[:, ::-1]"))
    line = next(i for i, text in enumerate(model.read_text().splitlines(), start=1) if "np.sort" in text)
    with pytest.raises(ConfigError, match=rf"model\.py:{line}: .*sort.*solution:"):
        Grader(folder / "config.yaml").assignment  # noqa: B018
    assert grader("grade", SUBMISSIONS / NAMES[0], "--config", folder / "config.yaml").returncode == 2


def test_a_hand_written_solution_may_import_the_model(copy_of_assignment: Path) -> None:
    solution = copy_of_assignment / "solutions" / "gradients.py"
    text = solution.read_text().replace("return s.y_hat - s.y", "return softmax(s.h @ s.U + s.b2) - s.y")
    solution.write_text(text + "\nfrom model import softmax\n")
    with Grader(copy_of_assignment / "config.yaml") as opened:
        assert opened.grade(RIGHT_FILE).passed


def test_a_loop_that_is_written_out_is_derived_for_the_sizes_of_each_point(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import numpy as np\n\n\ndef c(x):\n    total = 0.0 * x[0:1]\n    for t in range(len(x)):\n"
        "        total = np.tanh(total + x[t:t + 1])\n    return total\n\n\n"
        "def J(c):\n    return np.sum(c ** 2, axis=(-2, -1))\n"
    )
    config = re.sub(r"(?ms)^dimensions:.*?^checks:", "checks:", (ROOT / "config.yaml").read_text())
    config = re.sub(r"(?m)^(model|solution|  file|  mistakes):.*\n", "", config) + (
        "model: model.py\ndimensions: {T: [2, 3, 4], D: [5, 6, 7]}\n"
        "steps: {count: 3, seed: '00000000000000000000000000000001'}\n"
        "quantities:\n  x: {sample: normal, shape: [T, D]}\n  c: {sample: model, shape: [1, D]}\n"
        "gradients:\n  - {name: dJ_dc, of: c, max_score: 1}\n  - {name: dJ_dx, of: x, max_score: 1}\n"
    )
    (tmp_path / "config.yaml").write_text(config)
    assignment = Grader(tmp_path / "config.yaml").assignment
    assert max(max(errors) for errors in assignment.numeric_errors.values()) < 1e-8
    fresh = assignment.fresh_point("ab" * 32)
    assert assignment.reference is not None
    assert assignment.reference("dJ_dx", fresh)[0].shape == fresh.values["x"].shape


def test_the_formulas_of_a_model_are_part_of_the_api(alone: Path, tmp_path: Path) -> None:
    formulas = package.derive(alone.parent / "assignment" / "model.py")
    assert formulas["dJ_dU"].code.splitlines()[-1] == "    return s.h.T @ dJ_db2(s)"
    assert formulas["dJ_dU"].latex.startswith(r"\frac{\partial J}{\partial U} = h^{\top}")
    assert any("∂J/∂U[i, j] = h[i] · dJ_db2[j]" in line.text for line in formulas["dJ_dU"].steps)
    free = tmp_path / "model.py"
    free.write_text(
        '"""x is (N, D), w is (D, 1), t is (N, 1)."""\n\n\ndef y(x, w):\n    """y = x w, (N, 1)."""\n    return x @ w\n\n\n'
        "def E(y, t):\n    return 0.5 * ((y - t) ** 2).sum()\n"
    )
    assert package.derive(free)["dE_dw"].text == "x.T @ dE_dy"
    free.write_text("def E(x):\n    return x.sum()\n")
    with pytest.raises(package.ConfigError, match=r"model\.py:1: .*no shape is given for x"):
        package.derive(free)


def test_both_packages_are_built_without_a_solution(alone: Path, tmp_path: Path, grader: Run) -> None:
    for command in (["handout"], ["gradescope", "build"]):
        done = grader(*command, "--force", "-o", tmp_path / f"{command[0]}.zip", "--config", alone)  # sound: see above
        assert done.returncode == 0, done.stderr
    leaking = Path(shutil.copytree(alone.parent, tmp_path / "leaking"))
    (leaking / "assignment" / "notes.md").write_text("Hint: s.h.T @ dJ_db2(s)\n")
    refused = grader("handout", "--config", leaking / "config.yaml", "--force")
    assert refused.returncode == 3
    assert "notes.md contains a formula of the solution" in refused.stderr


def test_a_model_that_branches_on_values_is_derived_for_the_branch_taken_at_each_point(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import numpy as np\n\n\ndef c(x):\n    return np.tanh(x) if x[0, 0] > 0.3 else x ** 2\n\n\n"
        "def J(c):\n    return np.sum(c ** 2, axis=(-2, -1))\n"
    )
    config = re.sub(r"(?ms)^dimensions:.*?^checks:", "checks:", (ROOT / "config.yaml").read_text())
    config = re.sub(r"(?m)^(model|solution|  file|  mistakes):.*\n", "", config) + (
        "model: model.py\ndimensions: {N: [2, 3], D: [5, 6]}\n"
        "steps: {count: 4, seed: '00000000000000000000000000000002'}\n"
        "quantities:\n  x: {sample: normal, shape: [N, D]}\n  c: {sample: model, shape: [N, D]}\n"
        "gradients:\n  - {name: dJ_dc, of: c, max_score: 1}\n  - {name: dJ_dx, of: x, max_score: 1}\n"
    )
    (tmp_path / "config.yaml").write_text(config)
    assignment = Grader(tmp_path / "config.yaml").assignment
    assert assignment.reference is not None
    fresh = [assignment.fresh_point(f"{k:064x}") for k in range(12)]
    assert {bool(point.values["x"][0, 0] > 0.3) for point in fresh} == {True, False}, "both branches occur"
    for point in [*assignment.points, *fresh]:
        right = differentiate(assignment.graph, point, "x", method="richardson")
        assert relative_error(right.of(assignment.reference("dJ_dx", point)[0]), right.value) < 1e-7


@pytest.mark.parametrize("source", ["import sys\nsys.exit(0)\n", "import nothing_of_that_name\n", "def J(:\n"])
def test_a_model_that_does_not_run_is_an_error_with_its_line(
    alone: Path, tmp_path: Path, grader: Run, source: str
) -> None:
    folder = Path(shutil.copytree(alone.parent, tmp_path / "copy"))
    (folder / "assignment" / "model.py").write_text(source)
    line = source.count("\n", 0, source.rstrip().rfind("\n") + 1) + 1
    for command in (["validate"], ["explain"]):
        done = grader(*command, "--config", folder / "config.yaml")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"model.py:{line}: does not run" in done.stderr
    with pytest.raises(package.ConfigError, match=rf"model\.py:{line}: does not run"):
        package.derive(folder / "assignment" / "model.py")


def test_a_loss_that_is_no_number_is_reported_as_that(alone: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(alone.parent, tmp_path / "copy"))
    model = folder / "assignment" / "model.py"
    model.write_text(
        model.read_text() + "\n\ndef J(y_hat, y):\n    return np.log(0 * np.sum(y_hat * y, axis=(-2, -1)) - 1)\n"
    )
    with pytest.raises(ConfigError, match="J: expected a finite number at sample point 1"), np.errstate(all="ignore"):
        Grader(folder / "config.yaml").assignment  # noqa: B018
