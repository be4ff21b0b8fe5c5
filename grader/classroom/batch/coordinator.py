"""Hand out what is not graded yet, and store what comes back: the one place where results enter the store."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import msgspec

from grader.classroom.batch.pool import Lost
from grader.classroom.batch.progress import Progress
from grader.classroom.batch.protocol import Hello, Result, Task
from grader.classroom.store.gradings import Flag, RunRecord, record
from grader.classroom.store.packing import is_whole, unpack_run
from grader.classroom.store.store import Store
from grader.records.run import Run


class Workers(Protocol):
    """Whatever grades tasks: processes on this machine, or a cluster."""

    def hello(self) -> Hello: ...
    def run(self, tasks: Iterator[Task]) -> Iterator[Result | Lost]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Work:
    """One submission to be graded: what to run or, with `run_id`, which stored run to judge again.

    Attributes:
        before: the answers of an earlier run at the same steps, with which a new run is compared.
    """

    submission: int
    run_id: int | None = None
    before: int | None = None


Compare = Callable[[Run, Run], str]  # how two runs of one file differ, "" if they do not
NotGraded = Callable[[str, str], bytes]  # the grade as JSON of a file by name, and why it could not be graded


def grade_all(
    store: Store,
    workers: Workers,
    round_id: int,
    work: Iterable[Work],
    progress: Progress,
    not_graded: NotGraded,
    compare: Compare | None = None,
) -> None:
    """Grade everything in `work`.  Each is stored as it comes.

    Raises:
        GraderError: the store or the workers failed; what is stored stays.
    """
    hello = workers.hello()
    under_way: dict[int, Work] = {}
    with progress:
        for result in workers.run(_tasks(store, work, under_way)):
            one = under_way.pop(result.number)
            failed = isinstance(result, Lost) or bool(result.error)
            if isinstance(result, Lost):
                record(store, one.submission, round_id, not_graded(_name(store, one.submission), result.reason))
            else:
                run = _run_record(result, hello)
                flags = [*result.flags, *_unstable(store, one, run, compare)]
                record(store, one.submission, round_id, result.grade, run, one.run_id, flags)
            progress.done(failed=failed)


def _tasks(store: Store, work: Iterable[Work], under_way: dict[int, Work]) -> Iterator[Task]:
    """Read one submission at a time, when a worker wants it: memory does not grow with the class."""
    for one in work:
        under_way[one.submission] = one
        if one.run_id is None:
            sql = "SELECT name, source FROM submissions WHERE id = ?"
            name, source = store.connection.execute(sql, (one.submission,)).fetchone()
            yield Task(one.submission, name, source)
        else:
            sql = "SELECT name, answers, sandbox FROM submissions JOIN runs ON submission_id = submissions.id WHERE runs.id = ?"
            name, answers, sandbox = store.connection.execute(sql, (one.run_id,)).fetchone()
            yield Task(one.submission, name, run=answers, sandbox=sandbox)


def _run_record(result: Result, hello: Hello) -> RunRecord | None:
    if not result.run or hello.fingerprint is None:
        return None
    state = hello.fingerprint
    runtime = state.runtime if not result.runtime else msgspec.json.decode(result.runtime, type=type(state.runtime))
    points = state.steps if is_whole(result.run) else ""
    return RunRecord(
        result.run, result.answers_hash, result.cpu_seconds, result.attempts, points, runtime, hello.sandbox
    )


def _unstable(store: Store, one: Work, run: RunRecord | None, compare: Compare | None) -> list[Flag]:
    if one.before is None or run is None or compare is None:
        return []
    (answers,) = store.connection.execute("SELECT answers FROM runs WHERE id = ?", (one.before,)).fetchone()
    detail = compare(unpack_run(answers), unpack_run(run.packed))
    return [("unstable", "", detail)] if detail else []


def _name(store: Store, submission: int) -> str:
    (name,) = store.connection.execute("SELECT name FROM submissions WHERE id = ?", (submission,)).fetchone()
    return str(name)
