"""Attempts on the sandbox, as signals for a person to review.  Pure; costs no marks."""

import re
from collections.abc import Iterator

from grader.answers import Run
from grader.result import Grade, Signal

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


def flags_of(grade: Grade) -> list[tuple[str, str, str]]:
    """What a person should look at: (kind, gradient, detail)."""
    return [(signal.kind, signal.gradient, signal.message) for signal in grade.integrity]


def tampering(run: Run) -> Iterator[Signal]:
    """Attempts on the sandbox."""
    if detail := _refused(run.loading.outcome, run.loading.message):
        yield Signal("tamper", f"while the file was loaded: {detail}")
    for gradient, answers in run.answers.items():
        found = (_refused(answer.outcome, answer.message) for answer in answers)
        if detail := next((detail for detail in found if detail), ""):
            yield Signal("tamper", detail, gradient)
        elif any(answer.forged for answer in answers):
            yield Signal("tamper", "sent an explanation that is not the grader's", gradient)


def _refused(outcome: str, message: str) -> str:
    if outcome == "raised" and _TAMPER.search(message):
        return f"tried what the sandbox forbids: {message.splitlines()[0]}"
    if outcome == "died" and _FORGED.search(message):
        return f"wrote into the grader's pipe: {message}"
    if outcome == "died" and _ENDED.search(message):
        return message
    return ""
