"""What one grade says about a student's mistakes, in the words of the report.  Pure; knows no class and no HTML."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.output.wording import STATUS_LABELS
from grader.records.result import SIGNAL_WORDS, Grade, GradientResult, GradientStatus, Mistake

RUNTIME: tuple[GradientStatus, ...] = ("raised", "timed_out", "out_of_memory", "died")

# Why a student has no marks, by the status of the record.
UNMARKED_WORDS = {
    "not_graded": "not graded",
    "missing": "no file",
    "unreadable": "unreadable",
    "waiting": "waiting",
}

# Kinds of mistake in the order of the map; the last ones are the report's own, for what no diagnosis names.
KIND_WORDS = {
    "sign": "flipped sign",
    "transpose": "transpose",
    "operand-order": "order of operands",
    "wrong-variable": "wrong variable",
    "missing-term": "missing term",
    "extra-term": "extra term",
    "missing-factor": "missing factor",
    "extra-factor": "extra factor",
    "wrong-derivative": "wrong derivative",
    "wrong-operator": "wrong product",
    "scale": "wrong scale",
    "reduction": "sum or mean",
    "numerical-gradient": "too few digits",
    "constant": "constant answer",
    "shape": "wrong shape",
    "runtime": "runtime problem",
    "missing": "not written",
    "unexplained": "wrong, not explained",
}


@dataclass(frozen=True)
class RootMistake:
    """One mistake where it was made, before any follow-through.

    Attributes:
        lost: marks that it cost, in its own gradient and in those of `stopped`; mistakes in one gradient share them evenly.
        stopped: other gradients that are not to blame: they ended in the same line with the same message, because they call
            this one, or are wrong because of it.
    """

    gradient: str
    mistake: Mistake
    lost: float
    stopped: tuple[str, ...] = ()


def not_loaded(grade: Grade | None) -> bool:
    """The file itself could not be executed, so that no gradient had its chance."""
    return grade is not None and grade.status == "graded" and bool(grade.message)


def root_mistakes(grade: Grade | None) -> Iterator[RootMistake]:
    """Every mistake of a graded submission that is not the consequence of another; none where the file did not load."""
    if grade is None or grade.status != "graded" or not_loaded(grade):
        return
    for group in _same_ending(grade):
        found = mistakes(group[0])
        lost = sum(gradient.max_score - gradient.score for gradient in group)
        stopped = tuple(gradient.name for gradient in group[1:])
        for mistake in found:
            yield RootMistake(group[0].name, mistake, lost / len(found), stopped)


def _same_ending(grade: Grade) -> list[list[GradientResult]]:
    """The gradients, those together that one mistake is behind: stopped in the same way at the same place, or inherited."""
    groups: dict[tuple[str, ...], list[GradientResult]] = {}
    for gradient in sorted(grade.gradients, key=lambda gradient: bool(gradient.inherits)):
        if gradient.inherits and (gradient.inherits[0],) in groups:
            groups[(gradient.inherits[0],)].append(gradient)
            continue
        stopped = gradient.status in RUNTIME
        key = (gradient.status, gradient.message, str(gradient.line)) if stopped else (gradient.name,)
        groups.setdefault(key, []).append(gradient)
    return list(groups.values())


def mistakes(gradient: GradientResult) -> list[Mistake]:
    """What is wrong with one gradient by itself; of several stories that fit equally well, the first."""
    if gradient.status in ("passed", "followed_through", "not_graded"):
        return []
    diagnosis = gradient.diagnosis
    if gradient.status in RUNTIME:  # by the exception, not by the line, which is another in every file
        said = diagnosis.mistakes[0].statement if diagnosis and diagnosis.mistakes else STATUS_LABELS[gradient.status]
        return [Mistake("runtime", problem_name(gradient), said)]
    if diagnosis is not None and diagnosis.mistakes and diagnosis.certainty in ("exact", "tie"):
        return diagnosis.mistakes[:1] if diagnosis.certainty == "tie" else diagnosis.mistakes
    return [_without_diagnosis(gradient)]


def _without_diagnosis(gradient: GradientResult) -> Mistake:
    """What the checks alone tell."""
    if gradient.status == "missing":
        return Mistake("missing", "", "the function is not written")
    failed = next((check for check in gradient.checks if check.outcome == "failed"), None)
    if failed is not None and failed.name == "shape":
        return Mistake("shape", "", "not the shape that a gradient must have")
    if failed is not None and failed.name == "reference":
        return Mistake("numerical-gradient", "", "right to some digits only, as a numerical derivative is")
    return Mistake("unexplained", "", "no story reproduces the numbers")


def problem_name(gradient: GradientResult) -> str:
    """The kind of a runtime problem: the name of the exception where there is one."""
    if gradient.status != "raised":
        return STATUS_LABELS[gradient.status]
    name = gradient.message.partition(":")[0].strip()
    return name if name.isidentifier() and len(name) <= 60 else STATUS_LABELS["raised"]


def kind_words(kind: str) -> str:
    return KIND_WORDS.get(kind, kind)


def flag_words(kind: str) -> str:
    return SIGNAL_WORDS.get(kind, kind)
