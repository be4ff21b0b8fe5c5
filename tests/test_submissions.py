"""Every file of tests/submissions, graded end to end in the real sandbox: the outcome is written in its `# expect:` line."""

import re
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
from grader.sandbox.host import Sandbox
from grader.sandbox.spawner import start_spawner

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
        assignment.config.sandbox, call_cpu_seconds=0.5, submission_cpu_seconds=3.0, wall_factor=3.0
    )
    config = msgspec.structs.replace(assignment.config, sandbox=limits)
    return Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)


@pytest.fixture(scope="session")
def runs(impatient: Assignment) -> dict[str, Run | SandboxError]:
    """Every file has run, several at once, the hostile among the honest."""
    model = impatient.folder / impatient.config.model
    with make_sandbox(impatient, lambda: start_spawner(model, impatient.config.sandbox)) as sandbox:
        sandbox.require("strong")
        found = sandbox.run_many((path.read_bytes() for path in FILES), in_flight=6)
        return {FILES[number].name: run for number, run in found}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".py"))
def test_a_submission_gets_its_verdict(path: Path, impatient: Assignment, runs: dict[str, Run | SandboxError]) -> None:
    run = runs[path.name]
    assert isinstance(run, Run), run
    result = grade_run(impatient, run, path.name)
    assert result.status == "graded", result.message
    assert_as_expected(result, path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".py"))
def test_a_submission_is_flagged_for_what_it_tried_and_for_nothing_else(
    path: Path, impatient: Assignment, runs: dict[str, Run | SandboxError]
) -> None:
    run = runs[path.name]
    assert isinstance(run, Run), run
    assert run.violations == read_reported(path)
    flagged = [detail for kind, _, detail in flags_of(grade_run(impatient, run, path.name)) if kind == "tamper"]
    tried = [detail for detail in flagged if detail.startswith("tried to do what no gradient needs: ")]
    assert bool(tried) == bool(run.violations)
    harmless = ("passed", "missing", "followed_through", "out_of_memory", "timed_out")
    if not run.violations and path.name.split(".")[1] in harmless:
        assert flagged == []


def test_hostile_files_do_not_change_the_marks_of_files_graded_beside_them(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """The solution between any two of them: every copy of it gets full marks."""
    solution = RIGHT_FILE.read_bytes()
    slow = ("timed_out", "out_of_memory")  # these delay nobody but the test
    hostile = [path.read_bytes() for path in FILES if path.name.split(".")[1] not in ("passed", *slow)]
    sources = [source for pair in zip(hostile, [solution] * len(hostile), strict=True) for source in pair]
    found = dict(sandbox.run_many(sources, in_flight=4))
    assert sorted(found) == list(range(len(sources)))
    for number in range(1, len(sources), 2):
        run = found[number]
        assert isinstance(run, Run), run
        assert grade_run(assignment, run, "solution").passed
