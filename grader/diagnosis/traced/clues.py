"""What the diagnosis of a gradient says about the place of its mistake."""

import re

from msgspec import Struct

from grader.diagnosis.mutations.time_steps import STEPS
from grader.records.result import Diagnosis

_OF_A_SUM = re.compile(r"\bstep|\bterms? of the sum")
_OF_ENTRIES = {"shape", "transpose", "reduction"}


class Clues(Struct, frozen=True):
    """What is known before the values of a run are looked at.

    Attributes:
        incomplete: terms are missing in the answer.
        of_steps: these may be steps of a loop, and not a part of each.
        forward: its numbers are those of a loop that takes the steps in the opposite order.
        rearranged: the right entries are in wrong places; None where that is not known.
        of: the names in the place of such a mistake, of quantities and of gradients, whose entries these are.
    """

    incomplete: bool = False
    of_steps: bool = True
    forward: bool = False
    rearranged: bool | None = None
    of: frozenset[str] = frozenset()


def clues_of(diagnosis: Diagnosis | None) -> Clues:
    mistakes = diagnosis.mistakes if diagnosis is not None else []
    if not mistakes:
        return Clues()
    kinds = {one.kind for one in mistakes}
    return Clues(
        incomplete=kinds == {"missing-term"},
        of_steps=any(not one.where or _OF_A_SUM.search(f"{one.where} {one.statement}") for one in mistakes),
        forward=[(one.kind, one.where) for one in mistakes] == [("operand-order", STEPS)],
        rearranged=bool(kinds & _OF_ENTRIES),
        of=frozenset(name for one in mistakes if one.kind in _OF_ENTRIES for name in _names(one.where)),
    )


def _names(place: str) -> list[str]:
    """The names in the place of a mistake; `dJ/dh` is that of a gradient."""
    return re.findall(r"[^\W\d]\w*", re.sub(r"\b(d\w+)/(d\w+)", r"\1_\2", place))
