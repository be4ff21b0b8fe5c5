"""`grader batch` without its command line: take in a download, grade what is not graded, write the results."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grader.classroom.batch.coordinator import Work, Workers, grade_all
from grader.classroom.batch.pool import Pool
from grader.classroom.batch.progress import show_progress
from grader.classroom.batch.session import check_state, fingerprint_of, refuser, source_limit
from grader.classroom.exports.results import write_results
from grader.classroom.store.query import ungraded
from grader.classroom.store.store import Store
from grader.config.load import load_config
from grader.inputs.downloads.download import Download, read_download
from grader.inputs.entry import receive
from grader.inputs.reader import READER
from grader.inputs.submission import handout_digests


@dataclass
class Outcome:
    """What a batch did.

    Attributes:
        taken: submissions in the download.
        graded: of them now, by this run.
        failed: could not be graded, in all; our fault, or a file that could not be read.
        absent: students with results from an earlier download who are not in this one.
        kept: students whose file in this download is older than the one that was graded, which stays.
        set_back: those whose older file was taken all the same.
    """

    layout: str = ""
    taken: int = 0
    graded: int = 0
    failed: int = 0
    absent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    set_back: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)


def run_batch(
    config_path: Path,
    path: Path,
    out: Path,
    *,
    jobs: int,
    dask: str = "",
    layout: str = "",
    due: datetime | None = None,
    force: bool = False,
) -> Outcome:
    """Grade the download at `path` into the folder `out`.

    Args:
        force: take this download's files also where they are older than those that were graded.

    Raises:
        GraderError: nothing could be read, the workers refused, or the store failed; what is graded stays.
    """
    config = load_config(config_path)
    download = read_download(path, config.submission, layout=layout, leave_out=out, due=due)
    with Store(out, create=True) as store:
        workers = make_workers(config_path, jobs, dask)
        try:
            outcome = Outcome(download.layout, len(download.entries))
            known = handout_digests(config, config_path.resolve().parent, path)
            refused = list(download.refused)
            for entry in download.entries:
                received = receive(entry, config.submission, source_limit(config), refused, known)
                if not store.receive(entry, received, keep_newer=True):
                    if force:
                        store.receive(entry, received)
                    (outcome.set_back if force else outcome.kept).extend(one.key for one in entry.people)
            READER.close()
            store.note_download(path, download.layout, refused)
            outcome.absent = _absent(store, download)
            outcome.graded = _grade(store, workers, config_path)
        finally:
            workers.close()
        outcome.failed = _count_failed(store)
        outcome.written = write_results(out, config)
    return outcome


def make_workers(config_path: Path, jobs: int, dask: str, *, stored_only: bool = False) -> Workers:
    if dask:
        from grader.classroom.batch.cluster import Cluster

        return Cluster(config_path, dask, stored_only=stored_only)
    return Pool(config_path, jobs, stored_only=stored_only)


def _grade(store: Store, workers: Workers, config_path: Path) -> int:
    state = fingerprint_of(workers.hello())
    check_state(store, state)
    todo = ungraded(store.connection)
    round_id = store.begin_round("batch", state, config_path.read_text(encoding="utf-8-sig"))
    grade_all(store, workers, round_id, map(Work, todo), show_progress(len(todo)), refuser(config_path))
    store.finish_round(round_id)
    return len(todo)


def _absent(store: Store, download: Download) -> list[str]:
    here = {one.key for entry in download.entries for one in entry.people}
    return [key for (key,) in store.connection.execute("SELECT key FROM students ORDER BY key") if key not in here]


def _count_failed(store: Store) -> int:
    sql = "SELECT COUNT(*) FROM current WHERE status IN ('not_graded', 'unreadable', 'waiting')"
    return int(store.connection.execute(sql).fetchone()[0])
