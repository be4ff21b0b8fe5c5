"""An entry of the ledger in one line, for instructors."""

from grader.classroom.exports.cells import number
from grader.classroom.store.ledger import Entry


def in_words(entry: Entry) -> str:
    """`entry 3: dJ_dU: 12 marks: the index was ambiguous (kim, 2026-10-07T10:00:00+00:00)`."""
    said = [text for text in (entry.reason, entry.comment) if text]
    where = f"{entry.gradient}: " if entry.gradient else ""
    return f"entry {entry.id}: {where}{': '.join([effect(entry), *said])} ({entry.author}, {entry.made_at})"


def effect(entry: Entry) -> str:
    """`12 marks`, `extended by 2 days`."""
    value = entry.value or 0.0
    return {
        "score": f"{number(value)} marks",
        "add": f"{'+' if value >= 0 else '−'}{number(abs(value))} marks",
        "excuse": "excused",
        "comment": "comment",
        "extend": f"extended until {entry.until}"
        if entry.until
        else f"extended by {number(value)} {'day' if value == 1 else 'days'}",
        "submitted": f"submitted {entry.until}",
        "undo": f"undoes entry {entry.target}",
        "confirm": f"confirms entry {entry.target}",
    }[entry.kind]
