"""What validation finds: one line a check, with details beneath.  Plain data."""

from typing import Literal

from msgspec import Struct

FORMAT = 1
Outcome = Literal["passed", "warning", "failed"]


class Finding(Struct, frozen=True):
    """One check of the assignment.

    Attributes:
        check: what was checked, as a short name.
        outcome: a warning is worth reading; only a failure makes the assignment unsound.
        message: what was found, in one sentence.
        details: one line for each thing concerned.
    """

    check: str
    outcome: Outcome
    message: str
    details: list[str] = []


class Report(Struct, frozen=True):
    """Everything that was found."""

    format: int
    title: str
    sound: bool
    findings: list[Finding]


def finding(check: str, good: str, bad: str, problems: list[str], details: list[str] | None = None) -> Finding:
    """Failed with `bad` and the problems, if there are any, else passed with `good`."""
    if problems:
        return Finding(check, "failed", bad, problems)
    return Finding(check, "passed", good, details or [])


def grouped(problems: list[tuple[str, str]]) -> list[str]:
    """(who, what) pairs as lines, each `what` once: `dJ_dU, dJ_dh: …`."""
    by_problem: dict[str, list[str]] = {}
    for who, what in problems:
        by_problem.setdefault(what, []).append(who)
    return [f"{', '.join(dict.fromkeys(names))}: {what}" for what, names in by_problem.items()]


def report(title: str, findings: list[Finding]) -> Report:
    return Report(FORMAT, title, all(found.outcome != "failed" for found in findings), findings)
