"""What a person should look at: numerical derivatives, attempts on the sandbox.  Pure; costs no marks."""

import re
from collections.abc import Iterator

from grader.answers import Run
from grader.result import Grade

# Modules that lead out of the sandbox, or to the answers.  To import another one, such as matplotlib, is no attempt.
_OUTWARD = (
    "subprocess socket socketserver ssl http urllib requests ftplib smtplib asyncio multiprocessing concurrent pty ctypes"
    " cffi mmap fcntl resource signal grader solutions"
).split()
# What a student's code hears, or leaves behind, when it tries what the sandbox forbids.
_TAMPER = re.compile(
    r"^(PermissionError|BlockingIOError: \[Errno 11\]|OSError: \[Errno (1|13|24|27|38)\])"
    rf"|^ModuleNotFoundError: _?({'|'.join(_OUTWARD)})\b.* is not available here: use"
)
_FORGED = re.compile(r"^the process sent ")
_ENDED = re.compile(r"^the process (ended itself|was ended by)")


def flags_of(grade: Grade, run: Run | None) -> list[tuple[str, str, str]]:
    """What a person should look at: (kind, gradient, detail)."""
    return [*_numerical(grade), *(_tampering(run) if run is not None else ())]


def _numerical(grade: Grade) -> Iterator[tuple[str, str, str]]:
    """Right to a few digits only: passed against finite differences, failed against the formula; or right, with evidence."""
    for gradient in grade.gradients:
        outcomes = {check.name: check.outcome for check in gradient.checks}
        if outcomes.get("finite_difference") == "passed" and outcomes.get("reference") == "failed":
            message = next(check.message for check in gradient.checks if check.name == "reference")
            yield "numerical", gradient.name, message
    for what in grade.evidence:
        yield "numerical", "", what


def _tampering(run: Run) -> Iterator[tuple[str, str, str]]:
    # A file that stopped is called all the same; only what it raised has a message.
    stopped = "raised" if run.loading.outcome == "returned" and run.loading.message else run.loading.outcome
    if detail := _refused(stopped, run.loading.message):
        yield "tamper", "", f"while the file was loaded: {detail}"
    for gradient, answers in run.answers.items():
        found = (_refused(answer.outcome, answer.message) for answer in answers)
        if detail := next((detail for detail in found if detail), ""):
            yield "tamper", gradient, detail


def _refused(outcome: str, message: str) -> str:
    if outcome == "raised" and _TAMPER.search(message):
        return f"tried what the sandbox forbids: {message.splitlines()[0]}"
    if outcome == "died" and _FORGED.search(message):
        return f"wrote into the grader's pipe: {message}"
    if outcome == "died" and _ENDED.search(message):
        return message
    return ""
