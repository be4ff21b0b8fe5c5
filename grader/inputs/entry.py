"""What one student or group handed in, whatever it was downloaded from; and which of the files is the one to grade."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.archive import ZIP_ERRORS
from grader.inputs.tree import File, Refusal, open_nested
from grader.text import one_line

MAX_ZIP_DEPTH = 3
MAX_KEY_BYTES = 200  # a file name may have 255
_SAFE = re.compile(r"[\w@+][\w .@+-]{0,99}")


@dataclass(frozen=True)
class Person:
    """One student.

    Attributes:
        key: names the student everywhere, and is safe as a file name.
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
        key: identity within the download, the same in the next download.
        group: name of the group, "" for none.
        late: None where the download does not say.
        submitted_at: as the download says it, "" if it does not.
        note: what is remarkable, such as older attempts that were left out.
        any_name: the one Python file is the one to grade, whatever its name.
    """

    key: str
    people: list[Person]
    files: list[File]
    group: str = ""
    late: bool | None = None
    submitted_at: str = ""
    note: str = ""
    any_name: bool = False

    def __post_init__(self) -> None:
        self.key = utf8(self.key)


@dataclass(frozen=True)
class Received:
    """The file to grade, or why there is none.

    Attributes:
        source: its first bytes; None where there is none.
        kind: "", or of the problem: missing (nothing was handed in) or unreadable (something was, and cannot be taken).
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
    """A name on disk, which need not be UTF-8, as text that is."""
    return name.encode("utf-8", "backslashreplace").decode()


def safe_key(identity: str) -> str:
    """`identity` where it is safe as a file name; else what is safe of it and a hash of the whole."""
    shown = one_line(identity)
    if _SAFE.fullmatch(shown) and shown == identity and not identity.endswith((" ", ".")) and _fits(identity):
        return identity
    safe = re.sub(r"[^\w@+-]+", "_", shown)[:30].strip("_-") or "student"
    return f"{safe}-{hashlib.sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _fits(key: str) -> bool:
    return len(key.encode()) <= MAX_KEY_BYTES


def receive(entry: Entry, wanted: str, max_bytes: int, refused: list[Refusal]) -> Received:
    """Choose and read the file called `wanted`; no more than `max_bytes` + 1 of it."""
    inside: list[Refusal] = []
    files = _with_nested(entry.files, inside, MAX_ZIP_DEPTH)
    refused += [Refusal(f"{entry.key}: {refusal.path}", refusal.reason) for refusal in inside]
    chosen, note, problem = choose([file for file, _ in files], wanted, any_name=entry.any_name)
    if chosen is None:
        inside += [Refusal(str(file.path), file.refusal) for file in entry.files if file.refusal]
        why = "; ".join(f"{refusal.path}: {refusal.reason}" for refusal in inside[:3])
        handed_in = problem.startswith("expected one") or bool(why)
        text = f"{problem} ({why})" if why else problem
        return Received("", None, "unreadable" if handed_in else "missing", text, entry.note)
    shown = next(where for file, where in files if file is chosen)
    notes = "; ".join(text for text in (entry.note, note) if text)
    try:
        return Received(shown, chosen.read(max_bytes + 1), note=notes)
    except ZIP_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        return Received(shown, None, "unreadable", f"{shown}: cannot be read: {reason}", notes)


def choose(files: list[File], wanted: str, *, any_name: bool) -> tuple[File | None, str, str]:
    """(the file, a note, a problem): the least deep of that name, then one that a platform renamed, then the only one.

    A notebook stands for a Python file where there is none.
    """
    notebook = wanted.rpartition(".")[0] + ".ipynb"
    named = [file for file in files if file.path.name == wanted] or [
        file for file in files if file.path.name == notebook
    ]
    exact = sorted(named, key=_depth)
    if exact:
        if len(exact) > 1 and len(exact[0].path.parts) == len(exact[1].path.parts):
            return None, "", f"expected one {exact[0].path.name}, found {exact[0].path} and {exact[1].path}"
        return exact[0], "", ""
    for name in (wanted, notebook):
        renamed = [(_attempt(file.path, name), file) for file in files]
        numbered = sorted(((number, file) for number, file in renamed if number is not None), key=lambda pair: pair[0])
        if numbered:
            return numbered[-1][1], "", ""
    for suffix in (".py", ".ipynb"):
        of_kind = [file for file in files if file.path.suffix.lower() == suffix]
        if len(of_kind) == 1:
            return of_kind[0], "" if any_name else f"{of_kind[0].path.name} was taken for {wanted}", ""
        if of_kind:
            return None, "", f"expected one {wanted}, found {', '.join(str(file.path) for file in of_kind[:4])}"
    others = f", found only {', '.join(str(file.path) for file in files[:3])}" if files else ", found nothing"
    return None, "", f"no {wanted}{others}"


def _depth(file: File) -> tuple[int, str]:
    return len(file.path.parts), str(file.path)


def _attempt(path: PurePosixPath, wanted: str) -> int | None:
    """2 for `gradients-2.py` and `gradients (2).py`, which Canvas and browsers make; None for another file."""
    stem, suffix = PurePosixPath(wanted).stem, PurePosixPath(wanted).suffix
    match = re.fullmatch(rf"{re.escape(stem)}(?:-(\d{{1,4}})| ?\((\d{{1,4}})\)){re.escape(suffix)}", path.name)
    return int(match[1] or match[2]) if match else None


def _with_nested(files: list[File], refused: list[Refusal], depth: int) -> list[tuple[File, str]]:
    """The files, and those inside zips among them, each with the path to show."""
    taken = [file for file in files if not file.refusal]
    found = [(file, str(file.path)) for file in taken if file.path.suffix.lower() != ".zip"]
    for file in taken:
        if file.path.suffix.lower() != ".zip":
            continue
        if depth == 0:
            refused.append(Refusal(str(file.path), f"a zip within more than {MAX_ZIP_DEPTH} zips"))
            continue
        tree = open_nested(file, refused)
        if tree is not None:
            found += [(inner, f"{file.path}/{where}") for inner, where in _with_nested(tree.files, refused, depth - 1)]
    return found
