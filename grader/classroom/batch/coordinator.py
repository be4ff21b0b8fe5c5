"""Hand out what is to be graded, and store what comes back: the one place where results enter the store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from grader.classroom.batch.progress import show_progress
from grader.classroom.batch.protocol import Hello, Result, Task
from grader.classroom.store.gradings import Flag, RunRecord, record
from grader.classroom.store.packing import is_whole, unpack_run
from grader.classroom.store.store import Store
from grader.records.run import Answer, ArrayData, Run

TOLERANCE = 1e-9  # other versions of numpy, and other processors, differ in the last digits


class Workers(Protocol):
    """Whatever grades tasks: processes on this machine, or a cluster."""

    def hello(self) -> Hello: ...
    def run(self, tasks: Iterator[Task]) -> Iterator[Result]: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Work:
    """One submission to grade: run its file or, with `run_id`, grade that stored run again.

    Attributes:
        before: an earlier run at the same sample points, with which a new run is compared.
    """

    submission: int
    run_id: int | None = None
    before: int | None = None


def grade_all(
    store: Store, workers: Workers, grading_run: int, work: Sequence[Work], config: Path, verb: str = "graded"
) -> None:
    """Grade everything in `work`.  Each grading is stored as it comes.

    Raises:
        GraderError: the store or the workers failed; what is stored stays.
    """
    hello = workers.hello()
    under_way: dict[int, Work] = {}
    with show_progress(len(work), verb) as progress:
        for result in workers.run(_tasks(store, work, under_way)):
            one = under_way.pop(result.number)
            run = _run_record(result, hello)
            grade = result.grade or _not_graded(store, one, config, result.error)
            flags = [*result.flags, *_unstable(store, one, run)]
            record(store, one.submission, grading_run, grade, run, one.run_id if result.grade else None, flags)
            progress.done(failed=bool(result.error))


def _tasks(store: Store, work: Sequence[Work], under_way: dict[int, Work]) -> Iterator[Task]:
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


def _not_graded(store: Store, work: Work, config: Path, reason: str) -> bytes:
    """A grade, as JSON, that says only that the grader failed, and why."""
    from grader.config.load import load_config
    from grader.grading.grade import not_graded
    from grader.problem.assignment import load_assignment

    sql = "SELECT name FROM submissions WHERE id = ?"
    (name,) = store.connection.execute(sql, (work.submission,)).fetchone()
    assignment = load_assignment(load_config(config), config.resolve().parent, with_solution=False)
    return msgspec.json.encode(not_graded(assignment, name, reason))


def _run_record(result: Result, hello: Hello) -> RunRecord | None:
    if not result.run:
        return None
    state = hello.fingerprint
    runtime = state.runtime if not result.runtime else msgspec.json.decode(result.runtime, type=type(state.runtime))
    steps = state.steps if is_whole(result.run) else ""
    return RunRecord(
        result.run, result.answers_hash, result.cpu_seconds, result.attempts, steps, runtime, hello.sandbox
    )


# --- files that answer differently when run again -----------------------------------------------------------------------


def _unstable(store: Store, work: Work, run: RunRecord | None) -> list[Flag]:
    if work.before is None or run is None:
        return []
    (answers,) = store.connection.execute("SELECT answers FROM runs WHERE id = ?", (work.before,)).fetchone()
    detail = difference(unpack_run(answers), unpack_run(run.packed))
    return [("unstable", "", detail)] if detail else []


def difference(before: Run, after: Run) -> str:
    """How two runs of one file at the same sample points differ, in one line; "" if they do not."""
    if before.loading.outcome != after.loading.outcome:
        return f"loading the file: {before.loading.outcome} at first, {after.loading.outcome} when run again"
    differing = [name for name, answers in before.answers.items() if _differ(answers, after.answers.get(name, []))]
    return f"other answers when run again: {', '.join(differing)}" if differing else ""


def _differ(before: list[Answer], after: list[Answer]) -> bool:
    return len(before) != len(after) or any(
        a.outcome != b.outcome or not _same(a.value, b.value) for a, b in zip(before, after, strict=True)
    )


def _same(a: ArrayData | None, b: ArrayData | None) -> bool:
    if a == b:
        return True
    if a is None or b is None or a.dtype != b.dtype or a.shape != b.shape:
        return False
    if not (a.kept and b.kept):
        return True  # other last digits would give another hash, too
    import numpy as np  # usually there is nothing to compare, and nothing else here needs it

    from grader.problem.derivatives import relative_error

    x, y = a.array(), b.array()
    if x.dtype.kind not in "fc":
        return bool(np.array_equal(x, y))
    finite = np.isfinite(x)
    return bool(np.array_equal(finite, np.isfinite(y)) and relative_error(x[finite], y[finite]) <= TOLERANCE)
