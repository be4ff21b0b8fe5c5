"""One student's file on its way through the sandbox: what has been answered, and what its next child should call.

Starts no processes; knows nothing of how several files share the machine.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.records.run import Answer, Run, Substituted, Traced
from grader.sandbox.attempt import Attempt, Call
from grader.sandbox.explanations import Forged, checked, words_of

if TYPE_CHECKING:
    import numpy as np

MAX_OUTPUT = 2**17  # characters
_ENDED = ("timed_out", "died", "out_of_memory")
_NEVER_RETURNED = ("timed_out", "died")
Replaced = Mapping[str, Sequence[str]]  # for each gradient that is called, the functions replaced meanwhile


class Substitution(msgspec.Struct, frozen=True):
    """How functions are replaced that give no numbers for others to build on: decided by who knows what is right.

    Attributes:
        plan: for given answers, which gradients to call once more, and what is replaced then.
        arrays: what a function of a file returns while it is replaced, at each sample point.
    """

    plan: Callable[[Mapping[str, Sequence[Answer]]], Mapping[str, tuple[str, ...]]]
    arrays: "Callable[[bytes, str], Sequence[np.ndarray[Any, Any]]]"


class Job(msgspec.Struct, frozen=True):
    """A file to run.

    Attributes:
        calls: what to call, in this order.
        traced: line by line.
        before: an earlier run of the same file, whose time counts: a submission has one budget.
        replaced: what is replaced in these calls.
    """

    source: bytes
    calls: Sequence[Call]
    traced: bool = False
    before: Run = Run({})
    replaced: Replaced = {}


class Pending(msgspec.Struct):
    """A file that is being run: what has been answered and what is still to be called.

    All gradients are called in one process, which is "all".  Each that failed is called once more, "alone", unless it may build
    on another one without numbers: these are "substituted", and those of them that fail once more are "substituted alone".

    Attributes:
        replaced: what is replaced in the next child.
        mode: what that is for.
    """

    number: int
    job: Job
    limits: Limits
    checked: int | None = None  # how many points all files share; after them come the fresh and the inconsistent one
    known: Collection[str] = ()  # names that an explanation may mention beside those of the file
    together: Mapping[str, Sequence[str]] = {}  # the gradients that one function returns
    substitution: Substitution | None = None
    answers: dict[str, list[Answer]] = {}
    loading: Answer | None = None
    substituted: dict[str, Substituted] = {}
    mode: Literal["all", "alone", "substituted", "substituted alone"] = "all"
    replaced: Replaced = {}
    retried: set[str] = set()  # gradients that were called alone
    planned: set[str] = set()  # ... with others replaced
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    attempts: int = 0
    zygote_deaths: int = 0
    killed: bool = False  # a child of it, by someone else
    violations: set[str] = set()

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
        return self.mode != "all" or self.job.traced

    @property
    def stand_ins(self) -> "dict[str, Sequence[np.ndarray[Any, Any]]]":
        """What replaced functions return in the next child; none where they raise."""
        if self.substitution is None or (self.mode == "all" and not self.job.replaced):
            return {}
        names = {name for replaced in self.replaced.values() for name in replaced}
        return {name: self.substitution.arrays(self.job.source, name) for name in names}

    def next_calls(self) -> list[Call] | None:
        """What the next child should call; None when nothing is left to do."""
        if self.loading is not None and self.loading.outcome != "returned":
            return None
        spent = self._spent()
        waiting = [call for call in self.job.calls if call[0] not in self.answers]
        if waiting and not spent:
            self.replaced = self.job.replaced or self._never_returned(waiting)
            return waiting
        if waiting:
            message = f"not run: the file had used up its {spent}"
            self.answers.update({gradient: [Answer("timed_out", message=message)] for gradient, _ in waiting})
        if spent or self.job.traced or self.attempts == 0:
            return None
        return self._calls_again()

    def _never_returned(self, waiting: Sequence[Call]) -> Replaced:
        """What never returned does not cost its time once more for each gradient that calls it."""
        names = [gradient for gradient, found in self.answers.items() if found[-1].outcome in _NEVER_RETURNED]
        return {gradient: names for gradient, _ in waiting} if names and self.substitution is not None else {}

    def _calls_again(self) -> list[Call] | None:
        """The calls of the next child after all gradients have been called."""
        plan = {} if self.substitution is None else self.substitution.plan(self.answers)
        for name in [name for name, one in self.substituted.items() if plan.get(name) != one.replaced]:
            del self.substituted[name]  # something that was replaced in its calls has returned since
            self.planned.discard(name)
        failed = [name for name, found in self.answers.items() if _failed(found) and name not in plan]
        alone = [name for name in failed if name not in self.retried]
        timed_out = {name for name, found in self.answers.items() if found[-1].outcome == "timed_out"}
        slow = [name for name in alone if name in timed_out]  # these come last: they may use up all the time
        if soon := [name for name in alone if name not in timed_out]:
            return self._begin("alone", soon[:1], {})
        if left := sorted((name for name in plan if name not in self.planned), key=timed_out.__contains__):
            return self._begin("substituted", left, plan)
        if slow:
            return self._begin("alone", slow[:1], {})
        failed = [name for name, found in self.substituted.items() if _failed(found.answers)]
        if alone := [name for name in failed if name not in self.retried]:
            return self._begin("substituted alone", alone[:1], plan)
        return None

    def _begin(
        self, mode: Literal["alone", "substituted", "substituted alone"], names: Sequence[str], plan: Replaced
    ) -> list[Call]:
        self.mode, self.replaced = mode, {name: plan[name] for name in names if name in plan}
        shared = None if mode == "alone" else self.checked
        calls = [call for call in self.job.calls if shared is None or call[1] < shared]
        return [call for name in names for call in calls if call[0] == name]

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
        if self.mode == "all":
            self.answers.update(answers)
            for name, found in answers.items():
                if found[-1].outcome in _ENDED:
                    for other in self._others(name):
                        self.answers.setdefault(other, found[-1:])
        elif self.mode == "alone":
            ended = [name for name, found in answers.items() if found[-1].outcome in _ENDED]
            self.retried.update(name for name, _ in attempt.calls)
            self.retried.update(other for name in ended for other in self._others(name))
            self.answers.update({name: again for name, again in answers.items() if _tells_more(again)})
        else:
            # One at least: a child may end before it has called any.
            self.planned.update([attempt.calls[0][0], *answers])
            if self.mode == "substituted alone":
                self.retried.update(name for name, _ in attempt.calls)
                answers = {name: again for name, again in answers.items() if _tells_more(again)}
            for name, found in answers.items():
                self.substituted[name] = Substituted(tuple(self.replaced[name]), found)

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
        again = _with_output_cut({name: one.answers for name, one in self.substituted.items()})
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
            substituted={name: Substituted(self.substituted[name].replaced, found) for name, found in again.items()},
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


def _tells_more(again: list[Answer]) -> bool:
    """Whether the answers of a gradient that failed, called alone, take the place of the first ones."""
    return not _failed(again) or bool(again[-1].explanation) or again[-1].forged


def _failed(answers: list[Answer]) -> bool:
    return answers[-1].outcome not in ("returned", "missing")


def _words_of(traced: Traced) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", f"{traced.function} {traced.name} {traced.called}"))
