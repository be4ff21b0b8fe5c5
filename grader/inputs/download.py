"""Recognize the platform of a downloaded class, and list the submissions, and all that belongs to nobody."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from grader.errors import UsageError
from grader.inputs.archives import open_nested, open_tree
from grader.inputs.chooser import is_named
from grader.inputs.downloads import PLATFORMS
from grader.inputs.entry import Entry, Person, utf8
from grader.inputs.kinds import archive_kind, is_archive
from grader.inputs.layout import SUFFIXES, Files, Folders
from grader.inputs.reader import Budget, OverBudgetError
from grader.inputs.tree import MAX_ENTRIES, ArchiveError, Refusal, Tree, first_refusals
from grader.times import moment

LAYOUTS = {**PLATFORMS, "folders": Folders(), "files": Files()}
_FEEDBACK = "moodle-feedback.zip"  # which an export leaves there
_DATABASE = "grades.db"  # in a folder of results or, where the homework has parts, in that of each


@dataclass
class Download:
    """A class as it was downloaded.

    Attributes:
        layout: one of LAYOUTS.
        refused: entries that were not read.
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
        layout: one of LAYOUTS, "" to recognize it.
        leave_out: a folder inside `path` that is not part of the download.
        due: what was submitted after it is late; one without a time zone is taken for UTC.

    Raises:
        UsageError: nothing like submissions is there.
    """
    tree = _unwrapped(_without_results(open_tree(path, leave_out=leave_out)), wanted, layout)
    chosen, tree = _recognize(tree, wanted, layout)
    if chosen != layout and chosen not in PLATFORMS:
        _refuse_names_of_platforms(path, tree, chosen)
    entries = sorted(LAYOUTS[chosen].entries(tree), key=lambda entry: entry.key)
    if not entries and layout:
        raise UsageError(f"{path}: nothing there is named as in the layout {layout}; without --layout it is recognized")
    if not entries:
        raise UsageError(f"{path}: expected submissions, a folder or a {wanted} for each student, found none")
    tree.refused += _of_nobody(tree, entries, chosen)
    _make_keys_unique(entries)
    for entry in entries:
        for earlier in entry.earlier:
            earlier.key = entry.key
        if due is not None and entry.submitted_at:
            entry.late = _is_late(entry.submitted_at, due)
    return Download(
        chosen, entries, sorted(first_refusals(dict.fromkeys(tree.refused)), key=lambda refusal: refusal.path)
    )


def _unwrapped(tree: Tree, wanted: str, layout: str) -> Tree:
    """The content of a single zip, in which some browsers and platforms wrap a download; unless it is a student's."""
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
    inner.refused = [*tree.refused, *(replace(one, path=f"{file.path}: {one.path}") for one in inner.refused)]
    return inner


def _recognize(tree: Tree, wanted: str, layout: str) -> tuple[str, Tree]:
    """(layout, the tree at the level of the submissions)"""
    trees = [tree]
    while (inner := _only_folder(trees[-1])) is not None:
        trees.append(inner)
    for name, platform in PLATFORMS.items():
        if layout in ("", name):
            level = next((one for one in trees if platform.recognizes(one)), tree if layout else None)
            if level is not None:
                return name, level
    # A single folder may hold the class, instead of being a class of one student.
    level = next((inner for inner in reversed(trees[1:]) if _holds_students(inner, wanted)), tree)
    return layout or ("folders" if level.folders else "files"), level


def _refuse_names_of_platforms(path: Path, tree: Tree, layout: str) -> None:
    """Refuse a folder in which downloads were mixed: students would get keys that no gradebook knows.

    Raises:
        UsageError: most names are those that platforms give, although it is no platform's download.
    """
    names = [*tree.top_folders(), *(file.path.name for file in tree.top_files())]
    given = Counter(of for name in names if (of := next((p for p in PLATFORMS.values() if p.belongs(name)), None)))
    if 2 * given.total() > len(names):
        found = " and ".join(f"{platform.called} ({count})" for platform, count in given.most_common())
        raise UsageError(
            f"{path}: expected one download as the platform gives it, found names as in {found}, of {len(names)}: grade each"
            f" download by itself, or say --layout {layout} if these names are students'"
        )


def _without_results(tree: Tree) -> Tree:
    """Without folders into which a batch wrote; one with anything in it that could be graded may be a student's."""
    made = {file.path.parts[0] for file in tree.files if file.path.name == _DATABASE and len(file.path.parts) in (2, 3)}
    made -= {
        file.path.parts[0]
        for file in tree.files
        if file.path.name.lower().endswith(SUFFIXES) and file.path.name != _FEEDBACK
    }
    if not made:
        return tree
    return replace(
        tree,
        files=[file for file in tree.files if file.path.parts[0] not in made],
        folders={folder for folder in tree.folders if folder.parts[0] not in made},
        refused=[*tree.refused, *(Refusal(f"{name}/", "results of `grader batch`, no submission") for name in made)],
    )


def _of_nobody(tree: Tree, entries: list[Entry], layout: str) -> list[Refusal]:
    """What is beside the submissions, such as a folder that someone renamed: everything that is not graded is listed."""
    keys = {entry.key for entry in entries}
    names = {f"{name}/": name for name in tree.top_folders()}
    names |= {file.path.name: file.path.name for file in tree.top_files() if not file.refusal}
    return [
        Refusal(shown, "not graded: no submission of this layout has such a name")
        for shown, name in names.items()
        if utf8(name) not in keys and not LAYOUTS[layout].belongs(name)
    ]


def _only_folder(tree: Tree) -> Tree | None:
    folders = tree.top_folders()
    return tree.below(folders[0]) if len(folders) == 1 and not tree.top_files() else None


def _holds_students(tree: Tree, wanted: str) -> bool:
    top = [file.path.name for file in tree.top_files()]
    if wanted in top:
        return False
    several = len([name for name in top if name.endswith(SUFFIXES)]) > 1
    return several or any(len(file.path.parts) > 1 for file in tree.files)


def _make_keys_unique(entries: list[Entry]) -> None:
    """Number people whose keys are equal: a key names one student."""
    taken: set[str] = set()
    for entry in entries:
        for i, one in enumerate(entry.people):
            key, count = one.key, 1
            while key.casefold() in taken:  # some file systems take Bob and bob for the same name
                count += 1
                key = f"{one.key}-{count}"
            taken.add(key.casefold())
            entry.people[i] = Person(key, one.name, one.email, one.sid, one.ids)


def _is_late(submitted_at: str, due: datetime) -> bool | None:
    """None if the time cannot be read."""
    at = moment(submitted_at)
    if at is None:
        return None
    zone = due.tzinfo or timezone.utc
    return at.replace(tzinfo=at.tzinfo or zone) > due.replace(tzinfo=zone)
