"""A first look at an assignment on this machine: its solution earns full marks, its empty stubs none."""

from dataclasses import dataclass
from pathlib import Path

from grader.config.keys import Config
from grader.grading.grader import Grader
from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.validation.submissions import rewritings


@dataclass(frozen=True)
class SmokeTest:
    """What grading the solution and the stubs showed; sound where there are no problems."""

    problems: list[str]
    sandbox: str
    strong: bool


def stubs_path(config: Config, folder: Path) -> Path:
    """The empty functions that students start from: beside the model, under the name of the file to submit."""
    return (folder / config.model).parent / config.submission


def smoke_test(config: Config, folder: Path) -> SmokeTest:
    """Grade the solution and the stubs, for a look at another machine.

    Raises:
        GraderError: there is no assignment that could be tried.
    """
    with Grader.of(config, folder) as grader:
        assignment, report = grader.assignment, grader.sandbox.report
        solved = grader.grade_submission(_right(assignment), "any")
        stubs = grader.grade_submission(grader.read(stubs_path(config, folder)), "any")
        problems = [*_solution_problems(assignment, solved), *_stub_problems(config, folder, stubs)]
        return SmokeTest(problems, str(report), report.strong)


def _right(assignment: Assignment) -> Submission:
    """What is right from a student: the solution, which has the gradients of the loss, with the sign that is asked for."""
    config = assignment.config
    source = (assignment.folder / config.solution).read_text(encoding="utf-8")
    _, text = next(rewritings(source, assignment.names, negative=config.sign < 0, float32=False))
    return Submission(config.submission, text.encode())


def _solution_problems(assignment: Assignment, grade: Grade) -> list[str]:
    path = assignment.config.solution
    if grade.status == "not_graded":
        return [f"{path}: not graded: {grade.message}"]
    return [
        f"{path}: {result.name}: expected full marks for the solution, got {result.score:g} of {result.max_score:g}"
        f" ({result.message or next((check.message for check in result.checks if check.message), result.status)})"
        for result in grade.gradients
        if result.status != "passed"
    ]


def _stub_problems(config: Config, folder: Path, grade: Grade) -> list[str]:
    path = stubs_path(config, folder).relative_to(folder)
    if grade.status == "not_graded":
        return [f"{path}: not graded: {grade.message}"]
    if grade.message:
        return [f"{path}: expected stubs that can be loaded: {grade.message}"]
    return [
        f"{path}: {result.name}: expected a stub that earns nothing, got {result.score:g} of {result.max_score:g}"
        for result in grade.gradients
        if result.score > 0 or result.status == "passed"
    ]
