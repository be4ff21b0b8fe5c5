"""What one student or group submitted, on any platform; and which of the files is the one to grade."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from grader.inputs.archives import open_nested
from grader.inputs.chooser import Choice, choose, listed, shown
from grader.inputs.kinds import archive_kind, is_archive, is_unreadable, why_not_opened
from grader.inputs.reader import READER, Budget, OverBudgetError
from grader.inputs.tree import ArchiveError, File, Refusal, first_refusals
from grader.inputs.unsafe import presentable
from grader.text import one_line

MAX_ARCHIVE_DEPTH = 3
_MAX_KEY_BYTES = 200  # a file name may have 255
_SAFE = re.compile(r"[\w@+][\w .@+-]{0,99}")


@dataclass(frozen=True)
class Person:
    """One student.

    Attributes:
        key: identifies the student everywhere, and is safe as a file name.
        ids: numbers of this student on platforms, such as {"canvas": "1234"}.
    """

    key: str
    name: str
    email: str = ""
    sid: str = ""
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Entry:
    """One submission of a download.

    Attributes:
        key: identifies it in this download and the next.
        group: name of the group, "" for none.
        late: None where the download does not show it.
        submitted_at: as written in the download, "" if it is not.
        note: what instructors should know, such as that older attempts were left out.
        any_name: the one Python file is the one to grade, whatever its name.
        earlier: attempts of the same people that this one took the place of, the oldest first.
    """

    key: str
    people: list[Person]
    files: list[File]
    group: str = ""
    late: bool | None = None
    submitted_at: str = ""
    note: str = ""
    any_name: bool = False
    earlier: list["Entry"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = utf8(self.key)


@dataclass(frozen=True)
class Received:
    """The file to grade, or why there is none.

    Attributes:
        source: its first bytes; None where there is none.
        kind: "", or that of the problem: missing (nothing was submitted) or unreadable (something was).
    """

    name: str
    source: bytes | None
    kind: str = ""
    problem: str = ""
    note: str = ""


def person(identity: str, name: str = "", **known: str) -> Person:
    """A student whose key is `identity`, or a safe name made from it.  `known`: email, sid, and ids of platforms."""
    email, sid = known.pop("email", ""), known.pop("sid", "")
    return Person(safe_key(identity), name or identity, email, sid, {k: v for k, v in known.items() if v})


def utf8(name: str) -> str:
    """A name on disk, which may not be valid UTF-8, as text that is."""
    return name.encode("utf-8", "backslashreplace").decode()


def safe_key(identity: str) -> str:
    """`identity` if it is safe as a file name; else its safe characters and a hash of the whole."""
    shown = one_line(identity)
    fits = len(identity.encode("utf-8", "surrogatepass")) <= _MAX_KEY_BYTES
    if fits and _SAFE.fullmatch(shown) and shown == identity and not identity.endswith((" ", ".")):
        return identity
    safe = re.sub(r"[^\w@+-]+", "_", shown)[:30].strip("_-") or "student"
    return f"{safe}-{hashlib.sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def receive(
    entry: Entry,
    wanted: str,
    max_bytes: int,
    refused: list[Refusal],
    handout: Collection[str] = (),
    beside: Collection[str] = (),
) -> Received:
    """Choose and read the file called `wanted`, by the rules of `chooser`; no more than `max_bytes` + 1 of it.

    Args:
        refused: what was not read is added to it.
        handout, beside: see `choose`.
    """
    picked = pick(entry, wanted, max_bytes, handout, beside)
    refused += [Refusal(f"{entry.key}: {one.path}", one.reason) for one in picked.refused]
    file = picked.choice.file
    if file is None:
        return Received("", None, picked.kind, picked.problem(wanted), entry.note)
    notes = "; ".join(text for text in (entry.note, picked.choice.note) if text)
    try:
        return Received(str(file.path), file.read(max_bytes + 1), note=notes)
    except (OSError, ArchiveError) as error:
        reason = getattr(error, "strerror", None) or error
        return Received(str(file.path), None, "unreadable", f"{shown(file.path)}: cannot be read: {reason}", notes)


@dataclass(frozen=True)
class Picked:
    """What was chosen from an entry.

    Attributes:
        files: all that could be read, also in archives, with their whole paths.
        refused: entries of its archives that were not read.
        reasons: why `files` may not be all, such as an archive that cannot be opened.
        fatal: why nothing of it was read.
    """

    choice: Choice
    files: list[File]
    refused: list[Refusal]
    reasons: list[Refusal]
    fatal: str = ""

    @property
    def kind(self) -> str:
        """Why there is no file to grade: missing if nothing was submitted, else unreadable."""
        return "unreadable" if self.fatal or self.choice.rivals or self.reasons else "missing"

    def problem(self, wanted: str, refused: Sequence[Refusal] = ()) -> str:
        """Why there is no file to grade, in words.

        Args:
            refused: further entries that were not read.
        """
        if self.fatal:
            return self.fatal
        if self.choice.rivals:
            names = {file.path.name for file in self.choice.rivals}
            return f"expected one {names.pop() if len(names) == 1 else wanted}, found {listed(self.choice.rivals)}"
        by_name = {(presentable(one.path.replace("\\", "/")), one.reason): one for one in [*self.reasons, *refused]}
        reasons = list(by_name.values())
        why = "; ".join(f"{shown(one.path)}: {one.reason}" for one in reasons[:3])
        if not self.files:
            return f"no readable {wanted}: {why}" if why else f"no {wanted}, found nothing"
        files = sorted(self.files, key=lambda file: (".py" not in file.path.suffixes, str(file.path)))
        return f"no {wanted}, found only {listed(files)}{f' ({why})' if why else ''}"


def pick(
    entry: Entry, wanted: str, max_bytes: int, handout: Collection[str] = (), beside: Collection[str] = ()
) -> Picked:
    """Look at all files of an entry, also in its archives, and choose."""
    inside: list[Refusal] = []
    abandoned = next((file for file in entry.files if file.abandoned), None)
    if abandoned is not None:
        return Picked(Choice(None), [], [], [], abandoned.refusal)
    try:
        files = _with_nested(entry.files, PurePosixPath(), inside, READER.budget(), MAX_ARCHIVE_DEPTH)
    except OverBudgetError as error:
        return Picked(Choice(None), [], first_refusals(inside), [], str(error))
    reasons = inside + [Refusal(str(file.path), file.refusal) for file in entry.files if file.refusal]
    chosen = choose(
        files,
        wanted,
        max_bytes=max_bytes,
        handout=handout,
        any_name=entry.any_name,
        more=bool(reasons),
        beside=beside,
    )
    if chosen.untouched and reasons:  # the work may well be in what cannot be read
        chosen = Choice(None)
    closed = [one for one in reasons if is_archive(one.path) or is_unreadable(one.path)]
    if chosen.file is not None and closed:
        note = f"{shown(closed[0].path)} was not read: {closed[0].reason}"
        chosen = replace(chosen, note="; ".join(filter(None, [chosen.note, note])))
    return Picked(chosen, files, first_refusals(inside), reasons)


def _with_nested(
    files: list[File], where: PurePosixPath, refused: list[Refusal], budget: Budget, depth: int
) -> list[File]:
    """The files, and those inside archives among them, by their whole paths.

    Raises:
        OverBudgetError: there is too much in them.
    """
    found = []
    for file in files:
        path = where / file.path
        if file.refusal:
            continue
        if is_unreadable(file.path.name):
            refused.append(Refusal(str(path), why_not_opened(file.path.name)))
        elif not is_archive(file.path.name):
            found.append(file.called(path))
        elif depth == 0:
            kind = archive_kind(file.path.name)
            refused.append(Refusal(str(file.path), f"a {kind} within more than {MAX_ARCHIVE_DEPTH} {kind}s"))
        else:
            found += _opened(file, path, refused, budget, depth)
    return found


def _opened(file: File, path: PurePosixPath, refused: list[Refusal], budget: Budget, depth: int) -> list[File]:
    try:
        tree = open_nested(file, budget)
    except ArchiveError as error:
        refused.append(Refusal(str(path), f"this {archive_kind(path.name)} cannot be read: {error}"))
        return []
    refused += [Refusal(str(path / one.path), one.reason) for one in tree.refused]
    return _with_nested(tree.files, path, refused, budget, depth - 1)
