"""Every file of tests/submissions, graded end to end in the real sandbox: the outcome is written in its `# expect:` line."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest
from conftest import SUBMISSIONS
from right import RIGHT_FILE

from grader.checks.tampering import flags_of
from grader.errors import SandboxError
from grader.grading.pipeline import grade_run
from grader.grading.running import make_sandbox
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Run
from grader.sandbox.zygotes import start_spawner

FILES = sorted(SUBMISSIONS.glob("*.*.py"))


def read_expectations(path: Path) -> dict[str, set[str]]:
    """`# expect: dJ_dU=raised|died, others=passed` as allowed statuses by gradient, with "others" for the rest."""
    found = re.search(rb"^# expect: (.+?)\s*$", path.read_bytes(), re.MULTILINE)
    assert found, f"{path.name} has no `# expect:` line"
    pairs = (pair.split("=") for pair in found[1].decode("ascii").replace(" ", "").split(","))
    return {("others" if name == "all" else name): set(statuses.split("|")) for name, statuses in pairs}


def read_reported(path: Path) -> tuple[str, ...]:
    """`# reported: clone, execve` as the names of the calls that the sandbox is to hear of; none without such a line."""
    found = re.search(rb"^# reported: (.+?)\s*$", path.read_bytes(), re.MULTILINE)
    return tuple(found[1].decode("ascii").split(", ")) if found else ()


def assert_as_expected(result: Grade, path: Path) -> None:
    expected = read_expectations(path)
    for gradient in result.gradients:
        allowed = expected.get(gradient.name, expected.get("others", {"passed"}))
        assert gradient.status in allowed, (
            f"{path.name}: {gradient.name} is {gradient.status}, expected {'|'.join(sorted(allowed))}: "
            f"{gradient.message or [check.message for check in gradient.checks]}"
        )
        if gradient.status not in ("passed", "followed_through", "failed"):
            assert gradient.score == 0


def test_there_is_a_corpus() -> None:
    assert len(FILES) >= 80


@pytest.fixture(scope="session")
def impatient(assignment: Assignment) -> Assignment:
    """The assignment with shorter limits: every tenth file is there to reach them."""
    limits = msgspec.structs.replace(
        assignment.config.sandbox, call_cpu_seconds=0.15, submission_cpu_seconds=1.0, wall_factor=10.0
    )
    config = msgspec.structs.replace(assignment.config, sandbox=limits)
    return Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)


@pytest.fixture(scope="session")
def runs(impatient: Assignment) -> list[Run | SandboxError]:
    """Every file has run, several at once, the hostile among the honest, and after each of them the solution."""
    model = impatient.folder / impatient.config.model
    sources = [source for path in FILES for source in (path.read_bytes(), RIGHT_FILE.read_bytes())]
    with make_sandbox(impatient, lambda: start_spawner(model, impatient.config.sandbox)) as sandbox:
        sandbox.require("strong")
        found = dict(sandbox.run_many(sources, in_flight=6))
    assert sorted(found) == list(range(len(sources)))
    return [found[number] for number in range(len(sources))]


@pytest.fixture(scope="session")
def grade_of(impatient: Assignment, runs: list[Run | SandboxError]) -> Callable[[Path], tuple[Run, Grade]]:
    @cache
    def grade(path: Path) -> tuple[Run, Grade]:
        run = runs[2 * FILES.index(path)]
        assert isinstance(run, Run), run
        return run, grade_run(impatient, run, path.name)

    return grade


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".py"))
def test_a_submission_gets_its_verdict(path: Path, grade_of: Callable[[Path], tuple[Run, Grade]]) -> None:
    _, result = grade_of(path)
    assert result.status == "graded", result.message
    assert_as_expected(result, path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".py"))
def test_a_submission_is_flagged_for_what_it_tried_and_for_nothing_else(
    path: Path, grade_of: Callable[[Path], tuple[Run, Grade]]
) -> None:
    run, result = grade_of(path)
    assert run.violations == read_reported(path)
    flagged = [detail for kind, _, detail in flags_of(result) if kind == "tamper"]
    tried = [detail for detail in flagged if detail.startswith("tried to do what no gradient needs: ")]
    assert bool(tried) == bool(run.violations)
    harmless = ("passed", "missing", "followed_through", "out_of_memory", "timed_out")
    if not run.violations and path.name.split(".")[1] in harmless:
        assert flagged == []


def test_hostile_files_do_not_change_the_marks_of_files_graded_beside_them(
    impatient: Assignment, runs: list[Run | SandboxError]
) -> None:
    """The solution after each of them: every copy of it gets full marks."""
    for path, run in zip(FILES, runs[1::2], strict=True):
        assert isinstance(run, Run), run
        assert grade_run(impatient, run, "solution").passed, path.name
