"""The sandbox of an assignment, and running one file in it.

Loads no checks: they are loaded while a file runs.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.problem.points import Point
from grader.records.run import Answer, Run
from grader.sandbox.host import Sandbox
from grader.sandbox.job import Substitution
from grader.sandbox.spawner import Spawner
from grader.sandbox.wire import JobWriter


def make_sandbox(assignment: Assignment, start: Callable[[], Spawner], first_slot: int = 0) -> Sandbox:
    """A sandbox whose children get the sample points of the assignment without the loss, and nothing else of it.

    Each function is also called at a sample point that is drawn for its file alone and, but for a student at home, at one whose
    computed quantities contradict its inputs.
    """
    limits, checked = assignment.config.sandbox, len(assignment.points)
    points = assignment.points if assignment.at_home else [*assignment.points, assignment.inconsistent_point]
    numbers = [*range(checked), *reversed(range(checked, len(points) + 1))]
    calls = [(name, k) for name in assignment.names for k in numbers]

    def shown(point: Point) -> dict[str, Any]:
        return {name: value for name, value in point.values.items() if name != assignment.config.loss}

    def fresh(source: bytes) -> tuple[dict[str, Any], dict[str, int]]:
        point = assignment.fresh_point(hashlib.sha256(source).hexdigest())
        return shown(point), point.sizes

    def to_substitute(answers: Mapping[str, Sequence[Answer]]) -> dict[str, tuple[str, ...]]:
        from grader.checks import substitution

        return substitution.to_substitute(assignment, answers)

    def substitutes(source: bytes, name: str) -> list[Array]:
        return assignment.substitutes(hashlib.sha256(source).hexdigest(), name)

    substitution = Substitution(to_substitute, substitutes)
    writer = JobWriter(
        [shown(point) for point in points],
        limits.output_kb * 1024,
        [point.sizes for point in points],
        [function.owner for function in assignment.config.asked],
        assignment.config.interface_data,
        fresh,
    )
    return Sandbox(start, writer, calls, limits, first_slot, checked, assignment.most_entries, substitution)


def run_submission(sandbox: Sandbox, submission: Submission, meanwhile: Callable[[], None] | None = None) -> Run:
    """Run one file; where none was submitted, the run says so.

    Args:
        meanwhile: is called while it runs.

    Raises:
        SandboxError: the sandbox failed; nothing is known about the file.
    """
    if submission.missing:
        return Run({}, Answer("missing", message=submission.missing))
    return sandbox.run(submission.source, meanwhile)
