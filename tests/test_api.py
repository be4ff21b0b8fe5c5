"""The public API: what `import grader` offers, and every example in docs/api.md, run as it stands."""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import warm
from conftest import ROOT, SUBMISSIONS, copy_assignment
from right import RIGHT_FILE as RIGHT

import grader

EXAMPLES = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE | re.DOTALL)
WRONG = SUBMISSIONS / "numeric_forward.failed.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assignment with submissions and the results of a batch, as the examples find it."""
    made = tmp_path_factory.mktemp("api")
    copy_assignment(made)
    (made / "submissions").mkdir()
    shutil.copy(RIGHT, made / "submissions" / "ann.py")
    shutil.copy(WRONG, made / "submissions" / "bob.py")
    command = warm.GRADER
    subprocess.run([command, "batch", "submissions", "--out", "results"], cwd=made, check=True, capture_output=True)
    return made


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_documentation_runs(
    example: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    exec(compile(example, "docs/api.md", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.strip()


def test_a_folder_is_graded_and_printed_as_a_table_by_a_program(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", EXAMPLES[0]], cwd=folder, capture_output=True, text=True, check=True)
    assert [line.split() for line in done.stdout.splitlines()] == [["ann.py", "100"], ["bob.py", "20"]]


def test_one_grader_grades_and_checks(folder: Path) -> None:
    with grader.Grader(folder / "config.yaml") as g:
        assert g.grade(RIGHT).score == 100
        assert g.check(RIGHT).passed
        wrong = g.grade(WRONG)
        assert wrong.fix_first[0] == "dJ_db2"
        assert '"fix_first"' in wrong.to_json()
        assert g.grade(str(RIGHT)).passed, "a path may be a string"


def test_a_grade_in_a_notebook_is_a_table_in_which_no_text_of_a_student_is_markup(folder: Path) -> None:
    hostile = folder / "hostile.py"
    hostile.write_text("def dJ_dU(s):\n    raise ValueError('<script>alert(1)</script>')\n")
    with grader.Grader(folder / "config.yaml") as g:
        shown = g.grade(hostile)._repr_html_()
    assert "<table>" in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_checking_uses_nothing_of_the_solution(folder: Path, tmp_path: Path) -> None:
    home = shutil.copytree(folder, tmp_path / "home")
    shutil.rmtree(home / "solutions")
    assert grader.check(RIGHT, config=home / "config.yaml").passed
    with pytest.raises(grader.ConfigError, match=r"solutions/gradients\.py"):
        grader.grade(WRONG, config=home / "config.yaml")


def test_a_config_among_what_is_graded_is_refused_unless_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "gradients.py").write_bytes(RIGHT.read_bytes())
    with pytest.raises(grader.UsageError, match="may be the student's"):
        grader.grade("gradients.py")
    with grader.Grader() as g, pytest.raises(grader.UsageError, match="may be the student's"):
        g.grade("gradients.py")
    assert grader.grade("gradients.py", config="config.yaml").passed


def test_the_results_of_a_batch_are_read_by_key(folder: Path) -> None:
    students = list(grader.results(folder / "results"))
    assert [(one.key, one.score) for one in students] == [("ann", 100.0), ("bob", 20.0)]
    assert students[0].grade is not None
    assert students[0].grade.passed
    with pytest.raises(grader.GraderError, match=r"grades\.db"):
        next(grader.results(folder / "submissions"))


def test_everything_public_can_be_imported_and_nothing_is_loaded_before() -> None:
    for name in grader.__all__:
        assert getattr(grader, name) is not None
    assert set(grader.__all__) == set(dir(grader))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        grader.nothing  # noqa: B018
    script = "import sys, grader; print([m for m in sys.modules if m.startswith(('grader.', 'numpy', 'msgspec'))])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_grader_may_be_closed_opened_again_and_nested(folder: Path) -> None:
    g = grader.Grader(folder / "config.yaml")
    with g:
        assert g.grade(RIGHT).passed
        with g:
            assert g.check(RIGHT).passed
        assert g.grade(RIGHT).passed, "the inner one closed it"
    assert g.grade(RIGHT).passed
    g.close()
    g.close()
    with g:
        assert g.grade(WRONG).score == 20
    g.close()


def test_threads_may_share_a_grader(folder: Path) -> None:
    with grader.Grader(folder / "config.yaml") as g, ThreadPoolExecutor(3) as pool:
        scores = list(pool.map(lambda path: g.grade(path).score, [RIGHT, WRONG] * 2))
    assert scores == [100, 20] * 2


def test_a_failure_of_the_sandbox_is_not_graded_and_no_mark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with grader.Grader(folder / "config.yaml") as g:
        monkeypatch.setattr(g.sandbox, "run", lambda *_: (_ for _ in ()).throw(grader.SandboxError("it broke")))
        found = g.grade(RIGHT)
    assert (found.status, found.score, found.message) == ("not_graded", 0.0, "it broke")
    assert {gradient.status for gradient in found.gradients} == {"not_graded"}


@pytest.mark.parametrize("source", ["", "x = 1\n", "def E(x):\n    return 1 / 0\n"])
def test_a_model_without_a_loss_to_differentiate_is_a_config_error(source: str, tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(source)
    with pytest.raises(grader.ConfigError, match=r"model\.py"):
        grader.derive(model)


def test_an_empty_path_is_an_error_and_not_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "submissions")
    for graded in (grader.grade, grader.check, grader.Grader(folder / "config.yaml").grade):
        with pytest.raises(grader.UsageError, match="found an empty string"):
            graded("")
    done = subprocess.run([warm.GRADER, "check", ""], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "found an empty string" in done.stderr


def test_errors_of_the_api_name_its_argument_and_those_of_a_command_its_option(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(folder)
    (folder / "gradients.py").write_bytes(RIGHT.read_bytes())
    with pytest.raises(grader.UsageError, match=f"name yours with config=PATH, or this one with config={folder}"):
        grader.grade("gradients.py")
    monkeypatch.chdir(tmp_path)
    for name in ("gradients.py", "x.py"):
        Path(name).write_bytes(RIGHT.read_bytes())
    for graded in (grader.grade, grader.check, lambda _: grader.Grader()):
        with pytest.raises(grader.ConfigError, match="or name the file with config=PATH"):
            graded("gradients.py")
    command = warm.GRADER
    for arguments in (["check"], ["grade", "x.py"], ["validate"], ["explain"], ["handout"]):
        done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
        assert "--config PATH" in done.stderr
        assert "config=" not in done.stderr
