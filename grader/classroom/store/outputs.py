"""Which files written from the store, such as report.html, no longer show what it holds.

A note of each file is kept in the table `facts`: the grading run it was written after, and a hash of the results it shows.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.classroom.store.database import DATABASE, clean, explained, now
from grader.classroom.store.policy import policy_of
from grader.classroom.store.query import Results

_PREFIX = "written: "


class Written(msgspec.Struct, frozen=True):
    """When a file was written.

    Attributes:
        command: what writes it again, without the folder, such as "report" or "export csv -o marks.csv".
        round: the last grading run at that time.
        results: `results_hash` at that time.
    """

    command: str
    round: int
    results: str
    at: str


def results_hash(results: Results) -> str:
    """Changes whenever a student, a current grade, a flag, the ledger or the late policy does.  Take it before you write.

    The same grade once more, as by a regrade under the same settings, changes nothing.
    """
    db = results.connection
    columns = [row["name"] for row in db.execute("PRAGMA table_info(current)") if not row["name"].endswith("_id")]
    found = hashlib.blake2b(digest_size=16)
    for sql in (
        f"SELECT {', '.join(columns)} FROM current ORDER BY student",  # noqa: S608, our own view
        "SELECT submission_id, kind, gradient, detail FROM current_flags ORDER BY 1, 2, 3, 4",
        "SELECT id FROM ledger ORDER BY id",
    ):
        for row in db.execute(sql):
            found.update(msgspec.msgpack.encode(tuple(row)))
    policy = policy_of(db)
    found.update(b"" if policy is None else msgspec.msgpack.encode(policy))
    return found.hexdigest()


def note_written(
    results: Results, path: Path, command: str, shown: str, within: sqlite3.Connection | None = None
) -> None:
    """Note that `path` was written from the results with the hash `shown`.

    In a folder that cannot be written no note is kept; the file is there all the same.

    Args:
        within: the connection whose transaction this is part of.
    """
    (last,) = results.connection.execute("SELECT MAX(id) FROM rounds").fetchone()
    folder, path = results.folder.resolve(), path.resolve()
    name = path.relative_to(folder) if path.is_relative_to(folder) else path
    written = msgspec.json.encode(Written(command, last or 0, shown, now())).decode()
    if within is not None:
        within.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_PREFIX + clean(str(name)), written))
        return
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(folder / DATABASE)) as db:
        with db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_PREFIX + clean(str(name)), written))


def outdated(folders: Sequence[Path]) -> str:
    """One line that names the outdated files of results and the commands that update them; "" where there are none.

    Args:
        folders: of one assignment, or one for each part of a homework.
    """
    files: list[str] = []
    commands: list[str] = []
    for folder in folders:
        with explained(folder), Results(folder) as results:
            old = _outdated(results)
        prefix = f"{folder.name}/" if len(folders) > 1 else ""
        files += [f"{prefix}{name}" for name in old]
        for name, space, form in (command.partition(" ") for command in dict.fromkeys(old.values())):
            commands.append(f"`grader {name} {folder}{space}{form}`")
    if not files:
        return ""
    them = "them" if len(files) > 1 else "it"
    return f"older than the last grading run: {', '.join(files)}; to update {them}: {', '.join(commands)}"


def _outdated(results: Results) -> dict[str, str]:
    """The outdated files, each with the command that writes it again."""
    sql = "SELECT name, value FROM facts WHERE name LIKE ? ORDER BY name"
    notes = {
        name[len(_PREFIX) :]: msgspec.json.decode(value, type=Written)
        for name, value in results.connection.execute(sql, (f"{_PREFIX}%",))
        if (results.folder / name[len(_PREFIX) :]).exists()
    }
    shown = results_hash(results) if notes else ""
    return {name: note.command for name, note in notes.items() if note.results != shown}
