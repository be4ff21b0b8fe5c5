"""Canvas, "Download Submissions": flat files `name_[LATE_]userid_attachmentid_original`.

The second number is the attachment's, and the greatest one of a student is the latest.  A text typed into Canvas is
`name_userid_text.html`.  In anonymous assignments the name is missing and the id is `anon_` and letters.

Canvas leaves no number between underscores in a name, so the first numbers are its own; students choose what comes after them,
which may look like a number, or like text that somebody else typed.
"""

import re
from collections import Counter

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "a Canvas download"
_ANONYMOUS = re.compile(
    r"(?:(?P<late>LATE)_)?anon_(?!LATE_)(?P<id>[A-Za-z0-9]+)_"
    r"(?:(?P<attachment>\d+)_(?P<original>.+)|(?P<typed>(?:text|link)\.html))",
    re.DOTALL,
)
_NAMED = re.compile(
    r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?:(?P<attachment>\d+)_(?P<original>.+)|(?P<typed>(?:text|link)\.html))",
    re.DOTALL,
)


def match(name: str) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) or _NAMED.fullmatch(name)


def recognise(tree: Tree) -> bool:
    named = [file for file in tree.top_files() if match(file.path.name)]
    return len(named) > 0 and 2 * len(named) > len(tree.top_files()) and len(named) > len(tree.top_folders())


def belongs(name: str) -> bool:
    return match(name) is not None


def entries(tree: Tree) -> list[Entry]:
    found: dict[tuple[str, str], list[tuple[int, re.Match[str], File]]] = {}
    for file in tree.top_files():
        if parts := match(file.path.name):
            name = parts.groupdict().get("name") or "anon"
            found.setdefault((name, parts["id"]), []).append((int(parts["attachment"] or 0), parts, file))
    count = Counter(number for _, number in found)
    # Canvas gives one number to one name: under two, one is made up, and which is for a person to see.
    return [
        _entry(
            f"{name}_{number}" if count[number] > 1 else number, name, number, sorted(parts, key=lambda part: part[0])
        )
        for (name, number), parts in found.items()
    ]


def _entry(key: str, name: str, number: str, parts: list[tuple[int, re.Match[str], File]]) -> Entry:
    latest_of: dict[str, File] = {}  # Canvas numbers a file handed in again: gradients-1.py, gradients-2.py
    for _, match, file in parts:
        latest_of[re.sub(r"-\d+(?=(?:\.tar)?\.[^.]*$)", "", _original(match))] = file
    files = [file.called(original) for original, file in latest_of.items()]
    typed = [match for _, match, _ in parts if match["typed"]]
    older = len(parts) - len(files)
    notes = ["typed into Canvas instead of handing in a file"] * bool(typed)
    notes += [f"{older} older version(s) left out"] * bool(older)
    return Entry(
        key=key,
        people=[person(f"{name}_{number}", name if name != "anon" else f"anonymous {number}", canvas=number)],
        files=files,
        late=any(match["late"] for _, match, _ in parts),
        note="; ".join(notes),
    )


def _original(match: re.Match[str]) -> str:
    """What the student, or Canvas for a typed text, called the file."""
    return match["original"] or match["typed"]
