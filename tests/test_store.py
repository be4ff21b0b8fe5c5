"""The store: its documentation, its versions, who may use it, and what it says when it cannot be used."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import ROOT

from grader.checks.tampering import flags_of, tampering
from grader.classroom.batch.coordinator import Work, grade_all
from grader.classroom.batch.protocol import Hello, Result
from grader.classroom.store import schema
from grader.classroom.store.database import explained, lock
from grader.classroom.store.gradings import RunRecord, record
from grader.classroom.store.ledger import writing
from grader.classroom.store.packing import answers_hash, is_whole, pack_run, unpack_run
from grader.classroom.store.query import Results, not_in_grading_run, ungraded
from grader.classroom.store.schema import StoreError
from grader.classroom.store.store import Store, identical_files
from grader.errors import UsageError
from grader.inputs.entry import Entry, Received, person
from grader.problem.fingerprint import Fingerprint, Runtime
from grader.records.result import Grade
from grader.records.run import Answer, ArrayData, Run

RUNTIME = Runtime("3.12", "2.3", "Linux", 2.0, 10.0, 512, 256, 2, ("dJ_dU",))


def entry(key="ann"):
    return Entry(key, [person(key)], [])


def test_the_documentation_shows_the_schema_and_its_version():
    page = (ROOT / "docs" / "store.md").read_text()
    assert f"```sql{schema.SCHEMA}```" in page
    assert f"schema version {schema.SCHEMA_VERSION}," in page


def test_a_new_store_has_the_present_version_and_opens_again(tmp_path):
    for _ in range(2):
        with Store(tmp_path, create=True) as store:
            assert store.connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
            assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_older_store_is_brought_up_to_date_in_one_step(tmp_path, monkeypatch):
    Store(tmp_path, create=True).close()
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 4)
    points = {older: f"ALTER TABLE students ADD COLUMN {name} TEXT;" for older, name in ((2, "a"), (3, "b"))}
    monkeypatch.setattr(schema, "MIGRATIONS", points)
    with Store(tmp_path, create=False) as store:
        columns = [row[1] for row in store.connection.execute("PRAGMA table_info(students)")]
        assert columns[-2:] == ["a", "b"]
        assert store.connection.execute("PRAGMA user_version").fetchone() == (4,)


def test_a_store_of_a_newer_grader_is_left_alone(tmp_path):
    Store(tmp_path, create=True).close()
    with closing(sqlite3.connect(tmp_path / "grades.db")) as db:
        db.execute("PRAGMA user_version = 99")
    for opening in (lambda: Store(tmp_path, create=False), lambda: Results(tmp_path)):
        with pytest.raises(
            StoreError, match="has schema version 99, this grader knows versions up to 2: use a newer grader"
        ):
            opening()


def test_a_damaged_store_is_reported_as_damaged(tmp_path):
    with Store(tmp_path, create=True) as store:
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        size = store.connection.execute("PRAGMA page_size").fetchone()[0]
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "grades.db").open("r+b") as file:
        file.seek(size)
        file.write(b"\xa5" * size * (pages - 1))
    with (
        pytest.raises(StoreError, match="malformed; it is damaged, or not ours"),
        Store(tmp_path, create=False) as store,
    ):
        store.current_states()


def test_a_student_whose_name_changed_is_not_another_one(tmp_path):
    with Store(tmp_path, create=True) as store:
        store.receive(Entry("1041", [person("Participant_1041"), person("bob")], []), Received("x.py", b"1"))
        store.receive(Entry("1041", [person("Ann Lee_1041"), person("bob")], []), Received("x.py", b"1"))
    with Results(tmp_path) as results:
        assert [row.student for row in results.students()] == ["Ann Lee_1041", "bob"]


def test_everything_about_a_student_is_updated_from_a_newer_download(tmp_path):
    old = Entry("1", [person("ann", "Ann", email="a@x", sid="1", canvas="41")], [], group="one", late=True)
    new = Entry("1", [person("ann", "Ann Lee", email="b@x", sid="2", canvas="42")], [], group="two", submitted_at="now")
    with Store(tmp_path, create=True) as store:
        for one in (old, new):
            store.receive(one, Received("gradients.py", b"x"))
    with Results(tmp_path) as results:
        [row] = results.students()
        assert results.find("B@x") == results.find("2") == [row]
        assert results.find("a@x") == []
    assert (row.name, row.email, row.sid, row.ids) == ("Ann Lee", "b@x", "2", {"canvas": "42"})
    assert (row.group_name, row.late, row.submitted_at) == ("two", None, "now")


def test_the_reason_for_a_missing_file_is_kept_up_to_date(tmp_path):
    with Store(tmp_path, create=True) as store:
        store.receive(entry(), Received("", None, "missing", "found nothing"))
        store.receive(entry(), Received("", None, "unreadable", "a broken zip"))
    with Results(tmp_path) as results:
        assert [(row.status, row.problem) for row in results.students()] == [("unreadable", "a broken zip")]


def test_results_in_a_folder_that_cannot_be_written_are_read(tmp_path, monkeypatch):
    with Store(tmp_path, create=True) as store:
        store.receive(entry(), Received("gradients.py", b"1"))
    (tmp_path / "grades.db").chmod(0o444)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    with Results(tmp_path) as results:
        assert [row.student for row in results.students()] == ["ann"]
        assert list(tmp_path.glob("grades.db-*")) == []  # nor does SQLite want to


def test_a_folder_without_results_is_refused(tmp_path):
    for opening in (lambda: Store(tmp_path, create=False), lambda: Results(tmp_path)):
        with pytest.raises(UsageError, match=r"expected the results of `grader batch` there, found no grades\.db"):
            opening()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "grades.db").write_bytes(b"hello" * 500)
    with pytest.raises(StoreError, match="it is damaged, or not ours"):
        Store(tmp_path, create=True)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_a_store_that_cannot_be_used_is_not_kept_open(tmp_path):
    (tmp_path / "grades.db").write_bytes(b"hello" * 500)
    with pytest.raises(StoreError) as kept:  # as long as the error is, so is what it happened in
        Store(tmp_path, create=True)
    held = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert not [path for path in held if tmp_path in path.parents], kept


def test_a_folder_is_used_by_one_grader_at_a_time_and_is_free_again_afterwards(tmp_path):
    held = lock(tmp_path)
    with pytest.raises(StoreError, match=r"process \d+ on .* is at work in this folder; wait until it has"):
        lock(tmp_path)
    os.close(held)
    os.close(lock(tmp_path))


def test_a_results_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="expected a folder for the results, found a file"):
        Store(tmp_path / "file" / "results", create=True)


@pytest.mark.parametrize(
    ("versions", "kept"),
    [
        ([("one", ""), ("two", ""), ("one", "")], "two"),
        ([("one", ""), ("two", ""), ("three", ""), ("two", ""), ("one", "")], "three"),
        ([("one", ""), ("two", "")], "two"),
        ([("two", "2026-10-03 12:00:00 UTC"), ("one", "2026-10-02 12:00:00 UTC")], "two"),
        ([("one", "2026-10-01T10:00"), ("two", "2026-10-02T10:00"), ("one", "2026-10-03T10:00")], "one"),
        ([("one", ""), (None, "")], "one"),
        ([("one", "2026-10-01T10:00"), (None, "2026-10-01T10:00")], "one"),
        ([(None, ""), ("one", ""), (None, "")], "one"),
        ([(None, ""), ("one", "")], "one"),
    ],
)
def test_the_newest_file_stays_whatever_order_downloads_come_in(versions, kept, tmp_path):
    with Store(tmp_path, create=True) as store:
        for source, at in versions:
            file = Received("", None, "missing", "") if source is None else Received("gradients.py", source.encode())
            store.receive(Entry("ann", [person("ann")], [], submitted_at=at), file, keep_newer=True)
        current = store.connection.execute("SELECT source FROM submissions WHERE superseded = 0").fetchall()
        shown = store.connection.execute(
            "SELECT source FROM submissions JOIN students ON submission_id = submissions.id"
        ).fetchall()
    assert current == shown == [(kept.encode(),)]


def test_the_same_file_again_changes_nothing_and_a_new_one_supersedes(tmp_path):
    with Store(tmp_path, create=True) as store:
        for source in (b"one", b"one", b"two", b"one"):
            store.receive(entry(), Received("gradients.py", source))
        rows = store.connection.execute("SELECT source, superseded FROM submissions ORDER BY id").fetchall()
        assert rows == [(b"one", 0), (b"two", 1)]
        (current,) = store.connection.execute(
            "SELECT source FROM submissions JOIN students ON submission_id = submissions.id"
        ).fetchone()
        assert current == b"one"


def test_an_interrupted_grading_run_is_continued_and_a_finished_one_never_reopened(tmp_path):
    state = Fingerprint("spec", "solution", "steps", Runtime("3.11", "2.0", "x86_64", 2, 10, 512, 256, 64, ("dJ_dU",)))
    with Store(tmp_path, create=True) as store:
        for kind in ("batch", "regrade", "rerun"):
            first = store.begin_grading_run(kind, state, "")
            assert store.begin_grading_run(kind, state, "") == first, "interrupted"
            store.finish_grading_run(first)
            ended = "SELECT finished_at FROM rounds WHERE id = ?"
            [before] = store.connection.execute(ended, (first,)).fetchall()
            second = store.begin_grading_run(kind, state, "")
            assert second > first
            assert store.connection.execute(ended, (first,)).fetchall() == [before]
            assert store.connection.execute(ended, (second,)).fetchall() == [(None,)]
        other = msgspec.structs.replace(state, solution="another")
        assert store.begin_grading_run("rerun", other, "") > second, "of another state of the assignment"


def test_names_that_no_encoding_takes_are_stored_with_a_replacement(tmp_path):
    with Store(tmp_path, create=True) as store:
        store.receive(Entry("a", [person("a", "bad \udcff \0 name")], []), Received("x\udc80.py", b""))
    with Results(tmp_path) as results:
        (row,) = results.students()
        assert row.name == "bad \ufffd \ufffd name"


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    with Store(tmp_path, create=True) as store:
        with pytest.raises(StoreError, match="no such table"), store.transaction() as db:
            db.execute("INSERT INTO facts VALUES ('a', 'b')").connection.execute("INSERT INTO nowhere VALUES (1)")
        assert store.connection.execute("SELECT COUNT(*) FROM facts").fetchone() == (0,)


def test_a_full_disk_is_reported_and_nothing_is_half_stored(tmp_path):
    with Store(tmp_path, create=True) as store:
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(
            StoreError, match="is the disk full\\? What is finished is kept: make room and run the same command"
        ):
            store.receive(entry(), Received("gradients.py", b"x" * 10**6))
        assert store.connection.execute("SELECT COUNT(*) FROM submissions").fetchone() == (0,)


def test_answers_survive_being_stored():
    for size in (3, 10**6):
        data = ArrayData("<f8", (size,), bytes(8 * size))
        run = Run({"dJ_db2": [Answer("returned", value=data)]}, cpu_seconds=0.5, attempts=1)
        assert unpack_run(pack_run(run)) == run
        assert is_whole(pack_run(run))
        assert len(pack_run(run)) < 10**6
        assert answers_hash(run) == answers_hash(Run(run.answers, cpu_seconds=9.0, attempts=2))


def huge_run() -> Run:
    """Of an assignment with larger gradients than can be kept: 10 MB of noise."""
    random = np.random.default_rng(1)
    noise = [ArrayData("<f8", (640, 1024), random.bytes(640 * 1024 * 8)) for _ in range(2)]
    return Run({"dJ_dU": [Answer("returned", value=value, printed="hello") for value in noise]})


def test_answers_that_are_too_large_are_stored_without_their_arrays():
    packed = pack_run(huge_run())
    assert len(packed) < 1000
    assert not is_whole(packed)
    kept, again = unpack_run(packed).answers["dJ_dU"]
    assert (kept.value.shape, kept.value.dtype, kept.printed) == ((640, 1024), "<f8", "hello")
    assert not kept.value.kept
    assert kept.value.array().shape == (640, 1024)
    assert kept.value != again.value, "other numbers are still seen to be other ones"


def test_a_run_without_its_arrays_is_regraded_only_by_running_it_again(tmp_path):
    state = Fingerprint("spec", "solution", "steps", RUNTIME)
    grade = msgspec.json.encode(Grade(1, "g.py", "graded", 5, 10, []))

    class OneWorker:
        def hello(self):
            return Hello(state)

        def run(self, tasks):
            for task in tasks:
                run = huge_run() if task.source == b"huge" else Run({"dJ_dU": [Answer("missing")]})
                yield Result(task.number, grade, run=pack_run(run), answers_hash=answers_hash(run))

    with Store(tmp_path, create=True) as store:
        for key in ("huge", "usual"):
            store.receive(entry(key), Received("gradients.py", key.encode()))
        numbers = ungraded(store.connection)
        grading_run = store.begin_grading_run("batch", state, "")
        grade_all(store, OneWorker(), grading_run, [*map(Work, numbers)], ROOT / "config.yaml")
        again = store.begin_grading_run("regrade", state, "")
        assert [todo.regradable for todo in not_in_grading_run(store.connection, again, state)] == [False, True]
    assert (tmp_path / "grades.db").stat().st_size < 10**6


def test_files_are_identical_but_for_comments_and_white_space_and_empty_ones_never_are(tmp_path):
    files = {"ann": b"x = 1\n", "bob": b"x=1  # mine\n", "cy": b"x = 2\n", "di": b"# a\n", "eve": b"\n", "flo": b""}
    with Store(tmp_path, create=True) as store:
        for key, source in {**files, "cy": b"x = 1\n"}.items():
            store.receive(entry(key), Received("gradients.py", source))
        store.receive(entry("cy"), Received("gradients.py", files["cy"]))  # no longer the same
        found = dict(identical_files(store.connection))
        names = dict(store.connection.execute("SELECT id, key FROM submissions"))
    assert {names[number]: detail for number, detail in found.items()} == {
        "ann": "the same but for comments and white space as bob",
        "bob": "the same but for comments and white space as ann",
    }


def test_tampering_is_flagged():
    run = Run(
        {
            "a": [Answer("raised", message="FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'")],
            "b": [Answer("died", message="the process sent a result out of turn")],
            "c": [Answer("died", message="the process ended itself with exit code 0")],
            "d": [Answer("raised", message="ValueError: PermissionError")],
            "e": [Answer("timed_out", message="stopped after 2 s of processor time")],
            "f": [Answer("died", message="the process was ended by SIGSEGV")],
            "g": [Answer("raised", message="PermissionError: [Errno 1] Operation not permitted: 'x.npy'")],
        },
        violations=("kill", "socket"),
    )
    found = flags_of(Grade(1, "g.py", "graded", 0, 0, [], integrity=[*tampering(run)]))
    assert [(kind, gradient) for kind, gradient, _ in found] == [
        ("tamper", ""), ("tamper", "a"), ("tamper", "b"), ("tamper", "c")
    ]  # fmt: skip


def test_forbidden_calls_are_reported_with_their_purpose():
    [signal] = tampering(Run({}, violations=("kill", "ptrace", "tgkill")))
    assert signal.message == (
        "tried to do what no gradient needs: signal another process (kill, tgkill), look into another process (ptrace)"
    )


@pytest.mark.parametrize(
    ("module", "flagged"),
    [("solutions.gradients", True), ("subprocess", False), ("_socket", False), ("matplotlib", False)],
)
def test_only_an_import_of_the_solution_is_an_attempt_on_it(module, flagged):
    message = f"ModuleNotFoundError: {module} is not available here: use numpy, `model`, and those parts"
    run = Run({"dJ_dU": [Answer("raised", message=message)]})
    assert bool([*tampering(run)]) == flagged


def test_files_on_which_the_sandbox_failed_are_still_ungraded(tmp_path):
    state = Fingerprint("spec", "solution", "steps", RUNTIME)
    grade = Grade(1, "g.py", "not_graded", 0, 10, [])
    run = Run({"dJ_dU": [Answer("missing")]})
    with Store(tmp_path, create=True) as store:
        for key in ("ann", "bob"):
            store.receive(entry(key), Received("gradients.py", key.encode()))
        first, second = ungraded(store.connection)
        grading_run = store.begin_grading_run("batch", state, "")
        record(store, first, grading_run, msgspec.json.encode(grade))
        stored = RunRecord(pack_run(run), answers_hash(run), 0.1, 1, "steps", RUNTIME, "strong")
        record(store, second, grading_run, msgspec.json.encode(grade), stored)
        assert ungraded(store.connection) == [first]


def test_the_hash_of_answers_includes_violations():
    assert answers_hash(Run({})) != answers_hash(Run({}, violations=("kill",)))


def test_a_folder_that_nobody_may_write_is_reported_with_what_cannot_be_written_and_what_to_do(tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "grades.db"
    with closing(sqlite3.connect(f"file:{tmp_path / 'grades.db'}?mode=rwc", uri=True)) as readonly:
        readonly.execute("PRAGMA query_only = ON")
        for action in (lambda: readonly.execute("CREATE TABLE t (x)"), lambda: sqlite3.connect(absent)):
            with (
                pytest.raises(UsageError, match=r"grades\.db: cannot be written: .*; make .* writable"),
                explained(tmp_path),
            ):
                action()
    with pytest.raises(UsageError, match="cannot be written: Permission denied; make"), explained(tmp_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "grades.csv"))


def test_a_path_without_a_folder_is_a_wrong_path_and_not_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, found in ((tmp_path / "absent", "nothing"), (tmp_path / "file", "a file")):
        for opened in (lambda path: Store(path, create=False), Results, lambda path: writing(path).__enter__()):
            with pytest.raises(
                UsageError, match=f"expected the folder with the results of `grader batch`, found {found}"
            ):
                opened(path)
    with pytest.raises(UsageError, match="expected a folder for the results, found a file"):
        Store(tmp_path / "file", create=True)
