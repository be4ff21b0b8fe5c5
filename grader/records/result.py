"""The outcome of grading one submission, as in the JSON of `grader grade --json`.  Format 1; documented in docs/json.md."""

from typing import Literal

import msgspec
from msgspec import Struct, field

CheckOutcome = Literal["passed", "failed", "skipped", "undecided"]
RUNTIME = "runtime"  # the kind of an explained exception
WHOLE = "the result"  # where a mistake is that concerns the result as a whole, and so shows in all that builds on it
UNWRITTEN = "NotImplementedError"  # how the message of a stub begins: a function that is there, but not written yet
WARNED = "warned: "  # before a note that repeats a warning

GradientStatus = Literal[
    "passed", "failed", "followed_through", "missing", "raised", "timed_out", "out_of_memory", "died", "not_graded"
]
# Kinds of integrity signals, as reports and summaries say them; the last two are found by a batch, not in a single grade.
SIGNAL_WORDS = {
    "numerical": "numerical differentiation",
    "table": "answers from a table",
    "unexplained": "marks follow from unexplained values",
    "tamper": "tried what the sandbox forbids",
    "identical": "identical files",
    "unstable": "answers differ when run twice",
}
Certainty = Literal["exact", "tie", "observation", "none"]


class CheckResult(Struct, frozen=True):
    """One check of one gradient; `score` and `max_score` in marks."""

    name: str
    outcome: CheckOutcome
    score: float
    max_score: float
    message: str = ""


class FollowThrough(Struct, frozen=True, rename={"sources": "from"}):
    """Marks for a gradient that is right given the student's own wrong ones.

    Attributes:
        sources: the student's own gradients that it was evaluated with ("from" in JSON).
        score: the marks it keeps of the checks that it failed.
        roots: those gradients that are wrong by themselves: the ones to fix.
        substituted: some of `sources` gave no numbers to build on, and random ones stood in for them.
    """

    sources: list[str]
    score: float
    roots: list[str] = field(default_factory=list)
    substituted: bool = False


class Mistake(Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        where: the quantity or factor concerned, which may be the one that belongs there.
        statement: for instructors: what it is, and what belongs there.
        student: for students: what their numbers are; "" where there is nothing that they may read.
    """

    kind: str
    where: str
    statement: str
    student: str = ""


class Diagnosis(Struct, frozen=True):
    """Why a gradient is wrong.

    Attributes:
        certainty: exact (one diagnosis reproduces the numbers), tie (several do), observation, or none.
        properties: facts about the numbers where no diagnosis reproduces them.
        runner_up: for instructors, the next best explanation of the same numbers, "" where there is none.
    """

    certainty: Certainty
    mistakes: list[Mistake] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    runner_up: str = ""


class GradientResult(Struct, frozen=True):
    """One gradient: its marks, and why.

    Attributes:
        message: what happened, where the function gave no value to check.
        line: the line of the student's file that the message is about, 0 if none; in a notebook of the cell.
        cell: the cell of the notebook, counted from 1; 0 where there are none.
        printed: what the function printed, cut; hostile text.
        where: the line where the calculation first goes wrong, if its values show that.
        notes: facts that cost no marks, such as warnings and inputs changed in place.
        inherits: the student's own gradients because of which this one raised or is wrong, where it earns nothing for that.
        not_run: there was no file, or it could not be loaded: the function was never called, and `Grade.message` says why.
    """

    name: str
    score: float
    max_score: float
    status: GradientStatus
    checks: list[CheckResult]
    follow_through: FollowThrough | None = None
    diagnosis: Diagnosis | None = None
    hints: list[str] = field(default_factory=list)
    message: str = ""
    line: int = 0
    printed: str = ""
    notes: list[str] = field(default_factory=list)
    where: str = ""
    cell: int = 0
    inherits: list[str] = field(default_factory=list)
    not_run: bool = False

    @property
    def is_root_cause(self) -> bool:
        """Whether it is wrong by itself, not only because of another gradient."""
        return self.status not in ("passed", "followed_through", "not_graded") and not self.inherits

    @property
    def summary(self) -> str:
        """The first thing that is known about what is wrong, "" where nothing is."""
        failed = next((check.message for check in self.checks if check.outcome == "failed"), "")
        statements = [mistake.statement for mistake in self.diagnosis.mistakes] if self.diagnosis is not None else []
        return next(filter(None, [self.message, *statements, failed]), "")


class Signal(Struct, frozen=True):
    """Something about a submission that a person should review.  It costs no marks, and proves nothing by itself.

    Attributes:
        kind: numerical (derivatives that were not derived), table (answers that were not computed), unexplained (marks that
            follow from values which no formula explains) or tamper (attempts on the sandbox).
        gradient: the one that it is about, "" for the whole file.
    """

    kind: str
    message: str
    gradient: str = ""


class Grade(Struct, frozen=True):
    """One submission.

    Attributes:
        message: why it was not graded, or how loading the file failed.
        sandbox: how the file was run, in one line.
        notes: facts about the file as a whole that cost no marks; for student and instructor.
        integrity: for instructors: what a person should review.
    """

    format: int
    submission: str
    status: Literal["graded", "not_graded"]
    score: float
    max_score: float
    gradients: list[GradientResult]
    message: str = ""
    printed: str = ""
    sandbox: str = ""
    notes: list[str] = field(default_factory=list)
    integrity: list[Signal] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every gradient is right."""
        return self.status == "graded" and all(gradient.status == "passed" for gradient in self.gradients)

    @property
    def fix_first(self) -> list[str]:
        """The gradients that are wrong by themselves, in order; the others may be right once these are.

        So is a right one that leaves its callers with a changed input.
        """
        followed = [gradient.follow_through for gradient in self.gradients if gradient.follow_through is not None]
        roots = {root for one in followed for root in one.roots or one.sources}
        return [
            gradient.name
            for gradient in self.gradients
            if gradient.is_root_cause or (gradient.status == "passed" and gradient.name in roots)
        ]

    def to_json(self) -> str:
        """The document of `grader grade --json`, as docs/json.md describes it."""
        data = msgspec.to_builtins(self)
        for gradient in data["gradients"]:
            followed = gradient["follow_through"]  # its roots stand beside it in the document
            gradient["roots"] = [] if followed is None else followed.pop("roots")
        data["fix_first"] = self.fix_first
        return msgspec.json.format(msgspec.json.encode(data), indent=1).decode() + "\n"

    def _repr_html_(self) -> str:
        """A table for notebooks.  Everything that may be a student's is escaped."""
        from html import escape  # a millisecond that no command needs

        rows = "".join(
            f"<tr><td>{escape(one.name)}</td><td>{escape(one.status.replace('_', ' '))}</td>"
            f"<td>{one.score:g} / {one.max_score:g}</td><td>{escape(one.summary)}</td></tr>"
            for one in self.gradients
        )
        total = escape(self.message) if self.status == "not_graded" else f"{self.score:g} of {self.max_score:g}"
        if first := self.fix_first:
            total = f"{len(first)} to fix: {escape(', '.join(first))}. {total}"
        head = "<tr><th>gradient</th><th>status</th><th>score</th><th></th></tr>"
        return f"<table><caption>{escape(self.submission)}: {total}</caption>{head}{rows}</table>"
