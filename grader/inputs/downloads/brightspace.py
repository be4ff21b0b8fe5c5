"""Brightspace's download: `123-456 - First Last - Oct 3, 2026 1159 PM` as folders, or as flat files with ` - original` after it.

The first number is the user's where the second, the assignment's, is the same for all; else the second is.  It tells apart two
people of one name.  The latest submission of a student counts.
"""

import re
from collections import Counter
from datetime import datetime

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout, latest
from grader.inputs.tree import Tree

_INDEX = "index.html"
_WHO = r"(?P<first>\d+)-(?P<second>\d+) - (?P<name>.+?) ?- (?P<at>[A-Z][a-z]+ \d{1,2}, \d{4} \d{3,4} [AP]M)"
_FOLDER = re.compile(_WHO, re.DOTALL)  # of several times the last one counts: others are part of the student's name


class _Brightspace(Layout):
    called, precedence = "a Brightspace download", 5
    name = re.compile(f"{_WHO}(?: - (?P<original>.+))?", re.DOTALL)  # here the first one: others are in the original

    def recognizes(self, tree: Tree) -> bool:
        names = [*tree.top_folders(), *(file.path.name for file in tree.top_files())]
        named = [self.match(name) is not None for name in names if name != _INDEX]
        return any(named) and 2 * sum(named) >= len(named)

    def belongs(self, name: str) -> bool:
        return name == _INDEX or super().belongs(name)

    def entries(self, tree: Tree) -> list[Entry]:
        found = [(parts, tree.below(name).files) for name in tree.top_folders() if (parts := _FOLDER.fullmatch(name))]
        for file, parts in self.files(tree):
            found.append((parts, [file.called(parts["original"] or file.path.name)]))
        user = "first" if len({parts["second"] for parts, _ in found}) == 1 else "second"
        attempts = latest(
            (((parts["name"], parts[user]), _time(parts["at"]), files) for parts, files in found), "attempt"
        )
        count = Counter(one.who[0] for one in attempts)
        entries = []
        for one in attempts:
            name, number = one.who
            key = f"{name} {number}" if count[name] > 1 else name
            who, before = [person(key, name, brightspace=number)], one.earlier
            earlier = [Entry(key, [], files, submitted_at=at) for at, files in before]
            entries.append(Entry(key, who, one.files, submitted_at=one.version, note=one.note, earlier=earlier))
        return entries


def _time(text: str) -> str:
    """`Oct 3, 2026 1159 PM` as 2026-10-03T23:59:00; where the month is unknown, `text` itself."""
    date, clock, half = text.rsplit(" ", 2)
    for month in ("%b", "%B"):
        try:
            return datetime.strptime(f"{date} {clock.zfill(4)} {half}", f"{month} %d, %Y %I%M %p").isoformat()
        except ValueError:
            continue
    return text


LAYOUT = _Brightspace()
