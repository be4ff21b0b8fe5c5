"""Files that are the same but for names, comments and layout, for a person to look at side by side.  Pure; accuses nobody."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grader.classroom.report.alike import SIDE_BY_SIDE, one_of_each_group
from grader.classroom.report.data import Record
from grader.classroom.report.details import MAX_CODE_COLUMNS, Code
from grader.classroom.store.copies import text_hash
from grader.classroom.store.structure import MANY_NAMES, structure_of

MAX_LINES = 60  # of each file
_RIGHT = ("passed", "followed_through", "missing")  # right answers are alike, and so are stubs


@dataclass(frozen=True)
class SameFiles:
    """Students whose files are the same but for what is easily changed.

    Attributes:
        students: positions in the list of records; two or more.
        but_for: in what they differ; "" where they do not.
        code: the beginning of the files of up to SIDE_BY_SIDE of the students.
    """

    students: tuple[int, ...]
    but_for: str
    code: tuple[Code, ...]


def find_same_files(records: Sequence[Record]) -> list[SameFiles]:
    """The largest groups first.  Files in which all that is written is right are left out."""
    found: dict[str, list[int]] = defaultdict(list)
    for k in one_of_each_group(records):
        if _is_compared(records[k]) and (key := _key(records[k].source)):
            found[key].append(k)
    groups = [_same(records, tuple(students)) for students in found.values() if len(students) > 1]
    return sorted(groups, key=lambda one: (-len(one.students), one.students))


def _is_compared(record: Record) -> bool:
    grade = record.grade
    return bool(record.source) and (grade is None or any(one.status not in _RIGHT for one in grade.gradients))


def _key(source: bytes) -> str:
    """The structure, where it has enough names to mean something, else the text; "" where nothing is left."""
    structure = structure_of(source)
    return f"structure {structure.hash}" if structure.names >= MANY_NAMES else text_hash(source)


def _same(records: Sequence[Record], students: tuple[int, ...]) -> SameFiles:
    sources = [records[k].source for k in students]
    if len(set(sources)) == 1:
        but_for = ""
    else:
        but_for = "comments and white space" if len(set(map(text_hash, sources))) == 1 else "names and layout"
    return SameFiles(students, but_for, tuple(_beginning(source) for source in sources[:SIDE_BY_SIDE]))


def _beginning(source: bytes) -> Code:
    lines = source.decode(errors="replace").splitlines()
    shown = [line[:MAX_CODE_COLUMNS] + "…" * (len(line) > MAX_CODE_COLUMNS) for line in lines[:MAX_LINES]]
    return Code(1, shown + [f"… {len(lines) - MAX_LINES} more lines"] * (len(lines) > MAX_LINES))
