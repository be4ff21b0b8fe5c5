"""An assignment about another model, with a loss of another name: nothing that is told of it is of the bundled one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from grader.diagnosis.formulas.expression import gradient_text

ROOT = Path(__file__).parents[1]
RIGHT = (ROOT / "tests" / "regression" / "solutions" / "gradients.py").read_text(encoding="utf-8")
Command = Callable[..., "CompletedProcess[str]"]
Grade = Callable[[str, str], "dict[str, object]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignment, where its tables may be kept."""
    return Path(shutil.copytree(ROOT / "tests" / "regression", tmp_path_factory.mktemp("another") / "regression"))


@pytest.fixture
def told(grader: Command, folder: Path, tmp_path: Path) -> Grade:
    """What is told of one gradient of a file."""

    def tell(code: str, name: str) -> dict[str, object]:
        (tmp_path / "hand_in.py").write_text(code)
        done = grader("grade", "--json", "--config", folder / "config.yaml", tmp_path / "hand_in.py")
        assert "dJ" not in done.stdout
        return next(one for one in json.loads(done.stdout)["gradients"] if one["name"] == name)

    return tell


def test_it_is_sound_and_its_solution_right(grader: Command, folder: Path, told: Grade) -> None:
    done = grader("validate", "--config", folder / "config.yaml")
    assert done.returncode == 0, done.stdout
    assert told(RIGHT, "dE_dc")["status"] == "passed"


def test_a_solution_that_cannot_be_read_is_explained_from_the_model(
    grader: Command, folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    unread = RIGHT.replace("dE_da(s).sum(axis=0, keepdims=True)", "sum(dE_da(s))[None, :]")
    (other / "solutions" / "gradients.py").write_text(unread)
    shown = grader("explain", "dE_dc", "--config", other / "config.yaml")
    assert shown.returncode == 0, shown.stderr
    assert "dE_dc = np.sum(dE_da, axis=0, keepdims=True)" in shown.stdout
    assert "Mistakes that are recognized" in shown.stdout


def test_validate_warns_of_a_formula_that_cannot_be_read_with_its_line(
    grader: Command, folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    solution = other / "solutions" / "gradients.py"
    unread = "np.fft.ifft(np.fft.fft(dE_da(s).sum(axis=0, keepdims=True))).real"
    solution.write_text("import numpy as np\n" + RIGHT.replace("dE_da(s).sum(axis=0, keepdims=True)", unread))
    model = other / "assignment" / "model.py"
    head, loss, rest = model.read_text().rpartition("    return ")
    model.write_text(f"{head}{loss}0 * np.sum(np.fft.fft(p).real) + {rest}")
    done = grader("validate", "--json", "--config", other / "config.yaml")
    assert done.returncode == 0, done.stderr
    [found] = [one for one in json.loads(done.stdout)["findings"] if one["check"] == "mistakes lose marks"]
    assert found["outcome"] == "warning"
    assert "their formulas cannot be read" in found["message"]
    assert [detail.partition(":")[0] for detail in found["details"]] == ["dE_dc"]
    assert "np.fft" in found["details"][0]


def test_a_quantity_that_the_model_computes_is_not_drawn(grader: Command, folder: Path) -> None:
    config = folder / "drawn.yaml"
    config.write_text((folder / "config.yaml").read_text().replace("a: {sample: model", "a: {sample: normal"))
    done = grader("validate", "--config", config)
    assert done.returncode == 2
    assert ":6: computes a, which config.yaml draws: expected `sample: model` there" in done.stderr


def test_a_gradient_handed_in_for_another_is_named_after_its_loss(told: Grade) -> None:
    found = told(RIGHT.replace("s.g.T @ dE_dp(s)", "(dE_dp(s) @ s.v.T) * (1 - s.g)"), "dE_dv")
    assert "exactly those of dE/da:" in json.dumps(found)


@pytest.mark.parametrize(
    "wrong, says",
    [
        ("dE_da(s)", "with the terms of a sum before they are added up (the sum of dE/da)"),
        ("dE_da(s).mean(axis=0, keepdims=True)", "with a mean instead of a sum (the sum of dE/da)"),
        ("dE_da(s).sum(axis=1, keepdims=True)", "when a sum runs along the wrong axis (the sum of dE/da)"),
    ],
)
def test_what_goes_wrong_at_a_sum_over_a_batch_is_told(told: Grade, wrong: str, says: str) -> None:
    found = told(RIGHT.replace("dE_da(s).sum(axis=0, keepdims=True)", wrong), "dE_dc")
    assert says in json.dumps(found)


def test_a_factor_of_what_follows_from_a_wrong_gradient_is_not_one_of_the_right_numbers(told: Grade) -> None:
    wrong = RIGHT.replace("(s.p - s.t) /", "3 * (s.p - s.t) /").replace("s.g.T @ dE_dp(s)", "2 * s.g.T @ dE_dp(s)")
    assert "your numbers are 3 times the right ones" in json.dumps(told(wrong, "dE_dp"))
    assert "your numbers are 2 times what follows from your own dE_dp" in json.dumps(told(wrong, "dE_dv"))


def test_a_sign_and_a_size_at_once_are_told_together(told: Grade) -> None:
    found = told(RIGHT.replace("(s.p - s.t) / s.p.shape[0]", "s.t - s.p"), "dE_dp")
    assert sorted(one["kind"] for one in found["diagnosis"]["mistakes"]) == ["scale", "sign"]


def test_a_power_that_is_left_out_is_told_as_that(told: Grade) -> None:
    found = json.dumps(told(RIGHT.replace("1 - s.g**2", "1 - s.g"), "dE_da"))
    assert "when g is not raised to its power" in found
    assert "bracket is lost" not in found


def test_hints_hold_for_a_column_and_for_a_mean_that_is_left_out(told: Grade) -> None:
    column = json.dumps(told(RIGHT.replace("s.g.T @ dE_dp(s)", "dE_dp(s).T @ s.g"), "dE_dv"))
    assert "dE_dv has the shape of v, (m, 1)." in column
    assert "two vectors" not in column  # g is a matrix
    mean = json.dumps(told(RIGHT.replace(" / s.p.shape[0]", ""), "dE_dp"))
    assert "your numbers are N times the right ones" in mean
    assert "A constant factor is missing." in mean


def test_a_gradient_may_have_a_name_of_another_form() -> None:
    assert [gradient_text(name) for name in ("dJ_dL_x", "dE_da", "grad_W", "W")] == ["dJ/dL_x", "dE/da", "grad_W", "W"]
