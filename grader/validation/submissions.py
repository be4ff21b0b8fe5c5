"""The assignment's own submissions, run in the sandbox: the solution, its rewritings, and the stubs."""

from pathlib import Path

from grader.errors import SandboxError
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.sandbox.host import Sandbox
from grader.validation.finding import Finding, finding, grouped
from grader.validation.rewriting import rewritings


def check_sandbox(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """Whether the sandbox is as strong here as the config requires."""
    if sandbox.report.strong:
        return Finding("sandbox", "passed", str(sandbox.report))
    required = assignment.config.sandbox.require == "strong"
    return Finding("sandbox", "failed" if required else "warning", str(sandbox.report))


def check_rewritings(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """The solution, and other ways of writing it, must earn full marks."""
    source = (assignment.folder / assignment.config.solution).read_text(encoding="utf-8")
    accepted = assignment.config.checks.reference.float32 == "accept"
    negative = assignment.config.sign < 0
    problems, ways = [], []
    for way, text in rewritings(source, assignment.names, negative=negative, float32=accepted):
        ways.append(way)
        found = _graded(assignment, sandbox, text.encode())
        problems += _lost(way, found) if isinstance(found, Grade) else [(way, f"could not be run: {found}")]
    return finding(
        "right answers keep marks",
        f"the solution and {len(ways) - 1} rewritings of it earn full marks: {', '.join(ways[1:])}",
        "right answers lose marks",
        grouped(problems),
    )


def check_stubs(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """What students start from must earn nothing."""
    stubs = (assignment.folder / assignment.config.model).with_name(Path(assignment.config.submission).name)
    if not stubs.is_file():
        return Finding("stubs", "warning", f"there is no {stubs.name} beside the model for students to start from")
    found = _graded(assignment, sandbox, stubs.read_bytes())
    if isinstance(found, str):
        return Finding("stubs", "failed", f"could not be run: {found}")
    earned = [f"{one.name} earns {one.score:g} of {one.max_score:g}" for one in found.gradients if one.score]
    written = [f"{one.name}: {one.status}: {one.message}" for one in found.gradients if one.status != "missing"]
    return finding("stubs", "the empty functions earn nothing", "not all stubs are empty", earned or written)


def _graded(assignment: Assignment, sandbox: Sandbox, source: bytes) -> Grade | str:
    try:
        return grade_run(assignment, sandbox.run(source), assignment.config.submission)
    except SandboxError as error:
        return str(error)


def _lost(way: str, found: Grade) -> list[tuple[str, str]]:
    """What a rewriting of the solution loses, and why."""
    lines = []
    for gradient in found.gradients:
        if gradient.status != "passed":
            seen = [gradient.message, *(check.message for check in gradient.checks), gradient.status]
            lines.append((way, f"{gradient.name}: {next(filter(None, seen))}"))
    return lines
