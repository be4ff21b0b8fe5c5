"""One student's file on its way through the sandbox: what has been answered, and what its next child should call.

Starts no processes; knows nothing of how several files share the machine.
"""

import hashlib
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.records.run import Answer, Run, Traced
from grader.sandbox.attempt import Attempt, Call
from grader.sandbox.explanations import Forged, checked, words_of

MAX_OUTPUT = 2**17  # characters
_ENDED = ("timed_out", "died", "out_of_memory")


@dataclass(frozen=True)
class Job:
    """A file to run.

    Attributes:
        calls: what to call, in this order.
        traced: line by line.
        before: an earlier run of the same file, whose time counts: a submission has one budget.
    """

    source: bytes
    calls: Sequence[Call]
    traced: bool = False
    before: Run = Run({})  # noqa: RUF009, frozen


@dataclass
class Pending:
    """A file that is being run: what has been answered and what is still to be called."""

    number: int
    job: Job
    limits: Limits
    checked: int | None = None  # how many points all files share; after them come the fresh and the inconsistent one
    known: Collection[str] = ()  # names that an explanation may mention beside those of the file
    together: Mapping[str, Sequence[str]] = field(default_factory=dict)  # the gradients that one function returns
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    loading: Answer | None = None
    alone: deque[str] | None = None  # gradients to call once more, by themselves; None before the main run is over
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    attempts: int = 0
    zygote_deaths: int = 0
    killed: bool = False  # a child of it, by someone else
    violations: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if len(self.job.source) > self.limits.source_kb * 1024:
            message = f"the file is larger than the {self.limits.source_kb} kB that are accepted"
            if self.job.source[:64].lstrip().startswith(b"{"):
                message += "; if it is a notebook, clear its outputs"
            self.loading = Answer("raised", message=message)

    @property
    def cpu_left(self) -> float:
        """How much processor time the submission may still use, in seconds; not above 0 where that is used up."""
        return self.limits.submission_cpu_seconds - self.job.before.cpu_seconds - self.cpu_seconds

    @property
    def wall_left(self) -> float:
        """The same on the clock."""
        return self.limits.submission_wall_seconds - self.job.before.wall_seconds - self.wall_seconds

    @property
    def explains(self) -> bool:
        """Whether its next child explains what fails; no other has an explanation."""
        return self.alone is not None or self.job.traced

    def next_calls(self) -> list[Call] | None:
        """What the next child should call; None when nothing is left to do."""
        if self.loading is not None and self.loading.outcome != "returned":
            return None
        spent = self._spent()
        waiting = [call for call in self.job.calls if call[0] not in self.answers]
        if waiting and not spent:
            return waiting
        if waiting:
            message = f"not run: the file had used up its {spent}"
            self.answers.update({gradient: [Answer("timed_out", message=message)] for gradient, _ in waiting})
        if self.alone is None:
            failed = (gradient for gradient, answers in self.answers.items() if _failed(answers))
            self.alone = deque(() if self.job.traced else failed)
        if self.alone and not spent and self.attempts > 0:
            return [call for call in self.job.calls if call[0] == self.alone[0]]
        return None

    def _spent(self) -> str:
        """What the file has used up, in words; "" where there is some of everything left."""
        if self.cpu_left <= 0:
            return f"{self.limits.submission_cpu_seconds:g} s of processor time"
        return f"{self.limits.submission_wall_seconds:g} s" if self.wall_left <= 0 else ""

    def take(self, attempt: Attempt) -> None:
        """Add what a child has answered."""
        self.cpu_seconds += attempt.cpu_seconds
        self.wall_seconds += attempt.wall_seconds
        self.attempts += 1
        self.loading = self.loading or attempt.loading
        answers = {gradient: [self._checked(answer) for answer in found] for gradient, found in attempt.answers.items()}
        if self.alone is None:
            self.answers.update(answers)
            for gradient, found in answers.items():
                if found[-1].outcome in _ENDED:
                    for other in self._others(gradient):
                        self.answers.setdefault(other, found[-1:])
            return
        gradient = self.alone.popleft()
        again = answers.get(gradient, [])
        if again and again[-1].outcome in _ENDED:
            self.alone = deque(name for name in self.alone if name not in self._others(gradient))
        if again and (not _failed(again) or again[-1].explanation or again[-1].forged):
            self.answers[gradient] = again

    def _others(self, gradient: str) -> list[str]:
        """The gradients that come from the same call: what ends it costs them all, and need not be tried again."""
        return [name for name in self.together.get(gradient, ()) if name != gradient]

    def _checked(self, answer: Answer) -> Answer:
        """The answer without names that are not in the file, and without a forged explanation."""
        if answer.mutated:
            mutated = tuple(name for name in answer.mutated if name in self.known)
            answer = msgspec.structs.replace(answer, mutated=mutated)
        if answer.traced:
            keys = re.findall(r"""["'](\w+)["']""", self.job.source.decode(errors="replace"))
            words = words_of(self.job.source) | {"return", "for", *keys}
            traced = tuple(one for one in answer.traced if _words_of(one) <= words)
            answer = msgspec.structs.replace(answer, traced=traced)
        if not answer.explanation:
            return answer
        try:
            if not self.explains:
                raise Forged
            lines = checked(answer.explanation, self.job.source, self.known)
            return msgspec.structs.replace(answer, explanation=lines)
        except Forged:
            return msgspec.structs.replace(answer, explanation=(), forged=True)

    def run(self) -> Run:
        answered = (gradient for gradient in dict(self.job.calls) if gradient in self.answers)
        ordered = _with_output_cut({gradient: self.answers[gradient] for gradient in answered})
        shared = len(self.job.calls) if self.checked is None else self.checked
        own = [
            {gradient: answers[k] for gradient, answers in ordered.items() if len(answers) > k}
            for k in (shared, shared + 1)
        ]
        return Run(
            {gradient: answers[:shared] for gradient, answers in ordered.items()},
            self.loading or Answer("died", message="the process ended before the file was executed"),
            round(self.cpu_seconds, 4),
            self.attempts,
            wall_seconds=round(self.wall_seconds, 4),
            fresh=own[0],
            inconsistent=own[1],
            source_hash=hashlib.sha256(self.job.source).hexdigest(),
            violations=tuple(sorted(self.violations)),
        )


def _with_output_cut(answers: dict[str, list[Answer]]) -> dict[str, list[Answer]]:
    """The same answers with the first MAX_OUTPUT characters of printed text and warnings in all."""
    room = MAX_OUTPUT

    def cut(answer: Answer) -> Answer:
        nonlocal room
        texts = []
        for text in (answer.printed, *answer.warnings):
            texts.append(text[:room])
            room -= len(texts[-1])
        if texts == [answer.printed, *answer.warnings]:
            return answer
        return msgspec.structs.replace(answer, printed=texts[0], warnings=tuple(filter(None, texts[1:])))

    return {gradient: list(map(cut, found)) for gradient, found in answers.items()}


def _failed(answers: list[Answer]) -> bool:
    return answers[-1].outcome not in ("returned", "missing")


def _words_of(traced: Traced) -> set[str]:
    return set(re.findall(r"\w+", f"{traced.function} {traced.name} {traced.called}"))
