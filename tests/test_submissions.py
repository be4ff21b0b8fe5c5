"""Every file of tests/submissions, graded end to end in the real sandbox: the outcome is written in its `# expect:` line."""

import re
from pathlib import Path

import pytest
from conftest import SUBMISSIONS

from grader.assignment import Assignment
from grader.pipeline import grade_submission
from grader.result import Grade
from grader.sandbox.host import Sandbox
from grader.submission import Submission

FILES = sorted(SUBMISSIONS.glob("*.*.py"))


def read_expectations(path: Path) -> dict[str, set[str]]:
    """`# expect: dJ_dU=raised|died, others=passed` as allowed statuses by gradient, with "others" for the rest."""
    found = re.search(rb"^# expect: (.+?)\s*$", path.read_bytes(), re.MULTILINE)
    assert found, f"{path.name} has no `# expect:` line"
    pairs = (pair.split("=") for pair in found[1].decode("ascii").replace(" ", "").split(","))
    return {("others" if name == "all" else name): set(statuses.split("|")) for name, statuses in pairs}


def assert_as_expected(grade: Grade, path: Path) -> None:
    expected = read_expectations(path)
    for gradient in grade.gradients:
        allowed = expected.get(gradient.name, expected.get("others", {"passed"}))
        assert gradient.status in allowed, (
            f"{path.name}: {gradient.name} is {gradient.status}, expected {'|'.join(sorted(allowed))}: "
            f"{gradient.message or [check.message for check in gradient.checks]}"
        )
        if gradient.status not in ("passed", "followed_through", "failed"):
            assert gradient.score == 0


def test_there_is_a_corpus() -> None:
    assert len(FILES) >= 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".py"))
def test_a_submission_gets_its_verdict(path: Path, assignment: Assignment, sandbox: Sandbox) -> None:
    grade = grade_submission(assignment, sandbox, Submission(path.name, path.read_bytes()))
    assert grade.status == "graded", grade.message
    assert_as_expected(grade, path)


def test_hostile_files_do_not_change_the_marks_of_files_graded_beside_them(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Everything at once, with the solution between any two: every copy of the solution gets full marks."""
    from grader.grade import grade

    solution = (assignment.folder / assignment.config.solution).read_bytes()
    hostile = [path.read_bytes() for path in FILES if not path.name.endswith(".passed.py")][:60]
    sources = [source for pair in zip(hostile, [solution] * len(hostile), strict=True) for source in pair]
    runs = dict(sandbox.run_many(sources, in_flight=4))
    assert sorted(runs) == list(range(len(sources)))
    for number in range(1, len(sources), 2):
        run = runs[number]
        assert not isinstance(run, Exception), run
        assert grade(assignment, run, "solution").passed
