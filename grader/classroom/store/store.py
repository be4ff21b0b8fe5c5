"""Write grades.db: what was submitted, and grading runs.  The gradings themselves: see gradings.py."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from grader.classroom.store.copies import identical_files, text_hash
from grader.classroom.store.database import DATABASE, clean, connect, database_in, explained, insert, lock, now
from grader.errors import UsageError
from grader.inputs.entry import Entry, Person, Received
from grader.inputs.tree import Refusal
from grader.problem.fingerprint import Fingerprint
from grader.times import in_order, moment


class Store:
    """A results folder, opened for writing by this process alone."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Lock the folder and open its database.

        Raises:
            UsageError: it is no folder.
            StoreError: it is in use, cannot be written, or holds no store (unless `create`).
        """
        path = folder / DATABASE if create else database_in(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(f"{folder}: expected a folder for the results, found a file") from error
        except OSError as error:
            raise UsageError(f"{folder}: cannot be made: {error.strerror}") from error
        self.folder = folder
        self._lock = lock(folder)
        try:
            with explained(folder):
                self.connection = connect(path)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        self.connection.close()
        os.close(self._lock)

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
        """All or nothing; within another transaction, a part of that one.

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

    # --- submissions ---------------------------------------------------------------------------------------------

    def receive(self, entry: Entry, received: Received, *, keep_newer: bool = False) -> bool:
        """Note what someone submitted; the same again changes nothing, a different file supersedes the one before.

        Args:
            keep_newer: one that is older than what is there is left out.

        Returns:
            Whether it was taken.
        """
        with self.transaction() as db:
            known = self._known(db, entry, received)
            if keep_newer and self._is_older(db, entry, received, known):
                return False
            submission = known or self._add(db, entry, received)
            # The same again may come with another problem, such as a broken zip where there was nothing.
            db.execute(
                "UPDATE submissions SET problem = ?, problem_kind = ?, note = ? WHERE id = ?",
                (clean(received.problem), received.kind, clean(received.note), submission),
            )
            db.execute("UPDATE submissions SET superseded = (id != ?) WHERE key = ?", (submission, entry.key))
            self._note_time(db, submission, entry.submitted_at)
            self._rename(db, entry)
            for one in entry.people:
                self._receive_person(db, entry, one, submission)
            self._forget_others(db, entry)
            return True

    def receive_earlier(self, entry: Entry, received: Received) -> None:
        """Keep an earlier attempt, which another one has already taken the place of."""
        with self.transaction() as db:
            submission = self._known(db, entry, received)
            if submission is None:
                submission = self._add(db, entry, received)
                values = (clean(received.problem), received.kind, clean(received.note), submission)
                db.execute(
                    "UPDATE submissions SET problem = ?, problem_kind = ?, note = ?, superseded = 1 WHERE id = ?",
                    values,
                )
            self._note_time(db, submission, entry.submitted_at)

    @staticmethod
    def _known(db: sqlite3.Connection, entry: Entry, received: Received) -> int | None:
        sql = "SELECT id FROM submissions WHERE key = ? AND source_hash = ?"
        found = db.execute(sql, (entry.key, _source_hash(received))).fetchone()
        return found[0] if found else None

    @staticmethod
    def _add(db: sqlite3.Connection, entry: Entry, received: Received) -> int:
        values = {
            "key": entry.key,
            "name": clean(received.name),
            "source_hash": _source_hash(received),
            "text_hash": text_hash(received.source),
            "source": received.source,
            "received_at": now(),
        }
        return insert(db, "submissions", values)

    @staticmethod
    def _note_time(db: sqlite3.Connection, submission: int, at: str) -> None:
        sql = "SELECT submitted_at, first_at FROM submissions WHERE id = ?"
        last, first = db.execute(sql, (submission,)).fetchone()
        times = (in_order(last, clean(at))[1], in_order(first, clean(at))[0], submission)
        db.execute("UPDATE submissions SET submitted_at = ?, first_at = ? WHERE id = ?", times)

    @staticmethod
    def _is_older(db: sqlite3.Connection, entry: Entry, received: Received, known: int | None) -> bool:
        """Whether the current submission is newer: by the platform's times or, without these, by when each was received.

        An empty submission never replaces a file, because students cannot submit nothing.
        """
        current = db.execute(
            "SELECT id, source IS NOT NULL, submitted_at FROM submissions WHERE key = ? AND superseded = 0",
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
    def _rename(db: sqlite3.Connection, entry: Entry) -> None:
        """Note a changed key, where it is certain whose it is: what the ledger says of the old one is about the new one."""
        sql = "SELECT students.key FROM students JOIN submissions ON submission_id = submissions.id WHERE submissions.key = ?"
        before = {key for (key,) in db.execute(sql, (entry.key,))}
        gone, new = before - {one.key for one in entry.people}, {one.key for one in entry.people} - before
        known = {key for key in new if db.execute("SELECT 1 FROM students WHERE key = ?", (key,)).fetchone()}
        if len(gone) == len(new) == 1 and not known:  # who is known already is somebody else
            insert(db, "renamed", {"old": gone.pop(), "new": new.pop()})

    @staticmethod
    def _forget_others(db: sqlite3.Connection, entry: Entry) -> None:
        """Delete students who submitted this under another key: a changed name is not another person."""
        sql = "SELECT id, key FROM students WHERE submission_id IN (SELECT id FROM submissions WHERE key = ?)"
        here = {one.key for one in entry.people}
        others = [(number,) for number, key in db.execute(sql, (entry.key,)).fetchall() if key not in here]
        db.executemany("DELETE FROM students WHERE id = ?", others)

    @staticmethod
    def _receive_person(db: sqlite3.Connection, entry: Entry, one: Person, submission: int) -> None:
        values = {
            "key": one.key,
            "name": clean(one.name),
            "email": clean(one.email),
            "sid": clean(one.sid),
            "ids": msgspec.json.encode({name: clean(value) for name, value in one.ids.items()}).decode(),
            "group_name": clean(entry.group),
            "late": None if entry.late is None else int(entry.late),
            "submitted_at": clean(entry.submitted_at),
            "submission_id": submission,
        }
        updates = ", ".join(f"{column} = excluded.{column}" for column in values)
        insert(db, "students", values, f"ON CONFLICT (key) DO UPDATE SET {updates}")

    def note_download(self, source: Path, layout: str, refused: Iterable[Refusal]) -> None:
        with self.transaction() as db:
            facts = {"source": clean(str(source)), "layout": layout}
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())
            db.execute("DELETE FROM refused")
            rows = [(clean(refusal.path), clean(refusal.reason)) for refusal in refused]
            db.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?)", rows)

    # --- grading runs --------------------------------------------------------------------------------------------

    def current_states(self) -> list[tuple[str, str]]:
        """(spec hash, solution hash) of each state of the assignment that a current grading belongs to, the oldest first."""
        sql = (
            "SELECT spec_hash, solution_hash FROM submissions JOIN gradings ON gradings.id = grading_id"
            " JOIN rounds ON rounds.id = round_id WHERE run_id IS NOT NULL"
            " AND (superseded = 0 OR submissions.id IN (SELECT submission_id FROM students))"
            " GROUP BY spec_hash, solution_hash ORDER BY MIN(rounds.id)"
        )
        return [tuple(row) for row in self.connection.execute(sql)]

    def begin_grading_run(self, kind: str, state: Fingerprint, config: str) -> int:
        """Start a grading run, or continue the last one if it was interrupted and is of the same kind and state.

        A finished one is never reopened: every download leaves a row of its own.
        """
        key = (kind, state.spec, state.solution, state.version)
        with self.transaction() as db:
            last = db.execute(
                "SELECT id, kind, spec_hash, solution_hash, version, finished_at FROM rounds ORDER BY id DESC LIMIT 1"
            ).fetchone()
            if last is not None and tuple(last[1:5]) == key and last[5] is None:
                db.execute("UPDATE rounds SET config = ? WHERE id = ?", (config, last[0]))
                return int(last[0])
            state_of = dict(zip(("kind", "spec_hash", "solution_hash", "version"), key, strict=True))
            return insert(db, "rounds", {**state_of, "config": config, "started_at": now()})

    def finish_grading_run(self, number: int) -> None:
        """Note identical files, and when the run finished."""
        with self.transaction() as db:
            db.execute("DELETE FROM flags WHERE kind = 'identical'")
            db.executemany(
                "INSERT INTO flags (submission_id, grading_id, kind, detail) VALUES (?, NULL, 'identical', ?)",
                identical_files(db),
            )
            db.execute("UPDATE rounds SET finished_at = ? WHERE id = ?", (now(), number))


def _source_hash(received: Received) -> str:
    return "" if received.source is None else hashlib.sha256(received.source).hexdigest()
