"""Check what people want to record in the ledger, and record it: all of it, or nothing."""

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from grader.classroom.exports.cells import number
from grader.classroom.marks.choice import choose_attempts
from grader.classroom.marks.entry_words import effect
from grader.classroom.marks.replay import verdict_of
from grader.classroom.marks.submission_times import latest_attempt
from grader.classroom.store.ledger import MARKS, REPLACING, Entry, Ledger, read_ledger, record_entry, writing
from grader.classroom.store.policy import policy_of
from grader.classroom.store.query import Results, StudentRow, find_one
from grader.errors import UsageError, did_you_mean
from grader.times import deadline, moment

_MOST = 1e6  # marks that an entry may add
_SHOWN = 20  # wrong rows of a table


class Wish(msgspec.Struct, frozen=True):
    """An entry as somebody asks for it.

    Attributes:
        entry: its student is any word for one, "" where the entry that is undone or confirmed says whose it is.
        where: the place in a table, such as `corrections.csv, row 3`; "" on the command line.
        wrong: what is wrong with it as it was written; then it is never recorded, but what else is wrong is reported with it.
        part: of a homework of several, the one that it is about; "" where that follows from the entry.
    """

    entry: Entry
    where: str = ""
    part: str = ""
    wrong: tuple[str, ...] = ()


def record_all(folder: Path, wishes: Sequence[Wish]) -> tuple[list[Entry], int]:
    """Record everything in one transaction.

    Returns:
        The new entries; and how many rows of a table were there already, word for word, and are not recorded again.

    Raises:
        UsageError: something cannot be recorded; then nothing is.
        StoreError: the store cannot be written.
    """
    [recorded] = record_each([(folder, wishes)])
    return recorded


def record_each(wanted: Sequence[tuple[Path, Sequence[Wish]]]) -> list[tuple[list[Entry], int]]:
    """The same for several results at once, such as those of the parts of a homework: in all of them, or in none."""
    several = len({wish.where for _, wishes in wanted for wish in wishes}) > 1
    with ExitStack() as stack:
        opened = [(folder, stack.enter_context(writing(folder)), wishes) for folder, wishes in wanted]
        return [
            _record(folder, db, wishes, several=several, label=f"{folder.name}: " if len(opened) > 1 else "")
            for folder, db, wishes in opened
        ]


def _record(
    folder: Path, db: sqlite3.Connection, wishes: Sequence[Wish], *, several: bool, label: str
) -> tuple[list[Entry], int]:
    recorded, again, wrong = [], 0, []
    rows: dict[tuple[str, ...], tuple[str, Entry]] = {}
    for wish in wishes:
        found = list(wish.wrong)
        if found and not wish.entry.student:
            wrong += [f"{wish.where}: {label}{text}" for text in found]
            continue
        entry = wish.entry
        try:
            if wish.part:
                raise UsageError(f"part {wish.part}: this is one assignment, not a homework of several parts")
            entry = _Check(folder, db).entry(wish.entry)
            if wish.where and not found:
                _refuse_another(rows, wish.where, entry)
        except UsageError as error:
            found.append(str(error))
        if found:
            wrong += [f"{wish.where}: {label}{text}" if wish.where else f"{label}{text}" for text in found]
            continue
        if wish.where and entry.is_in_force(read_ledger(db).of(entry.student)):
            again += 1
        else:
            recorded.append(record_entry(db, entry))
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more mistakes"] if len(wrong) > _SHOWN else []
        raise UsageError("\n".join([*wrong[:_SHOWN], *more]) + ("; nothing was recorded" if several else ""))
    choose_attempts(db)
    return recorded, again


def _refuse_another(rows: dict[tuple[str, ...], tuple[str, Entry]], where: str, entry: Entry) -> None:
    """Refuse a row of a table that takes the place of another one in it, which says something else.

    Args:
        rows: (place, entry) of those before, by what they are about; this one is added.
    """
    if entry.kind not in REPLACING:
        return
    before, other = rows.setdefault((entry.kind, entry.student, entry.gradient), (where, entry))
    if not entry.same_as(other):
        about = f"{entry.student}, {entry.gradient}" if entry.gradient else entry.student
        raise UsageError(
            f"a second row about {about}: {effect(entry)}, but {before} has {effect(other)}; leave the right one only"
        )


class _Check:
    """Completes entries, and refuses those that make no sense."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._db = db
        self._results = Results.within(folder, db)
        self._ledger: Ledger = read_ledger(db)

    def entry(self, wanted: Entry) -> Entry:
        """The entry with the key of its student and the present verdict.

        Raises:
            UsageError: it cannot be recorded.
        """
        if wanted.kind in ("undo", "confirm"):
            return self._about_another(wanted)
        row = find_one(self._results, wanted.student, whole=True)
        if wanted.gradient or wanted.kind in MARKS:
            self._check_marks(wanted)
        if wanted.until and moment(wanted.until) is None:
            option = "--at" if wanted.kind == "submitted" else "--until"
            raise UsageError(f'{option}: expected a time, such as "2026-10-07 23:59", found {wanted.until}')
        policy = policy_of(self._db)
        if wanted.kind == "extend" and wanted.until and policy is not None:
            until = deadline(wanted.until, policy.zone)
            if until is not None and until < policy.due_at:
                raise UsageError(
                    f"--until: expected a time after everybody's deadline, {policy.due}, found {wanted.until}"
                )
        if wanted.kind == "submitted" and row.status == "missing":
            raise UsageError(f"{row.student} submitted nothing, so there is no time to record")
        return self._completed(wanted, row)

    def _completed(self, wanted: Entry, row: StudentRow) -> Entry:
        verdict = verdict_of(row.grade, row.status, wanted.gradient) if wanted.kind in MARKS else ""
        if wanted.kind == "submitted":
            verdict = str(latest_attempt(self._db, row.submission_id))
        return msgspec.structs.replace(wanted, student=row.student, verdict=verdict)

    def _check_marks(self, wanted: Entry) -> None:
        worth = dict(self._results.gradients())
        if wanted.gradient and not worth:
            raise UsageError(f"--gradient: nothing was graded in {self._results.folder} yet, so no gradient has marks")
        if wanted.gradient and wanted.gradient not in worth:
            near = did_you_mean(wanted.gradient, list(worth)) or f"; expected one of {', '.join(worth)}"
            raise UsageError(f"--gradient: no gradient {wanted.gradient}{near}")
        value, most = wanted.value, worth[wanted.gradient] if wanted.gradient else sum(worth.values())
        if value is not None and not abs(value) <= _MOST:
            raise UsageError(f"expected marks, found {value:g}")
        if wanted.kind == "score" and value is not None and not 0 <= value <= most:
            what = wanted.gradient or "the assignment"
            raise UsageError(
                f"--score: {what} is worth {number(most)} marks: expected 0 to {number(most)}, found {number(value)};"
                " --add gives extra marks"
            )

    def _about_another(self, wanted: Entry) -> Entry:
        """An entry that undoes or confirms another."""
        other = self._ledger.find(wanted.target or 0)
        option = f"--{wanted.kind} {wanted.target}"
        if other is None:
            raise UsageError(f"{option}: the ledger has no entry {wanted.target}; `grader adjust RESULTS` lists them")
        if other.id in self._ledger.undone:
            raise UsageError(f"{option}: entry {other.id} is undone already")
        if wanted.student and find_one(self._results, wanted.student, whole=True).student != other.student:
            raise UsageError(f"{option}: entry {other.id} is about {other.student}, not about {wanted.student}")
        if wanted.kind == "undo":
            return msgspec.structs.replace(wanted, student=other.student)
        if other.kind not in MARKS:
            raise UsageError(f"{option}: only changes of marks are confirmed, and entry {other.id} is none")
        worth = dict(self._results.gradients())
        most = worth.get(other.gradient, 0.0) if other.gradient else sum(worth.values())
        if other.kind == "score" and (other.value or 0.0) > most:
            raise UsageError(
                f"{option}: entry {other.id} gives {number(other.value or 0.0)} marks, and {other.gradient or 'the assignment'}"
                f" is worth {number(most)} now: undo it, and give the marks again"
            )
        row = self._results.by_key(other.student)
        if row is None:
            raise UsageError(f"{option}: {other.student} is no longer in these results")
        verdict = verdict_of(row.grade, row.status, other.gradient)
        confirmed = [
            one.verdict for one in self._ledger.of(other.student) if one.kind == "confirm" and one.target == other.id
        ]
        if [other.verdict, *confirmed][-1] == verdict:
            raise UsageError(
                f"{option}: nothing changed since entry {other.id} was made, so there is nothing to confirm"
            )
        return msgspec.structs.replace(wanted, student=other.student, gradient=other.gradient, verdict=verdict)
