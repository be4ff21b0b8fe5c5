"""`grader.check` and `grader.grade` with a homework of several parts, and with functions that return several gradients."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT
from homework import ONE_WRONG, RIGHT, ROOT_WRONG, SEED, write_homework

import grader
from grader import UsageError, api
from grader.notebooks import defined_in

DB = "def db(s):\n    return 0"


@pytest.fixture(scope="module")
def homework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_homework(tmp_path_factory.mktemp("homework"))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch):
    """Pretend that this code runs in a notebook, after these cells."""

    def run(*cells: str) -> None:
        namespace: dict[str, Any] = {}
        for cell in cells:
            exec(cell, namespace)
        shell = SimpleNamespace(user_ns=namespace, history_manager=SimpleNamespace(input_hist_raw=["", *cells]))
        monkeypatch.setattr(api, "running_shell", lambda: shell)

    return run


def test_a_notebook_is_checked_for_the_part_that_its_functions_say(notebook, homework: Path) -> None:
    notebook("import numpy as np", ROOT_WRONG.read_text())
    grade = grader.check(config=homework)
    assert [one.name for one in grade.gradients] == ["dscores", "dW", "db"], "db is asked for in both parts"
    assert grade.fix_first == ["dscores"]
    assert grade.gradients[0].hints


def test_a_notebook_with_functions_of_several_parts_is_checked_for_each(notebook, homework: Path) -> None:
    notebook(*(path.read_text().partition("def db")[0] for path in RIGHT.values()))
    grade = grader.check(config=homework / "config.yaml")
    named = {one.name: one.status for one in grade.gradients}
    assert (named["logistic.dw"], named["softmax.dW"], named["softmax.db"]) == ("passed", "passed", "missing")
    shown = grade._repr_html_()
    assert "softmax.dscores" in shown
    assert "14" not in str(grade), "no marks at home"


@pytest.mark.parametrize("cells", [[DB], [path.read_text() for path in RIGHT.values()]])
def test_a_function_that_several_parts_ask_for_is_ambiguous(notebook, homework: Path, cells: list[str]) -> None:
    notebook(*cells)
    with pytest.raises(UsageError, match="this notebook defines db, which logistic and softmax ask for") as caught:
        grader.check(config=homework)
    assert str(homework / "softmax" / "config.yaml") in str(caught.value)


def test_a_file_is_graded_for_the_part_of_its_name_and_checked_for_that_or_the_part_of_its_functions(
    homework: Path, tmp_path: Path
) -> None:
    (tmp_path / "part2.py").write_bytes(ROOT_WRONG.read_bytes())
    for path in (tmp_path / "part2.py", ROOT_WRONG):
        assert [one.name for one in grader.check(path, config=homework).gradients] == ["dscores", "dW", "db"]
    (tmp_path / "part1.py").write_bytes(ONE_WRONG.read_bytes())
    graded = grader.grade(tmp_path / "part1.py", config=homework)
    assert (graded.score, graded.max_score, [one.name for one in graded.gradients]) == (2.4, 4, ["dw", "db"])
    with pytest.raises(UsageError, match="its name says no part"):
        grader.grade(ONE_WRONG, config=homework)
    (tmp_path / "mine.py").write_text(DB)
    with pytest.raises(UsageError, match=r"mine\.py defines db, which logistic and softmax ask for"):
        grader.check(tmp_path / "mine.py", config=homework)
    (tmp_path / "mine.py").write_text("x = 1")
    with pytest.raises(UsageError, match="its name says no part; expected part1"):
        grader.check(tmp_path / "mine.py", config=homework)


def test_a_folder_is_graded_for_all_parts_and_at_home_for_those_whose_file_is_there(
    homework: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "part1.py").write_bytes(ONE_WRONG.read_bytes())
    graded = grader.grade(tmp_path, config=homework)
    assert (graded.score, graded.max_score) == (2.4, 14)
    assert "No part2.py" in graded.message
    checked = grader.check(tmp_path, config=homework)
    assert [one.name for one in checked.gradients] == ["logistic.dw", "logistic.db"]
    assert any(note.startswith("softmax: ") for note in checked.notes)
    monkeypatch.chdir(tmp_path)
    assert [one.status for one in grader.check(config=homework).gradients] == ["passed", "failed"]
    (tmp_path / "part1.py").unlink()
    with pytest.raises(UsageError, match=r"part1\.py(.|\n)*part2\.py"):
        grader.check(config=homework)


def test_percent_check_takes_the_names_of_gradients_with_their_part_or_without(
    notebook, homework: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from grader.magic import check_command

    notebook(*(path.read_text().partition("def db")[0] for path in RIGHT.values()))
    monkeypatch.chdir(homework)
    for name in ("dW", "softmax.dW"):
        found = check_command(name)
        assert found is not None
        assert [one.name for one in found.gradients] == ["softmax.dW"]
    assert check_command("softmax.dV") is None
    assert "there is no gradient softmax.dV" in capsys.readouterr().err


def test_a_notebook_may_define_a_function_that_returns_several_gradients_or_a_class(
    notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_SEED", SEED)
    for course in ("affine_parameters", "affine_class"):
        folder = ROOT / "tests" / "courses" / course
        notebook("import numpy as np", (folder / "right.all_passed.py").read_text())
        grade = grader.check(config=folder)
        assert [one.status for one in grade.gradients] == ["passed"] * len(grade.gradients)


def test_a_class_in_a_cell_that_failed_is_one_that_the_notebook_defines() -> None:
    shell = SimpleNamespace(
        user_ns={}, history_manager=SimpleNamespace(input_hist_raw=["", "1 / 0\nclass Affine:\n    pass"])
    )
    assert defined_in(shell, ["Affine", "Relu"]) == {"Affine"}
