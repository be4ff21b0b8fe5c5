"""What a diagnosis is made of: plain data.  Knows no gradient and computes nothing.

A *story* is a formula that gives exactly the student's numbers, told as the edits that turn the solution into it.
"""

from dataclasses import dataclass, field, replace

from grader.result import Diagnosis, Mistake


@dataclass(frozen=True)
class Edit:
    """One thing done otherwise than in the solution.

    Attributes:
        operator: slug of the operator in `grader.diagnosis.operators`; hints are looked up by it.
        kind: kind of mistake, as in the JSON contract.
        where: the quantity, factor or product concerned, in the handout's letters.
        statement: a sentence for student and staff; never the right formula, never a number of it.
        cost: how surprising the edit is; 1 is common.
    """

    operator: str
    kind: str
    where: str
    statement: str
    cost: float


@dataclass(frozen=True)
class Story:
    """Edits that together give the student's numbers.

    Attributes:
        formula: what was computed, as text.  Staff only: next to it stands the right one.
        cost: that of all edits together.
        layer: how it was found, for statistics: local, table, product, inverse, bank, numeric.
    """

    edits: tuple[Edit, ...]
    formula: str
    cost: float
    layer: str

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
        return [Mistake(edit.kind, edit.where, edit.statement) for edit in self.edits]


def given(story: Story, own: str) -> Story:
    """The story told of a student's own wrong gradient: what follows from it is not what is right."""
    edits = (
        replace(edit, statement=edit.statement.replace("the right ones", f"what follows from your own {own}"))
        for edit in story.edits
    )
    return replace(story, edits=tuple(edits))


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
    stories: tuple[Story, ...] = field(default=())
    note: str = ""
