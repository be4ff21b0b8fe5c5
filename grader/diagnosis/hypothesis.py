"""What a diagnosis is made of: plain data.  Knows no gradient and computes nothing.

A *story* is a formula that gives exactly the student's numbers, told as the edits that turn the solution into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from grader.records.result import Diagnosis, Mistake


@dataclass(frozen=True)
class Edit:
    """One thing done otherwise than in the solution.

    Attributes:
        operator: slug of the operator in `grader.diagnosis.operators`; hints are looked up by it.
        kind: kind of mistake, as in the JSON contract.
        where: the quantity, factor or product concerned, in the handout's letters.
        statement: a sentence for student and staff; never the right formula, never a number of it.
        cost: how surprising the edit is; 1 is common.
        within: the quantity in whose own computation this is done otherwise, "" where it is in the derivative.
        also: in place of a statement that calls the numbers right, where that is not all that is done otherwise.
    """

    operator: str
    kind: str
    where: str
    statement: str
    cost: float
    within: str = ""
    also: str = ""


@dataclass(frozen=True)
class Hypothesis:
    """Edits that together give the student's numbers.

    Attributes:
        formula: what was computed, as text.  Staff only: next to it stands the right one.
        cost: that of all edits together.
        layer: how it was found, for statistics: local, table, product, inverse, bank, numeric.
        own: the student's own wrong gradient that the numbers are right but for the edits on, "" for the right ones.
    """

    edits: tuple[Edit, ...]
    formula: str
    cost: float
    layer: str
    own: str = ""

    @property
    def kind(self) -> str:
        return self.edits[0].kind

    @property
    def where(self) -> str:
        return self.edits[0].where

    @property
    def operator(self) -> str:
        return self.edits[0].operator

    @property
    def statement(self) -> str:
        return self.edits[0].statement

    def mistakes(self) -> list[Mistake]:
        """One for each edit, in their order; if there are several, none reads as if it were the only one."""
        said = [self.statement] if len(self.edits) == 1 else [_among_others(i, e) for i, e in enumerate(self.edits)]
        return [Mistake(edit.kind, edit.where, text) for edit, text in zip(self.edits, said, strict=True)]


GIVEN_BY = "your numbers are what you get "


def _among_others(position: int, edit: Edit) -> str:
    if position == 0:
        return f"in your numbers {edit.also}" if edit.also else edit.statement
    return f"at the same time, {edit.also or edit.statement.removeprefix(GIVEN_BY)}"


def in_order(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """What the numbers are first, then what was done with them."""
    return tuple(sorted(edits, key=lambda edit: bool(edit.also)))


_OF_THE_RIGHT_ONES = (
    ("the right ones", "what follows from your own {own}"),
    ("your numbers are right", "your numbers follow from your own {own}"),
    ("your numbers have the right size and", "your numbers are what follows from your own {own}, with"),
)


def given(hypothesis: Hypothesis, own: str) -> Hypothesis:
    """The story told of a student's own wrong gradient: what follows from it is not what is right."""
    return replace(
        hypothesis, own=own, edits=tuple(replace(edit, statement=_on(edit.statement, own)) for edit in hypothesis.edits)
    )


def _on(statement: str, own: str) -> str:
    for right, follows in _OF_THE_RIGHT_ONES:
        statement = statement.replace(right, follows.format(own=own))
    return statement


@dataclass(frozen=True)
class Explanation:
    """Why one gradient is wrong.

    Attributes:
        diagnosis: as it goes into the grade.
        operators: the slug for each of `diagnosis.mistakes`, in their order.
        stories: the stories told, best first; several for a tie.  Staff only.
        note: a stable tag for statistics over a class, such as "wrong-variable:h_prev", the same at every seed.
    """

    diagnosis: Diagnosis
    operators: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = field(default=())
    note: str = ""
