"""Files that are the same but for what is easily changed.  A reason to look, not a verdict."""

import hashlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from grader.classroom.store.structure import MANY_NAMES, Structure, structure_of


def text_hash(source: bytes | None) -> str:
    """A hash that comments and white space do not change; "" where nothing would be left to compare."""
    bare = re.sub(rb"\s+", b"", re.sub(rb"#[^\n]*", b"", source or b""))
    return hashlib.sha256(bare).hexdigest() if bare else ""


def identical_files(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """(submission, detail) of each file that is the same as another but for comments and white space, or for names and layout.

    Files in which all that is written is right are left out: right answers are alike, and so are stubs.
    """
    rows = db.execute(
        "SELECT text_hash, submissions.id, source_hash, GROUP_CONCAT(students.key, ', '), source FROM submissions JOIN students"
        " ON students.submission_id = submissions.id LEFT JOIN gradings ON gradings.id = submissions.grading_id"
        " WHERE text_hash != '' AND (gradings.status IS NOT 'graded' OR EXISTS (SELECT 1 FROM gradients"
        " WHERE gradients.grading_id = gradings.id AND gradients.status NOT IN ('passed', 'followed_through', 'missing'))"
        " OR NOT EXISTS (SELECT 1 FROM gradients"
        " WHERE gradients.grading_id = gradings.id)) GROUP BY submissions.id ORDER BY submissions.id"
    ).fetchall()
    files = [
        _File(text, number, source_hash, students, structure_of(source))
        for text, number, source_hash, students, source in rows
    ]
    by_text: dict[str, list[_File]] = defaultdict(list)
    by_structure: dict[str, list[_File]] = defaultdict(list)
    for one in files:
        by_text[one.text].append(one)
        if one.structure.names >= MANY_NAMES:
            by_structure[one.structure.hash].append(one)
    for one in files:
        same = [other for other in by_text[one.text] if other is not one]
        renamed = [other for other in by_structure.get(one.structure.hash, ()) if other.text != one.text]
        if same:
            whole = all(other.source == one.source for other in same)
            yield (
                one.id,
                f"{'the same file' if whole else 'the same but for comments and white space'} as {_listed(same)}",
            )
        if renamed:
            yield one.id, f"the same but for names and layout as {_listed(renamed)}"


class _File(NamedTuple):
    text: str
    id: int
    source: str
    students: str
    structure: Structure


def _listed(files: Sequence[_File]) -> str:
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return ", ".join(one.students for one in files[:5]) + more
