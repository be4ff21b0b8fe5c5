"""The grader's side of one child: its job, its replies, its deadlines, and which call to blame when it ends early."""

import signal
import sys
import time
from collections.abc import Mapping, Sequence

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.records.run import LEAST_ROOM, Answer, Outcome
from grader.sandbox.channel import Channel
from grader.sandbox.wire import ReplyReader, Violation

Call = tuple[str, int]  # a gradient and the number of a sample point

LOADING = -1  # the call number under which a child reports how executing the file went
START_SECONDS = 60.0  # until READY
READY = -2  # ... and that all restrictions are applied, before it has read anything of the student's
_PIPE_BYTES = 2**16  # that a pipe holds
_LOAD_LESS = 'leave out what trains, tests or plots, or put it under `if __name__ == "__main__":`'
_SIGKILL, _SIGXCPU = 9, 24  # Windows has no names for them
_WINDOWS_NO_MEMORY = 0xC0000017
_WINDOWS_CRASHES = {
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC00000FD: "stack overflow",
    0xC0000374: "heap corruption",
}
OUT_OF_MEMORY_EXIT = 72  # a child's exit code when it cannot even report that memory ran out


class Attempt(msgspec.Struct, dict=True):
    """One child, from its start to its end.

    Attributes:
        room: how many entries are kept of an answer to each gradient; a larger array cannot be right.
        answers: what has been answered so far, by gradient; the last answer may be a failure.
        loading: how executing the file went, once known.
        ended: the child is gone and everything it sent has been read.
        pipe_full: it waits until its pipe is read.
    """

    calls: Sequence[Call]
    limits: Limits
    cpu_budget: float
    wall_budget: float
    job: memoryview
    channel: Channel = msgspec.field(default_factory=Channel)
    room: Mapping[str, int] = {}
    pid: int = 0
    answers: dict[str, list[Answer]] = {}
    loading: Answer | None = None
    ready: bool = False
    ended: bool = False
    kill_wanted: bool = False
    pipe_full: bool = False
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._reader = ReplyReader(self.limits.output_kb * 1024)
        self._blame: tuple[Outcome, str] | None = None
        self._next = self._seen = LOADING
        self._progress_cpu = 0.0
        self._queued = 0.0
        self._progress_wall = self._started = time.monotonic()

    def write_job(self) -> bool:
        """Write as much of the job as the child takes now; true when all is written, or the child is gone."""
        while self.job:
            taken = self.channel.send(self.job)
            if not taken:
                return False
            self.job = self.job[taken:]
        return True

    def read_replies(self) -> None:
        """Read what has arrived."""
        while not self.kill_wanted or self.ended:
            data = self.channel.receive()
            if not data:
                return
            self.pipe_full |= len(data) >= _PIPE_BYTES
            try:
                for number, answer in self._reader.feed(data):
                    self._take(number, answer)
                self._note_progress()
            except Violation as violation:
                self._stop("died", f"the process sent {violation}")
                return

    def check_deadlines(self) -> None:
        """Mark the child for killing if a call or everything together has taken too long."""
        if self.kill_wanted or self.ended:
            return
        if (
            not self.ready and self.wall_seconds <= START_SECONDS
        ):  # a new process is still loading numpy: no fault of the file
            return
        limit = self.limits.call_cpu_seconds
        cpu = _cpu_seconds(self.pid)
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        if self.wall_seconds > limit:  # rare, and reading it is not free
            self._queued = _queued_seconds(self.pid)  # in all its life, which is generous to a later call
        call_cpu, call_wall = cpu - self._progress_cpu, time.monotonic() - self._progress_wall - self._queued
        if cpu > self.cpu_budget or (call_cpu <= limit and self.wall_seconds > self.wall_budget):
            whole = self.limits.submission_cpu_seconds, self.limits.submission_wall_seconds
            self._stop("timed_out", _over_time("the file as a whole", *whole))
        elif call_cpu > limit or call_wall > limit * self.limits.wall_factor:
            what, advice = ("a call", "") if self._waiting_for else ("loading the file", f"; {_LOAD_LESS}")
            self._stop("timed_out", _over_time(what, limit, limit * self.limits.wall_factor) + advice)

    def end(self, status: int, cpu_seconds: float, words: str = "") -> None:
        """The child is gone: read the rest, and blame the call that it did not answer.

        Raises:
            SandboxError: it ended before its restrictions were applied.
        """
        self.cpu_seconds = max(self.cpu_seconds, cpu_seconds)
        killed, self.ended = self.kill_wanted, True
        if not killed:
            self.read_replies()
        if not self.ready and (not killed or self.wall_seconds > START_SECONDS):
            raise SandboxError(f"a restriction could not be applied ({words or _ending(status)})")
        if self._waiting_for is None:
            return
        outcome, message = self._blame or _blame(status)
        self._record(self._next, Answer(outcome, message=message))

    def killed_by_others(self, status: int, cpu_seconds: float) -> bool:
        """Whether something else ended it, such as a system short of memory: a file can send no signal, nor did we."""
        return _signal(status) == _SIGKILL and not self.kill_wanted and cpu_seconds < self.cpu_budget

    @property
    def wall_seconds(self) -> float:
        """Time on the clock since this child was asked for, without its waiting for a processor that others had."""
        return time.monotonic() - self._started - self._queued

    @property
    def _waiting_for(self) -> str | None:
        """The gradient whose answer is due, "" for the loading of the file, None when nothing is."""
        if self._next == LOADING:
            return ""
        return self.calls[self._next][0] if self._next < len(self.calls) else None

    def _take(self, number: int, answer: Answer) -> None:
        if number == READY and not self.ready:
            self.ready = True
            self._progress_wall = self._started = time.monotonic()
            return
        if number != self._next or number >= len(self.calls):
            raise Violation("a result out of turn")
        self._record(number, answer)

    def _note_progress(self) -> None:
        if self._next != self._seen:
            self._seen = self._next
            self._progress_cpu = _cpu_seconds(self.pid)
            self._progress_wall = time.monotonic()

    def _record(self, number: int, answer: Answer) -> None:
        if number == LOADING:
            self.loading = answer
            self._next = 0 if answer.outcome == "returned" else len(self.calls)
            return
        gradient = self.calls[number][0]
        if answer.value is not None and len(answer.value.data) > LEAST_ROOM and gradient in self.room:
            answer = msgspec.structs.replace(answer, value=answer.value.within(self.room[gradient]))
        self.answers.setdefault(gradient, []).append(answer)
        self._next = number + 1
        if answer.outcome != "returned":  # a gradient that failed is not called at later points
            while self._waiting_for == gradient:
                self._next += 1

    def _stop(self, outcome: Outcome, message: str) -> None:
        self.kill_wanted = True
        self._blame = (outcome, message)


def _over_time(what: str, cpu: float, wall: float) -> str:
    """The same words whichever limit was met first: that depends on how busy the machine is, a grade must not."""
    return f"stopped: {what} may take {cpu:g} s of processor time, or {wall:g} s with waiting"


def _blame(status: int) -> tuple[Outcome, str]:
    if not _signal(status) and _exit_code(status) in (OUT_OF_MEMORY_EXIT, _WINDOWS_NO_MEMORY):
        return "out_of_memory", "the memory limit was reached"
    if _signal(status) == _SIGXCPU:
        return "timed_out", "stopped: too much processor time"
    return "died", _ending(status)


def _ending(status: int) -> str:
    if number := _signal(status):
        named = number in {known.value for known in signal.Signals}
        return f"the process was ended by {signal.Signals(number).name if named else f'signal {number}'}"
    code = _exit_code(status)
    crash = _WINDOWS_CRASHES.get(code)
    return f"the process crashed ({crash})" if crash else f"the process ended itself with exit code {code}"


def _signal(status: int) -> int:
    """The signal that ended a process, by its wait status; 0 if none did.  Windows has no functions for it."""
    return status & 0x7F


def _exit_code(status: int) -> int:
    return status >> 8


def _cpu_seconds(pid: int) -> float:
    """Processor time used so far by another process; 0 where the system does not report it or it is gone."""
    if not pid or sys.platform != "linux":
        return 0.0
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _queued_seconds(pid: int) -> float:
    """How long another process waited for a processor; 0 where the system does not report it or it is gone."""
    if not pid or sys.platform != "linux":
        return 0.0
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
