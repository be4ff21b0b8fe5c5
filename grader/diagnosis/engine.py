"""Diagnose every wrong gradient of a submission: from its answers to an explanation each.  Pure.

The order: what one number or one rearrangement explains; then the tables of mutants; silence where nothing is found.
"""

from collections.abc import Mapping, Sequence

from grader.answers import Answer
from grader.assignment import Assignment
from grader.diagnosis.plain import arrangements, same, scale_edit
from grader.diagnosis.story import Explanation, Story
from grader.followthrough import Carried
from grader.graph import Array
from grader.judge import Judgement
from grader.result import Diagnosis


def diagnose(
    assignment: Assignment,
    judgements: Mapping[str, Judgement],
    answers: Mapping[str, Sequence[Answer]],
    carried: Mapping[str, Carried],
) -> dict[str, Explanation]:
    """Why each gradient that failed by itself is wrong; those that follow from the student's own are not accused."""
    found = {}
    for name, judgement in judgements.items():
        if not judgement.passed and name not in carried:
            values = numbers(assignment, judgement, answers[name])
            if values is not None:
                found[name] = explain(assignment, name, values)
    return found


def numbers(assignment: Assignment, judgement: Judgement, answers: Sequence[Answer]) -> list[Array] | None:
    """The answer as real numbers, of whatever shape, in the direction of the loss."""
    if judgement.values is not None:
        return judgement.values
    arrays = [answer.value.array() for answer in answers if answer.value is not None]
    if len(arrays) != len(answers) or any(array.dtype.kind not in "biuf" for array in arrays):
        return None
    return [assignment.config.sign * array.astype(float) for array in arrays]


def explain(assignment: Assignment, name: str, values: list[Array]) -> Explanation:
    right = assignment.exact[name]
    sizes = [step.sizes for step in assignment.steps]
    for arranged, edits in arrangements(values, right):
        scale = scale_edit(arranged, right, sizes, 1e-9)
        both = (*edits, *([scale] if scale else []))
        if both and (scale is not None or same(arranged, right, 1e-9)):
            story = Story(both, "", sum(edit.cost for edit in both), "numeric")
            return Explanation(Diagnosis("exact", story.mistakes()), tuple(e.operator for e in both), (story,))
    return Explanation(Diagnosis("none"))
