"""Every assignment of the gallery is sound, takes right answers in many styles, and explains its typical wrong ones."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import Grader
from grader.newassignment.labelled import read_cases

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from blind import GALLERY  # noqa: E402
from verdicts import Outcome, outcomes, pack  # noqa: E402

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EXPLAINED = 0.95  # the share of cases that must be explained, right or as one of several possibilities


@pytest.mark.parametrize("name", GALLERY)
def test_right_answers_in_five_styles_earn_full_marks(name: str) -> None:
    files = sorted((GALLERY[name].parent / "right").glob("*.py"))
    assert len(files) >= 5
    with Grader(GALLERY[name]) as opened:
        for path in files:
            grade = opened.grade(path)
            assert grade.passed, (path, grade.to_json())
            assert not grade.integrity, (path, grade.integrity)


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
        _explained(list(outcomes(opened, "student", read_cases(GALLERY[name].parent))))


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_each_is_sound(name: str, grader: Run) -> None:
    done = grader("validate", "--config", GALLERY[name], "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
    assert not [each for each in report["findings"] if each["outcome"] == "warning"], report


def _explained(found: list[Outcome]) -> None:
    wrong = [f"{each.case.id}: {each.verdict}: {each.said}" for each in found if each.verdict not in ("right", "tie")]
    assert not [each for each in found if each.verdict == "misleading"], wrong
    assert len(wrong) <= (1 - EXPLAINED) * len(found) + 0.5, wrong
