"""Whose part of a homework an entry of the ledger is about.

A gradient says it, alone or as `softmax.dJ_dU`, or else `Wish.part` does.  An excuse, a comment and an extension without either
are for the homework as a whole: they are recorded in every part, and undone in every part.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from grader.classroom.marks.entry_words import in_words
from grader.classroom.marks.recording import Wish
from grader.classroom.store.database import explained
from grader.classroom.store.ledger import Entry, Ledger, read_ledger
from grader.classroom.store.query import Results
from grader.errors import UsageError, did_you_mean
from grader.parts.graded import names_of
from grader.parts.parts import Part
from grader.text import one_line

_WHOLE = ("excuse", "comment", "extend")
_SHOWN = 20  # mistakes
_MOST = 300  # characters of an entry in a message

_Opened = Sequence[tuple[Part, Results]]


def by_part(results: Sequence[tuple[Part, Path]], wishes: Sequence[Wish]) -> list[tuple[Part, Path, list[Wish]]]:
    """The entries to record in each part, in the order of the parts; those without any are left out.

    Args:
        results: the parts with their results.

    Raises:
        UsageError: entries name no part that there is, could be about several, or make no sense; a line for each mistake.
    """
    wrong: list[str] = []
    shared: dict[str, list[Wish]] = {part.name: [] for part, _ in results}
    with ExitStack() as stack:
        opened = [(part, stack.enter_context(_opened(folder))) for part, folder in results]
        for wish in wishes:
            found = list(wish.wrong)
            try:
                for part, own in _spread(opened, wish) if wish.entry.student or not found else ():
                    shared[part.name].append(own)
            except UsageError as error:
                found.append(str(error))
            wrong += [f"{wish.where}: {text}" if wish.where else text for text in found]
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more mistakes"] if len(wrong) > _SHOWN else []
        raise UsageError("\n".join([*wrong[:_SHOWN], *more]))
    return [(part, folder, shared[part.name]) for part, folder in results if shared[part.name]]


@contextmanager
def _opened(folder: Path) -> Iterator[Results]:
    with explained(folder), Results(folder) as stored:
        yield stored


def _spread(results: _Opened, wish: Wish) -> Iterator[tuple[Part, Wish]]:
    """The parts that an entry is recorded in, and what is recorded there."""
    chosen = _named(results, wish.part) if wish.part else results
    if wish.entry.kind in ("undo", "confirm"):
        yield from _about_another(chosen, wish)
    elif wish.entry.gradient:
        part, name = _of_gradient(chosen, wish.entry.gradient)
        yield part, _for_part(wish, gradient=name)
    elif len(chosen) > 1 and wish.entry.kind not in _WHOLE:
        raise UsageError(
            f"expected the part whose marks change: {_either(f'--part {part.name}' for part, _ in chosen)},"
            " or a gradient of one of them"
        )
    else:
        here = [part for part, stored in chosen if stored.find(wish.entry.student, whole=True)]
        for part in here or [chosen[0][0]]:  # where nobody knows the student, recording says so
            yield part, _for_part(wish)


def _for_part(wish: Wish, **changed: object) -> Wish:
    return msgspec.structs.replace(wish, part="", entry=msgspec.structs.replace(wish.entry, **changed))


def _named(results: _Opened, name: str) -> _Opened:
    found = [(part, stored) for part, stored in results if part.name == name]
    if not found:
        names = [part.name for part, _ in results]
        near = did_you_mean(name, names) or f"; expected {_either(names)}"
        raise UsageError(f"--part: no part {name} in these results{near}")
    return found


def _of_gradient(results: _Opened, gradient: str) -> tuple[Part, str]:
    """The part that asks for a gradient, and its name there."""
    head, dot, name = gradient.rpartition(".")
    having = names_of([part for part, _ in (_named(results, head) if dot else results)])
    if name not in having:
        known = [f"{part.name}.{one}" for one, parts in having.items() for part in parts]
        near = did_you_mean(name, list(having)) or f"; expected {_either(known)}"
        raise UsageError(f"--gradient: no gradient {gradient}{near}")
    parts = having[name]
    if len(parts) > 1:
        names = _either(f"{part.name}.{name}" for part in parts)
        raise UsageError(f"--gradient: {len(parts)} parts have a gradient {name}: expected {names}")
    return parts[0], name


def _about_another(results: _Opened, wish: Wish) -> Iterator[tuple[Part, Wish]]:
    """Undo or confirm the entry of this number; one that was made for the whole homework is undone in every part."""
    number, option = wish.entry.target or 0, f"--{wish.entry.kind} {wish.entry.target}"
    ledgers = {part.name: read_ledger(stored.connection) for part, stored in results}
    there = {name: entry for name, ledger in ledgers.items() if (entry := ledger.find(number)) is not None}
    current = {name: entry for name, entry in there.items() if number not in ledgers[name].undone}
    about = {
        part.name: current[part.name]
        for part, stored in results
        if part.name in current and _is_about(stored, wish.entry.student, current[part.name])
    }
    found = about or current or there
    if not found:
        raise UsageError(f"{option}: no part's ledger has an entry {number}; `grader adjust RESULTS` lists them")
    first, *others = found.values()
    whole = first.kind in _WHOLE and not first.gradient
    if others and not (whole and all(one.same_as(first) for one in others)):
        listed = "; ".join(f"{name}: {one.student}: {one_line(in_words(one), _MOST)}" for name, one in found.items())
        names = _either(f"--part {name}" for name in found)
        raise UsageError(f"{option}: {len(found)} parts have an entry {number}: name one with {names} ({listed})")
    everywhere = whole and wish.entry.kind == "undo" and not wish.part
    for part, _ in results:
        if part.name in found:
            yield part, _for_part(wish)
        elif everywhere and (same := _same(ledgers[part.name], first)) is not None:
            yield part, _for_part(wish, target=same.id)


def _same(ledger: Ledger, wanted: Entry) -> Entry | None:
    """The newest entry that says the same and counts."""
    return next((one for one in reversed(ledger.entries) if one.id not in ledger.undone and one.same_as(wanted)), None)


def _is_about(results: Results, student: str, entry: Entry) -> bool:
    return not student or entry.student in [row.student for row in results.find(student, whole=True)]


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)
