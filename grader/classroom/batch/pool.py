"""Worker processes on this machine: hands out tasks, gives back results, replaces workers that die.  Stores nothing."""

import contextlib
import os
import selectors
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.classroom.batch.protocol import Channel, Hello, Result, Task
from grader.classroom.batch.worker import Settings
from grader.errors import GraderError, SandboxError

IN_FLIGHT = 3  # children of one worker at once: one that only waits does not leave a core idle
AHEAD = 8  # tasks that a worker has waiting, so that it never waits for the coordinator
MAX_DEATHS = 2  # of workers, by the same task, before it is given up
SLOTS = 16  # kept apart per worker; more than IN_FLIGHT

# Not `python -m`, which looks for modules in the current folder first: there may lie a student's numpy.py.
_WORKER = "import sys; sys.path[:] = sys.argv[2:]; from grader.classroom.batch.worker import start; start(sys.argv[1])"


@dataclass(frozen=True)
class Lost:
    """A task that killed its workers, or that no worker could be started for."""

    number: int
    reason: str


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    channel: Channel
    slot: int
    hello: Hello | None = None
    tasks: dict[int, Task] = field(default_factory=dict)


class WorkerRefused(GraderError):
    """A worker that could not start, for the reason that it gives."""

    def __init__(self, hello: Hello) -> None:
        super().__init__(hello.error)
        self.exit_code = hello.exit_code


class Pool:
    """So many worker processes, from the first task on until `close`."""

    def __init__(
        self, config: Path, jobs: int, *, stored_only: bool = False, in_flight: int = IN_FLIGHT, first_slot: int = 0
    ) -> None:
        """Start the workers; they load in parallel, and are waited for when they are needed."""
        self._config = config.resolve()
        self._judge_only = stored_only
        self._in_flight = in_flight
        self._first_slot = first_slot
        self._selector = selectors.DefaultSelector()
        self._deaths: dict[int, int] = {}
        self._restarts = 0
        self._last_words = ""
        self._workers = [self._start(slot) for slot in range(jobs)]

    def hello(self) -> Hello:
        """What the first worker says of itself; waits for it.

        Raises:
            GraderError: it could not start, for the reason given.
        """
        worker = self._workers[0]
        if worker.hello is None:
            try:
                frame = worker.channel.receive(wait=True)
            except EOFError as error:
                raise SandboxError(f"a worker process ended before it was ready ({_ending(worker.process)})") from error
            self._greet(worker, frame or b"")
        if worker.hello is None:
            raise AssertionError("a worker that was greeted has said hello")
        return worker.hello

    def run(self, tasks: Iterator[Task]) -> Iterator[Result | Lost]:
        """The results of the tasks, in the order in which they are ready.  Every task has exactly one."""
        again: deque[Task] = deque()
        while True:
            self._hand_out_all(again, tasks)
            if not any(worker.tasks for worker in self._workers):
                return
            for key, _ in self._selector.select():
                try:
                    yield from self._results(key.data)
                except EOFError:
                    for task in self._bury(key.data):
                        self._deaths[task.number] = self._deaths.get(task.number, 0) + 1
                        if self._deaths[task.number] < MAX_DEATHS:
                            again.append(task)
                        else:
                            yield Lost(task.number, self._last_words or "the worker process died on it, twice")

    def close(self) -> None:
        for worker in self._workers:
            worker.channel.close()
        for worker in self._workers:
            try:
                worker.process.wait(5)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
        self._selector.close()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, slot: int) -> _Worker:
        ours, theirs = socket.socketpair()
        first_slot = self._first_slot + slot * SLOTS
        settings = Settings(theirs.fileno(), str(self._config), self._judge_only, self._in_flight, first_slot)
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _WORKER, msgspec.json.encode(settings).decode(), *_module_folders()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # an interrupt from the keyboard is the coordinator's to deal with
            env={**os.environ, **{f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}},
        )
        theirs.close()
        worker = _Worker(process, Channel(ours), slot)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        return worker

    def _hand_out_all(self, again: deque[Task], tasks: Iterator[Task]) -> None:
        """Keep every worker supplied; one that died may have died of any of its tasks, so these are now given out alone."""
        for worker in self._workers:
            if again and not worker.tasks:
                self._hand_out(worker, again.popleft())
            alone = any(number in self._deaths for number in worker.tasks)
            while not again and not alone and len(worker.tasks) < self._in_flight + AHEAD:
                task = next(tasks, None)
                if task is None:
                    break
                self._hand_out(worker, task)

    def _hand_out(self, worker: _Worker, task: Task) -> None:
        worker.tasks[task.number] = task
        with contextlib.suppress(ConnectionError):  # a dead worker is buried when its end is read
            worker.channel.send(msgspec.msgpack.encode(task))

    def _results(self, worker: _Worker) -> Iterator[Result]:
        while (frame := worker.channel.receive(wait=False)) is not None:
            if worker.hello is None:
                self._greet(worker, frame)
                continue
            said = msgspec.msgpack.decode(frame, type=Result | Hello)
            if isinstance(said, Hello):
                self._last_words = said.error
            elif worker.tasks.pop(said.number, None) is not None:
                yield said

    def _greet(self, worker: _Worker, frame: bytes) -> None:
        worker.hello = msgspec.msgpack.decode(frame, type=Hello)
        if worker.hello.error:
            raise WorkerRefused(worker.hello)

    def _bury(self, worker: _Worker) -> list[Task]:
        """Replace a dead worker; returns what it had been given."""
        self._selector.unregister(worker.channel)
        worker.channel.close()
        worker.process.kill()
        worker.process.wait()
        self._restarts += 1
        if worker.hello is None or self._restarts > 20 + 2 * len(self._workers):
            reason = self._last_words or _ending(worker.process)
            raise SandboxError(f"worker processes keep dying ({reason}); what is graded is kept")
        self._workers[self._workers.index(worker)] = self._start(worker.slot)
        return list(worker.tasks.values())


def _module_folders() -> list[str]:
    """Where this process finds modules, but not in its current folder."""
    package = Path(__file__).parents[3]
    return [*filter(None, sys.path), str(package)]


def _ending(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    return f"signal {-code}" if code < 0 else f"exit code {code}"
