"""Two mistakes in one gradient, where a traced run shows two places.

From the numbers alone, two mistakes are only an observation.  Where a name holds what one mistake makes of an upstream gradient,
and the answer is what one more mistake makes of that, both are certain.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grader.diagnosis.comparison import Target
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.knowledge import Knowledge
from grader.diagnosis.students import student_sentences
from grader.diagnosis.traced.events import Key, at_all_points, value_text
from grader.records.result import Diagnosis, Mistake
from grader.records.run import Traced

MOST_VALUES = 20
TOLERANCE = 1e-9


def in_two_places(
    knowledge: Knowledge, name: str, values: Values, traces: Sequence[Sequence[Traced]], own: Mapping[str, Values]
) -> Diagnosis | None:
    """The diagnosis of two mistakes, each with its own place; None where the trace does not show both.

    Args:
        values: the answer, in the direction of the loss.
        own: the student's own wrong gradients, which the answer may build on.
    """
    finder, assignment = knowledge.finder, knowledge.assignment
    if finder is None or len(traces) != len(assignment.points):
        return None
    sizes = [point.sizes for point in assignment.points]
    for key, upstream, found in _upstream_values(knowledge, name, traces):
        first = finder.single(upstream, Target(found, sizes, TOLERANCE), own)
        if first is None:
            continue
        second = finder.single(name, Target(values, sizes, TOLERANCE), {upstream: found})
        if second is not None and second.own == upstream:
            place = f"{value_text(name, key)}, as {upstream}"
            return Diagnosis(
                "exact", [_mistake(knowledge, upstream, first, f"{place}: "), _mistake(knowledge, name, second)]
            )
    return None


def _upstream_values(
    knowledge: Knowledge, name: str, traces: Sequence[Sequence[Traced]]
) -> Iterator[tuple[Key, str, Values]]:
    """The traced values with the shape of an upstream gradient that are not right: where, of which gradient, and the values."""
    assignment = knowledge.assignment
    for number, (key, traced) in enumerate(at_all_points(traces)):
        if number == MOST_VALUES:
            return
        if key[0] != name and key[0] in assignment.names:
            continue
        found = [assignment.config.sign * value for value in traced]
        for upstream in assignment.ancestors[name]:
            right = assignment.exact[upstream]
            same = all(value.shape == truth.shape for value, truth in zip(found, right, strict=True))
            if same and not all(map(np.allclose, found, right)):
                yield key, upstream, found


def _mistake(knowledge: Knowledge, name: str, hypothesis: Hypothesis, place: str = "") -> Mistake:
    [mistake] = hypothesis.mistakes()
    [student] = student_sentences(hypothesis, knowledge.formula(name), knowledge.used(name))
    return Mistake(mistake.kind, mistake.where, place + mistake.statement, place + student)
