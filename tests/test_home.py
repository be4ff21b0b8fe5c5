"""At home: what students learn without the solution is what instructors see, and nothing of the right answer."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import warm
import yaml
from conftest import ROOT, SUBMISSIONS, copy_assignment
from right import RIGHT_FILE
from test_handout import pytest_in

from grader.config.load import load_config
from grader.diagnosis.engine import explain
from grader.diagnosis.knowledge import knowledge_of
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.packaging.handout.handout import solution_formulas
from grader.problem.assignment import load_assignment
from grader.records.result import Grade
from grader.validation.derivable import check_derivation
from grader.validation.leaks import leaks

sys.path.insert(0, str(ROOT / "benchmarks"))
bench = pytest.importorskip("diagnosis")

Command = Callable[..., "subprocess.CompletedProcess[str]"]
PER_KIND = 2  # labelled mistakes of each kind and set
EXAMPLES = [
    "seed.followed_through.py",
    "H_not_transposed.failed.py",
    "wrong_variables.failed.py",
    "forgotten_transposes.raised.py",
    "half_done.missing.py",
    "first_answer_kept.failed.py",
]
STUBS = ROOT / "assignment" / "gradients.py"


def labelled(name: str) -> Iterator[dict[str, Any]]:
    """The first few mistakes of each kind in a labelled set."""
    seen: Counter[str] = Counter()
    for item in yaml.safe_load((ROOT / "tests" / "diagnosis" / name).read_text()):
        seen[str(item["kind"])] += 1
        if seen[str(item["kind"])] <= PER_KIND:
            yield item


@pytest.fixture(scope="module")
def staff() -> Any:
    return bench.Bench()


@pytest.fixture(scope="module")
def home(handout: Path) -> Any:
    return bench.Bench(handout, with_solution=False)


def diagnosis(one: Any, item: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Certainty, kinds and places; named misconceptions are the instructor's, and stay with them."""
    knowledge = msgspec.structs.replace(knowledge_of(one.assignment), misconceptions=())
    found = explain(one.assignment, knowledge, item["gradient"], one.run(item["code"]), {}).diagnosis
    return found.certainty, sorted((mistake.kind, mistake.where) for mistake in found.mistakes)


@pytest.mark.parametrize("name", ["set_a.yaml", pytest.param("set_b.yaml", marks=pytest.mark.slow)])
def test_a_labelled_mistake_has_the_same_diagnosis_at_home(staff: Any, home: Any, name: str) -> None:
    different = {item["id"]: (diagnosis(staff, item), diagnosis(home, item)) for item in labelled(name)}
    assert len(different) > 20
    assert {key: both for key, both in different.items() if both[0] != both[1]} == {}


def essence(grade: Grade) -> list[object]:
    """Marks, and what is known of each gradient."""
    return [
        (
            one.name,
            one.status,
            one.score,
            one.follow_through,
            one.inherits,
            one.where,
            one.hints,
            one.diagnosis
            and (one.diagnosis.certainty, sorted((mistake.kind, mistake.where) for mistake in one.diagnosis.mistakes)),
        )
        for one in grade.gradients
    ]


@pytest.fixture(scope="module")
def graders(handout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Grader, Grader]]:
    """The instructor's, without misconceptions of their own, and the student's."""
    folder = tmp_path_factory.mktemp("staff")
    copy_assignment(folder)
    text = (folder / "config.yaml").read_text()
    for own in ("hints", "mistakes"):
        text = text.replace(f"solutions/{own}.yaml", '""')
    (folder / "config.yaml").write_text(text)
    with Grader(folder / "config.yaml") as staff, Grader(handout / "config.yaml", at_home=True) as home:
        yield staff, home


@pytest.mark.parametrize("name", EXAMPLES)
def test_marks_diagnosis_and_place_are_those_that_the_instructor_sees(
    graders: tuple[Grader, Grader], name: str
) -> None:
    staff, home = graders
    assert essence(home.check(SUBMISSIONS / name, staff=True)) == essence(staff.grade(SUBMISSIONS / name))


def test_in_a_fresh_folder_check_and_pytest_explain_a_mistake_once(
    grader: Command, handout: Path, tmp_path: Path
) -> None:
    shutil.copytree(handout, tmp_path / "work", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SUBMISSIONS / "seed.followed_through.py", tmp_path / "work" / "gradients.py")
    done = grader("check", cwd=tmp_path / "work", XDG_CACHE_HOME=str(tmp_path / "cache"))
    shown = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (1, "")
    assert shown.count("right, given your dJ_db2") == 6
    assert shown.count("why: ") == 1
    assert "In line 17, what dJ_db2 returns does not match the derivation" in shown
    assert (tmp_path / "cache" / "gradient-grader").is_dir(), "the tables are the user's, not part of the work"
    assert not (tmp_path / "work" / ".grader-cache").exists()
    tested = " ".join(pytest_in(tmp_path / "work").stdout.split())
    assert tested.count("why: ") == 1
    assert "In line 17, what dJ_db2 returns does not match the derivation" in tested
    assert "2 failed" in tested


def test_where_no_table_can_be_kept_check_works_all_the_same(grader: Command, handout: Path, tmp_path: Path) -> None:
    shutil.copytree(handout, tmp_path / "work", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "work" / ".grader-cache").write_text("a file, where a folder cannot be made")
    file = shutil.copy(SUBMISSIONS / "H_not_transposed.failed.py", tmp_path / "work" / "gradients.py")
    environment = {"XDG_CACHE_HOME": str(tmp_path / "work" / ".grader-cache")}
    assert "why: " in grader("check", file, cwd=tmp_path / "work", **environment).stdout


def test_a_right_file_imports_neither_diagnosis_nor_derivation(handout: Path) -> None:
    script = (
        "import sys, grader\n"
        f"assert grader.check({str(RIGHT_FILE)!r}).passed\n"
        "print([name for name in sys.modules if name.startswith(('grader.diagnosis', 'grader.derivation'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=handout, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_right_and_wrong_is_known_before_it_is_explained(graders: tuple[Grader, Grader]) -> None:
    early: list[Grade] = []
    final = graders[1].check(SUBMISSIONS / "seed.followed_through.py", seen=early.append)
    [seen] = early
    assert [(one.status, one.score, one.checks) for one in seen.gradients] == [
        (one.status, one.score, one.checks) for one in final.gradients
    ]
    assert seen.submission == final.submission
    assert all(one.diagnosis is None and not one.hints for one in seen.gradients)
    graders[1].check(RIGHT_FILE, seen=early.append)
    assert early == [seen], "nothing is left to explain"


@pytest.mark.slow
def test_nothing_that_students_read_at_home_is_a_right_formula(
    grader: Command, graders: tuple[Grader, Grader], handout: Path
) -> None:
    assignment = load_assignment(graders[1].config, handout, with_solution=False)
    assert assignment.reference is not None
    secret = [
        formula
        for source in (assignment.reference.source.decode(), RIGHT_FILE.read_text())
        for formula in solution_formulas(source)
    ]
    assert len(secret) > 10
    for name in EXAMPLES[:2]:
        shutil.copy(SUBMISSIONS / name, handout / "gradients.py")
        own = "".join((handout / "gradients.py").read_text().split())
        for text in (grader("check", cwd=handout).stdout, pytest_in(handout).stdout):
            dense = "".join(text.split())
            assert not [formula for formula in secret if formula in dense and formula not in own], name
        for one in graders[1].check(handout / "gradients.py").gradients:
            for mistake in one.diagnosis.mistakes if one.diagnosis is not None else ():
                if mistake.kind != "runtime":
                    assert mistake.statement == mistake.student, "not the instructor's sentence"
                    assert not leaks(assignment, one.name, mistake.statement, strict=True)


NOTEBOOK = (
    '{{"cells": [{{"cell_type": "code", "metadata": {{}}, "outputs": [], "execution_count": null, "source": {}}}],'
    ' "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
)


@pytest.mark.parametrize("name", ["gradients.ipynb", "homework3.py", "homework3.ipynb", "gradients (1).py"])
def test_work_beside_the_untouched_stubs_is_checked(handout: Path, tmp_path: Path, name: str) -> None:
    import json

    work = tmp_path / "work"
    shutil.copytree(handout, work, ignore=shutil.ignore_patterns("__pycache__"))
    source = RIGHT_FILE.read_text()
    (work / name).write_text(NOTEBOOK.format(json.dumps(source)) if name.endswith(".ipynb") else source)
    (work / "gradients.py").write_bytes(b"# Ann\n" + STUBS.read_bytes())
    opened = Grader(work / "config.yaml", at_home=True)
    file, note = opened.own_file(work)
    assert file == work / name
    assert "unchanged file" in note
    (work / "gradients.py").write_text(source)
    file, note = opened.own_file(work)
    assert file == work / "gradients.py"


def test_of_several_files_that_could_be_the_work_a_person_has_to_choose(handout: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(handout, work, ignore=shutil.ignore_patterns("__pycache__"))
    (work / "gradients.py").unlink()
    for name in ("one.py", "two.py"):
        (work / name).write_text(f"# {name}\nx = {name!r}\n")
    opened = Grader(work / "config.yaml", at_home=True)
    advice = "each could be your work; call the one to check gradients.py, or name it: `grader check one.py`"
    with pytest.raises(UsageError, match=rf"one\.py and two\.py: {advice}"):
        opened.own_file(work)
    (work / "two.py").unlink()
    (work / "linked.py").symlink_to(work / "nowhere.py")
    (work / "elsewhere.py").symlink_to(RIGHT_FILE)
    assert opened.own_file(work)[0] == work / "one.py"
    (work / "one.py").unlink()
    assert opened.own_file(work) == (work / "gradients.py", ""), "which is then reported as missing"


def test_a_model_that_cannot_be_differentiated_is_checked_by_its_numbers(
    copy_of_assignment: Path, grader: Command
) -> None:
    model = copy_of_assignment / "assignment" / "model.py"
    spectrum = "return sigmoid(z) + 0 * np.fft.fft(z).real"
    model.write_text(model.read_text().replace("return sigmoid(z)", spectrum))
    config = load_config(copy_of_assignment / "config.yaml")
    found = check_derivation(load_assignment(config, copy_of_assignment, with_solution=True))
    shown = " ".join([found.message, *found.details])
    assert "at home `grader check` checks numbers" in shown
    assert "at home at all" not in shown
    shutil.rmtree(copy_of_assignment / "solutions")
    (copy_of_assignment / "gradients.py").write_bytes((SUBMISSIONS / "sign.failed.py").read_bytes())
    done = grader("check", "gradients.py", cwd=copy_of_assignment)
    assert (done.returncode, done.stderr) == (1, "")
    assert "7 of 8 gradients right" in done.stdout
    (copy_of_assignment / "gradients.py").write_bytes(RIGHT_FILE.read_bytes())
    assert grader("check", "gradients.py", cwd=copy_of_assignment).returncode == 0


def test_a_model_that_takes_no_complex_numbers_is_compared_with_its_derived_formulas(
    copy_of_assignment: Path, grader: Command
) -> None:
    model = copy_of_assignment / "assignment" / "model.py"
    model.write_text(model.read_text().replace("return softmax(h @ U + b2)", "return softmax(np.real(h) @ U + b2)"))
    shutil.rmtree(copy_of_assignment / "solutions")
    (copy_of_assignment / "gradients.py").write_text(RIGHT_FILE.read_text())
    done = grader("check", "gradients.py", cwd=copy_of_assignment)
    assert "8 of 8 gradients right" in done.stdout, "h is positive, so its size is itself"


def test_what_cannot_be_checked_at_home_is_known_before_the_handout_is_packed(copy_of_assignment: Path) -> None:
    model = copy_of_assignment / "assignment" / "model.py"
    output = "return softmax(np.real(h) @ U + b2 + 0 * np.fft.fft(b2).real)"
    model.write_text(model.read_text().replace("return softmax(h @ U + b2)", output))
    found = check_derivation(Grader(copy_of_assignment / "config.yaml").assignment)
    assert found.outcome == "warning"
    assert found.details[-1].startswith(
        "dJ_dh, dJ_db1, dJ_dL_x, dJ_dI, dJ_dH, dJ_dh_prev cannot be checked at home at all"
    )


def test_the_home_commands_need_no_home(handout: Path, tmp_path: Path, grader: Command) -> None:
    shutil.copytree(handout, tmp_path / "work", ignore=shutil.ignore_patterns("__pycache__"))
    file = shutil.copy(SUBMISSIONS / "sign.failed.py", tmp_path / "work" / "gradients.py")
    kept = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    command = [str(warm.GRADER), "check", str(file)]
    done = subprocess.run(
        command, cwd=tmp_path / "work", capture_output=True, text=True, env={**kept, "HOME": "relative"}, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert not (tmp_path / "work" / "relative").exists()
