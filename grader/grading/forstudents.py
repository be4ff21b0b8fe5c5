"""A grade as its student sees it: students' sentences, and one short line of their own code's output per gradient.  Pure.

What an instructor reads about a mistake names what belongs there: here it is replaced, for every channel.

An exception can carry anything, including the secret numbers of a sample point.  Instructors see all of it; students see enough
to find the mistake, once, and nothing that was printed.
"""

from collections.abc import Mapping

import msgspec

from grader.config.keys import Hints
from grader.records.result import RUNTIME, UNWRITTEN, WARNED, WHOLE, Diagnosis, Grade, GradientResult
from grader.text import one_line

LINE = 200  # characters
_KIND = 40  # ... of the type of an exception, where its message is not repeated: a student can name one

_OWN_WORDS = ("raised", "out_of_memory", "missing")  # any other message is the grader's


Levels = int | Mapping[str, int]  # how many levels of hints are shown: of all gradients, or by name


def shortened(grade: Grade, settings: Hints, levels: Levels) -> Grade:
    """The same grade with at most one line of LINE characters of each gradient's own messages.

    Args:
        levels: how many levels of hints the student sees; from `diagnosis_level` on also what the numbers are.
    """
    grade = up_to(grade, settings, levels)
    loading = _loading_message(grade)
    return msgspec.structs.replace(
        grade,
        message=grade.message.removesuffix(loading) + own_line(loading),
        printed="",
        gradients=[_with_one_line(result) for result in grade.gradients],
    )


def for_students(grade: Grade, settings: Hints, levels: Levels) -> Grade:
    """The same, with what several gradients have in common once: for readers to whom each gradient is a page of its own."""
    short = with_notes_once(shortened(grade, settings, levels))
    seen: dict[str, str] = {}
    gradients = []
    for result in short.gradients:
        own = result.message.startswith(UNWRITTEN) if result.status == "missing" else result.status in _OWN_WORDS
        first = seen.setdefault(result.message, result.name) if own and result.message else result.name
        kind = _kind(result.message)
        again = kind if result.status == "missing" else f"{kind}: the same as in {first}"
        gradients.append(result if first == result.name else msgspec.structs.replace(result, message=again))
    return msgspec.structs.replace(short, gradients=gradients)


def with_notes_once(grade: Grade) -> Grade:
    """A note that several gradients have is at the first of them, with the names of the others."""
    owners: dict[str, list[str]] = {}
    for result in grade.gradients:
        for note in dict.fromkeys(result.notes):
            owners.setdefault(note, []).append(result.name)

    def seen(result: GradientResult) -> GradientResult:
        mine = [note for note in dict.fromkeys(result.notes) if owners[note][0] == result.name]
        notes = [f"{note}; the same in {', '.join(others)}" if (others := owners[note][1:]) else note for note in mine]
        return msgspec.structs.replace(result, notes=notes)

    return msgspec.structs.replace(grade, gradients=[seen(result) for result in grade.gradients])


def up_to(grade: Grade, settings: Hints, levels: Levels) -> Grade:
    """With hints up to a level each, and students' sentences in place of instructors'."""

    def seen(result: GradientResult) -> GradientResult:
        level = levels if isinstance(levels, int) else levels.get(result.name, 0)
        told = settings.diagnosis_level is not None and level >= settings.diagnosis_level
        diagnosis = None if result.diagnosis is None else _students(result.diagnosis, told=told)
        hints = result.hints[:level]
        for mistake in diagnosis.mistakes if diagnosis is not None and told else ():
            hints = [hint.removeprefix(f"{mistake.statement} ") for hint in hints]  # which need not say it again
        return msgspec.structs.replace(result, hints=hints, diagnosis=diagnosis)

    return msgspec.structs.replace(grade, gradients=[seen(result) for result in grade.gradients])


def _students(diagnosis: Diagnosis, *, told: bool) -> Diagnosis:
    """Without the names of what belongs; an explained exception, which is about the student's own line, is always there."""
    mistakes = [
        one
        if one.kind == RUNTIME
        else msgspec.structs.replace(one, where=WHOLE * (one.where == WHOLE), statement=one.student if told else "")
        for one in diagnosis.mistakes
    ]
    properties = diagnosis.properties if told else []
    return msgspec.structs.replace(diagnosis, mistakes=mistakes, properties=properties, runner_up="")


def _kind(message: str) -> str:
    """The type of an exception, or how else a message begins."""
    kind = message.partition(":")[0]
    return one_line(kind, _KIND) if kind.isidentifier() else kind


def own_line(text: str) -> str:
    """A student's text on one line, cut."""
    return one_line(" ".join(text.split()), LINE)


def _loading_message(grade: Grade) -> str:
    """The student's own words on why the file could not be loaded, which end the message; "" where there are none."""
    found = (one for one in grade.gradients if one.not_run and one.status in _OWN_WORDS and one.status != "missing")
    return next((one.message for one in found), "")


def _with_one_line(result: GradientResult) -> GradientResult:
    """Its message or, where it has none of its own, its first warning."""
    own = result.status in _OWN_WORDS and not result.not_run
    message = "" if result.not_run else own_line(result.message) if own else result.message
    notes = [note for note in result.notes if not note.startswith(WARNED)]
    warned = [note for note in result.notes if note.startswith(WARNED)]
    if warned and not (own and message):
        warning = own_line(warned.pop(0).removeprefix(WARNED))
        more = f" (and {len(warned)} more)" if warned else ""
        notes.append(f"{WARNED}{warning}{more}")
    elif warned:
        notes.append(f"{len(warned)} warning{'s' * (len(warned) > 1)}")
    return msgspec.structs.replace(result, message=message, notes=notes, printed="")
