"""Which of a student's files is graded: the one rule of every command.  Pure: looks only at names and bytes.

The first of these that there is, at any depth and also inside archives:

1. a file of the name asked for (`gradients.py`); then one that differs in capitals only,
2. a copy that a platform or browser numbered (`gradients-2.py`, `gradients (1).py`): the highest number,
3. a notebook of that name (`gradients.ipynb`), then a numbered copy of it,
4. the only Python file there is, whatever its name; then the only notebook.

Of several of one kind, the least deep is graded.  If two at the same depth differ, none is: a person has to decide.
Unchanged files of the handout count only if there is nothing else.  Where several files are to be submitted, one of another
name counts only if all the others are there: it could be any of those that are missing.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.inputs.kinds import NOTEBOOK, digest
from grader.inputs.tree import ArchiveError, File
from grader.text import one_line

_OTHER, _NOTEBOOK = 6, 7  # ranks of files of another name
_NOTEBOOKS = (3, 4, 5)
_SHOWN = 4
_COMPARED = 40  # files of a submission: each may have to be unpacked; all further ones are taken to differ


@dataclass(frozen=True)
class Choice:
    """The file to grade, or why there is none.

    Attributes:
        note: what students and instructors should know about the choice, "" for most.
        untouched: it is a file of the handout, unchanged: there was nothing else.
        rivals: the files between which a person has to decide, if there is no file.
    """

    file: File | None
    note: str = ""
    untouched: bool = False
    rivals: tuple[File, ...] = ()


def choose(
    files: Sequence[File],
    wanted: str,
    *,
    max_bytes: int,
    handout: Collection[str] = (),
    any_name: bool = False,
    more: bool = False,
    beside: Collection[str] = (),
) -> Choice:
    """Choose by the order above.  Files are read only where their names do not decide.

    Args:
        max_bytes: how much of a file is compared.
        handout: `digest` of each file that students start from.
        any_name: files outside archives are named after their students, so no note on the name is needed.
        more: there is more than `files`, such as an archive that cannot be opened.
        beside: the names of other files to submit, which are graded as what they are.
    """
    others = {other: [file for file in files if is_named(file.path.name, other)] for other in beside}
    taken = {id(file) for named in others.values() for file in named}
    certain = all(others.values())
    files = [file for file in files if id(file) not in taken and (certain or is_named(file.path.name, wanted))]
    found = _choose(files, wanted, max_bytes, handout, any_name=any_name, more=more)
    if found.untouched and found.file is None:  # files of the handout under other names, and nothing else
        found = replace(_choose(files, wanted, max_bytes, (), any_name=any_name, more=more), untouched=True)
    if found.file is None or not found.file.note:
        return found
    return replace(found, note=_joined(found.note, f"{shown(found.file.path)} {found.file.note}"))


def _choose(
    files: Sequence[File], wanted: str, max_bytes: int, handout: Collection[str], *, any_name: bool, more: bool
) -> Choice:
    pairs = [(rank, file) for file in files if (rank := _rank(file.path, wanted))[0] <= _NOTEBOOK]
    ranked = sorted(pairs, key=lambda pair: (*pair[0], _depth(pair[1]), str(pair[1].path)))
    reader = _Reader(max_bytes, handout if more or len(ranked) > 1 else ())
    named = [file for rank, file in ranked if rank[0] < _OTHER]
    mine = [file for file in named if not reader.untouched(file)]
    if mine:
        return _best(mine, _stub_note(named, mine), wanted, reader)
    of_kind = ([file for rank, file in ranked if rank[0] == kind] for kind in (_OTHER, _NOTEBOOK))
    others, notebooks = ([file for file in some if not reader.untouched(file)] for some in of_kind)
    for some, beside in ((others, notebooks), (notebooks, [])):
        if len(some) == 1:
            its_name = any_name and len(some[0].path.parts) == 1
            renamed = "" if its_name else f"{shown(some[0].path.name)} was graded as {wanted}"
            note = _stub_note(named, some) or renamed
            return Choice(some[0], _joined(note, _instead_of(some[0], beside, wanted)))
        if some and not named:
            return Choice(None, rivals=tuple(some))
    if named:
        note = f"{shown(named[0].path)} is the unchanged file from the handout"
        return Choice(named[0], _joined(note, _instead_of(named[0], others, wanted)), untouched=True)
    return Choice(None, untouched=bool(ranked and handout))


def is_named(name: str, wanted: str) -> bool:
    """Whether a file is called `wanted`, or as a copy or notebook of it would be."""
    return _rank(PurePosixPath(name), wanted)[0] < _OTHER


def shown(path: PurePosixPath | str) -> str:
    """A student's name for a file, made harmless and short enough for a message."""
    return one_line(str(path), 200)


def listed(files: Sequence[File]) -> str:
    """`a`, `a and b`, `a, b and c`, or the first few and how many more there are."""
    names = [shown(file.path) for file in files[:_SHOWN]]
    last = f"{len(files) - _SHOWN} more" if len(files) > _SHOWN else names.pop()
    return f"{', '.join(names)} and {last}" if names else last


def _rank(path: PurePosixPath, wanted: str) -> tuple[int, int]:
    """(kind, number), the best first."""
    asked = PurePosixPath(wanted)
    for kind, name in ((0, wanted), (3, asked.with_suffix(NOTEBOOK).name)):
        if path.name == name:
            return kind, 0
        if path.name.casefold() == name.casefold():
            return kind + 1, 0
        if (number := _copy(path.name, name)) is not None:
            return kind + 2, -number
    suffix = path.suffix.lower()
    return (_OTHER if suffix == asked.suffix.lower() else _NOTEBOOK if suffix == NOTEBOOK else _NOTEBOOK + 1), 0


def _copy(name: str, wanted: str) -> int | None:
    """2 for `gradients-2.py` and `gradients (2).py`, as platforms and browsers name a second copy; None for other names."""
    stem, suffix = map(re.escape, (PurePosixPath(wanted).stem, PurePosixPath(wanted).suffix))
    match = re.fullmatch(rf"{stem}(?:-(\d{{1,4}})| ?\((\d{{1,4}})\)){suffix}", name, re.IGNORECASE)
    return int(match[1] or match[2]) if match else None


class _Reader:
    """The content of files, each read once."""

    def __init__(self, max_bytes: int, handout: Collection[str]) -> None:
        self._max_bytes = max_bytes
        self._handout = frozenset(handout)
        self._known: dict[int, str] = {}

    def digest(self, file: File) -> str:
        """A hash of its content; "" if it cannot be read, or is one too many to be read, which equals no other."""
        if id(file) not in self._known:
            if len(self._known) >= _COMPARED:
                return ""
            try:
                self._known[id(file)] = digest(file.read(self._max_bytes + 1))
            except (OSError, ArchiveError):  # reported where the file is read to be graded
                self._known[id(file)] = ""
        return self._known[id(file)]

    def untouched(self, file: File) -> bool:
        return bool(self._handout) and self.digest(file) in self._handout

    def same(self, one: File, other: File) -> bool:
        return self.digest(one) == self.digest(other) != ""


def _best(mine: Sequence[File], note: str, wanted: str, reader: _Reader) -> Choice:
    """The first file of the right name, with a note on those that differ from it."""
    first = mine[0]
    level = _rank(first.path, wanted)
    rivals = [file for file in mine[1:] if not reader.same(first, file)]
    even = [file for file in rivals if _rank(file.path, wanted) == level and _depth(file) == _depth(first)]
    if even:
        return Choice(None, rivals=(first, *even))
    return Choice(first, _joined(note, _instead_of(first, rivals, wanted)))


def _instead_of(first: File, rivals: Sequence[File], wanted: str) -> str:
    """The note on files that were not graded, and why."""
    return f"{shown(first.path)} was graded, not {listed(rivals)}: {_why(first, rivals[0], wanted)}" if rivals else ""


def _why(first: File, other: File, wanted: str) -> str:
    mine, its = _rank(first.path, wanted), _rank(other.path, wanted)
    if mine == its:
        return "it is in fewer folders"
    if mine[0] == its[0]:
        return "it has the highest number"
    if its[0] in (_NOTEBOOK, *_NOTEBOOKS) and mine[0] not in (_NOTEBOOK, *_NOTEBOOKS):
        return f"a {first.path.suffix} file comes before a notebook"
    return "it has the right name" if mine[0] in (0, 3) else f"its name is closer to {wanted}"


def _stub_note(named: Sequence[File], mine: Sequence[File]) -> str:
    """The note on files of the handout that would have come before the one that is graded."""
    stubs = named[: named.index(mine[0])] if mine[0] in named else named
    verb = "is the unchanged file" if len(stubs) == 1 else "are unchanged files"
    return f"{shown(mine[0].path)} was graded: {listed(stubs)} {verb} from the handout" if stubs else ""


def _depth(file: File) -> int:
    return len(file.path.parts)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
