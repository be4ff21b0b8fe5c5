"""One student's file on its way through the sandbox: what has been answered, and what its next child is to call.

Starts no processes; knows nothing of how several files share the machine.
"""

from collections import deque
from dataclasses import dataclass, field

from grader.answers import Answer, Run
from grader.config import Sandbox as Limits
from grader.sandbox.attempt import Attempt, Call


@dataclass
class Pending:
    """One file on its way: what has been answered and what is still to be called."""

    number: int
    source: bytes
    calls: list[Call]
    limits: Limits
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    loading: Answer | None = None
    alone: deque[str] | None = None  # gradients to be called once more, by themselves; None before the main run is over
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    attempts: int = 0
    zygote_deaths: int = 0
    killed: bool = False  # a child of it, by others than us
    violations: set[str] = field(default_factory=set)

    def next_calls(self) -> list[Call] | None:
        """What the next child is to call; None when nothing is left to do."""
        if self.loading is not None and self.loading.outcome != "returned":
            return None
        spent = self._spent()
        waiting = [call for call in self.calls if call[0] not in self.answers]
        if waiting and not spent:
            return waiting
        if waiting:
            message = f"not run: the file had used up its {spent}"
            self.answers.update({gradient: [Answer("timed_out", message=message)] for gradient, _ in waiting})
        if self.alone is None:
            self.alone = deque(gradient for gradient, answers in self.answers.items() if _failed(answers))
        if self.alone and not spent and self.attempts > 0:
            return [call for call in self.calls if call[0] == self.alone[0]]
        return None

    def _spent(self) -> str:
        """What the file has used up, in words; "" where there is some of everything left."""
        if self.cpu_seconds >= self.limits.submission_cpu_seconds:
            return f"{self.limits.submission_cpu_seconds:g} s of processor time"
        if self.wall_seconds >= self.limits.submission_wall_seconds:
            return f"{self.limits.submission_wall_seconds:g} s"
        return ""

    def take(self, attempt: Attempt) -> None:
        """Add what a child has answered."""
        self.cpu_seconds += attempt.cpu_seconds
        self.wall_seconds += attempt.wall_seconds
        self.attempts += 1
        if self.loading is None:
            self.loading = attempt.loading
        if self.alone is None:
            self.answers.update(attempt.answers)
            return
        gradient = self.alone.popleft()
        again = attempt.answers.get(gradient, [])
        if again and (not _failed(again) or again[-1].explanation):
            self.answers[gradient] = again

    def run(self) -> Run:
        loading = self.loading or Answer("died", message="the process ended before the file was executed")
        ordered = {gradient: self.answers[gradient] for gradient, _ in self.calls if gradient in self.answers}
        return Run(
            ordered, loading, round(self.cpu_seconds, 4), self.attempts, violations=tuple(sorted(self.violations))
        )


def _failed(answers: list[Answer]) -> bool:
    return answers[-1].outcome not in ("returned", "missing")
