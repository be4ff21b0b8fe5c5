"""Find files that are the same, or the same but for comments and white space.  Reads the store; never parses a file."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator


def text_hash(source: bytes | None) -> str:
    """A hash that comments and white space do not change; "" where nothing would be left to compare."""
    if source is None:
        return ""
    bare = re.sub(rb"\s+", b"", re.sub(rb"#[^\n]*", b"", source))
    return hashlib.sha256(bare).hexdigest() if bare else ""


def identical_files(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    rows = db.execute(
        "SELECT text_hash, submissions.id, source_hash, GROUP_CONCAT(students.key, ', ') FROM submissions JOIN students ON"
        " students.submission_id = submissions.id WHERE superseded = 0 AND text_hash != '' GROUP BY submissions.id ORDER BY"
        " text_hash, submissions.id"
    ).fetchall()
    groups: dict[str, list[tuple[int, str, str]]] = {}
    for text_hash, submission, source_hash, who in rows:
        groups.setdefault(text_hash, []).append((submission, source_hash, who))
    for group in groups.values():
        for submission, source_hash, _ in group if len(group) > 1 else ():
            others = [(h == source_hash, who) for number, h, who in group if number != submission]
            shown = ", ".join(who for _, who in others[:5]) + (
                f" and {len(others) - 5} more" if len(others) > 5 else ""
            )
            how = "the same file" if all(same for same, _ in others) else "the same but for comments and white space"
            yield submission, f"{how} as {shown}"
