"""Brightspace's download: `123-456 - First Last - Oct 3, 2026 1159 PM` as folders, or as flat files with ` - original` after it.

The first number is the user's where the second, the assignment's, is the same for all; then two people of one name are told
apart by it.  The latest submission of a student counts.
"""

import re
from datetime import datetime

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "a Brightspace download"
_NAME = re.compile(
    r"(?P<org>\d+)-(?P<id>\d+) - (?P<name>.+?) ?- (?P<at>[A-Z][a-z]+ \d{1,2}, \d{4} \d{3,4} [AP]M)(?: - (?P<original>.+))?",
    re.DOTALL,
)


def recognise(tree: Tree) -> bool:
    names = [*tree.top_folders(), *(file.path.name for file in tree.top_files())]
    named = [name for name in names if _NAME.fullmatch(name)]
    return len(named) > 0 and 2 * len(named) >= len([name for name in names if name != "index.html"])


def belongs(name: str) -> bool:
    return name == "index.html" or _NAME.fullmatch(name) is not None


def entries(tree: Tree) -> list[Entry]:
    found = [(parts, tree.below(folder).files) for folder in tree.top_folders() if (parts := _NAME.fullmatch(folder))]
    for file in tree.top_files():
        if parts := _NAME.fullmatch(file.path.name):
            found.append((parts, [file.called(parts["original"] or file.path.name)]))
    users = len({parts["id"] for parts, _ in found}) == 1
    numbers: dict[str, set[str]] = {}
    for parts, _ in found:
        numbers.setdefault(parts["name"], set()).add(parts["org"])
    attempts: dict[tuple[str, str], dict[str, tuple[str, list[File]]]] = {}
    for parts, files in found:
        name, number = parts["name"], parts["org"] if users else ""
        key = f"{name} {number}" if number and len(numbers[name]) > 1 else name
        by_time = attempts.setdefault((key, name), {})
        by_time.setdefault(_time(parts["at"]), (number or parts["id"], []))[1].extend(files)
    return [_entry(key, name, by_time) for (key, name), by_time in attempts.items()]


def _time(text: str) -> str:
    """`Oct 3, 2026 1159 PM` as 2026-10-03T23:59:00; unknown months as they are."""
    date, clock, half = text.rsplit(" ", 2)
    for month in ("%b", "%B"):
        try:
            return datetime.strptime(f"{date} {clock.zfill(4)} {half}", f"{month} %d, %Y %I%M %p").isoformat()
        except ValueError:
            continue
    return text


def _entry(key: str, name: str, by_time: dict[str, tuple[str, list[File]]]) -> Entry:
    latest = max(by_time)
    number, files = by_time[latest]
    older = len(by_time) - 1
    note = f"{older} older attempt(s) left out" if older else ""
    return Entry(key, [person(key, name, brightspace=number)], files, submitted_at=latest, note=note)
