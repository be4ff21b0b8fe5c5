"""Are the hints complete, and do hints and misconceptions give nothing away?"""

from collections.abc import Mapping

from grader.config.keys import Gradient
from grader.diagnosis.hints import ANY, LEVELS, Entry, all_placeholders, filled, load_hints
from grader.diagnosis.misconceptions import all_misconceptions, evaluate, misconceptions, named_hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.validation.finding import Finding, finding
from grader.validation.leaks import leaks

SAME = 1e-9
OTHER_TOPICS = (
    "recomputed missing-number runtime runtime-shape runtime-name shape constant none observation missing-result not-numbers"
    " not-real not-finite"
).split()


def topics(assignment: Assignment) -> list[str]:
    """Everything that a hint may be about."""
    kinds = {operator.kind for operator in OPERATORS.values()}
    return [
        *OPERATORS,
        *sorted(kinds - set(OPERATORS)),
        *OTHER_TOPICS,
        *[entry.name for entry in all_misconceptions(assignment)],
        ANY,
    ]


def check_hints(assignment: Assignment) -> Finding:
    """Each operator has hints, and no hint contains an expression or a number of the right answer."""
    optional = {ANY, *[entry.name for entry in all_misconceptions(assignment)]}
    entries = load_hints(assignment, topics(assignment))
    covered = {topic for entry in entries for topic in entry.topics}
    problems = [f"no hints for {topic}" for topic in topics(assignment) if topic not in covered | optional]
    count = 0
    places = [*assignment.config.quantities, *assignment.names, *assignment.graph.helpers]
    for gradient in assignment.config.gradients:
        values = {place: all_placeholders(assignment, gradient, place, place) for place in ("", *places)}
        for entry in entries:
            if not entry.gradients or gradient.name in entry.gradients:
                count += LEVELS
                problems += _leaks(assignment, gradient, entry, values)
    good, bad = f"{count} hints, none gives a gradient away", "hints are missing, or give a gradient away"
    return finding("hints", good, bad, problems)


def _leaks(
    assignment: Assignment, gradient: Gradient, entry: Entry, values: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """What the texts of an entry give away; `values` are the placeholders for a mistake at each place, "" for none."""
    found = []
    for level, text in enumerate(entry.texts, start=1):
        named = "{where}" in text or "{within}" in text
        shown = dict.fromkeys(filled(text, values[place]) for place in values if bool(place) == named)
        found += [
            f"{gradient.name}, {entry.topics[0]}, level {level}: {leak}"
            for one in shown
            for leak in leaks(assignment, gradient.name, one, strict=True, numbers=not entry.built_in)
        ]
    return found


def check_misconceptions(assignment: Assignment) -> Finding:
    """Each named misconception is wrong, has numbers of its own, and gives nothing away."""
    problems = []
    entries = misconceptions(assignment)
    for entry in entries:
        for name in entry.gradients:
            values = evaluate(assignment, entry, name, {})
            right = assignment.exact[name]
            if all(v.shape == r.shape and relative_error(v, r) <= SAME for v, r in zip(values, right, strict=True)):
                problems.append(f"{entry.name}: its formula is the right one for {name}")
            texts = [entry.says, entry.for_students] if entry.student else [entry.says]
            problems += [
                f"{entry.name}: says {leak}" for text in texts for leak in leaks(assignment, name, text, strict=True)
            ]
            hypothesis = named_hypothesis(entries, assignment, name, values, {}, SAME)
            if hypothesis is not None and hypothesis.operator != entry.name:
                problems.append(f"{entry.name}: has the numbers of {hypothesis.operator}, which comes before it")
    return finding(
        "misconceptions", f"{len(entries)} of your own, each with its own numbers", "some cannot be used", problems
    )
