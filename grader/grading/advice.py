"""What students read beside the marks: why a function raised, where it first goes wrong, and the hints.  Pure; decides no marks.

A reason comes from the student's process: it is repeated as text, and nothing else follows from it.
"""

import builtins
import re
import warnings
from collections.abc import Collection, Mapping, Sequence

import msgspec
import numpy as np

from grader.checks.check import real_array
from grader.checks.followthrough import fits
from grader.config.keys import Gradient
from grader.diagnosis.hints import Entry, hints_for
from grader.diagnosis.hypothesis import Explanation
from grader.diagnosis.knowledge import Knowledge
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.students import SENTENCES, as_one_of_several
from grader.diagnosis.traced.location import locate
from grader.diagnosis.traced.twoplaces import in_two_places
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.result import RUNTIME, Diagnosis, GradientResult, Mistake
from grader.records.run import Answer, Run, Traced, place

RECOMPUTED, MISSING_NUMBER = "recomputed", "missing-number"
_NUMBER = re.compile(r"[\d./ ]+")
_GIVEN = re.compile(r"^Given your own (\w+(?:, \w+)* and \w+), ")  # as in traced.phrases
_PRODUCT = re.compile(r"  (?:@|np\.\w+)  .*, which gives \(")  # as in sentences.PRODUCT
SEVERAL = "More than one thing is wrong here. Start with this one:"  # a hint knows of no other mistake
_NOT_ABOUT_ARRAYS = (OSError, ImportError, ArithmeticError)  # but a file, a module, a number: their own message says it
_SHAPE_ERRORS = ("ValueError", "IndexError", "LinAlgError", "AxisError", "UFuncTypeError")


def advise(
    assignment: Assignment,
    hints: Sequence[Entry],
    result: GradientResult,
    answer: Answer | None,
    explanation: Explanation | None,
) -> GradientResult:
    """The same result, with its exception explained and with hints, where something is wrong with it.

    Args:
        answer: the last answer of the gradient.
    """
    if answer is None:
        return result
    if result.status == "raised":
        result = msgspec.structs.replace(result, diagnosis=_runtime(answer))
    gradient = next(gradient for gradient in assignment.config.gradients if gradient.name == result.name)
    topics = _topics(assignment, gradient, result, answer, explanation)
    if not topics:
        return result
    mistakes = result.diagnosis.mistakes if result.diagnosis is not None else []
    hypothesis = explanation.hypotheses[0] if explanation is not None and explanation.hypotheses else None
    within = hypothesis.edits[0].within if hypothesis is not None else ""
    part = explanation.place.partition(" ")[2] if explanation is not None else ""
    texts = hints_for(hints, assignment, gradient, topics, mistakes[0].where if mistakes else "", within, part)
    if texts and hypothesis is not None and hypothesis.is_several:
        operator = explanation.operators[0] if explanation is not None and explanation.operators else ""
        texts[0] = f"{SEVERAL} {as_one_of_several(operator, texts[0])}"
    if texts and hypothesis is not None and hypothesis.own:
        texts[0] = f"Given your own {hypothesis.own}: {_after_colon(texts[0], assignment.config.quantities)}"
    return msgspec.structs.replace(result, hints=texts)


def _after_colon(text: str, names: Collection[str]) -> str:
    """A sentence as it goes on after a colon: only a name keeps its capital."""
    first = re.match(r"(A|[A-Z][a-z]+)\b(?! =)", text)
    return text[:1].lower() + text[1:] if first is not None and first[0] not in {*names} - {"A"} else text


def with_random_numbers(result: GradientResult, replaced: Collection[str]) -> GradientResult:
    """The same result where what it calls the student's own are the random numbers that stood in for some gradients."""

    def reworded(text: str) -> str:
        for name in replaced:
            text = text.replace(f"Given your own {name}:", f"Whatever {name} returns:")
            text = text.replace(f"your own {name}", f"the random numbers in place of {name}")
        return text

    diagnosis = result.diagnosis
    if diagnosis is not None:
        mistakes = [
            msgspec.structs.replace(one, statement=reworded(one.statement), student=reworded(one.student))
            for one in diagnosis.mistakes
        ]
        diagnosis = msgspec.structs.replace(diagnosis, mistakes=mistakes)
    hints = [reworded(hint) for hint in result.hints]
    where = reworded(_GIVEN.sub(_one_by_one, result.where))
    return msgspec.structs.replace(result, diagnosis=diagnosis, hints=hints, where=where)


def _one_by_one(given: re.Match[str]) -> str:
    """Some of several gradients may be the student's own, and some not."""
    names = re.split(", | and ", given[1])
    return f"Given {' and '.join(f'your own {name}' for name in names)}, "


def _runtime(answer: Answer) -> Diagnosis | None:
    """An explained exception as a mistake: where is the line, the statement says which expression and why."""
    kind = getattr(builtins, answer.message.partition(":")[0], None)
    if not answer.explanation or (isinstance(kind, type) and issubclass(kind, _NOT_ABOUT_ARRAYS)):
        return None
    where = place(answer.line, answer.cell)
    text = "\n".join(answer.explanation)
    return Diagnosis("exact", [Mistake(RUNTIME, where, text, text)])


def _topics(
    assignment: Assignment,
    gradient: Gradient,
    result: GradientResult,
    answer: Answer,
    explanation: Explanation | None,
) -> list[str]:
    """What the hints are about, the most special first."""
    if result.status == "raised":
        if result.diagnosis is None:
            return []
        named = answer.message.partition(":")[0]
        if named == "RecursionError":
            return [f"{RUNTIME}-recursion"]
        if not answer.line:  # no line of the function ran: hints that speak of one do not apply
            return [f"{RUNTIME}-call"] if named == "TypeError" else []
        return [f"{RUNTIME}-shape" if named in _SHAPE_ERRORS else f"{RUNTIME}-name", RUNTIME]
    if result.status != "failed":
        return []
    if explanation is not None and explanation.diagnosis.mistakes:
        recomputed = [RECOMPUTED] if explanation.hypotheses[0].edits[0].within else []
        mistake = explanation.diagnosis.mistakes[0]
        number = [MISSING_NUMBER] if mistake.kind == "missing-factor" and _NUMBER.fullmatch(mistake.where) else []
        return [*recomputed, *number, explanation.operators[0], mistake.kind]
    failed = {check.name for check in result.checks if check.outcome == "failed"}
    if "shape" in failed:
        return [_shape_topic(assignment, gradient, answer)]
    if "reference" in failed:
        return ["numerical-gradient"]
    return [_unusual(answer.value.array()) if answer.value is not None else "none"]


def _shape_topic(assignment: Assignment, gradient: Gradient, answer: Answer) -> str:
    if answer.value is None:
        if answer.returned == "NoneType":
            return "missing-result"
        return "shape" if answer.message.startswith("it has shape") else "not-numbers"
    if answer.value.shape != assignment.points[-1].shape(assignment.symbolic(gradient)):
        return "shape"
    return "constant" if np.isfinite(answer.value.array()).any() else "not-finite"


def _unusual(value: Array) -> str:
    """What hints are about when no diagnosis was made."""
    if value.dtype.kind == "c":
        return "not-real"
    return "none" if np.isfinite(value).all() else "not-finite"


def add_places(
    assignment: Assignment,
    knowledge: Knowledge,
    results: list[GradientResult],
    run: Run,
    given: Mapping[str, Mapping[str, list[Array]]] | None = None,
) -> list[GradientResult]:
    """With the lines at which the calculation first goes wrong, and numpy's silent traps, where a run was traced.

    Args:
        given: for those that were traced with others replaced, what their upstream gradients were.
    """
    given = given or {}
    answers = {**run.answers, **{name: run.substituted[name].answers for name in given}}
    traces = run.traces
    wrong = {result.name for result in results if result.status == "failed" and not result.inherits}
    # Right but for the last digits: no line of it is wrong.
    off = {
        one.name for one in results if one.name in wrong and one.checks[-1].outcome != "failed" and not _rounded(one)
    }
    random = {name for name in wrong if is_random(answers.get(name, ()), traces.get(name, ()))}
    # Tracing a line may evaluate it once more, and so change an input twice: these numbers are not those of the run.
    changing = {name for name in random if any(answer.mutated for answer in answers[name])}
    traced = {name: [a.traced for a in found] for name, found in traces.items() if name in off - random}
    try:
        own = _own_wrong(assignment, results, answers)
        upstream = {name: {**given[name], **_only(name, own)} if name in given else own for name in traced}
        apart = {name: _apart(knowledge, results, name, trace, upstream[name]) for name, trace in traced.items()}
        diagnoses = {result.name: result.diagnosis for result in results}
        places = {
            name: locate(assignment, knowledge.landmarks, name, trace, upstream[name], apart[name] or diagnoses[name])
            for name, trace in traced.items()
        }
    except Exception as error:  # as with a diagnosis, the marks stand
        warnings.warn(f"no line of a mistake: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)
        places, apart = {}, {}

    def placed(result: GradientResult) -> GradientResult:
        if result.name in random:
            inherited = [other for other in assignment.ancestors[result.name] if other in random]
            return result if inherited or result.name in changing else _random(assignment, knowledge.hints, result)
        lines = [line for answer in traces.get(result.name, ()) for line in answer.explanation]
        # Where the shape is as it should be, so are those in products.  Zeros of the right shape fail this check, too.
        of_shape = result.checks[0].outcome == "failed" and _has_another_shape(
            assignment, answers.get(result.name, ()), result.name
        )
        notes = [*result.notes, *(line for line in lines if of_shape or not _PRODUCT.search(line))]
        diagnosis = apart.get(result.name) or result.diagnosis
        located = msgspec.structs.replace(
            result, diagnosis=diagnosis, where=places.get(result.name, ""), notes=list(dict.fromkeys(notes))
        )
        return with_random_numbers(located, run.substituted[result.name].replaced) if result.name in given else located

    return [placed(result) if result.name in wrong else result for result in results]


def _has_another_shape(assignment: Assignment, answers: Sequence[Answer], name: str) -> bool:
    return any(
        answer.value is not None and answer.value.shape != right.shape
        for answer, right in zip(answers, assignment.exact[name])
    )


def _only(name: str, own: Mapping[str, list[Array]]) -> dict[str, list[Array]]:
    return {name: own[name]} if name in own else {}  # of a shape that nothing can build on, there are no numbers


def _rounded(result: GradientResult) -> bool:
    return result.diagnosis is not None and any(one.kind == "numerical-gradient" for one in result.diagnosis.mistakes)


def _apart(
    knowledge: Knowledge,
    results: Sequence[GradientResult],
    name: str,
    traces: Sequence[Sequence[Traced]],
    own: Mapping[str, list[Array]],
) -> Diagnosis | None:
    """Two mistakes in two places, where the numbers alone did not settle which."""
    diagnosis = next(result.diagnosis for result in results if result.name == name)
    values = own.get(name)
    if values is None or diagnosis is None or diagnosis.certainty not in ("observation", "none"):
        return None
    others = {other: found for other, found in own.items() if other != name}
    return in_two_places(knowledge, name, values, traces, others)


def is_random(answers: Sequence[Answer], again: Sequence[Answer]) -> bool:
    """Whether a second call with the same sample point gave other numbers."""
    return any(
        one.value is not None and two.value is not None and one.value != two.value
        for one, two in zip(answers, again, strict=False)
    )


def _random(assignment: Assignment, hints: Sequence[Entry], result: GradientResult) -> GradientResult:
    """Answers that differ from call to call have no other cause, and no line of a mistake."""
    gradient = next(gradient for gradient in assignment.config.gradients if gradient.name == result.name)
    edit = OPERATORS["random"].edit("the result")
    diagnosis = Diagnosis("exact", [Mistake(edit.kind, edit.where, edit.statement, SENTENCES[edit.operator])])
    return msgspec.structs.replace(
        result, diagnosis=diagnosis, where="", hints=hints_for(hints, assignment, gradient, [edit.operator, edit.kind])
    )


def _own_wrong(
    assignment: Assignment, results: list[GradientResult], answers: Mapping[str, Sequence[Answer]]
) -> dict[str, list[Array]]:
    """The student's wrong gradients, in the direction of the loss: others may build on them, even on a wrong shape."""
    found = {}
    for result in results:
        if result.status in ("failed", "followed_through"):
            values = [real_array(assignment, answer) for answer in answers.get(result.name, ())]
            real = [value for value in values if value is not None]
            if len(real) == len(assignment.points) == len(values) and fits(assignment, result.name, real):
                found[result.name] = real
    return found
