"""Brightspace's download: `123-456 - First Last - Oct 3, 2026 1159 PM` as folders, or as flat files with ` - original` after it.

The first number is the user's where the second, the assignment's, is the same for all; else the second is.  It tells apart two
people of one name.  The latest submission of a student counts.
"""

import re
from collections import Counter
from datetime import datetime

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "a Brightspace download"
_INDEX = "index.html"
_WHO = r"(?P<first>\d+)-(?P<second>\d+) - (?P<name>.+?) ?- (?P<at>[A-Z][a-z]+ \d{1,2}, \d{4} \d{3,4} [AP]M)"
_FOLDER = re.compile(_WHO, re.DOTALL)  # a time that stands in the name is not the last one
_FILE = re.compile(
    f"{_WHO}(?: - (?P<original>.+))?", re.DOTALL
)  # one that the student puts into the original is not the first


def recognise(tree: Tree) -> bool:
    names = [*tree.top_folders(), *(file.path.name for file in tree.top_files())]
    names = [name for name in names if name != _INDEX]
    named = [name for name in names if _FILE.fullmatch(name)]
    return len(named) > 0 and 2 * len(named) >= len(names)


def belongs(name: str) -> bool:
    return name == _INDEX or _FILE.fullmatch(name) is not None


def entries(tree: Tree) -> list[Entry]:
    found = [(parts, tree.below(folder).files) for folder in tree.top_folders() if (parts := _FOLDER.fullmatch(folder))]
    for file in tree.top_files():
        if parts := _FILE.fullmatch(file.path.name):
            found.append((parts, [file.called(parts["original"] or file.path.name)]))
    user = "first" if len({parts["second"] for parts, _ in found}) == 1 else "second"
    attempts: dict[tuple[str, str], dict[str, list[File]]] = {}
    for parts, files in found:
        by_time = attempts.setdefault((parts["name"], parts[user]), {})
        by_time.setdefault(_time(parts["at"]), []).extend(files)
    count = Counter(name for name, _ in attempts)
    return [
        _entry(f"{name} {number}" if count[name] > 1 else name, name, number, by_time)
        for (name, number), by_time in attempts.items()
    ]


def _time(text: str) -> str:
    """`Oct 3, 2026 1159 PM` as 2026-10-03T23:59:00; unknown months as they are."""
    date, clock, half = text.rsplit(" ", 2)
    for month in ("%b", "%B"):
        try:
            return datetime.strptime(f"{date} {clock.zfill(4)} {half}", f"{month} %d, %Y %I%M %p").isoformat()
        except ValueError:
            continue
    return text


def _entry(key: str, name: str, number: str, by_time: dict[str, list[File]]) -> Entry:
    latest = max(by_time)
    older = len(by_time) - 1
    note = f"{older} older attempt(s) left out" if older else ""
    return Entry(key, [person(key, name, brightspace=number)], by_time[latest], submitted_at=latest, note=note)
