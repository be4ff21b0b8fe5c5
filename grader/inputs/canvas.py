"""Canvas, "Download Submissions": flat files `name_[LATE_]userid_attachmentid_original`.

The second number is the attachment's, and the greatest one of a student is the latest.  A text typed into Canvas is
`name_userid_text.html`.  In anonymous assignments the name is missing and the id is `anon_` and letters.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.tree import File, Tree

CALLED = "a Canvas download"
_ANONYMOUS = re.compile(
    r"(?:(?P<late>LATE)_)?anon_(?P<id>[A-Za-z0-9]+)_(?P<attachment>\d+)_(?P<original>.+)", re.DOTALL
)
_TEXT = re.compile(r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<original>(?:text|link)\.html)", re.DOTALL)
_NAMED = re.compile(r"(?P<name>.+?)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<attachment>\d+)_(?P<original>.+)", re.DOTALL)


def match(name: str) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) or _TEXT.fullmatch(name) or _NAMED.fullmatch(name)


def recognise(tree: Tree) -> bool:
    named = [file for file in tree.top_files() if match(file.path.name)]
    return len(named) > 0 and 2 * len(named) > len(tree.top_files()) and len(named) > len(tree.top_folders())


def belongs(name: str) -> bool:
    return match(name) is not None


def entries(tree: Tree) -> list[Entry]:
    found: dict[str, list[tuple[int, re.Match[str], File]]] = {}
    for file in tree.top_files():
        if parts := match(file.path.name):
            attachment = int(parts.groupdict().get("attachment") or 0)
            found.setdefault(parts["id"], []).append((attachment, parts, file))
    return [_entry(number, sorted(parts, key=lambda part: part[0])) for number, parts in found.items()]


def _entry(number: str, parts: list[tuple[int, re.Match[str], File]]) -> Entry:
    latest = parts[-1][1].groupdict()
    name = latest.get("name") or "anon"
    latest_of: dict[str, File] = {}  # Canvas numbers a file handed in again: gradients-1.py, gradients-2.py
    for _, match, file in parts:
        latest_of[re.sub(r"-\d+(?=(?:\.tar)?\.[^.]*$)", "", match["original"])] = file
    files = [file.called(original) for original, file in latest_of.items()]
    typed = [match["original"] for _, match, _ in parts if match["original"] in ("text.html", "link.html")]
    older = len(parts) - len(files)
    notes = ["typed into Canvas instead of handing in a file"] * bool(typed)
    notes += [f"{older} older version(s) left out"] * bool(older)
    return Entry(
        key=number,
        people=[person(f"{name}_{number}", name if name != "anon" else f"anonymous {number}", canvas=number)],
        files=files,
        late=any(match.groupdict().get("late") for _, match, _ in parts),
        note="; ".join(notes),
    )
