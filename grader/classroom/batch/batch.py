"""`grader batch` without its command line: take in a download, grade what is not graded, write the results."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.classroom.batch.coordinator import Work, Workers, grade_all
from grader.classroom.batch.pool import Pool, workers_for
from grader.classroom.exports.results import write_results
from grader.classroom.marks.choice import choose_attempts
from grader.classroom.store.query import ungraded
from grader.classroom.store.store import Store
from grader.config.keys import Config
from grader.config.load import load_config
from grader.errors import UsageError
from grader.inputs.download import LAYOUTS, Download, read_download
from grader.inputs.downloads import PLATFORMS
from grader.inputs.entry import receive
from grader.inputs.reader import READER
from grader.inputs.submission import handout_digests
from grader.output.wording import listed
from grader.problem.fingerprint import Fingerprint
from grader.text import counted

_NAMED = 3  # students in a message


@dataclass
class Outcome:
    """What a batch did.

    Attributes:
        taken: submissions in the download.
        graded: how many of them were graded now.
        failed: how many could not be graded, in all: through our fault, or because the file could not be read.
        lost: files of the download that may be submissions, although their paths do not say whose.
        absent: students with results from an earlier download who are not in this one.
        kept: students whose file in this download is older than the graded one, which stays.
        set_back: students whose older file was taken because of `force`.
    """

    layout: str = ""
    taken: int = 0
    graded: int = 0
    failed: int = 0
    lost: int = 0
    absent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    set_back: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)


def run_batch(
    config_path: Path,
    path: Path,
    out: Path,
    *,
    jobs: int | None,
    dask: str = "",
    layout: str = "",
    due: datetime | None = None,
    force: bool = False,
    beside: Collection[str] = (),
    leave_out: Path | None = None,
) -> Outcome:
    """Grade the download at `path` into the folder `out`.

    Args:
        jobs: how many worker processes; None for as many as are of use.
        beside: the names of other files that are submitted together with the one of this assignment.
        leave_out: a folder in the download that is none of it; None for `out`.
        force: take files of this download even if they are older than the graded ones.

    Raises:
        GraderError: nothing could be read, the workers refused, or the store failed; what is graded stays.
    """
    config = load_config(config_path)
    download = read_download(path, config.submission, layout=layout, leave_out=leave_out or out, due=due)
    with Store(out, create=True) as store:
        workers = make_workers(config_path, jobs or workers_for(len(download.entries)), dask)
        try:
            state = workers.hello().fingerprint
            if not force:
                _refuse_another_platform(store, download)
            check_state(store, state)  # before files of this download take the place of graded ones
            handout = handout_digests(config, config_path.resolve().parent, path)
            outcome = _receive_all(store, download, path, config, handout, beside, force=force)
            outcome.graded = _grade(store, workers, config_path, state)
        finally:
            workers.close()
        sql = "SELECT COUNT(*) FROM current WHERE status IN ('not_graded', 'unreadable', 'waiting')"
        (outcome.failed,) = store.connection.execute(sql).fetchone()
        outcome.written = write_results(out, config)
    return outcome


def make_workers(config_path: Path, jobs: int, dask: str, *, stored_only: bool = False) -> Workers:
    if dask:
        from grader.classroom.batch.cluster import Cluster

        return Cluster(config_path, dask, stored_only=stored_only)
    return Pool(config_path, jobs, stored_only=stored_only)


def _refuse_another_platform(store: Store, download: Download) -> None:
    """Refuse a download that would list the same people again, under the keys of another platform.

    Raises:
        UsageError: its layout is another one, it has people who are not known, and students who are known are not in it.
    """
    before = store.connection.execute("SELECT value FROM facts WHERE name = 'layout'").fetchone()
    if before is None or before[0] == download.layout or PLATFORMS.keys().isdisjoint((before[0], download.layout)):
        return
    known = {key for (key,) in store.connection.execute("SELECT key FROM students")}
    here = {one.key for entry in download.entries for one in entry.people}
    new, absent = sorted(here - known), known - here
    if new and absent:  # if nobody is absent, the new ones are others
        earlier, now = (LAYOUTS[name].called for name in (before[0], download.layout))
        some = listed([*new[:_NAMED], *([f"{len(new) - _NAMED} more"] if len(new) > _NAMED else [])])
        found = (
            f"{len(here) - len(new)} of its {counted(len(known), 'student')}"
            if here & known
            else "none of its students"
        )
        raise UsageError(
            f"{store.folder}: made from {earlier}, and this is {now} with {found}: the others in it ({some}) may be the same"
            " people under other keys, and would be there twice; choose another --out, or add them with --force"
        )


def _receive_all(
    store: Store,
    download: Download,
    path: Path,
    config: Config,
    handout: frozenset[str],
    beside: Collection[str],
    *,
    force: bool,
) -> Outcome:
    """Put what the download at `path` holds into the store."""
    outcome = Outcome(download.layout, len(download.entries), lost=sum(one.lost for one in download.refused))
    refused, max_bytes = list(download.refused), config.sandbox.source_kb * 1024
    for entry in download.entries:
        for earlier in entry.earlier:
            store.receive_earlier(earlier, receive(earlier, config.submission, max_bytes, [], handout, beside))
        received = receive(entry, config.submission, max_bytes, refused, handout, beside)
        if not store.receive(entry, received, keep_newer=True):
            if force:
                store.receive(entry, received)
            (outcome.set_back if force else outcome.kept).extend(one.key for one in entry.people)
    READER.close()
    store.note_download(path, download.layout, refused)
    here = {one.key for entry in download.entries for one in entry.people}
    known = [key for (key,) in store.connection.execute("SELECT key FROM students ORDER BY key")]
    outcome.absent = [key for key in known if key not in here]
    return outcome


def _grade(store: Store, workers: Workers, config_path: Path, state: Fingerprint) -> int:
    work = [Work(submission) for submission in ungraded(store.connection)]
    grading_run = store.begin_grading_run("batch", state, config_path.read_text(encoding="utf-8-sig"))
    grade_all(store, workers, grading_run, work, config_path)
    finish(store, grading_run)
    return len(work)


def finish(store: Store, grading_run: int) -> None:
    """End a grading run: decide which attempts count, and note what a comparison of all files shows."""
    with store.transaction() as db:
        choose_attempts(db)
        store.finish_grading_run(grading_run)


def check_state(store: Store, state: Fingerprint) -> None:
    """Check that the current gradings belong to this state of the assignment: one table of marks, one rubric.

    Raises:
        UsageError: they do not.
    """
    found = store.current_states()
    older = [one for one in found if one != (state.spec, state.solution)]
    if older:
        what = "config.yaml or the model" if older[0][0] != state.spec else "the solution, or a file beside it,"
        whose = "some of these results" if len(found) > 1 else "these results"
        raise UsageError(
            f"{store.folder}: {what} changed since {whose} were graded. `grader regrade {store.folder}` brings them up to"
            " date first, with --rerun where it leaves some as they are; or choose another --out"
        )
