"""The ledger: what people decided about marks.  Entries are only added, by several people at once if need be.

Writing waits for other writers and for a batch, whose transactions are short; it does not need the folder's lock.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from grader.classroom.store.database import clean, connect, database_in, explained, insert, now

KINDS = ("score", "add", "excuse", "comment", "extend", "submitted")  # those that say something of a student
MARKS = ("score", "add")  # those that change marks
REPLACING = ("score", "extend", "submitted")  # those of which the newest counts


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry.

    Attributes:
        id: 0 until it is recorded.
        student: the key of the student, as it was then.
        kind: one of KINDS, or undo or confirm.
        gradient: "" for the whole submission.
        value: marks, or for extend days.
        until: the new deadline of an extension, or when a file was submitted.
        target: the entry that is undone or confirmed.
        verdict: what it was made or confirmed for; see `marks.replay.verdict_of`.  Of submitted: the number of the submission.
    """

    student: str
    kind: str
    author: str
    gradient: str = ""
    value: float | None = None
    until: str = ""
    comment: str = ""
    reason: str = ""
    target: int | None = None
    verdict: str = ""
    made_at: str = ""
    id: int = 0

    def same_as(self, other: "Entry") -> bool:
        """Whether both say the same, regardless of author and time."""
        fields = ["student", "kind", "gradient", "value", "until", "comment", "reason", "target"]
        fields += ["verdict"] if self.kind == "submitted" else []
        return all(getattr(self, name) == getattr(other, name) for name in fields)

    def is_in_force(self, others: "Sequence[Entry]") -> bool:
        """Whether one of `others` says the same and, where only the newest of its kind counts, is that."""
        if self.kind not in REPLACING:
            return any(self.same_as(one) for one in others)
        alike = [
            one
            for one in others
            if one.kind == self.kind and (one.gradient == self.gradient or "" in (one.gradient, self.gradient))
        ]
        return bool(alike) and self.same_as(alike[-1])


class Ledger(msgspec.Struct, frozen=True):
    """All entries, the oldest first, by the present key of each student."""

    entries: list[Entry]
    undone: frozenset[int]

    def of(self, student: str) -> list[Entry]:
        """The entries on a student that are not undone; neither those that undo others."""
        return [
            one for one in self.entries if one.student == student and one.id not in self.undone and one.kind != "undo"
        ]

    def find(self, number: int) -> Entry | None:
        return next((one for one in self.entries if one.id == number), None)


def read_ledger(db: sqlite3.Connection) -> Ledger:
    """Everything in the ledger."""
    names = Entry.__struct_fields__
    rows = db.execute(f"SELECT {', '.join(names)} FROM ledger ORDER BY id").fetchall()  # noqa: S608, our own names
    if not rows:
        return Ledger([], frozenset())
    present = _present_keys(db)
    entries = [Entry(**dict(zip(names, row, strict=True))) for row in rows]
    entries = [msgspec.structs.replace(one, student=present(one.student)) for one in entries]
    return Ledger(entries, _undone(entries))


def _undone(entries: Sequence[Entry]) -> frozenset[int]:
    """Entries that are undone, by an entry that is not undone itself."""
    undone: set[int] = set()
    for one in reversed(entries):
        if one.kind == "undo" and one.id not in undone and one.target is not None:
            undone.add(one.target)
    return frozenset(undone)


class _present_keys:
    """The key that a student has now, by an earlier one."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._here = {key for (key,) in db.execute("SELECT key FROM students")}
        self._new = dict(db.execute("SELECT old, new FROM renamed ORDER BY id").fetchall())

    def __call__(self, key: str) -> str:
        seen = {key}
        while key not in self._here and (new := self._new.get(key)) is not None and new not in seen:
            seen.add(new)
            key = new
        return key


@contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, for one transaction: whatever is read in it nobody changes before it ends.

    Raises:
        UsageError: there is no such folder.
        StoreError: it holds no store, or one that cannot be written.
    """
    path = database_in(folder)
    with explained(folder):
        db = connect(path)
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            db.close()


def record_entry(db: sqlite3.Connection, entry: Entry) -> Entry:
    """Add an entry.

    Returns:
        The entry with its number and time.
    """
    values = msgspec.structs.asdict(entry)
    values.pop("id")
    values |= {name: clean(values[name]) for name in ("comment", "reason", "author", "until")}
    values["made_at"] = now()
    return msgspec.structs.replace(entry, **values, id=insert(db, "ledger", values))
