"""Canvas, "Download Submissions": flat files `name_[LATE_]userid_attachmentid_original`.

The second number is the attachment's, and the greatest one of a student is the latest.  A text typed into Canvas is
`name_userid_text.html`.  In anonymous assignments the name is missing and the id is `anon_` and letters.

Canvas leaves no number between underscores in a name, so the first numbers are its own; students choose what comes after them,
which may look like a number, or like text that somebody else typed.
"""

import re
from collections import Counter

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout, older
from grader.inputs.tree import File, Tree

_REST = r"_(?:(?P<attachment>\d+)_(?P<original>.+)|(?P<typed>(?:text|link)\.html))"
_ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<name>anon)_(?!LATE_)(?P<id>[A-Za-z0-9]+)" + _REST, re.DOTALL)


class _Canvas(Layout):
    called, precedence = "a Canvas download", 6
    name = re.compile(r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<id>\d+)" + _REST, re.DOTALL)

    def match(self, name: str) -> re.Match[str] | None:
        return _ANONYMOUS.fullmatch(name) or super().match(name)

    def entries(self, tree: Tree) -> list[Entry]:
        found: dict[tuple[str, str], list[tuple[File, re.Match[str]]]] = {}
        for file, parts in self.files(tree):
            found.setdefault((parts["name"], parts["id"]), []).append((file, parts))
        count = Counter(number for _, number in found)
        # Canvas gives one number to one name: of two names with one number, one is made up; a person decides which.
        return [
            _entry(f"{name}_{number}" if count[number] > 1 else number, name, number, submitted)
            for (name, number), submitted in found.items()
        ]


def _entry(key: str, name: str, number: str, submitted: list[tuple[File, re.Match[str]]]) -> Entry:
    latest_of: dict[str, File] = {}  # Canvas numbers a file that is submitted again: gradients-1.py, gradients-2.py
    earlier: list[Entry] = []
    for file, parts in sorted(submitted, key=lambda one: int(one[1]["attachment"] or 0)):
        original = re.sub(r"-\d+(?=(?:\.tar)?\.[^.]*$)", "", parts["original"] or parts["typed"])
        if original in latest_of:
            earlier.append(Entry(key, [], [latest_of[original]]))
        latest_of[original] = file.called(original)
    typed = any(parts["typed"] for _, parts in submitted)
    notes = [
        "typed into Canvas instead of submitting a file" if typed else "",
        older(len(earlier), "version"),
    ]
    shown = f"anonymous {number}" if name == "anon" else name
    return Entry(
        key,
        [person(f"{name}_{number}", shown, canvas=number)],
        list(latest_of.values()),
        late=any(parts["late"] for _, parts in submitted),
        note="; ".join(filter(None, notes)),
        earlier=earlier,
    )


LAYOUT = _Canvas()
