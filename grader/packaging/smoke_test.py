"""A first look at an assignment on this machine: its solution earns full marks, its empty stubs none."""

from dataclasses import dataclass
from pathlib import Path

from grader.config.keys import Config
from grader.grading.pipeline import grade_submission, make_sandbox
from grader.inputs.submission import Submission, read_submission
from grader.problem.assignment import Assignment, load_assignment
from grader.records.result import Grade
from grader.sandbox.spawner import start_spawner
from grader.validation.rewriting import rewritings


@dataclass(frozen=True)
class Trial:
    """What grading the solution and the stubs showed; sound where there are no problems."""

    problems: list[str]
    sandbox: str
    strong: bool


def stubs_path(config: Config, folder: Path) -> Path:
    """The empty functions that students start from: beside the model, under the name of the file to submit."""
    return (folder / config.model).parent / config.submission


def try_out(config: Config, folder: Path) -> Trial:
    """Grade the solution and the stubs, for a look at another machine.

    Raises:
        GraderError: there is no assignment that could be tried.
    """
    assignment = load_assignment(config, folder, with_solution=True)
    model = folder / config.model
    with make_sandbox(assignment, lambda: start_spawner(model, config.sandbox)) as sandbox:
        solved = grade_submission(assignment, sandbox, _right(assignment))
        path = stubs_path(config, folder)
        stubs = read_submission(path, path.name, config.sandbox.source_kb * 1024)
        problems = _solution_problems(assignment, solved)
        problems += _stub_problems(config, folder, grade_submission(assignment, sandbox, stubs))
        return Trial(problems, str(sandbox.report), sandbox.report.strong)


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
