"""Match the people of a results folder to the rows of a gradebook, so that nobody gets another person's marks.

1. Identifiers decide. All that can be compared must agree: one that differs rules a row out, whatever else matches.
2. A name counts only where there is no identifier, and only if one person alone has it on either side. Students who submitted
   nothing count too: their namesake's marks are not theirs.
3. A row gets one submission. If two match it, it gets neither.
4. A number that a spreadsheet may have changed (0041 became 41, 1041 became 1041.0) is the same number as long as no other
   person could be meant.

Every student without a row has a reason, for a person to decide. Pure.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.classroom.store.query import StudentRow

WORDS = {
    "canvas": "Canvas ID",
    "moodle": "participant number",
    "sid": "student number",
    "login": "login",
    "email": "e-mail address",
    "brightspace": "Brightspace number",
}
_NOTHING_IN_COMMON = "no ID or e-mail address in common with that file, and a name alone is not enough"
_WHOLE = re.compile(r"(\d+)(?:[.,]00?)?")  # not 1,000, which may be a thousand
_POWER = re.compile(r"(\d)(?:[.,](\d+))?e\+(\d{1,3})")
_PRONOUNS = re.compile(r"\s*\([^()]*/[^()]*\)$")  # Canvas: Ann Lee (she/her)


@dataclass(frozen=True)
class Who:
    """A person as one side describes them.

    Attributes:
        ids: by kind, as in WORDS; none of them empty.
        shown: what to call them in a message.
        folder: the name of a student's folder, if nothing else is known: see `_identified`.
        submission: the same for those who submitted together; None for rows, and for students who submitted nothing.
    """

    ids: Mapping[str, str]
    name: str
    shown: str
    folder: str = ""
    submission: int | None = None

    def values(self, kind: str) -> set[str]:
        """Their identifiers of this kind, folded.  A login that is an e-mail address counts as one."""
        found = {self.ids.get(kind, "")} | ({self.ids.get("login", "")} if kind == "email" else set())
        if kind in ("login", "email"):
            found = {value for value in found if ("@" in value) == (kind == "email")}
        return {_folded(value) for value in found if value}


def who_in_row(ids: Mapping[str, str], name: str, shown: str) -> Who:
    """The person of a gradebook's row, from its cells."""
    return Who({kind: value.strip() for kind, value in ids.items() if value.strip()}, name, shown)


def who_in_store(row: StudentRow) -> Who:
    """A student of the store."""
    ids = {kind: row.ids.get(kind, "") for kind in ("canvas", "moodle", "brightspace")}
    ids |= {"sid": row.sid, "email": row.email, "login": row.ids.get("blackboard") or row.ids.get("github", "")}
    ids = {kind: value.strip() for kind, value in ids.items() if value.strip()}
    folder = "" if ids or row.ids else row.name
    return Who(ids, row.name, row.student, folder, None if row.status == "missing" else row.submission_id)


@dataclass
class Matching:
    """The position of a student by that of the row; and for each student without a row, why."""

    student_of: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def match(students: Sequence[Who], rows: Sequence[Who]) -> Matching:
    """Find the row of each student, or the reason why there is none; "" where nothing in the gradebook resembles them."""
    students = _identified(students, rows)
    people = _People(students, rows)
    claims: dict[int, list[int]] = defaultdict(list)
    found = Matching()
    for i, who in enumerate(students):
        row, why = people.by_identifier(who)
        if row is None:
            found.refused[i] = why
        else:
            claims[row].append(i)
    by_name: dict[int, list[int]] = defaultdict(list)
    for i, who in enumerate(students):
        if found.refused.get(i) == "" and not who.ids:
            row, why = people.by_name(who)
            if row is not None and row in claims:
                why = f"{_quoted(rows[row])} has their name, but somebody else's ID"
            if row is None or why:
                found.refused[i] = why
            else:
                del found.refused[i]
                by_name[row].append(i)
    for row, claimed in (*claims.items(), *by_name.items()):
        _give(found, row, claimed, students, rows)
    return found


def _give(found: Matching, row: int, claimed: Sequence[int], students: Sequence[Who], rows: Sequence[Who]) -> None:
    """Give a row to the one submission that claims it, or to none of several."""
    submitted = [i for i in claimed if students[i].submission is not None]
    if len({students[i].submission for i in submitted}) > 1:
        others = ", ".join(students[i].shown for i in submitted)
        found.refused |= dict.fromkeys(submitted, f"several submissions for the row {_quoted(rows[row])}: {others}")
    else:
        found.student_of[row] = (submitted or claimed)[0]


def _identified(students: Sequence[Who], rows: Sequence[Who]) -> list[Who]:
    """Folders may be named by student number, login or e-mail address: by what fits most of them; the others are names."""
    numbers: dict[str, set[str]] = {"sid": set(), "login": set(), "email": set()}
    for row in rows:
        for kind, found in numbers.items():
            found |= {number for value in row.values(kind) if (number := _number(value)) is not None}
    fitting = Counter(
        kind for who in students if who.folder for kind in numbers if _number(_folded(who.folder)) in numbers[kind]
    )
    most = max(fitting.values(), default=0)
    kinds = [kind for kind, count in fitting.items() if count == most]
    return [
        replace(who, ids={k: who.folder for k in kinds if _number(_folded(who.folder)) in numbers[k]})
        if who.folder
        else who
        for who in students
    ]


class _People:
    """Both sides, by their identifiers and names."""

    def __init__(self, students: Sequence[Who], rows: Sequence[Who]) -> None:
        self._rows = rows
        self._kinds = {kind for kind in WORDS if any(row.values(kind) for row in rows)}
        # The rows and the spellings on either side, by kind and number.
        self._by: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._spellings: tuple[dict[tuple[str, str], list[str]], ...] = (defaultdict(list), defaultdict(list))
        for side, people in enumerate((students, rows)):
            for i, who in enumerate(people):
                for kind, value, number in _numbers(who):
                    self._spellings[side][kind, number].append(value)
                    if side:
                        self._by[kind, number].add(i)
        self._named = [Counter(_name_parts(who.name) for who in people) for people in (students, rows)]
        self._by_name = {folded_name(row.name): i for i, row in enumerate(rows)}

    def by_identifier(self, who: Who) -> tuple[int | None, str]:
        """(the one row that fits, else why there is none; "" where no row resembles them)"""
        near = sorted({row for kind, _, number in _numbers(who) for row in self._by.get((kind, number), ())})
        fitting, contradicted, doubtful = [], "", ""
        for i in near:
            row = self._rows[i]
            verdicts = {kind: self._compare(kind, who, row) for kind in WORDS}
            same, other = ([kind for kind in WORDS if verdicts[kind] == word] for word in ("same", "different"))
            if same and not other:
                fitting.append(i)
            elif same:
                contradicted = f"{_quoted(row)} has the same {_listed(same)}, but another {_listed(other)}"
            else:
                doubtful = f"{_quoted(row)} has almost the same number, but so do others"
        if len(fitting) > 1:
            return None, f"several rows match: {', '.join(_quoted(self._rows[i]) for i in fitting)}"
        if contradicted:
            return None, "".join(f"{_quoted(self._rows[i])} matches, but " for i in fitting) + contradicted
        if fitting:
            return fitting[0], ""
        comparable = any(who.values(kind) for kind in self._kinds)
        return None, doubtful or ("" if comparable or not who.ids else _NOTHING_IN_COMMON)

    def by_name(self, who: Who) -> tuple[int | None, str]:
        """(the row of that name, why it is not theirs)"""
        row = self._by_name.get(folded_name(who.name))
        words = _name_parts(who.name)
        if not words or not self._named[1][words]:
            return None, ""
        if any(named[words] > 1 for named in self._named):
            return None, f"several people are called {who.name}"
        if row is None:
            return None, f"a row has the name {who.name} in another order"
        if self._rows[row].ids and not who.folder:
            return None, _NOTHING_IN_COMMON
        return row, ""

    def _compare(self, kind: str, who: Who, row: Who) -> str:
        """same, different, or "" where it cannot be said."""
        ours, theirs = who.values(kind), row.values(kind)
        if not ours or not theirs:
            return ""
        for value in ours:
            for other in theirs:
                if _number(value) == _number(other):
                    return "same" if self._one_person(kind, value, other) else ""
        unreadable = any(_number(value) is None for value in ours | theirs)
        return "" if unreadable or who.folder else "different"

    def _one_person(self, kind: str, ours: str, theirs: str) -> bool:
        """Whether these two spellings of one number can mean only one person, even if a spreadsheet changed one of them."""
        here, there = (side.get((kind, _number(ours) or ""), []) for side in self._spellings)
        if ours != theirs:
            return len(here) == len(there) == 1
        spellings = {*here, *there}
        intact = all(value.isdecimal() for value in spellings) and set(here) == set(there)
        return ours.startswith("0") or len(spellings) == 1 or intact


def _numbers(who: Who) -> Iterator[tuple[str, str, str]]:
    """(kind, spelling, number) of each identifier that can be compared."""
    for kind in WORDS:
        for value in who.values(kind):
            if (number := _number(value)) is not None:
                yield kind, value, number


def _folded(value: str) -> str:
    """Without what spreadsheets put around a number to keep it a text: '0041 and ="0041"."""
    return unicodedata.normalize("NFC", value.strip().removeprefix("=").strip("\"'").casefold())


def _number(value: str) -> str | None:
    """An identifier as it was before a spreadsheet took it for a number; None if digits were lost."""
    if whole := _WHOLE.fullmatch(value):
        return whole[1].lstrip("0") or "0"
    if power := _POWER.fullmatch(value):
        digits = power[1] + (power[2] or "")
        return digits if len(digits) == int(power[3]) + 1 else None
    return value


def folded_name(name: str) -> str:
    """`Last, First` and `First Last` alike."""
    name = unicodedata.normalize("NFC", _PRONOUNS.sub("", name))
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).split()).casefold()


def _name_parts(name: str) -> str:
    """Wei Zhang on one platform may be Zhang Wei on another: two people of these names are namesakes."""
    return " ".join(sorted(folded_name(name).split()))


def _quoted(row: Who) -> str:
    return f"“{row.shown}”"


def _listed(kinds: Iterable[str]) -> str:
    return " and ".join(WORDS[kind] for kind in kinds)
