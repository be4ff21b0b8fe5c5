"""A grade in plain text, as every format words it: what to fix first, verdicts, details, a first hint.  Never a right answer."""

import re
from collections.abc import Sequence

from grader.records.result import RUNTIME, UNWRITTEN, CheckResult, Grade, GradientResult, GradientStatus
from grader.records.run import place
from grader.text import one_line, several_lines

STATUS_LABELS: dict[GradientStatus, str] = {
    "passed": "right",
    "failed": "wrong",
    "followed_through": "right, given an earlier mistake",
    "missing": "not written yet",
    "raised": "raised an exception",
    "timed_out": "took too long",
    "out_of_memory": "used too much memory",
    "died": "ended the process",
    "not_graded": "not graded",
}
CHECK_LABELS = {"shape": "shape", "finite_difference": "finite differences", "reference": "exact formula"}
NOT_FOUND, NOT_RUN = "not found", "not run"
MOST_FACTS, MOST_NAMES = 3, 4
_CERTAINTY = {"tie": "either", "observation": "seen"}
_LINE = r"((?:cell \d+, )?line \d+)"
_GOES_WRONG = re.compile(rf"^(?:Up to|In) {_LINE}")


def figure(grade: Grade, *, staff: bool) -> str:
    """How it went as a whole, such as "6 of 8 gradients right" or, with marks, "60 / 100"."""
    if grade.status == "not_graded":
        return "not graded"
    if staff:
        return f"{_number(grade.score)} / {_number(grade.max_score)}"
    right, given = (sum(one.status == status for one in grade.gradients) for status in ("passed", "followed_through"))
    return f"{right} of {len(grade.gradients)} gradient{'s' * (len(grade.gradients) != 1)} right" + (
        f", {given} more given an earlier mistake" if given else ""
    )


def marks(result: GradientResult) -> str:
    """Its marks, such as "7.5 / 15"."""
    return f"{_number(result.score)} / {_number(result.max_score)}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def label(result: GradientResult) -> str:
    """Its status in a few words."""
    if result.not_run:
        return NOT_RUN
    return NOT_FOUND if not_found(result) else STATUS_LABELS[result.status]


def verdict(result: GradientResult) -> str:
    """One line, such as "right, given your dJ_db2"."""
    if result.inherits:
        return inherits(result)
    if result.follow_through is not None:
        return f"right, given your {' and '.join(result.follow_through.roots or result.follow_through.sources)}"
    return label(result)


def inherits(result: GradientResult) -> str:
    """Which gradients it fails because of, such as "is wrong because of dJ_db2"; for a table."""
    return f"{'stops' if result.status == 'raised' else 'is wrong'} because of {listed(result.inherits)}"


def fix_first(results: Sequence[GradientResult]) -> str:
    """One line on gradients that all fail because of the same other ones."""
    stopped = [result for result in results if result.status == "raised"]
    wrong = [result.name for result in results if result.status != "raised"]
    them = "it" if len(results[0].inherits) == 1 else "them"
    parts = []
    if stopped:
        by_place: dict[str, list[str]] = {}
        for result in stopped:
            by_place.setdefault(place(result.line, result.cell), []).append(result.name)
        places = [listed(names) + f" ({where})" * bool(where) for where, names in by_place.items()]
        uses, stops = ("uses", "stops") if len(stopped) == 1 else ("use", "stop")
        parts.append(f"{listed(places)} {uses} {them} and {stops} because of {them}")
    if wrong:
        parts.append(f"the numbers of {listed(wrong)} follow from {them}")
    return f"Fix {listed(results[0].inherits)} first: {'; '.join(parts)}."


def line_of(result: GradientResult) -> str:
    """The line, and in a notebook the cell, at which a gradient raised or first goes wrong; "" where that is not known."""
    found = _GOES_WRONG.search(result.where)
    return found[1] if found else place(result.line, result.cell)


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def of_the_file(grade: Grade) -> str:
    """What concerns the whole file: why it could not be loaded, or that it has none of the functions."""
    none = bool(grade.gradients) and all(_absent(one) and not one.not_run for one in grade.gradients)
    if grade.message or not none:
        return grade.message
    name, names = one_line(grade.submission, 200), [one.name for one in grade.gradients]
    some = listed([*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES + 1 else names)
    if _none_found(grade) and (reason := grade.gradients[0].message):
        return f"None of the required functions was found: {reason}"
    return (
        "None of the required functions is in this file. Did you save it? Is it the right file?"
        f" Are the functions named correctly? Expected in {name}: {some}."
    )


def at_top(grade: Grade, result: GradientResult) -> bool:
    """What there is to say about it concerns the whole file, and `of_the_file` says it once."""
    return result.not_run or _none_found(grade)


def _none_found(grade: Grade) -> bool:
    """None of the functions is there, all for the same reason."""
    return all(_absent(one) and not one.not_run for one in grade.gradients) and (
        len({one.message for one in grade.gradients}) == 1
    )


def _unmarked(hint: str) -> str:
    from grader.output.markdown import unmarked  # loaded once there is a hint

    return unmarked(hint)


def head(grade: Grade) -> str:
    """The text above the gradients: what concerns the whole file, and notes on it, which cost nothing."""
    return several_lines("\n\n".join(filter(None, [of_the_file(grade), *(f"Note: {note}." for note in grade.notes)])))


def not_found(result: GradientResult) -> bool:
    """There is no such function, and the message says why: it may well be written."""
    return _absent(result) and bool(result.message)


def _absent(result: GradientResult) -> bool:
    """There is no such function; a stub, which raises, is only not written yet."""
    return result.status == "missing" and not result.message.startswith(UNWRITTEN)


def details(grade: Grade, result: GradientResult, *, marked: bool = False, headed: bool = False) -> list[str]:
    """The lines below the verdict; none if all is right.

    Args:
        marked: hints keep their `code` and *emphasis*, for Markdown.
        headed: the text above the gradients contains `head`, which says why a file could not be loaded.
    """
    notes = [several_lines(f"note: {note}") for note in result.notes]
    if result.status in ("passed", "followed_through"):
        return notes
    if result.inherits:
        return [fix_first([result]), *notes]
    if headed and at_top(grade, result):
        return notes
    message = [text] if result.message and (text := happened(result)) else []
    checks = [f"{check.name.replace('_', ' ')}: {check.message}" for check in result.checks if check.message]

    hints = [f"hint: {hint if marked else _unmarked(hint)}" for hint in result.hints[:1]]
    return [*map(several_lines, [*message, *explained(result), *why(result), *checks, *hints]), *notes]


def happened(result: GradientResult) -> str:
    """Why there was nothing to check; an exception that we explain goes without numpy's own text."""
    where = place(result.line, result.cell)
    message = result.message.partition(": ")[0] if explained(result) else result.message
    if message == f"{UNWRITTEN}: {result.name} is not written yet":
        return ""  # our stub: the verdict says the same
    return f"{where}: {message}" if where else message


def explained(result: GradientResult) -> list[str]:
    """An exception explained: the expression that failed, with its shapes.  Only about the student's own code."""
    mistakes = result.diagnosis.mistakes if result.diagnosis is not None else []
    return [line for mistake in mistakes if mistake.kind == RUNTIME for line in mistake.statement.splitlines()]


def why(result: GradientResult) -> list[str]:
    """The diagnosis, a line each or, without one, a few facts about the numbers; then the line at which they go wrong."""
    diagnosis = result.diagnosis
    if diagnosis is None:
        return [result.where] if result.where else []
    head = _CERTAINTY.get(diagnosis.certainty, "why")
    mistakes = [f"{head}: {one.statement}" for one in diagnosis.mistakes if one.kind != RUNTIME and one.statement]
    facts = [] if diagnosis.mistakes else [f"seen: {fact}" for fact in diagnosis.properties[:MOST_FACTS]]
    other = [f"or: {diagnosis.runner_up}"] if diagnosis.runner_up else []
    return [*mistakes, *other, *facts, *filter(None, [result.where])]


def cause(gradient: GradientResult) -> tuple[object, ...]:
    """Equal for gradients that are reported together."""
    if gradient.status == "missing":
        return ("missing", gradient.message if not_found(gradient) else "")
    if gradient.inherits:
        return ("inherits", *gradient.inherits)
    if gradient.message and gradient.line:
        return (gradient.message, gradient.line, gradient.cell)
    return (gradient.name,)


def groups(grade: Grade) -> list[list[GradientResult]]:
    """The gradients that there is something to report of; those with the same cause are reported together."""
    found: dict[tuple[object, ...], list[GradientResult]] = {}
    for gradient in grade.gradients:
        if gradient.inherits and not gradient.notes:
            continue  # reported below what it fails because of
        if at_top(grade, gradient):
            continue
        if gradient.status not in ("passed", "followed_through") or gradient.notes:
            found.setdefault(cause(gradient), []).append(gradient)
    return list(found.values())


def others_too(group: Sequence[GradientResult]) -> str:
    """The gradients of a group but the first, in a line."""
    also = "so are" if group[0].status == "missing" else "the same in"
    return f"{also} {', '.join(other.name for other in group[1:])}"


def earned(result: GradientResult, check: CheckResult) -> float:
    """The marks of one check, including what follow-through keeps of them."""
    if result.status == "not_graded":
        return 0.0
    if result.follow_through is None or check.outcome == "passed":
        return check.score
    rest = sum(one.max_score for one in result.checks if one.outcome != "passed")
    return check.max_score * result.follow_through.score / rest if rest > 0 else 0.0


def fraction(score: float, most: float) -> float:
    """`score` as a part of `most`, from 0 to 1."""
    return round(min(max(score / most, 0.0), 1.0), 6) if most > 0 else 0.0
