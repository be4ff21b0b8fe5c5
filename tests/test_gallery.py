"""Every assignment of the gallery is sound, takes right answers in many styles, and explains its typical wrong ones."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import Grader
from grader.config.load import load_config
from grader.errors import UsageError
from grader.newassignment.gallery import copying
from grader.newassignment.gallery.labelled import read_cases
from grader.packaging.handout.readme import outdated_parts

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "scripts")]

import gallery_page as page  # noqa: E402
from blind import GALLERY  # noqa: E402
from verdicts import Outcome, outcomes, pack  # noqa: E402

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EXPLAINED = 0.95  # the share of cases that must be explained, right or as one of several possibilities


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_right_answers_in_five_styles_earn_full_marks(name: str) -> None:
    files = sorted((GALLERY[name].parent / "right").glob("*.py"))
    assert len(files) >= 5
    with Grader(GALLERY[name]) as opened:
        for path in files:
            grade = opened.grade(path)
            assert grade.passed, (path, grade.to_json())
            assert not grade.integrity, (path, grade.integrity)


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_typical_wrong_answers_are_explained(name: str) -> None:
    cases = read_cases(GALLERY[name].parent)
    assert len(cases) >= 10
    with Grader(GALLERY[name]) as opened:
        _explained(list(outcomes(opened, "staff", cases)))


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_the_handout_works_and_explains_the_same_at_home(name: str, tmp_path: Path, grader: Run) -> None:
    config = pack(GALLERY[name], tmp_path)
    stubs = grader("check", "--config", config, config.parent / "gradients.py")
    assert stubs.returncode == 1, stubs.stdout + stubs.stderr
    (config.parent / "gradients.py").write_bytes((GALLERY[name].parent / "right" / "plain.py").read_bytes())
    right = grader("check", cwd=config.parent)
    assert right.returncode == 0, right.stdout + right.stderr
    with Grader(config) as opened:
        _explained(list(outcomes(opened, "student", read_cases(GALLERY[name].parent)[::4])))


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_each_is_sound(name: str, grader: Run) -> None:
    done = grader("validate", "--config", GALLERY[name], "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert not [each for each in report["findings"] if each["outcome"] == "warning"], report


@pytest.mark.parametrize("name", GALLERY)
def test_the_text_for_students_is_as_the_config_has_it(name: str) -> None:
    config = load_config(GALLERY[name])
    texts = sorted((GALLERY[name].parent / config.model).parent.glob("*.md"))
    assert {path.name: outdated_parts(path.read_text(encoding="utf-8"), config) for path in texts} == {
        path.name: [] for path in texts
    }


def _files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _explained(found: list[Outcome]) -> None:
    wrong = [f"{each.case.id}: {each.verdict}: {each.said}" for each in found if each.verdict not in ("right", "tie")]
    assert not [each for each in found if each.verdict == "misleading"], wrong
    assert len(wrong) <= (1 - EXPLAINED) * len(found) + 0.5, wrong


@pytest.mark.parametrize("name", GALLERY)
def test_the_picture_shows_the_model(name: str) -> None:
    _, parameters = page.parameters_of(GALLERY[name].parent)
    drawn = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", (GALLERY[name].parent / "graph.svg").read_text())
    assert sorted(drawn) == sorted((each, to) for to, given in parameters.items() for each in given), "make gallery"


def test_the_page_lists_all_as_they_are() -> None:
    assert page.table() in (ROOT / "gallery" / "README.md").read_text(), "make gallery"


def test_a_copy_is_sound_and_has_a_seed_of_its_own_and_wrong_files_with_their_labels(
    grader: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "mine"
    done = grader("new", "--from", "softmax-regression", "-o", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the gallery and its solutions are public" in done.stdout
    config = (copy / "config.yaml").read_text()
    ours = GALLERY["softmax-regression"].read_text()
    assert config != ours
    assert re.sub("seed: .*", "", config) == re.sub("seed: .*", "", ours)
    wrong = sorted((copy / "wrong").glob("*.py"))
    assert [path.stem for path in wrong] == sorted(case.id for case in read_cases(GALLERY["softmax-regression"].parent))
    assert wrong[0].read_text().startswith("# Wrong: ")
    graded = grader("grade", "--config", copy / "config.yaml", wrong[0])
    assert graded.returncode == 1, graded.stdout + graded.stderr
    again = grader("new", "--from", "softmax-regression", "-o", copy)
    assert again.returncode == 2
    assert "this folder is not empty" in again.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--from", "softmax-regresion"], "did you mean softmax-regression?"),
        (["model.py", "--from", "softmax-regression"], "leave out MODEL"),
        ([], "an assignment of the gallery: --from NAME"),
    ],
)
def test_what_cannot_be_copied_is_said(grader: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = grader("new", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_links_that_windows_checked_out_as_text_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rnn-step"
    folder.mkdir()
    (folder / "config.yaml").write_text("../../config.yaml", encoding="utf-8")
    (folder / "assignment").write_text("../../assignment", encoding="utf-8")
    monkeypatch.setattr(copying, "gallery", lambda: {"rnn-step": folder})
    with pytest.raises(UsageError, match=r"core\.symlinks"):
        copying.find_in_gallery("rnn-step")


@pytest.mark.slow
def test_an_installed_wheel_has_the_gallery_and_a_students_has_not(grader: Run, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("grader", "gallery", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        copied = ROOT / name
        if copied.is_dir():
            shutil.copytree(copied, source / name, ignore=shutil.ignore_patterns("__pycache__", ".grader-cache"))
        else:
            shutil.copy(copied, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    assert _files_in(tmp_path / "installed" / "grader_gallery") == _files_in(source / "gallery")
    program = """
from grader.newassignment.gallery.copying import gallery
from grader.packaging.wheel import make_wheel
print(*gallery())
open("students.whl", "wb").write(make_wheel())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "installed",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == list(GALLERY)
    with zipfile.ZipFile(tmp_path / "installed" / "students.whl") as wheel:
        assert not [name for name in wheel.namelist() if "grader_gallery" in name]
