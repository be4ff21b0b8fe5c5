"""Worker processes on this machine: hands out tasks, gives back results, replaces workers that die.  Stores nothing."""

import contextlib
import os
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import msgspec

from grader.classroom.batch.protocol import Hello, Refusal, Result, Task, WorkerRefused, receive, send
from grader.classroom.batch.worker import Settings
from grader.errors import SandboxError

IN_FLIGHT = 3  # children of one worker at once: one that only waits does not leave a core idle
AHEAD = 8  # tasks that a worker has waiting, so that it never waits for the coordinator
MAX_DEATHS = 2  # of workers, by the same task, before it is given up
SLOTS = 16  # kept apart per worker; more than IN_FLIGHT

WINDOWS = sys.platform == "win32"

# Not `python -m`, which looks for modules in the current folder first, where a student's numpy.py may lie.
_WORKER = "import sys; sys.path[:] = sys.argv[2:]; from grader.classroom.batch.worker import start; start(sys.argv[1])"


def workers_for(files: int) -> int:
    """One per processor, but none that would get no file: starting it takes as long as grading dozens of files."""
    return max(1, min(os.cpu_count() or 1, -(-files // (IN_FLIGHT + AHEAD))))


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    connection: Connection
    slot: int
    hello: Hello | None = None
    tasks: dict[int, Task] = field(default_factory=dict)


class Pool:
    """A number of worker processes, until `close`."""

    def __init__(
        self, config: Path, jobs: int, *, stored_only: bool = False, in_flight: int = IN_FLIGHT, first_slot: int = 0
    ) -> None:
        """Start the workers; they load in parallel, and are waited for when they are needed."""
        self._config = config.resolve()
        self._stored_only = stored_only
        self._in_flight = in_flight
        self._first_slot = first_slot
        self._deaths: Counter[int] = Counter()  # of workers, by task
        self._restarts = 0
        self._last_words = ""
        self._workers = [self._start(slot) for slot in range(jobs)]

    def hello(self) -> Hello:
        """The first message of the first worker; waits for it.

        Raises:
            GraderError: it could not start, for the reason given.
        """
        worker = self._workers[0]
        while worker.hello is None:
            try:
                self._note(worker, receive(worker.connection, Hello | Refusal))
            except EOFError as error:
                raise SandboxError(f"a worker process ended before it was ready ({_ending(worker.process)})") from error
        return worker.hello

    def run(self, tasks: Iterator[Task]) -> Iterator[Result]:
        """The results of the tasks, in the order in which they are ready.  Every task has exactly one."""
        again: deque[Task] = deque()
        while True:
            self._hand_out_all(again, tasks)
            if not any(worker.tasks for worker in self._workers):
                return
            by_connection: dict[object, _Worker] = {worker.connection: worker for worker in self._workers}
            for connection in wait([worker.connection for worker in self._workers]):
                worker = by_connection[connection]
                try:
                    message = receive(worker.connection, Result | Hello | Refusal)
                except EOFError:
                    yield from self._lost(self._bury(worker), again)
                    continue
                if not isinstance(message, Result):
                    self._note(worker, message)
                elif worker.tasks.pop(message.number, None) is not None:
                    yield message

    def close(self) -> None:
        """End the workers: those that are at work notice, and end what they were doing."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            try:
                worker.process.wait(5)
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, slot: int) -> _Worker:
        ours, theirs = socket.socketpair()
        first_slot = self._first_slot + slot * SLOTS
        fd = -1 if WINDOWS else theirs.fileno()
        settings = Settings(fd, str(self._config), self._stored_only, self._in_flight, first_slot)
        # Where this process finds modules, but not in its current folder.
        folders = [*filter(None, sys.path), str(Path(__file__).parents[3])]
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _WORKER, msgspec.json.encode(settings).decode(), *folders],
            stdout=subprocess.DEVNULL,
            env={**os.environ, **{f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}},
            **_apart(fd),
        )
        _hand_over(theirs, process)
        theirs.close()
        return _Worker(process, Connection(ours.detach()), slot)

    def _hand_out_all(self, again: deque[Task], tasks: Iterator[Task]) -> None:
        """Keep every worker supplied; a task whose worker died may be the reason, and is given out alone."""
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
        with contextlib.suppress(ConnectionError):  # a dead worker is noticed when its connection is read
            send(worker.connection, task)

    def _note(self, worker: _Worker, message: Hello | Refusal) -> None:
        if isinstance(message, Hello):
            worker.hello = message
        elif worker.hello is None:
            raise WorkerRefused(message)
        else:
            self._last_words = message.error

    def _bury(self, worker: _Worker) -> list[Task]:
        """Replace a dead worker; returns the tasks that it had."""
        worker.connection.close()
        worker.process.kill()
        worker.process.wait()
        self._restarts += 1
        if worker.hello is None or self._restarts > 20 + 2 * len(self._workers):
            reason = self._last_words or _ending(worker.process)
            raise SandboxError(f"worker processes keep dying ({reason}); what is graded is kept")
        self._workers[self._workers.index(worker)] = self._start(worker.slot)
        return list(worker.tasks.values())

    def _lost(self, tasks: list[Task], again: deque[Task]) -> Iterator[Result]:
        """Those tasks of a dead worker that are given up; the others are to be handed out again."""
        for task in tasks:
            self._deaths[task.number] += 1
            if self._deaths[task.number] < MAX_DEATHS:
                again.append(task)
            else:
                yield Result(task.number, error=self._last_words or "the worker process died on it, twice")


def _apart(fd: int) -> dict[str, Any]:
    """How to start a process that gets this descriptor, and no interrupt from the keyboard: that is the coordinator's."""
    if WINDOWS:  # Ctrl-C does not reach a process without a window
        return {"stdin": subprocess.PIPE, "creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    return {"stdin": subprocess.DEVNULL, "pass_fds": (fd,), "start_new_session": True}


def _hand_over(theirs: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    """Give the worker its end of the socket: on Windows, where it has inherited none, through its standard input."""
    if sys.platform == "win32":
        assert process.stdin is not None
        with (
            contextlib.suppress(OSError),
            process.stdin,
        ):  # a worker that has died is noticed when its connection is read
            process.stdin.write(theirs.share(process.pid))


def _ending(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    return f"signal {-code}" if code < 0 else f"exit code {code}"
