"""A worker process: its own assignment and sandbox, running and grading what the coordinator sends.

Started by pool.py.  Ends when the coordinator closes the connection, and takes its zygote and children with it.
"""

import contextlib
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import msgspec

from grader.checks.tampering import flags_of
from grader.classroom.batch.protocol import Hello, Refusal, Result, Task, receive, send
from grader.classroom.store.packing import answers_hash, pack_run, unpack_run
from grader.errors import GraderError, SandboxError
from grader.grading.grader import Grader

if TYPE_CHECKING:
    from grader.problem.assignment import Assignment
    from grader.records.result import Grade
    from grader.records.run import Run
    from grader.sandbox.host import Sandbox

REMEMBERED = 512  # grades, in each worker


class Settings(msgspec.Struct, frozen=True):
    """How a worker is to work.

    Attributes:
        fd: the descriptor of its socket; -1 where standard input has what a socket of Windows is shared by.
        stored_only: there is nothing to run, and no sandbox is started.
        in_flight: how many files it runs at once.
        first_slot: see `grader.sandbox.host.Sandbox`.
    """

    fd: int
    config: str
    stored_only: bool
    in_flight: int
    first_slot: int


class RunGrader:
    """Grades runs, and remembers the grades of the answers that it saw last."""

    def __init__(self, assignment: "Assignment") -> None:
        self.assignment = assignment
        self._known: dict[str, Grade] = {}  # by the hash of the answers, the last used at the end

    def __call__(self, run: "Run", task: Task, sandbox: str) -> Result:
        """The result of a task whose file left `run`, without the run itself."""
        from grader.grading.grade import named, not_graded
        from grader.grading.pipeline import settle

        key = answers_hash(run)
        error = ""
        try:
            grade = settle(self.assignment, run, self._shared(key, run))
        except Exception as failure:  # our own fault costs one grade, not the whole class
            error = f"the grader failed on these answers, which is its fault: {type(failure).__name__}: {failure}"
            grade = not_graded(self.assignment, task.name, error)
        return Result(
            task.number,
            msgspec.json.encode(named(grade, task.name, sandbox)),
            answers_hash=key,
            cpu_seconds=run.cpu_seconds,
            attempts=run.attempts,
            error=error,
            flags=flags_of(grade),
        )

    def _shared(self, key: str, run: "Run") -> "Grade":
        from grader.grading.pipeline import grade_shared

        grade = self._known.pop(key) if key in self._known else grade_shared(self.assignment, run)
        self._known[key] = grade
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return grade


class Worker:
    """The loop of a worker."""

    def __init__(self, connection: Connection, grade_run: RunGrader) -> None:
        self._connection = connection
        self._grade_run = grade_run
        self._running: dict[int, Task] = {}
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()  # None: there will be no more
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """Read all the time: otherwise both ends could wait for each other with a message that is larger than the buffer."""
        with contextlib.suppress(EOFError):
            while True:
                self._tasks.put(receive(self._connection, Task))
        self._tasks.put(None)

    def grade_all(self, sandbox: "Sandbox | None", in_flight: int) -> None:
        """Run and grade files, or grade stored answers, until there are no more; without a sandbox all are stored answers."""
        from grader.grading.grade import not_graded

        if sandbox is None:
            while (task := self._next(wait=True)) is not None:
                self._grade_stored(task)
            return
        for position, run in sandbox.run_many(self._sources(), in_flight):
            task = self._running.pop(position)
            if isinstance(run, SandboxError):
                grade = not_graded(self._grade_run.assignment, task.name, str(run))
                self._send(Result(task.number, msgspec.json.encode(grade), error=str(run)))
            else:
                result = self._grade_run(run, task, str(sandbox.report))
                self._send(msgspec.structs.replace(result, run=pack_run(run)))

    def _grade_stored(self, task: Task) -> None:
        self._send(self._grade_run(unpack_run(task.run), task, task.sandbox))

    def _sources(self) -> Iterator[bytes | None]:
        """The files of the tasks as they arrive; waits only while nothing is running."""
        position = 0
        while True:
            task = self._next(wait=not self._running)
            if task is None and not self._running:
                return
            if task is not None and task.run:
                self._grade_stored(task)
            elif task is not None:
                self._running[position] = task
                position += 1
                yield task.source
            else:
                yield None

    def _next(self, *, wait: bool) -> Task | None:
        """A task; None if none has come or, after waiting, none will."""
        try:
            task = self._tasks.get(block=wait)
        except queue.Empty:
            return None
        if task is None and not wait:  # the coordinator has gone in the middle
            raise SystemExit(0)
        return task

    def _send(self, result: Result) -> None:
        try:
            send(self._connection, result)
        except ConnectionError:
            raise SystemExit(0) from None


def start(settings: str) -> None:
    """Be a worker process with these settings, in JSON."""
    decoded = msgspec.json.decode(settings, type=Settings)
    connection = Connection(decoded.fd if decoded.fd >= 0 else _shared_socket())
    with contextlib.suppress(ConnectionError):  # nobody is waiting for this worker any more
        try:
            _work(connection, decoded)
        except GraderError as error:
            send(connection, Refusal(str(error), error.exit_code))
    os._exit(0)  # the usual end, which takes down numpy and the tables piece by piece, would keep the caller waiting


def _shared_socket() -> int:
    if sys.platform != "win32":
        raise SandboxError("only Windows shares sockets with other processes")
    return socket.fromshare(sys.stdin.buffer.read()).detach()


def _work(connection: Connection, settings: Settings) -> None:
    from grader.problem.fingerprint import fingerprint

    grader = Grader(settings.config, first_slot=settings.first_slot)
    with contextlib.nullcontext() if settings.stored_only else grader:
        _prepare(grader.assignment)
        sandbox = None if settings.stored_only else grader.sandbox
        if sandbox is not None:
            sandbox.require(grader.config.sandbox.require)
        send(connection, Hello(fingerprint(grader.assignment), str(sandbox.report) if sandbox else ""))
        Worker(connection, RunGrader(grader.assignment)).grade_all(sandbox, settings.in_flight)


def _prepare(assignment: "Assignment") -> None:
    """Read and compute here, once, what the first grade would, while students' files wait.

    Raises:
        ConfigError: an instructor's file has a mistake; the batch ends before it has begun.
    """
    from grader.diagnosis.hints import load_hints
    from grader.diagnosis.misconceptions import misconceptions

    load_hints(assignment)
    misconceptions(assignment)
    for known in (assignment.numeric, assignment.exact, assignment.ancestors, assignment.given):
        len(known)
