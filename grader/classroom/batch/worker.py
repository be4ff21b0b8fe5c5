"""A worker process: its own assignment and sandbox, running and grading what the coordinator sends.

Started by pool.py.  Ends when the coordinator's end of the socket is closed, and takes
its zygote and children with it.  Grading the same answers twice is remembered, not done again.
"""

import contextlib
import os
import socket
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from grader.checks.tampering import flags_of
from grader.classroom.batch.protocol import Channel, Hello, Result, Task
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
        fd: the descriptor of its socket.
        judge_only: there is nothing to run, and no sandbox is started.
        first_slot: see `grader.sandbox.host.Sandbox`.
    """

    fd: int
    config: str
    stored_only: bool
    in_flight: int
    first_slot: int


class RunGrader:
    """Grades runs; remembers the grades of the answers at the shared steps that it saw last."""

    def __init__(self, assignment: "Assignment") -> None:
        self.assignment = assignment
        self._known: OrderedDict[str, Grade] = OrderedDict()

    def __call__(self, run: "Run", task: Task, sandbox: str) -> Result:
        """The result of a task whose file left `run`, without the run itself."""
        from grader.grading.grade import not_graded
        from grader.grading.pipeline import settle

        key = answers_hash(run)
        error = ""
        try:
            grade = settle(self.assignment, run, self._shared(key, run))
        except Exception as failure:  # a fault of ours is a file that is not graded, not the end of the class
            error = f"the grader failed on these answers, which is its fault: {type(failure).__name__}: {failure}"
            grade = not_graded(self.assignment, task.name, error)
        named = msgspec.structs.replace(grade, submission=task.name, sandbox=sandbox)
        return Result(
            task.number,
            msgspec.json.encode(named),
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
            self._known.popitem(last=False)
        return grade


class Worker:
    """The loop of a worker."""

    def __init__(self, channel: Channel, check_gradient: RunGrader) -> None:
        self.channel = channel
        self.check_gradient = check_gradient
        self.running: dict[int, Task] = {}
        self._tasks = msgspec.msgpack.Decoder(Task)

    def grade_all(self) -> None:
        """Grade stored answers until there are no more."""
        while (frame := self._receive(wait=True)) is not None:
            self._grade_stored(self._tasks.decode(frame))

    def run_all(self, sandbox: "Sandbox", in_flight: int) -> None:
        """Run and grade files until there are no more."""
        from grader.grading.grade import not_graded

        for position, run in sandbox.run_many(self._sources(), in_flight):
            task = self.running.pop(position)
            if isinstance(run, SandboxError):
                grade = msgspec.json.encode(not_graded(self.check_gradient.assignment, task.name, str(run)))
                self._send(Result(task.number, grade, error=str(run)))
                continue
            self._send(msgspec.structs.replace(self.check_gradient(run, task, str(sandbox.report)), run=pack_run(run)))

    def _grade_stored(self, task: Task) -> None:
        self._send(self.check_gradient(unpack_run(task.run), task, task.sandbox))

    def _sources(self) -> Iterator[bytes | None]:
        """The files of the tasks as they arrive; waits only where nothing is being run."""
        position = 0
        while True:
            frame = self._receive(wait=not self.running)
            if frame is None and not self.running:
                return
            if frame is None:
                yield None
                continue
            task = self._tasks.decode(frame)
            if task.run:
                self._grade_stored(task)
                continue
            self.running[position] = task
            position += 1
            yield task.source

    def _receive(self, *, wait: bool) -> bytes | None:
        """A frame; None where none has come or, having waited, none will."""
        try:
            return self.channel.receive(wait=wait)
        except EOFError:
            if not wait:  # the coordinator has gone in the middle
                raise SystemExit(0) from None
            return None

    def _send(self, result: Result) -> None:
        try:
            self.channel.send(msgspec.msgpack.encode(result))
        except ConnectionError:
            raise SystemExit(0) from None


def main(settings: Settings) -> None:
    channel = Channel(socket.socket(fileno=settings.fd))
    try:
        _work(channel, settings)
    except GraderError as error:
        hello = Hello(None, error=str(error), exit_code=error.exit_code)
        with contextlib.suppress(ConnectionError):
            channel.send(msgspec.msgpack.encode(hello))
    except ConnectionError:
        return  # nobody is waiting for this worker any more


def _work(channel: Channel, settings: Settings) -> None:
    grader = Grader(settings.config, first_slot=settings.first_slot)
    if settings.stored_only:
        _prepare(grader.assignment)
        channel.send(msgspec.msgpack.encode(_hello(grader.assignment)))
        Worker(channel, RunGrader(grader.assignment)).grade_all()
        return
    with grader:
        _prepare(grader.assignment)
        grader.sandbox.require(grader.config.sandbox.require)
        channel.send(msgspec.msgpack.encode(_hello(grader.assignment, grader.sandbox)))
        Worker(channel, RunGrader(grader.assignment)).run_all(grader.sandbox, settings.in_flight)


def _prepare(assignment: "Assignment") -> None:
    """Read and compute here, once, what the first grade would, while students' files wait.

    Raises:
        ConfigError: an instructor's file has a mistake: the batch ends before it has begun.
    """
    from grader.diagnosis.hints import load_hints
    from grader.diagnosis.misconceptions import misconceptions

    load_hints(assignment)
    misconceptions(assignment)
    for known in (assignment.numeric, assignment.exact, assignment.ancestors, assignment.given):
        len(known)


def _hello(assignment: "Assignment", sandbox: "Sandbox | None" = None) -> Hello:
    from grader.problem.fingerprint import fingerprint

    if sandbox is None:
        return Hello(fingerprint(assignment))
    return Hello(fingerprint(assignment), str(sandbox.report), sandbox.report.strong)


def start(settings: str) -> None:
    """Be a worker process, whose settings are in JSON."""
    main(msgspec.json.decode(settings, type=Settings))
    os._exit(0)  # all is said and closed; to take down numpy and the tables piece by piece is time that someone waits
