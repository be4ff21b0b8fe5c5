"""Run submissions in the sandbox: as many children as it takes to give every gradient its chance.

One child executes the file and makes all calls.  A call that ends the child costs only its own gradient: the rest goes on
in a new child.  A gradient that failed is called once more, alone in a fresh child, in case another one broke it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.records.run import Answer, Run
from grader.sandbox.attempt import Call
from grader.sandbox.job import Job
from grader.sandbox.loop import ChildFactory, Loop
from grader.sandbox.spawner import Report, Spawner
from grader.sandbox.wire import JobWriter

USUAL_ROOM = 4096  # entries of a wrong answer that are kept: enough for a Jacobian, from which a diagnosis can tell
ALL_ROOM = 2**17  # ... and of all answers together, beyond what right ones need


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
    ) -> None:
        """Use the spawner that `start` gives; it is asked for another one if the first dies.

        Args:
            calls: every gradient at every step, in the order in which they are to be made.
            first_slot: where the slots begin; a slot has a user of its own, so sandboxes side by side begin apart.
            checked: how many steps all files share, where calls at the fresh and the inconsistent one follow.
            expected: the most entries that a right answer to each gradient has.  Of a far larger one only type and shape
                are kept; without `expected`, everything is.
        """
        usual = min(USUAL_ROOM, ALL_ROOM // max(1, len(calls)))
        room = {name: max(entries, usual) for name, entries in (expected or {}).items()}
        self._factory = ChildFactory(start, start(), writer, calls, limits, first_slot, checked, room)

    @property
    def report(self) -> Report:
        return self._factory.spawner.report

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
        return self._run_one(Job(source, self._factory.calls))

    def trace(self, source: bytes, gradients: Collection[str], before: Run) -> dict[str, list[Answer]]:
        """Run some gradients of a file once more, line by line; those that answer at every step are in the result.

        Args:
            before: the run of the file; its time counts, so that both together keep within the limits of a submission.

        Raises:
            SandboxError: the sandbox failed.
        """
        checked = self._factory.checked
        calls = [(name, k) for name, k in self._factory.calls if name in gradients and (checked is None or k < checked)]
        run = self._run_one(Job(source, calls, traced=True, before=before))
        return {name: found for name, found in run.answers.items() if found[-1].outcome == "returned"}

    def run_many(self, sources: Iterable[bytes | None], in_flight: int = 3) -> Iterator[tuple[int, Run | SandboxError]]:
        """Run files, `in_flight` at once; yields (position in `sources`, run) in order of completion.

        `sources` may give None, which counts as no position, for "nothing at the moment": it is asked again after a while.
        """
        calls = self._factory.calls
        jobs = (None if source is None else Job(source, calls) for source in sources)
        yield from Loop(self._factory, in_flight).run(jobs)

    def _run_one(self, job: Job) -> Run:
        for _, run in Loop(self._factory, in_flight=1).run([job]):
            if isinstance(run, SandboxError):
                raise run
            return run
        raise AssertionError("every file has a run")

    def close(self) -> None:
        self._factory.spawner.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
