"""What validation finds: one line per check, with details beneath.  Plain data."""

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
        details: a line each for what is affected.
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

    def with_finding(self, more: Finding) -> "Report":
        """The same with one more check."""
        return Report(self.format, self.title, self.sound and more.outcome != "failed", [*self.findings, more])


def finding(check: str, good: str, bad: str, problems: list[str], details: list[str] | None = None) -> Finding:
    """Failed with `bad` and the problems, if there are any, else passed with `good`."""
    if problems:
        return Finding(check, "failed", bad, problems)
    return Finding(check, "passed", good, details or [])


def grouped(problems: list[tuple[str, str]]) -> list[str]:
    """(gradient, problem) pairs as lines, each problem once: `dJ_dU, dJ_dh: …`."""
    by_problem: dict[str, list[str]] = {}
    for name, problem in problems:
        by_problem.setdefault(problem, []).append(name)
    return [f"{', '.join(dict.fromkeys(names))}: {problem}" for problem, names in by_problem.items()]
