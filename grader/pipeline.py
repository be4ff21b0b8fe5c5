"""From an assignment to a running sandbox, and from a file to its grade.  Ties the parts together; decides nothing."""

from collections.abc import Callable

import msgspec

from grader.answers import Run
from grader.assignment import Assignment
from grader.errors import SandboxError
from grader.grade import add_places, grade, not_graded
from grader.result import Grade
from grader.sandbox.host import Sandbox
from grader.sandbox.spawner import Spawner
from grader.sandbox.wire import JobWriter
from grader.submission import Submission


def make_sandbox(assignment: Assignment, start: Callable[[], Spawner], first_slot: int = 0) -> Sandbox:
    """A sandbox whose children get the steps of the assignment, the loss left out, and nothing else of it."""
    loss = assignment.config.loss
    steps = [{name: value for name, value in step.values.items() if name != loss} for step in assignment.steps]
    sizes = [step.sizes for step in assignment.steps]
    limits = assignment.config.sandbox
    calls = [(name, k) for name in assignment.names for k in range(len(steps))]
    return Sandbox(start, JobWriter(steps, limits.output_kb * 1024, sizes, assignment.names), calls, limits, first_slot)


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
    return msgspec.structs.replace(graded, note=submission.note) if submission.note else graded


def with_places(assignment: Assignment, sandbox: Sandbox, submission: Submission, run: Run, graded: Grade) -> Grade:
    """The same grade with the lines at which wrong values come up: what is wrong is run once more, traced."""
    wrong = [result.name for result in graded.gradients if result.status == "failed"]
    if not wrong:
        return graded
    try:
        traced = msgspec.structs.replace(run, traces=sandbox.trace(submission.source, wrong))
    except SandboxError:  # the marks stand without it
        return graded
    return msgspec.structs.replace(graded, gradients=add_places(assignment, graded.gradients, traced))
