"""Run submissions in the sandbox: as many children as it takes to give every gradient its chance.

One child executes the file and makes all calls.  A call that ends the child costs only its own gradient: the rest goes on
in a new child.  A gradient that failed is called once more, alone in a fresh child, in case another one broke it.
"""

import contextlib
import copy
import os
import selectors
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from grader.answers import Answer, Run
from grader.config import Sandbox as Limits
from grader.errors import SandboxError
from grader.sandbox.attempt import Attempt, Call
from grader.sandbox.spawner import Report, Spawner
from grader.sandbox.wire import JobWriter

_TICK_SECONDS = 0.02


class Sandbox:
    """Runs students' files; one at a time or several at once."""

    def __init__(
        self,
        start: Callable[[], Spawner],
        writer: JobWriter,
        calls: Sequence[Call],
        limits: Limits,
        first_slot: int = 0,
    ) -> None:
        """Use the spawner that `start` gives; it is asked for another one if the first dies.

        Args:
            calls: every gradient at every step, in the order in which they are to be made.
            first_slot: where the slots begin; a slot has a user of its own, so sandboxes side by side begin apart.
        """
        self.first_slot = first_slot
        self._start = start
        self._spawner = start()
        self._writer = writer
        self._calls = calls
        self._limits = limits
        self._traced = False

    @property
    def report(self) -> Report:
        return self._spawner.report

    def require(self, strength: str) -> None:
        """Refuse to go on where the sandbox is weaker than asked for.

        Raises:
            SandboxError: it is; the message says what is missing and what can be done.
        """
        if strength == "strong" and not self.report.strong:
            raise SandboxError(
                f"the sandbox does not hold on this machine: {self.report}. Grade on Linux with seccomp allowed (Landlock, or"
                " starting as root, adds to it), or set sandbox.require to any in config.yaml if you trust the submissions"
            )

    def run(self, source: bytes) -> Run:
        """Run one file.

        A crash, a timeout or a kill is not an exception: it is in the answers.

        Raises:
            SandboxError: the sandbox failed; nothing is known about the file.
        """
        for _, run in self.run_many([source], in_flight=1):
            if isinstance(run, SandboxError):
                raise run
            return run
        raise AssertionError("every file has a run")

    def trace(self, source: bytes, gradients: Collection[str]) -> dict[str, list[Answer]]:
        """Run some gradients of a file once more, line by line; those that answer at every step are in the result.

        Raises:
            SandboxError: the sandbox failed.
        """
        tracing = copy.copy(self)
        tracing._calls, tracing._traced = [call for call in self._calls if call[0] in gradients], True
        try:
            run = tracing.run(source)
        finally:
            self._spawner = tracing._spawner  # another one, if it died
        return {name: found for name, found in run.answers.items() if found[-1].outcome == "returned"}

    def run_many(self, sources: Iterable[bytes | None], in_flight: int = 3) -> Iterator[tuple[int, Run | SandboxError]]:
        """Run files, `in_flight` at once; yields (position in `sources`, run) in order of completion.

        `sources` may give None, which counts as no position, for "nothing at the moment": it is asked again after a while.
        """
        yield from _Loop(self, in_flight).run(sources)

    def close(self) -> None:
        self._spawner.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Submission:
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
        return Run(ordered, loading, round(self.cpu_seconds, 4), self.attempts)


def _failed(answers: list[Answer]) -> bool:
    return answers[-1].outcome not in ("returned", "missing")


class _Loop:
    """Keeps children busy until every file has its run."""

    def __init__(self, sandbox: Sandbox, in_flight: int) -> None:
        self.sandbox = sandbox
        self.free = deque(range(sandbox.first_slot, sandbox.first_slot + in_flight))
        self.running: dict[int, tuple[_Submission, Attempt]] = {}
        self.again: deque[_Submission] = deque()
        self.done: deque[tuple[int, Run | SandboxError]] = deque()
        self.selector = selectors.DefaultSelector()
        self.taken = 0
        self.exhausted = False

    def run(self, sources: Iterable[bytes | None]) -> Iterator[tuple[int, Run | SandboxError]]:
        waiting = iter(sources)
        self._watch()
        try:
            while True:
                while self.free and (submission := self._next(waiting)) is not None:
                    self._start(submission)
                yield from self._take_done()
                if self.exhausted and not self.running and not self.again and not self.done:
                    return
                self._turn()
        finally:
            self._abandon()

    def _next(self, waiting: Iterator[bytes | None]) -> _Submission | None:
        if self.again:
            return self.again.popleft()
        try:
            source = next(waiting)
        except StopIteration:
            self.exhausted = True
            return None
        if source is None:
            return None
        self.taken += 1
        return self._admit(self.taken - 1, source)

    def _admit(self, number: int, source: bytes) -> _Submission:
        limits = self.sandbox._limits
        submission = _Submission(number, source, list(self.sandbox._calls), limits)
        if len(source) > limits.source_kb * 1024:
            message = f"the file is larger than the {limits.source_kb} kB that are accepted"
            submission.loading = Answer("raised", message=message)
        return submission

    def _start(self, submission: _Submission) -> None:
        """Give the submission its next child, or its run if it needs none."""
        calls = submission.next_calls()
        if calls is None:
            self.done.append((submission.number, submission.run()))
            return
        slot = self.free.popleft()
        job_read, job_write = os.pipe()
        result_read, result_write = os.pipe()
        os.set_blocking(job_write, False)
        os.set_blocking(result_read, False)
        traced = self.sandbox._traced
        job = memoryview(self.sandbox._writer.job(submission.source, calls, trace=traced))
        budget = max(0.0, submission.limits.submission_cpu_seconds - submission.cpu_seconds)
        wall_budget = max(0.0, submission.limits.submission_wall_seconds - submission.wall_seconds)
        attempt = Attempt(calls, submission.limits, budget, wall_budget, job, job_write, result_read)
        self.running[slot] = (submission, attempt)
        try:
            self.sandbox._spawner.start(
                slot, job_read, result_write, submission.source, helpers=traced or submission.alone is not None
            )
        except SandboxError as error:
            self._zygote_died(error)
            return
        finally:
            os.close(job_read)
            os.close(result_write)
        if not attempt.write_job():
            self.selector.register(job_write, selectors.EVENT_WRITE, attempt)

    def _turn(self) -> None:
        """Wait for something to happen, for a tick at most, and deal with it."""
        if not self.running:
            return
        for key, _ in self.selector.select(_TICK_SECONDS):
            if isinstance(key.data, Attempt) and key.data.write_job():
                self.selector.unregister(key.fd)
        try:
            self._hear()
        except SandboxError as error:
            self._zygote_died(error)
            return
        for slot, (_, attempt) in self.running.items():
            if not attempt.kill_wanted:
                attempt.read_replies()
                attempt.check_deadlines()
                if attempt.kill_wanted:
                    self.sandbox._spawner.kill(slot)

    def _hear(self) -> None:
        for event in self.sandbox._spawner.events():
            if event.slot not in self.running:
                continue
            submission, attempt = self.running[event.slot]
            if event.kind == "started":
                attempt.pid = event.pid
                continue
            del self.running[event.slot]
            try:
                attempt.end(event.status, event.cpu_seconds)
                submission.take(attempt)
                self.again.append(submission)
            except SandboxError as error:
                self.done.append((submission.number, error))
            self._release(event.slot, attempt)

    def _release(self, slot: int, attempt: Attempt) -> None:
        if attempt.job_fd in self.selector.get_map():
            self.selector.unregister(attempt.job_fd)
        attempt.close()
        self.free.append(slot)

    def _zygote_died(self, error: SandboxError) -> None:
        """Start another zygote and give each file that was running one more chance."""
        self.selector.unregister(self.sandbox._spawner)
        self.sandbox._spawner.close()
        for slot, (submission, attempt) in list(self.running.items()):
            self._release(slot, attempt)
            submission.zygote_deaths += 1
            if submission.zygote_deaths > 1:
                self.done.append((submission.number, error))
            else:
                self.again.append(submission)
        self.running.clear()
        self.sandbox._spawner = self.sandbox._start()
        self._watch()

    def _watch(self) -> None:
        self.sandbox._spawner.report  # noqa: B018, waits until it is ready
        self.selector.register(self.sandbox._spawner, selectors.EVENT_READ)

    def _take_done(self) -> Iterator[tuple[int, Run | SandboxError]]:
        while self.done:
            yield self.done.popleft()

    def _abandon(self) -> None:
        """Whoever stopped listening leaves no child behind."""
        with contextlib.suppress(SandboxError):
            for slot in self.running:
                self.sandbox._spawner.kill(slot)
            while self.running and self.selector.select(1.0):
                self._hear()
        for _, attempt in self.running.values():
            attempt.close()
        self.selector.close()
