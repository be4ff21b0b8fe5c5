"""What a diagnosis is made of: plain data.  Knows no gradient and computes nothing.

A hypothesis is a formula that gives exactly the student's numbers, described by the edits that turn the solution into it.
"""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from grader.problem.model import Array
from grader.records.result import Diagnosis, Mistake


class Edit(Struct, frozen=True):
    """One difference from the solution.

    Attributes:
        operator: slug of the operator in `grader.diagnosis.operators`; hints are looked up by it.
        kind: kind of mistake, as in the JSON contract.
        where: the quantity, factor or product concerned, in the handout's symbols.
        statement: a sentence for instructors.
        cost: how surprising the edit is; 1 is common.
        within: the quantity in whose own computation the difference is, "" where it is in the derivative.
        also: replaces a statement that calls the numbers right, when there are other edits.
        new, old: what the numbers show, and what it replaces.
        student: a sentence for students, where it is not the operator's.
        terms: of how many terms of a sum it is true, 0 where it is in one place.
        inside: the gradient, as text, that it spoils as a whole, where that is one that the answer builds on.
    """

    operator: str
    kind: str
    where: str
    statement: str
    cost: float
    within: str = ""
    also: str = ""
    new: str = ""
    old: str = ""
    student: str = ""
    terms: int = 0
    inside: str = ""


class Hypothesis(Struct, frozen=True, eq=False):
    """Edits that together give the student's numbers.

    Attributes:
        formula: what was computed, as text.  Instructors only: the right formula can be read off it.
        cost: that of all edits together.
        layer: how it was found: local, table, candidates, inverse, composition, named, digits or plain.
        own: the student's own wrong gradient that the edits start from, "" for the right ones.
        values: what the formula gives at each sample point, where it was evaluated.
    """

    edits: tuple[Edit, ...]
    formula: str
    cost: float
    layer: str
    own: str = ""
    values: Sequence[Array] | None = None

    @property
    def operator(self) -> str:
        return self.edits[0].operator

    @property
    def is_several(self) -> bool:
        """Whether its edits are as many mistakes; a number in place of a factor, such as a mean for a maximum, may be one."""
        return len(self.edits) > 1 and {edit.kind for edit in self.edits} != {"missing-factor", "scale"}

    def mistakes(self) -> list[Mistake]:
        """One for each edit, in their order; if there are several, none reads as if it were the only one."""
        if len(self.edits) == 1:
            texts = [self.edits[0].statement]
        else:
            texts = [_among_others(i, edit) for i, edit in enumerate(self.edits)]
        return [Mistake(edit.kind, edit.where, text) for edit, text in zip(self.edits, texts, strict=True)]


WHAT_YOU_GET = "your numbers are what you get "
ALSO, IN_ADDITION = "and also ", "in addition, "


def _among_others(position: int, edit: Edit) -> str:
    if position == 0:
        return f"in your numbers, {edit.also}" if edit.also else edit.statement
    if not edit.also and edit.statement.startswith(WHAT_YOU_GET):
        return f"{ALSO}{edit.statement.removeprefix(WHAT_YOU_GET)}"
    return f"{IN_ADDITION}{edit.also or edit.statement}"


def by_itself(statement: str) -> str:
    """The sentence of one mistake of several without the words that join it to the others."""
    for joins, begins in ((ALSO, WHAT_YOU_GET), (IN_ADDITION, "")):
        if statement.startswith(joins):
            return begins + statement.removeprefix(joins)
    return statement


def in_upstream(edits: Sequence[Edit], shown: str) -> tuple[Edit, ...]:
    """Edits of a gradient that the answer builds on: what they do to that as a whole is not done to the answer.

    Args:
        shown: the gradient as text, such as dJ/db1.
    """
    return tuple(
        replace(edit, statement=f"{WHAT_YOU_GET}{inside(shown, edit.also)}", also="", inside=shown)
        if edit.also
        else edit
        for edit in edits
    )


def inside(shown: str, also: str) -> str:
    """What was done to a gradient within a formula: a factor belongs to the term that it stands in, not to the gradient."""
    scaled = re.match(r"everything is ((?:multiplied|divided) by .*)", also)
    return f"when the part with {shown} is {scaled[1]}" if scaled else f"when, in {shown}, {also}"


def in_order(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """What the numbers are first, then what was done with them."""
    return tuple(sorted(edits, key=lambda edit: bool(edit.also)))


_PROPAGATED = (
    ("the right ones", "what follows from your own {own}"),
    ("your numbers are right", "your numbers follow from your own {own}"),
    ("your numbers have the right size but", "your numbers are what follows from your own {own}, with"),
)


def given(hypothesis: Hypothesis, own: str) -> Hypothesis:
    """The hypothesis on a student's own wrong gradient: what follows from that is not called right."""

    def propagated(statement: str) -> str:
        for right, follows in _PROPAGATED:
            statement = statement.replace(right, follows.format(own=own))
        return statement

    edits = tuple(replace(edit, statement=propagated(edit.statement)) for edit in hypothesis.edits)
    return replace(hypothesis, own=own, edits=edits)


class Explanation(Struct, frozen=True):
    """Why one gradient is wrong.

    Attributes:
        diagnosis: as it goes into the grade.
        operators: the slug for each of `diagnosis.mistakes`, in their order.
        hypotheses: those behind the diagnosis, best first; several for a tie.  Instructors only.
        place: where in the formula the first mistake is, such as "as the left factor"; "" where it is not in one place.
    """

    diagnosis: Diagnosis
    operators: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    place: str = ""
