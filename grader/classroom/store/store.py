"""Write grades.db: what was handed in, and passes, which are taken up again where interrupted.  Gradings: see gradings.py."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from grader.classroom.store.database import DATABASE, clean, explained, now, opened
from grader.classroom.store.identical import identical_files, text_hash
from grader.classroom.store.lock import FolderLock
from grader.classroom.store.schema import StoreError
from grader.inputs.entry import Entry, Person, Received, moment
from grader.inputs.tree import Refusal
from grader.problem.fingerprint import Fingerprint


class Store:
    """A results folder, opened for writing by this process alone."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Lock the folder and open its database.

        Raises:
            StoreError: it is in use, cannot be written, or holds no store (unless `create`).
        """
        path = folder / DATABASE
        if not create and not path.is_file():
            raise StoreError(f"{folder}: expected the results of `grader batch` there, found no {DATABASE}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror}") from error
        self.folder = folder
        self._lock = FolderLock(folder)
        try:
            with explained(folder):
                self.connection = opened(path)
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        self.connection.close()
        self._lock.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Close the store.

        Raises:
            StoreError: SQLite had failed, such as on a damaged file.
        """
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            with explained(self.folder):
                raise error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on disk or not at all; within another one, a part of it.

        Raises:
            StoreError: SQLite failed, such as on a full disk; nothing of the transaction is kept.
        """
        if self.connection.in_transaction:
            yield self.connection
            return
        with explained(self.folder):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    # --- what was handed in --------------------------------------------------------------------------------------

    def receive(self, entry: Entry, received: Received, *, keep_newer: bool = False) -> bool:
        """Note what someone submitted; the same again changes nothing, a different file supersedes the one before.

        Args:
            keep_newer: one that is older than what is there is left out.

        Returns:
            Whether it was taken.
        """
        source = received.source
        source_hash = "" if source is None else hashlib.sha256(source).hexdigest()
        with self.transaction() as db:
            found = db.execute(
                "SELECT id, superseded FROM submissions WHERE key = ? AND source_hash = ?", (entry.key, source_hash)
            ).fetchone()
            if keep_newer and self._is_older(db, entry, received, found[0] if found else None):
                return False
            if found is None:
                db.execute("UPDATE submissions SET superseded = 1 WHERE key = ?", (entry.key,))
                submission = db.execute(
                    "INSERT INTO submissions (key, name, source_hash, text_hash, source, problem, problem_kind, note,"
                    " received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        entry.key,
                        clean(received.name),
                        source_hash,
                        text_hash(source),
                        source,
                        clean(received.problem),
                        received.kind,
                        clean(received.note),
                        now(),
                    ),
                ).lastrowid
            else:
                submission = found[0]
                db.execute(  # a broken zip where there was nothing is told as that
                    "UPDATE submissions SET problem = ?, problem_kind = ?, note = ? WHERE id = ?",
                    (clean(received.problem), received.kind, clean(received.note), submission),
                )
                if found[1]:  # back to an earlier version of the file
                    db.execute("UPDATE submissions SET superseded = (id != ?) WHERE key = ?", (submission, entry.key))
            for one in entry.people:
                self._receive_person(db, entry, one, submission)
            self._forget_others(db, entry)
            return True

    @staticmethod
    def _is_older(db: sqlite3.Connection, entry: Entry, received: Received, known: int | None) -> bool:
        """Whether the current submission is newer: by the platform's times or, without these, by when each was received.

        An empty submission never replaces a file, because students cannot submit nothing.
        """
        current = db.execute(
            "SELECT submissions.id, source IS NOT NULL, submitted_at FROM submissions"
            " LEFT JOIN students ON submission_id = submissions.id WHERE submissions.key = ? AND superseded = 0",
            (entry.key,),
        ).fetchone()
        if current is None or current[0] == known:
            return False
        before, now_at = moment(current[2] or ""), moment(entry.submitted_at)
        comparable = before is not None and now_at is not None and (before.tzinfo is None) == (now_at.tzinfo is None)
        if before is not None and now_at is not None and comparable and now_at != before:
            return now_at < before
        if received.kind == "missing" and current[1]:
            return True
        return known is not None and known < current[0]

    @staticmethod
    def _forget_others(db: sqlite3.Connection, entry: Entry) -> None:
        """Whoever handed this in under another name before: a name that has changed is not another person."""
        sql = "SELECT id, key FROM students WHERE submission_id IN (SELECT id FROM submissions WHERE key = ?)"
        here = {one.key for one in entry.people}
        others = [(number,) for number, key in db.execute(sql, (entry.key,)).fetchall() if key not in here]
        db.executemany("DELETE FROM students WHERE id = ?", others)

    @staticmethod
    def _receive_person(db: sqlite3.Connection, entry: Entry, one: Person, submission: int | None) -> None:
        db.execute(
            "INSERT INTO students (key, name, email, sid, ids, group_name, late, submitted_at, submission_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name, email = excluded.email,"
            " sid = excluded.sid, ids = excluded.ids, group_name = excluded.group_name, late = excluded.late,"
            " submitted_at = excluded.submitted_at, submission_id = excluded.submission_id",
            (
                one.key,
                clean(one.name),
                clean(one.email),
                clean(one.sid),
                msgspec.json.encode({name: clean(value) for name, value in one.ids.items()}).decode(),
                clean(entry.group),
                None if entry.late is None else int(entry.late),
                clean(entry.submitted_at),
                submission,
            ),
        )

    def note_download(self, source: Path, layout: str, refused: Iterable[Refusal]) -> None:
        with self.transaction() as db:
            facts = {"source": clean(str(source)), "layout": layout}
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
            db.execute("DELETE FROM refused")
            rows = [(clean(refusal.path), clean(refusal.reason)) for refusal in refused]
            db.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?)", rows)

    # --- passes --------------------------------------------------------------------------------------------------

    def states_in_force(self) -> list[tuple[str, str]]:
        """(spec hash, solution hash) of each state of the assignment that a grading in force belongs to, the oldest first."""
        sql = (
            "SELECT spec_hash, solution_hash FROM submissions JOIN gradings ON gradings.id = grading_id"
            " JOIN rounds ON rounds.id = round_id WHERE superseded = 0 AND run_id IS NOT NULL"
            " GROUP BY spec_hash, solution_hash ORDER BY MIN(rounds.id)"
        )
        return [tuple(row) for row in self.connection.execute(sql)]

    def begin_round(self, kind: str, state: Fingerprint, config: str) -> int:
        """A new grading run, or the last one where it was interrupted and is of the same kind and state.

        A finished one is never reopened: every download leaves a row of its own.
        """
        key = (kind, state.spec, state.solution, state.version)
        with self.transaction() as db:
            last = db.execute(
                "SELECT id, kind, spec_hash, solution_hash, version, finished_at FROM rounds ORDER BY id DESC LIMIT 1"
            ).fetchone()
            if last is not None and tuple(last[1:5]) == key and last[5] is None:
                return int(last[0])
            cursor = db.execute(
                "INSERT INTO rounds (kind, spec_hash, solution_hash, version, config, started_at) VALUES (?, ?, ?, ?, ?, ?)",
                (*key, config, now()),
            )
            return int(cursor.lastrowid or 0)

    def finish_round(self, number: int) -> None:
        """All is done: note identical files, and when it was."""
        with self.transaction() as db:
            db.execute("DELETE FROM flags WHERE kind = 'identical'")
            db.executemany(
                "INSERT INTO flags (submission_id, grading_id, kind, detail) VALUES (?, NULL, 'identical', ?)",
                identical_files(db),
            )
            db.execute("UPDATE rounds SET finished_at = ? WHERE id = ?", (now(), number))
