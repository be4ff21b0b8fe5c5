"""From an assignment to a running sandbox, and from a file to its grade.  Ties the parts together; decides nothing."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from grader.errors import SandboxError
from grader.grading.grade import grade, not_graded
from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment
from grader.problem.points import Step
from grader.records.result import Grade
from grader.records.run import Run
from grader.sandbox.host import Sandbox
from grader.sandbox.spawner import Spawner
from grader.sandbox.wire import JobWriter


def make_sandbox(assignment: Assignment, start: Callable[[], Spawner], first_slot: int = 0) -> Sandbox:
    """A sandbox whose children get the steps of the assignment, the loss left out, and nothing else of it.

    Where there is a solution to compare with, each function is also called at a step that is drawn for its file alone, and at
    one whose computed quantities do not belong to its inputs.
    """
    limits, checked = assignment.config.sandbox, len(assignment.steps)
    graded = assignment.reference is not None
    steps = [*assignment.steps, assignment.inconsistent_step] if graded else assignment.steps
    numbers = [*range(checked), checked + 1, checked] if graded else range(checked)
    calls = [(name, k) for name in assignment.names for k in numbers]

    def shown(step: Step) -> dict[str, Any]:
        return {name: value for name, value in step.values.items() if name != assignment.config.loss}

    def fresh(source: bytes) -> tuple[dict[str, Any], dict[str, int]]:
        step = assignment.fresh_step(hashlib.sha256(source).hexdigest())
        return shown(step), step.sizes

    writer = JobWriter(
        [shown(step) for step in steps],
        limits.output_kb * 1024,
        [step.sizes for step in steps],
        assignment.names,
        fresh if graded else None,
    )
    return Sandbox(start, writer, calls, limits, first_slot, checked, assignment.most_entries)


def grade_submission(assignment: Assignment, sandbox: Sandbox, submission: Submission) -> Grade:
    """Run and grade one file.  A failure of ours is the status of the grade, never a mark.

    What is wrong is run once more, traced, to say where.
    """
    try:
        run = sandbox.run(submission.source)
    except SandboxError as error:
        return not_graded(assignment, submission.name, str(error))
    graded = noted(grade(assignment, run, submission.name, str(sandbox.report)), submission)
    return with_places(assignment, sandbox, submission, run, graded)


def noted(graded: Grade, submission: Submission) -> Grade:
    """The same grade with what is to be known about the choice of the file."""
    return msgspec.structs.replace(graded, notes=[submission.note, *graded.notes]) if submission.note else graded


def with_places(assignment: Assignment, sandbox: Sandbox, submission: Submission, run: Run, graded: Grade) -> Grade:
    """The same grade with the lines at which wrong values come up: what is wrong is run once more, traced."""
    wrong = [result.name for result in graded.gradients if result.status == "failed" and not result.inherits]
    if not wrong:
        return graded
    try:
        traced = msgspec.structs.replace(run, traces=sandbox.trace(submission.source, wrong, run))
    except SandboxError:  # the marks stand without it
        return graded
    from grader.grading.advice import add_places  # where something is wrong, it is loaded already

    return msgspec.structs.replace(graded, gradients=add_places(assignment, graded.gradients, traced))
