"""Assignments as other courses set them: each is sound, and its submissions come out as their names say.

A submission is called WHAT.GRADIENT_STATUS.GRADIENT_STATUS.py: `passed`, `failed`, `followed` (right given the student's own
wrong gradient) or `raised`; `all_passed` is said of every gradient.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from conftest import ROOT

from grader.checks.checked import Checked, check_run
from grader.checks.fresh import fresh_of
from grader.config.load import load_config
from grader.grading.running import make_sandbox
from grader.problem.assignment import Assignment, load_assignment
from grader.records.run import Run
from grader.sandbox.host import Sandbox
from grader.sandbox.zygotes import start_spawner
from grader.validation import numbers, sizes
from grader.validation.submissions import ways_of

sys.path.insert(0, str(ROOT / "benchmarks"))
bench = pytest.importorskip("marks")

COURSES = sorted(path.parent for path in (ROOT / "tests" / "courses").glob("*/config.yaml"))
SEED = "5eed5eed5eed5eed5eed5eed5eed5eed"
Opened = tuple[Assignment, Sandbox]


@pytest.fixture(scope="module")
def course() -> Iterator[Callable[[Path], Opened]]:
    """The assignment in a folder, with a sandbox; each is opened once."""
    known: dict[Path, Opened] = {}
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SEED", SEED)

        def opened(folder: Path) -> Opened:
            if folder not in known:
                assignment = load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)
                limits = assignment.config.sandbox
                sandbox = stack.enter_context(
                    make_sandbox(assignment, lambda: start_spawner(folder / assignment.config.model, limits))
                )
                known[folder] = assignment, sandbox
            return known[folder]

        yield opened


def checked(assignment: Assignment, sandbox: Sandbox, source: bytes) -> Checked:
    run = sandbox.run(source)
    return check_run(assignment, run, fresh_of(assignment, run))


def statuses(found: Checked) -> dict[str, str]:
    named = {}
    for name, answers in found.answers.items():
        if name in found.propagated:
            named[name] = "followed"
        elif name in found.verdicts_of:
            named[name] = "passed" if found.verdicts_of[name].passed else "failed"
        else:
            named[name] = answers[-1].outcome
    return named


SUBMISSIONS = [path for folder in COURSES for path in sorted(folder.glob("*.*.py"))]


@pytest.mark.parametrize("path", SUBMISSIONS, ids=[f"{path.parent.name}:{path.stem}" for path in SUBMISSIONS])
def test_a_submission_comes_out_as_its_name_says(course: Callable[[Path], Opened], path: Path) -> None:
    assignment, sandbox = course(path.parent)
    found = checked(assignment, sandbox, path.read_bytes())
    expected = dict(part.rsplit("_", 1) for part in path.stem.split(".")[1:])
    if "all" in expected:
        expected = dict.fromkeys(assignment.names, expected["all"])
    named = statuses(found)
    messages = {name: [v.shape.message, v.finite_difference.message] for name, v in found.verdicts_of.items()}
    assert {name: named[name] for name in expected} == expected, messages


# The same mathematics as in affine_backward and two_layer_relu, called in other ways.
ALIKE = ("affine_class", "affine_parameters", "two_classes", "two_functions", "two_layer_dict")


@pytest.mark.parametrize(
    "folder",
    [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * (one.name in ALIKE)) for one in COURSES],
)
def test_each_course_is_sound(course: Callable[[Path], Opened], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assignment, sandbox = course(folder)
    monkeypatch.setattr(numbers, "FRESH_POINTS", 10)  # a fifth of what `grader validate` tries
    with np.errstate(all="ignore"):
        checks = [
            numbers.check_points, numbers.check_solution, numbers.check_margins, numbers.check_trivial,
            numbers.check_fresh_points, sizes.check_sizes, sizes.check_kinks,
        ]  # fmt: skip
        for check in checks:
            found = check(assignment)
            assert found.outcome != "failed", found
    assert assignment.reference is not None
    for way, text in ways_of(assignment):
        assert set(statuses(checked(assignment, sandbox, text.encode())).values()) == {"passed"}, way


# One whose functions each return one gradient, one with a function that returns several; test_substitution has all kinds.
FEW = ("logistic_1d", "two_functions")


@pytest.mark.parametrize(
    "folder",
    [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * (one.name not in FEW)) for one in COURSES],
)
def test_a_gradient_without_numbers_costs_only_its_own_marks(course: Callable[[Path], Opened], folder: Path) -> None:
    """Or, where its function is gone, those of all that it returns."""
    assignment, sandbox = course(folder)
    right = (folder / "right.all_passed.py").read_text()
    kinds = ("raises", "returns another shape")
    named = [(name, kind) for kind in kinds for name in assignment.names]
    cases = [(*one, bench.failing(assignment, right, *one)) for one in named]
    for number, run in sandbox.run_many((source.encode() for _, _, source in cases), in_flight=2):
        assert isinstance(run, Run)
        name, kind, _ = cases[number]
        of_gradient, of_function = bench.worth(assignment, [name])
        allowed = of_function if kind == "raises" else of_gradient
        assert bench.lost(assignment, run, substitute=True) <= allowed + 1e-9, (name, kind)


def test_the_commands_grade_validate_and_explain(
    grader: Callable[..., "CompletedProcess[str]"], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ROOT / "tests" / "courses" / "logistic_1d", tmp_path / "course"))
    right = folder / "right.all_passed.py"
    (tmp_path / "student").mkdir()
    shutil.copy(right, tmp_path / "student" / "gradients.py")
    config = folder / "config.yaml"
    for command in (["grade", tmp_path / "student"], ["validate"], ["explain"]):
        done = grader(*command, "--config", config, GRADER_SEED=SEED)
        assert done.returncode == 0, done.stdout + done.stderr


def test_whole_numbers_arrive_as_whole_numbers(course: Callable[[Path], Opened]) -> None:
    assignment, sandbox = course(ROOT / "tests" / "courses" / "embeddings")
    source = b"""
import numpy as np
def de(s):
    assert s.words.dtype.kind == "i" and s.words.shape == (3, 5), s.words
    return s.E[s.words].mean(axis=1)
def dE(s):
    s.words[0, 0] = 1
    return s.E
"""
    run = sandbox.run(source)
    assert run.answers["de"][0].outcome == "returned", run.answers["de"][0].message
    assert run.answers["dE"][0].mutated == ("words",) or run.answers["dE"][0].mutated == ["words"]
    first = assignment.points[0].values["words"]
    assert len(set(first.ravel().tolist())) < first.size


def test_a_number_is_a_number_and_cannot_be_changed_in_place(course: Callable[[Path], Opened]) -> None:
    _, sandbox = course(ROOT / "tests" / "courses" / "logistic_1d")
    run = sandbox.run(
        b"def dw(s):\n    s.b += 1\n    return s.w * s.b\n\ndef db(s):\n    return s.b.shape == () and float(s.b)\n"
    )
    assert [answer.outcome for answer in run.answers["dw"]] == ["returned"] * 4
    assert not run.answers["dw"][0].mutated
