"""`grader regrade` without its command line: grade the stored answers under the present assignment."""

from dataclasses import dataclass, field
from pathlib import Path

from grader.atomic import write_file
from grader.classroom.batch.batch import finish, make_workers
from grader.classroom.batch.coordinator import Work, grade_all
from grader.classroom.batch.pool import workers_for
from grader.classroom.exports.changes import Change, changes_csv, find_changes, settings_changed
from grader.classroom.exports.results import write_results
from grader.classroom.marks.final import FinalMarks
from grader.classroom.store.database import explained
from grader.classroom.store.query import Results, Todo, not_in_grading_run
from grader.classroom.store.store import Store
from grader.config.load import load_config


@dataclass
class Regraded:
    """What a regrade did.

    Attributes:
        regraded: submissions graded from their stored answers.
        rerun: submissions that were run again.
        stale: submissions left as they were, because their answers belong to other sample points or functions.
        never_run: submissions without any answers, such as those that an interrupted batch had not reached.
        failed: submissions that could not be graded, in all.
        finals: (student, before, after) of each final mark that changed; None where there is none.
        settings: what changed in config.yaml since the grading run before, one line each.
    """

    regraded: int = 0
    rerun: int = 0
    stale: int = 0
    never_run: int = 0
    failed: int = 0
    finals: list[tuple[str, float | None, float | None]] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)


def run_regrade(config_path: Path, out: Path, *, jobs: int | None, dask: str = "", rerun: str = "none") -> Regraded:
    """Grade everything in `out` again.

    Args:
        jobs: how many worker processes; None for as many as are of use.
        rerun: which files are run again: "none", "changed" (those whose stored answers cannot be graded again, or are of
            another Python, numpy or limits) or "all".

    Raises:
        GraderError: there are no results, the assignment cannot be used, or the store failed.
    """
    config = load_config(config_path)
    before = _finals(out)
    with Store(out, create=False) as store:
        workers = make_workers(config_path, jobs or workers_for(len(before)), dask, stored_only=rerun == "none")
        try:
            state = workers.hello().fingerprint
            kind = "regrade" if rerun == "none" else "rerun"
            grading_run = store.begin_grading_run(kind, state, config_path.read_text(encoding="utf-8-sig"))
            work, left = _plan(not_in_grading_run(store.connection, grading_run, state), rerun)
            outcome = Regraded(never_run=sum(one.run_id is None for one in left))
            outcome.stale = len(left) - outcome.never_run
            outcome.rerun = sum(one.run_id is None for one in work)
            outcome.regraded = len(work) - outcome.rerun
            grade_all(store, workers, grading_run, work, config_path, "regraded")
            finish(store, grading_run)
        finally:
            workers.close()
        (outcome.failed,) = store.connection.execute(
            "SELECT COUNT(*) FROM current WHERE status = 'not_graded'"
        ).fetchone()
    with explained(out), Results(out) as results:
        outcome.settings = settings_changed(results, grading_run)
        outcome.changes = list(find_changes(results, grading_run))
        changes = out / "changes.csv"
        write_file(changes, changes_csv(outcome.changes))
    after = _finals(out)
    pairs = ((student, before.get(student), after.get(student)) for student in sorted({*before, *after}))
    outcome.finals = [one for one in pairs if one[1] != one[2]]
    outcome.written = [changes, *write_results(out, config)]
    return outcome


def _finals(folder: Path) -> dict[str, float | None]:
    """Everybody's final mark."""
    with explained(folder), Results(folder) as results:
        marks = FinalMarks(results)
        return {row.student: marks.of(row).value for row in results.students()}


def _plan(todo: list[Todo], rerun: str) -> tuple[list[Work], list[Todo]]:
    """What to grade from stored answers and what to run, and what is left as it is."""
    work, left = [], []
    for one in sorted(todo, key=lambda one: one.answers):  # a worker remembers the grades of the answers it saw last
        if rerun == "all" or (rerun == "changed" and not (one.regradable and one.same_runtime)):
            work.append(Work(one.submission, before=one.run_id if one.regradable else None))
        elif one.regradable:
            work.append(Work(one.submission, one.run_id))
        else:
            left.append(one)
    return work, left
