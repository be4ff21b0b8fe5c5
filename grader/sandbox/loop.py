"""Several students' files at once: children in slots, what they say, and what becomes of each when the zygote dies.

One loop serves them all and waits for no single one: a file that hangs holds its own slot only.
"""

import contextlib
import os
import selectors
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.records.run import Answer, Run
from grader.sandbox.attempt import Attempt, Call
from grader.sandbox.job import Job, Pending
from grader.sandbox.spawner import Event, Spawner
from grader.sandbox.wire import JobWriter

_TICK_SECONDS = 0.02


@dataclass
class ChildFactory:
    """What children come from and what they are asked: the spawner that is alive now, and the work.

    Attributes:
        start: gives another spawner when this one has died.
        calls: every gradient at every step, in the order in which they are to be made.
        first_slot: where the slots begin; a slot has a user of its own, so sandboxes side by side begin apart.
        checked: how many steps all files share, see `Pending`.
        room: how many entries are kept of an answer to each gradient.
    """

    start: Callable[[], Spawner]
    spawner: Spawner
    writer: JobWriter
    calls: Sequence[Call]
    limits: Limits
    first_slot: int = 0
    checked: int | None = None
    room: Mapping[str, int] = field(default_factory=dict)


class Loop:
    """Keeps children busy until every file has its run."""

    def __init__(self, factory: ChildFactory, in_flight: int) -> None:
        self.factory = factory
        self.free = deque(range(factory.first_slot, factory.first_slot + in_flight))
        self.running: dict[int, tuple[Pending, Attempt]] = {}
        self.again: deque[Pending] = deque()
        self.done: deque[tuple[int, Run | SandboxError]] = deque()
        self.selector = selectors.DefaultSelector()
        self.taken = 0
        self.exhausted = False

    def run(self, jobs: Iterable[Job | None]) -> Iterator[tuple[int, Run | SandboxError]]:
        waiting = iter(jobs)
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

    def _next(self, waiting: Iterator[Job | None]) -> Pending | None:
        if self.again:
            return self.again.popleft()
        try:
            job = next(waiting)
        except StopIteration:
            self.exhausted = True
            return None
        if job is None:
            return None
        self.taken += 1
        return self._admit(self.taken - 1, job)

    def _admit(self, number: int, job: Job) -> Pending:
        limits = self.factory.limits
        submission = Pending(number, job, limits, self.factory.checked, self.factory.writer.names)
        if len(job.source) > limits.source_kb * 1024:
            message = f"the file is larger than the {limits.source_kb} kB that are accepted"
            if job.source[:64].lstrip().startswith(b"{"):
                message += "; if it is a notebook, clear its outputs"
            submission.loading = Answer("raised", message=message)
        return submission

    def _start(self, submission: Pending) -> None:
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
        source, traced = submission.job.source, submission.job.traced
        job = memoryview(self.factory.writer.job(source, calls, trace=traced))
        attempt = Attempt(
            calls,
            submission.limits,
            submission.cpu_left,
            submission.wall_left,
            job,
            job_write,
            result_read,
            self.factory.room,
        )
        self.running[slot] = (submission, attempt)
        try:
            self.factory.spawner.start(
                slot, job_read, result_write, source, helpers=traced or submission.alone is not None
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
        waiting = not self.done and not self.again
        for key, _ in self.selector.select(_TICK_SECONDS if waiting else 0):
            if isinstance(key.data, Attempt) and key.fd == key.data.job_fd and key.data.write_job():
                self.selector.unregister(key.fd)
        try:
            self._hear()
        except SandboxError as error:
            self._zygote_died(error)
            return
        for slot, (_, attempt) in self.running.items():
            if not attempt.kill_wanted:
                attempt.read_replies()
                if attempt.talkative and attempt.result_fd not in self.selector.get_map():
                    self.selector.register(
                        attempt.result_fd, selectors.EVENT_READ, attempt
                    )  # it is not to wait for a tick
                attempt.check_deadlines()
                if attempt.kill_wanted:
                    self.factory.spawner.kill(slot)

    def _hear(self) -> None:
        for event in self.factory.spawner.events():
            if event.slot not in self.running:
                continue
            submission, attempt = self.running[event.slot]
            if event.kind == "started":
                attempt.pid = event.pid
                continue
            del self.running[event.slot]
            self._ended(submission, attempt, event)
            self._release(event.slot, attempt)

    def _ended(self, submission: Pending, attempt: Attempt, event: Event) -> None:
        """Take what a child that is gone has answered; one that others killed counts as never started, once."""
        submission.violations.update(event.violations)
        if attempt.killed_by_others(event.status, event.cpu_seconds) and not submission.killed:
            submission.killed = True
        else:
            try:
                attempt.end(event.status, event.cpu_seconds)
                submission.take(attempt)
            except SandboxError as error:
                self.done.append((submission.number, error))
                return
        self.again.append(submission)

    def _release(self, slot: int, attempt: Attempt) -> None:
        for fd in (attempt.job_fd, attempt.result_fd):
            if fd in self.selector.get_map():
                self.selector.unregister(fd)
        attempt.close()
        self.free.append(slot)

    def _zygote_died(self, error: SandboxError) -> None:
        """Start another zygote and give each file that was running one more chance."""
        self.selector.unregister(self.factory.spawner)
        self.factory.spawner.close()
        for slot, (submission, attempt) in list(self.running.items()):
            self._release(slot, attempt)
            submission.zygote_deaths += 1
            if submission.zygote_deaths > 1:
                self.done.append((submission.number, error))
            else:
                self.again.append(submission)
        self.running.clear()
        self.factory.spawner = self.factory.start()
        self._watch()

    def _watch(self) -> None:
        self.factory.spawner.report  # noqa: B018, waits until it is ready
        self.selector.register(self.factory.spawner, selectors.EVENT_READ)

    def _take_done(self) -> Iterator[tuple[int, Run | SandboxError]]:
        while self.done:
            yield self.done.popleft()

    def _abandon(self) -> None:
        """Whoever stopped listening leaves no child behind."""
        with contextlib.suppress(SandboxError):
            for slot in self.running:
                self.factory.spawner.kill(slot)
            while self.running and self.selector.select(1.0):
                self._hear()
        for _, attempt in self.running.values():
            attempt.close()
        self.selector.close()
