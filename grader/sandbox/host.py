"""Run students' files in the sandbox, several at once: children in slots, and what becomes of each when the zygote dies.

One child executes a file and makes all calls.  A call that ends the child costs only its own gradient: the rest goes on
in a new child.  A gradient that failed is called once more, alone in a fresh child, in case another one broke it.  One loop
serves all files and waits for no single one: a file that hangs holds its own slot only.
"""

import contextlib
import selectors
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.records.run import Answer, Run
from grader.sandbox.attempt import Attempt, Call
from grader.sandbox.job import Job, Pending, Replaced, Substitution
from grader.sandbox.spawner import Event, Report, Spawner
from grader.sandbox.wire import JobWriter

USUAL_ROOM = 4096  # entries of a wrong answer that are kept: enough to diagnose a Jacobian
ALL_ROOM = 2**17  # ... and of all answers together, beyond what right ones need
_TICK_SECONDS = 0.02
_ON_LINUX = "Grade on Linux with seccomp allowed (Landlock, or starting as root, adds to it)"
_WHERE_TO_GRADE = {  # docs/platforms.md has the commands
    "win32": "Grade in WSL2 (`wsl --install`) or in a Linux container",
    "darwin": "Grade in a Linux container",
}


class Sandbox:
    """Runs students' files; one at a time or several at once."""

    def __init__(
        self,
        start: Callable[[], Spawner],
        writer: JobWriter,
        calls: Sequence[Call],
        limits: Limits,
        first_slot: int = 0,
        checked: int | None = None,
        expected: Mapping[str, int] | None = None,
        substitution: Substitution | None = None,
    ) -> None:
        """Use the spawner that `start` gives; it is asked for another one if the first dies.

        Args:
            calls: every gradient at every sample point, in the order in which they are made.
            first_slot: where the slots begin; a slot has a user of its own, so sandboxes side by side begin apart.
            checked: how many points all files share, where calls at the fresh and the inconsistent one follow.
            expected: the most entries that a right answer to each gradient has.  Of a far larger one only type and shape
                are kept; without `expected`, everything is.
            substitution: how functions are replaced that give no numbers; without it, none are.
        """
        usual = min(USUAL_ROOM, ALL_ROOM // max(1, len(calls)))
        self.start, self.spawner, self.writer, self.calls, self.limits = start, start(), writer, calls, limits
        self.first_slot, self.checked, self.substitution = first_slot, checked, substitution
        self.room = {name: max(entries, usual) for name, entries in (expected or {}).items()}

    @property
    def report(self) -> Report:
        return self.spawner.report

    def require(self, strength: str) -> None:
        """Refuse to go on where the sandbox is weaker than asked for.

        Raises:
            SandboxError: it is; the message says what is missing and what can be done.
        """
        if strength == "strong" and not self.report.strong:
            raise SandboxError(
                f"the sandbox does not hold on this machine: {self.report}. {_WHERE_TO_GRADE.get(sys.platform, _ON_LINUX)},"
                " or set sandbox.require to any in config.yaml if you trust the submissions"
            )

    def run(self, source: bytes, meanwhile: Callable[[], None] | None = None) -> Run:
        """Run one file.

        A crash, a timeout or a kill is not an exception: it is in the answers.

        Args:
            meanwhile: is called once, while the file runs on another core.

        Raises:
            SandboxError: the sandbox failed; nothing is known about the file.
        """
        return self._run_one(Job(source, self.calls), meanwhile)

    def trace(
        self,
        source: bytes,
        gradients: Collection[str],
        before: Run,
        replaced: Replaced | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> dict[str, list[Answer]]:
        """Run some gradients of a file once more, line by line; those that answer at every point are in the result.

        Args:
            before: the run of the file; its time counts, so that both together keep within the limits of a submission.
            replaced: what is replaced in their calls.
            meanwhile: as in `run`.

        Raises:
            SandboxError: the sandbox failed.
        """
        calls = [
            (name, k) for name, k in self.calls if name in gradients and (self.checked is None or k < self.checked)
        ]
        run = self._run_one(Job(source, calls, traced=True, before=before, replaced=replaced or {}), meanwhile)
        return {name: found for name, found in run.answers.items() if found[-1].outcome == "returned"}

    def run_many(self, sources: Iterable[bytes | None], in_flight: int = 3) -> Iterator[tuple[int, Run | SandboxError]]:
        """Run files, `in_flight` at once; yields (position in `sources`, run) in order of completion.

        `sources` may give None, which counts as no position, for "nothing at the moment": it is asked again after a while.
        """
        jobs = (None if source is None else Job(source, self.calls) for source in sources)
        yield from _Loop(self, in_flight).run(jobs)

    def _run_one(self, job: Job, meanwhile: Callable[[], None] | None = None) -> Run:
        [(_, run)] = _Loop(self, 1, meanwhile).run([job])
        if isinstance(run, SandboxError):
            raise run
        return run

    def close(self) -> None:
        self.spawner.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Loop:
    """Keeps children busy until every file has its run."""

    def __init__(self, sandbox: Sandbox, in_flight: int, meanwhile: Callable[[], None] | None = None) -> None:
        self.sandbox, self.meanwhile = sandbox, meanwhile
        self.free = deque(range(sandbox.first_slot, sandbox.first_slot + in_flight))
        self.running: dict[int, tuple[Pending, Attempt]] = {}
        self.again: deque[Pending] = deque()
        self.done: deque[tuple[int, Run | SandboxError]] = deque()
        self.selector = selectors.DefaultSelector()
        self.taken = 0
        self.exhausted = False

    def run(self, jobs: Iterable[Job | None]) -> Iterator[tuple[int, Run | SandboxError]]:
        waiting = iter(jobs)
        if self.meanwhile is None:
            self.sandbox.spawner.report  # noqa: B018, waits until it is ready; otherwise there is something to do
        self._watch()
        try:
            while True:
                while self.free and (pending := self._next(waiting)) is not None:
                    self._start(pending)
                while self.done:
                    yield self.done.popleft()
                if self.exhausted and not self.running and not self.again:
                    return
                if self.meanwhile is not None and not any(attempt.job for _, attempt in self.running.values()):
                    self.meanwhile()
                    self.meanwhile = None
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
        sandbox = self.sandbox
        writer = sandbox.writer
        return Pending(
            self.taken - 1, job, sandbox.limits, sandbox.checked, writer.names, writer.together, sandbox.substitution
        )

    def _start(self, pending: Pending) -> None:
        """Give the file its next child, or its run if it needs none."""
        calls = pending.next_calls()
        if calls is None:
            self.done.append((pending.number, pending.run()))
            return
        sandbox, job, slot = self.sandbox, pending.job, self.free.popleft()
        frame = memoryview(
            sandbox.writer.job(
                job.source, calls, trace=job.traced, replaced=pending.replaced, stand_ins=pending.stand_ins
            )
        )
        budgets = pending.cpu_left, pending.wall_left
        attempt = Attempt(calls, sandbox.limits, *budgets, frame, room=sandbox.room)
        self.running[slot] = (pending, attempt)
        try:
            attempt.channel = sandbox.spawner.start(slot, job.source, explains=pending.explains)
        except SandboxError as error:
            self._zygote_died(error)
            return
        if not attempt.write_job():
            self.selector.register(attempt.channel.sending, selectors.EVENT_WRITE, attempt)

    def _turn(self) -> None:
        """Wait for something to happen, for a tick at most, and deal with it."""
        for key, _ in self.selector.select(0 if self.again else _TICK_SECONDS):
            if isinstance(key.data, Attempt) and key.fd == key.data.channel.sending and key.data.write_job():
                self.selector.unregister(key.fd)
        try:
            self._take_events()
        except SandboxError as error:
            self._zygote_died(error)
            return
        for slot, (_, attempt) in self.running.items():
            if not attempt.kill_wanted:
                attempt.read_replies()
                if attempt.pipe_full and not self._watched(attempt.channel.receiving):  # it cannot wait for a tick
                    self.selector.register(attempt.channel.receiving, selectors.EVENT_READ, attempt)
                attempt.check_deadlines()
                if attempt.kill_wanted:
                    self.sandbox.spawner.kill(slot)

    def _take_events(self) -> None:
        for event in self.sandbox.spawner.events():
            if event.slot not in self.running:
                continue
            pending, attempt = self.running[event.slot]
            if event.kind == "started":
                attempt.pid = event.pid
                continue
            del self.running[event.slot]
            self._take_answers(pending, attempt, event)
            self._release(event.slot, attempt)

    def _take_answers(self, pending: Pending, attempt: Attempt, event: Event) -> None:
        """Take what a child that is gone has answered; one that others killed counts as never started, once."""
        pending.violations.update(event.violations)
        if attempt.killed_by_others(event.status, event.cpu_seconds) and not pending.killed:
            pending.killed = True
        else:
            try:
                attempt.end(event.status, event.cpu_seconds, event.words)
                pending.take(attempt)
            except SandboxError as error:
                self.done.append((pending.number, error))
                return
        self.again.append(pending)

    def _watched(self, fd: int) -> bool:
        return fd < 0 or fd in self.selector.get_map()

    def _release(self, slot: int, attempt: Attempt) -> None:
        for fd in (attempt.channel.sending, attempt.channel.receiving):
            if fd >= 0 and self._watched(fd):
                self.selector.unregister(fd)
        attempt.channel.close()
        self.free.append(slot)

    def _zygote_died(self, error: SandboxError) -> None:
        """Start another zygote and give each file that was running one more chance."""
        self.selector.unregister(self.sandbox.spawner)
        self.sandbox.spawner.close()
        for slot, (pending, attempt) in self.running.items():
            self._release(slot, attempt)
            pending.zygote_deaths += 1
            if pending.zygote_deaths > 1:
                self.done.append((pending.number, error))
            else:
                self.again.append(pending)
        self.running.clear()
        self.sandbox.spawner = self.sandbox.start()
        self.sandbox.spawner.report  # noqa: B018, waits until it is ready
        self._watch()

    def _watch(self) -> None:
        self.selector.register(self.sandbox.spawner, selectors.EVENT_READ)

    def _abandon(self) -> None:
        """Leave no child behind when the caller stops listening."""
        with contextlib.suppress(SandboxError):
            for slot in self.running:
                self.sandbox.spawner.kill(slot)
            while self.running and self.selector.select(1.0):
                self._take_events()
        for _, attempt in self.running.values():
            attempt.channel.close()
        self.selector.close()
