"""The mistakes in one grade, and how the report labels them.  Pure; knows no class and no HTML."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.output.wording import STATUS_LABELS
from grader.records.result import SIGNAL_WORDS, Grade, GradientResult, GradientStatus, Mistake

RUNTIME: tuple[GradientStatus, ...] = ("raised", "timed_out", "out_of_memory", "died")
NOT_LOADED = "the file does not load"

# Why a student has no marks, by the status of the record.
UNMARKED_LABELS = {
    "not_graded": STATUS_LABELS["not_graded"],
    "missing": "no file",
    "unreadable": "unreadable",
    "waiting": "waiting",
}

# Kinds of mistake in the order of the table; the last ones are the report's own, for what no diagnosis names.
KIND_LABELS = {
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
    "missing": STATUS_LABELS["missing"],
    "unexplained": "wrong, not explained",
}


@dataclass(frozen=True)
class RootMistake:
    """One mistake where it was made, before any follow-through.

    Attributes:
        lost: marks that it cost, in its own gradient and in `affected`; mistakes in one gradient share them evenly.
        affected: gradients that are not to blame: they raised the same exception on the same line, because they call this one,
            or are wrong because of it.
    """

    gradient: str
    mistake: Mistake
    lost: float
    affected: tuple[str, ...] = ()


def not_loaded(grade: Grade | None) -> bool:
    """The file could not be loaded, so that no gradient was called."""
    return grade is not None and grade.status == "graded" and bool(grade.message)


def root_mistakes(grade: Grade | None) -> Iterator[RootMistake]:
    """Every mistake of a graded submission that does not follow from another; none where the file did not load."""
    if grade is None or grade.status != "graded" or not_loaded(grade):
        return
    for group in _by_cause(grade):
        found = mistakes(group[0])
        lost = sum(gradient.max_score - gradient.score for gradient in group)
        affected = tuple(gradient.name for gradient in group[1:])
        for mistake in found:
            yield RootMistake(group[0].name, mistake, lost / len(found), affected)


def _by_cause(grade: Grade) -> list[list[GradientResult]]:
    """The gradients, grouped by the mistake behind them: the same exception on the same line, or an inherited error."""
    groups: dict[tuple[str, ...], list[GradientResult]] = {}
    for gradient in sorted(grade.gradients, key=lambda gradient: bool(gradient.inherits)):
        if gradient.inherits and (gradient.inherits[0],) in groups:
            groups[(gradient.inherits[0],)].append(gradient)
            continue
        ran = gradient.status not in RUNTIME
        key = (gradient.name,) if ran else (gradient.status, gradient.message, str(gradient.line))
        groups.setdefault(key, []).append(gradient)
    return list(groups.values())


def mistakes(gradient: GradientResult) -> list[Mistake]:
    """What is wrong with one gradient by itself; of several hypotheses that fit equally well, the first."""
    if gradient.status in ("passed", "followed_through", "not_graded"):
        return []
    diagnosis = gradient.diagnosis
    if gradient.status in RUNTIME:  # by the exception, not by the line, which is another in every file
        explained = diagnosis.mistakes if diagnosis else []
        statement = explained[0].statement if explained else STATUS_LABELS[gradient.status]
        return [Mistake("runtime", problem_name(gradient), statement)]
    if diagnosis is not None and diagnosis.mistakes:
        return diagnosis.mistakes[:1] if diagnosis.certainty == "tie" else diagnosis.mistakes
    return [_without_diagnosis(gradient)]


def _without_diagnosis(gradient: GradientResult) -> Mistake:
    """What the checks alone show."""
    if gradient.status == "missing":
        return Mistake("missing", "", "the function is not written yet")
    failed = next((check for check in gradient.checks if check.outcome == "failed"), None)
    if failed is not None and failed.name == "shape":
        return Mistake("shape", "", failed.message or "the gradient has the wrong shape")
    if failed is not None and failed.name == "reference":
        return Mistake("numerical-gradient", "", "right to a few digits only, like a numerical derivative")
    return Mistake("unexplained", "", "no known mistake gives these numbers")


def problem_name(gradient: GradientResult) -> str:
    """The kind of a runtime problem: the name of the exception where there is one."""
    if gradient.status != "raised":
        return STATUS_LABELS[gradient.status]
    name = gradient.message.partition(":")[0].strip()
    return name if name.isidentifier() and len(name) <= 60 else STATUS_LABELS["raised"]


def kind_label(kind: str) -> str:
    return KIND_LABELS.get(kind, kind)


def signal_label(kind: str) -> str:
    return SIGNAL_WORDS.get(kind, kind)
