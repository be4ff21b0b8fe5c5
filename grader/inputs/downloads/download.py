"""Recognise what a folder or zip is a download of, and list its submissions.  Every file that belongs to nobody is listed too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from grader.errors import UsageError
from grader.inputs.archives import open_nested
from grader.inputs.chooser import is_named
from grader.inputs.downloads import autolab, blackboard, brightspace, canvas, github, gradescope, moodle, plain
from grader.inputs.entry import Entry, Person, moment, utf8
from grader.inputs.kinds import archive_kind, is_archive
from grader.inputs.opening import open_tree
from grader.inputs.reader import Budget, OverBudgetError
from grader.inputs.tree import MAX_ENTRIES, ArchiveError, Refusal, Tree, the_first

# In the order in which they are tried: the most telling names first.
_PLATFORMS = {
    "gradescope": gradescope,
    "moodle": moodle,
    "blackboard": blackboard,
    "autolab": autolab,
    "brightspace": brightspace,
    "canvas": canvas,
    "github": github,
}
LAYOUTS = (*_PLATFORMS, *plain.CALLED)


def called(layout: str) -> str:
    """What a download of this layout is called, such as `a Canvas download`."""
    return plain.CALLED[layout] if layout in plain.CALLED else str(_PLATFORMS[layout].CALLED)


@dataclass
class Download:
    """A class as it was downloaded.

    Attributes:
        layout: one of LAYOUTS.
        refused: entries that were not taken.
    """

    layout: str
    entries: list[Entry]
    refused: list[Refusal]


def read_download(
    path: Path, wanted: str, *, layout: str = "", leave_out: Path | None = None, due: datetime | None = None
) -> Download:
    """List the submissions of the folder or zip at `path`, sorted by key.

    Args:
        wanted: the name of the file that students were asked for.
        layout: one of LAYOUTS instead of what it looks like.
        leave_out: a folder inside `path` that is none of it.
        due: what was handed in after it is late; one without a time zone is taken for UTC.

    Raises:
        UsageError: nothing like submissions is there.
    """
    tree = _unwrapped(open_tree(path, leave_out=leave_out), wanted, layout)
    chosen, tree, read = _recognise(tree, wanted, layout)
    entries = sorted(read(tree), key=lambda entry: entry.key)
    if not entries and layout:
        raise UsageError(f"{path}: nothing there is named as in the layout {layout}; without --layout it is recognised")
    if not entries:
        raise UsageError(f"{path}: expected submissions, a folder or a {wanted} for each student, found none")
    tree.refused += _of_nobody(tree, entries, chosen)
    _distinct(entries)
    for entry in entries:
        if due is not None and entry.submitted_at:
            entry.late = _is_late(entry.submitted_at, due)
    return Download(chosen, entries, sorted(the_first(dict.fromkeys(tree.refused)), key=lambda refusal: refusal.path))


def _unwrapped(tree: Tree, wanted: str, layout: str) -> Tree:
    """The zip that is all there is, as some browsers and platforms wrap a download; not the only student's zip."""
    if tree.folders or len(tree.files) != 1 or layout or not is_archive(tree.files[0].path.name):
        return tree
    [file] = tree.files
    try:
        inner = open_nested(file, Budget(entries=MAX_ENTRIES))
    except (ArchiveError, OverBudgetError) as error:
        tree.refused.append(Refusal(str(file.path), f"this {archive_kind(file.path.name)} cannot be read: {error}"))
        return tree
    if any(is_named(one.path.name, wanted) for one in inner.top_files()):
        return tree
    inner.refused = [*tree.refused, *(Refusal(f"{file.path}: {one.path}", one.reason) for one in inner.refused)]
    return inner


def _recognise(tree: Tree, wanted: str, layout: str) -> tuple[str, Tree, Callable[[Tree], list[Entry]]]:
    """(layout, the tree at the level of the submissions, how to list them)"""
    trees = [tree]
    while (inner := _only_folder(trees[-1])) is not None:
        trees.append(inner)
    for name, module in _PLATFORMS.items():
        for level in trees:
            if layout == name or (not layout and module.recognise(level)):
                return name, next((one for one in trees if module.recognise(one)), tree), module.entries
    level = tree
    for inner in trees[1:]:  # a single folder that holds the class, not a class of one student
        if _holds_students(inner, wanted):
            level = inner
    chosen = layout or ("folders" if level.folders else "files")
    return chosen, level, plain.folders if chosen == "folders" else plain.files


def _of_nobody(tree: Tree, entries: list[Entry], layout: str) -> list[Refusal]:
    """What stands beside the submissions and is none, such as a folder that someone renamed: nothing is lost unsaid."""
    belongs = _PLATFORMS.get(layout, plain).belongs
    keys = {entry.key for entry in entries}
    names = {f"{name}/": name for name in tree.top_folders()}
    names |= {file.path.name: file.path.name for file in tree.top_files() if not file.refusal}
    return [
        Refusal(shown, "not graded: no submission of this layout has such a name")
        for shown, name in names.items()
        if utf8(name) not in keys and not belongs(name)
    ]


def _only_folder(tree: Tree) -> Tree | None:
    folders = tree.top_folders()
    return tree.below(folders[0]) if len(folders) == 1 and not tree.top_files() else None


def _holds_students(tree: Tree, wanted: str) -> bool:
    top = [file.path.name for file in tree.top_files()]
    if wanted in top:
        return False
    several = len([name for name in top if name.endswith(plain.SUFFIXES)]) > 1
    return several or any(len(file.path.parts) > 1 for file in tree.files)


def _distinct(entries: list[Entry]) -> None:
    """Give people whose keys are equal different ones: a key names one student."""
    taken: dict[str, str] = {}
    for entry in entries:
        for i, one in enumerate(entry.people):
            key, count = one.key, 1
            while key.casefold() in taken:  # nor do file systems all tell Bob from bob
                count += 1
                key = f"{one.key}-{count}"
            taken[key.casefold()] = entry.key
            entry.people[i] = Person(key, one.name, one.email, one.sid, one.ids)


def _is_late(submitted_at: str, due: datetime) -> bool | None:
    """None where the time cannot be read."""
    at = moment(submitted_at)
    if at is None:
        return None
    zone = due.tzinfo or timezone.utc
    return at.replace(tzinfo=at.tzinfo or zone) > due.replace(tzinfo=zone)
