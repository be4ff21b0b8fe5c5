"""From what the checks found to marks: every gradient's status, checks and score.  Pure; runs nothing, opens nothing.

The sum over the checks plus what follow-through keeps is the score of a gradient; the sum of those is the submission's.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from grader.checks.check import SKIPPED, Verdict, Verdicts
from grader.checks.checked import Checked
from grader.checks.followthrough import Propagated
from grader.checks.integrity import signals_of, tables, unexplained
from grader.checks.tampering import tampering
from grader.config.keys import CHECKS, Gradient
from grader.problem.assignment import Assignment
from grader.records.result import WARNED, CheckResult, FollowThrough, Grade, GradientResult, GradientStatus, Signal
from grader.records.run import Answer, place, stopped
from grader.text import one_line

if TYPE_CHECKING:
    from grader.diagnosis.hypothesis import Explanation
    from grader.diagnosis.knowledge import Knowledge

FORMAT = 1
_MAX_NAME = 200


def grade(assignment: Assignment, checked: Checked, knowledge: "Knowledge | None" = None) -> Grade:
    """The grade of a run.

    Args:
        knowledge: what diagnosis looks things up in; without it nothing is explained, and no hints are given.
    """
    run = checked.run
    explained = {} if knowledge is None else _diagnose(assignment, knowledge, checked)
    signals = [] if assignment.at_home else _numerical(assignment, checked)
    underived = {signal.gradient for signal in signals} & run.inconsistent.keys()  # where its behavior was seen, too
    gradients = [
        _graded(assignment, gradient, checked, explained, numerical=gradient.name in underived)
        for gradient in assignment.config.gradients
    ]
    gradients = [_with_changes(assignment, checked, result) for result in gradients]
    if knowledge is not None:
        gradients = _advised(assignment, knowledge, gradients, checked, explained)
    undecided = [gradient.name for gradient in gradients if gradient.status == "not_graded"]
    loaded = run.loading.outcome == "returned"
    return Grade(
        format=FORMAT,
        submission="",
        status="not_graded" if undecided else "graded",
        score=_marks(sum(gradient.score for gradient in gradients)),
        max_score=_marks(assignment.config.max_score),
        gradients=gradients,
        message=_message(run.loading, undecided),
        printed=run.loading.printed,
        notes=[stopped(run.loading)] if loaded and run.loading.message else [],
        integrity=[] if assignment.at_home else [*signals, *_other_signals(assignment, checked, gradients)],
    )


def named(found: Grade, submission: str, sandbox: str = "") -> Grade:
    """The grade of the file of this name, which begins the message on why it could not be loaded.

    As in "hw3.py could not be loaded: line 3: SyntaxError: invalid syntax".
    """
    message = found.message
    if any(one.not_run and one.status != "missing" for one in found.gradients):
        late = any(one.status == "timed_out" for one in found.gradients)  # "stopped: loading the file may take 2 s"
        link = " was " if late else " could not be loaded: "
        message = f"{one_line(submission, _MAX_NAME)}{link}{message}"
    return msgspec.structs.replace(found, submission=submission, sandbox=sandbox, message=message)


def _numerical(assignment: Assignment, checked: Checked) -> list[Signal]:
    """Signs of derivatives that were not derived by hand; those that name a gradient are about its digits, too."""
    return list(signals_of(assignment, checked.run, checked.verdicts_of, checked.propagated, checked.single))


def _other_signals(assignment: Assignment, checked: Checked, gradients: Sequence[GradientResult]) -> Iterator[Signal]:
    """What else an instructor should review."""
    yield from tables(
        [name for name in assignment.names if name in checked.contradicted and name not in checked.propagated]
    )
    yield from unexplained(gradients, checked.run, assignment.config.max_score)
    yield from tampering(checked.run)


def not_graded(assignment: Assignment, submission: str, reason: str) -> Grade:
    """The grade where the grader itself failed: no gradient is called wrong, and the marks say nothing."""
    gradients = [
        GradientResult(
            gradient.name, 0.0, gradient.max_score, "not_graded", _checks(assignment, gradient, [SKIPPED] * 3)
        )
        for gradient in assignment.config.gradients
    ]
    return Grade(FORMAT, submission, "not_graded", 0.0, assignment.config.max_score, gradients, message=reason)


def _diagnose(assignment: Assignment, knowledge: "Knowledge", checked: Checked) -> dict[str, "Explanation"]:
    """Why what is wrong is wrong."""
    from grader.diagnosis.engine import diagnose

    try:
        return diagnose(assignment, knowledge, checked)
    except Exception as error:  # the marks do not depend on it
        warnings.warn(f"no diagnosis: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)
        return {}


def _advised(
    assignment: Assignment,
    knowledge: "Knowledge",
    results: list[GradientResult],
    checked: Checked,
    explained: Mapping[str, "Explanation"],
) -> list[GradientResult]:
    """With exceptions explained, and hints."""
    from grader.grading.advice import advise, with_random_numbers

    advised = [
        advise(
            assignment,
            knowledge.hints,
            result,
            next(iter(checked.answers[result.name][-1:]), None),
            explained.get(result.name),
        )
        if result.name in checked.to_explain
        else result
        for result in results
    ]
    return [
        with_random_numbers(result, checked.run.substituted[result.name].replaced)
        if result.name in checked.given
        else result
        for result in advised
    ]


def _graded(
    assignment: Assignment,
    gradient: Gradient,
    checked: Checked,
    explained: Mapping[str, "Explanation"],
    *,
    numerical: bool,
) -> GradientResult:
    name = gradient.name
    if name not in checked.complete:
        result = _without_answers(assignment, gradient, checked.answers[name])
        if checked.run.loading.outcome != "returned":
            result = msgspec.structs.replace(result, not_run=True)
    else:
        result = _with_verdicts(
            assignment,
            gradient,
            checked.complete[name],
            checked.verdicts_of[name],
            checked.propagated.get(name),
            explained.get(name),
            numerical=numerical,
        )
    return msgspec.structs.replace(result, inherits=checked.inherited[name]) if name in checked.inherited else result


def _with_verdicts(
    assignment: Assignment,
    gradient: Gradient,
    answers: Sequence[Answer],
    verdicts: Verdicts,
    propagated: Propagated | None,
    explanation: "Explanation | None",
    *,
    numerical: bool,
) -> GradientResult:
    checks = _checks(assignment, gradient, [verdicts.shape, verdicts.finite_difference, verdicts.reference])
    if numerical:
        checks = [_as_numerical(assignment, check) for check in checks]
    score = sum(check.score for check in checks)
    follow_through = None
    status: GradientStatus = "passed" if verdicts.passed else "failed"
    if verdicts.undecided:
        status, score = "not_graded", 0.0
    elif propagated is not None:
        kept = assignment.config.follow_through.share * sum(
            check.max_score for check in checks if check.outcome != "passed"
        )
        follow_through = FollowThrough(propagated.sources, _marks(kept), propagated.roots, propagated.substituted)
        status, score = "followed_through", score + kept
    return GradientResult(
        name=gradient.name,
        score=_marks(score),
        max_score=gradient.max_score,
        status=status,
        checks=checks,
        follow_through=follow_through,
        diagnosis=explanation.diagnosis if explanation is not None and status == "failed" else None,
        printed=_printed(answers),
        notes=_notes(answers),
    )


def _without_answers(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> GradientResult:
    last = answers[-1] if answers else Answer("died", message="the function was not called")
    status = "died" if last.outcome == "returned" else last.outcome
    return GradientResult(
        name=gradient.name,
        score=0.0,
        max_score=gradient.max_score,
        status=status,
        checks=_checks(assignment, gradient, [SKIPPED] * len(CHECKS)),
        message=last.message,
        line=last.line,
        cell=last.cell,
        printed=_printed(answers),
        notes=_notes(answers),
    )


def _checks(assignment: Assignment, gradient: Gradient, verdicts: Sequence[Verdict]) -> list[CheckResult]:
    results = []
    for name, verdict in zip(CHECKS, verdicts, strict=True):
        most = _marks(assignment.config.share(gradient, name) * gradient.max_score)
        results.append(CheckResult(name, verdict.outcome, most if verdict.passed else 0.0, most, verdict.message))
    return results


def _as_numerical(assignment: Assignment, check: CheckResult) -> CheckResult:
    """The check of an answer that was not derived: of agreeing with a numerical derivative, which it is, it keeps a part."""
    part = assignment.config.checks.finite_difference.accept_numerical
    if check.name != "finite_difference" or part == 1:
        return check
    earns = f"{part:.0%} of the marks for this check" if part else "no marks for this check"
    return msgspec.structs.replace(
        check, score=_marks(part * check.score), message=f"a numerical derivative earns {earns}"
    )


def _message(loading: Answer, undecided: Sequence[str]) -> str:
    """Why there is nothing to mark; of a file that could not be loaded, without its name, which `named` adds."""
    if undecided:
        return f"not graded: {', '.join(undecided)} could not be checked here; `grader validate` says why"
    if loading.outcome == "returned":
        return ""
    return ": ".join(filter(None, [place(loading.line, loading.cell), loading.message]))


def _notes(answers: Sequence[Answer]) -> list[str]:
    """Facts that cost no marks, each once."""
    return [f"{WARNED}{warning}" for warning in dict.fromkeys(one for answer in answers for one in answer.warnings)]


def _with_changes(assignment: Assignment, checked: Checked, result: GradientResult) -> GradientResult:
    """With notes on what it changes in place by itself, not only by calling another one."""
    above = {name for other in assignment.ancestors[result.name] for name in _changed(checked, other)}
    notes = []
    for name in [name for name in _changed(checked, result.name) if name not in above]:
        misled = any(
            result.name in found and name in _changed(checked, other)
            for other, found in checked.given.items()
            if other not in assignment.siblings[result.name]
        )
        effect = "so its callers go on with other numbers" if misled else "which was undone for the other gradients"
        notes.append(f"changes {assignment.config.written(name)} in place, {effect}; work on a copy")
    return msgspec.structs.replace(result, notes=[*notes, *result.notes]) if notes else result


def _changed(checked: Checked, name: str) -> dict[str, None]:
    """The quantities that a gradient changes in place, each once, when nothing is replaced."""
    return dict.fromkeys(one for answer in checked.run.answers.get(name, ()) for one in answer.mutated)


def _printed(answers: Sequence[Answer]) -> str:
    return "".join(answer.printed for answer in answers)


def _marks(score: float) -> float:
    """Marks without the noise of binary fractions."""
    return round(score, 9)
