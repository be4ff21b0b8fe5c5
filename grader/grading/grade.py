"""From a run to marks: every gradient's status, checks and score.  Pure; runs nothing.

The sum over the checks plus what follow-through keeps is the score of a gradient; the sum of those is the submission's.
"""

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from grader.checks.check import SKIPPED, Judgement, Verdict, as_returned, judge
from grader.checks.followthrough import Carried, as_exact_as_single, find_carried
from grader.checks.fresh import Fresh, fresh_of
from grader.checks.inherited import find_inherited
from grader.checks.integrity import signals_of, tables, unexplained
from grader.checks.tampering import tampering
from grader.config.keys import CHECKS, Gradient
from grader.problem.assignment import Assignment
from grader.records.result import WARNED, CheckResult, FollowThrough, Grade, GradientResult, GradientStatus
from grader.records.run import NOTEBOOK, Answer, Run, place, stopped

if TYPE_CHECKING:
    from grader.diagnosis.hypothesis import Explanation

FORMAT = 1


def grade(assignment: Assignment, run: Run, submission: str, sandbox: str = "") -> Grade:
    """Grade what a run of the file `submission` left."""
    found = settle(assignment, run, grade_shared(assignment, run))
    return msgspec.structs.replace(found, submission=submission, sandbox=sandbox)


def grade_shared(assignment: Assignment, run: Run) -> Grade:
    """The grade at the steps that all files share, without the name of the file: the same for the same answers."""
    return _grade(assignment, run, None)


def settle(assignment: Assignment, run: Run, shared: Grade) -> Grade:
    """The grade, where `shared` is the one at the shared steps: the same, unless the file's own step contradicts it."""
    fresh = fresh_of(assignment, run)
    if fresh is None or all(
        fresh.confirms(result.name, result.follow_through.sources if result.follow_through else ())
        for result in shared.gradients
        if result.status in ("passed", "followed_through")
    ):
        return shared
    return _grade(assignment, run, fresh)


def _grade(assignment: Assignment, run: Run, fresh: Fresh | None) -> Grade:
    loaded = run.loading.outcome == "returned"
    answers = {name: run.answers.get(name, []) if loaded else [run.loading] for name in assignment.names}
    complete = {name: found for name, found in answers.items() if _all_returned(assignment, found)}
    judgements = {
        gradient.name: judge(assignment, gradient, complete[gradient.name])
        for gradient in assignment.config.gradients
        if gradient.name in complete
    }
    single = {
        name for name, found in complete.items() if any(a.value is not None and a.value.dtype == "<f4" for a in found)
    }
    rounded = as_exact_as_single(assignment, judgements, single)
    judgements |= rounded
    single |= set(rounded)
    contradicted = {} if fresh is None else fresh.contradicted(judgements)
    judgements |= contradicted
    returned = {
        name: values
        for name, judgement in judgements.items()
        if (values := as_returned(assignment, judgement, complete[name])) is not None
    }
    carried = find_carried(assignment, judgements, returned, single, fresh)
    inherited = find_inherited(assignment, judgements, answers, returned, carried, fresh)
    diagnosable = {name: judgement for name, judgement in judgements.items() if name not in contradicted}
    diagnoses = _diagnose(assignment, diagnosable, complete, {*carried, *inherited})
    gradients = [
        _judged(
            assignment,
            gradient,
            complete[gradient.name],
            judgements[gradient.name],
            carried.get(gradient.name),
            diagnoses.get(gradient.name),
        )
        if gradient.name in complete
        else _unjudged(assignment, gradient, answers[gradient.name])
        for gradient in assignment.config.gradients
    ]
    gradients = [
        msgspec.structs.replace(result, inherits=inherited[result.name]) if result.name in inherited else result
        for result in gradients
    ]
    gradients = _advised(assignment, gradients, answers, diagnoses, contradicted)
    undecided = [gradient.name for gradient in gradients if gradient.status == "not_graded"]
    return Grade(
        format=FORMAT,
        submission="",
        status="not_graded" if undecided else "graded",
        score=_marks(sum(gradient.score for gradient in gradients)),
        max_score=_marks(assignment.config.max_score),
        gradients=gradients,
        message=_message(assignment, run, undecided),
        printed=run.loading.printed,
        notes=[stopped(run.loading)] if loaded and run.loading.message else [],
        integrity=[
            *signals_of(assignment, run, judgements, carried, single),
            *tables([name for name in contradicted if name not in carried]),
            *unexplained(gradients, run, assignment.config.max_score),
            *tampering(run),
        ],
    )


def not_graded(assignment: Assignment, submission: str, reason: str) -> Grade:
    """The result where the grader itself failed: no gradient is said to be wrong, and the marks say nothing."""
    gradients = [
        GradientResult(
            gradient.name, 0.0, gradient.max_score, "not_graded", _checks(assignment, gradient, [SKIPPED] * 3)
        )
        for gradient in assignment.config.gradients
    ]
    return Grade(FORMAT, submission, "not_graded", 0.0, assignment.config.max_score, gradients, message=reason)


def _all_returned(assignment: Assignment, answers: Sequence[Answer]) -> bool:
    return len(answers) == len(assignment.steps) and all(answer.outcome == "returned" for answer in answers)


def _diagnose(
    assignment: Assignment,
    judgements: Mapping[str, Judgement],
    answers: Mapping[str, Sequence[Answer]],
    elsewhere: Collection[str],
) -> dict[str, "Explanation"]:
    """Why what is wrong is wrong, by a mistake that is not made `elsewhere`; the engine is not even imported where nothing is."""
    if all(judgement.passed or name in elsewhere for name, judgement in judgements.items()):
        return {}
    from grader.diagnosis.engine import diagnose

    try:
        return diagnose(assignment, judgements, answers, elsewhere)
    except Exception as error:  # whatever is wrong with an explanation, the marks stand
        warnings.warn(f"no diagnosis: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)
        return {}


def _advised(
    assignment: Assignment,
    results: list[GradientResult],
    answers: Mapping[str, Sequence[Answer]],
    diagnoses: Mapping[str, "Explanation"],
    contradicted: Collection[str],
) -> list[GradientResult]:
    """With exceptions explained, and hints, which do not fit what is `contradicted`; not even imported where all is right."""
    explained = {result.name for result in results if _to_explain(result)}.difference(contradicted)
    if not explained:
        return results
    from grader.grading.advice import advise

    return [
        advise(assignment, result, next(iter(answers[result.name][-1:]), None), diagnoses.get(result.name))
        if result.name in explained
        else result
        for result in results
    ]


def _to_explain(result: GradientResult) -> bool:
    """Whether something is wrong with it by itself, that can be explained."""
    return result.status in ("failed", "raised") and not result.inherits


def _judged(
    assignment: Assignment,
    gradient: Gradient,
    answers: Sequence[Answer],
    judgement: Judgement,
    carried: Carried | None,
    explanation: "Explanation | None",
) -> GradientResult:
    verdicts = [judgement.shape, judgement.finite_difference, judgement.reference]
    checks = _checks(assignment, gradient, verdicts)
    score = sum(check.score for check in checks)
    follow_through = None
    status: GradientStatus = "passed" if judgement.passed else "failed"
    if any(verdict.outcome == "undecided" for verdict in verdicts):
        status, score = "not_graded", 0.0
    elif carried is not None:
        kept = assignment.config.follow_through.share * sum(
            check.max_score for check in checks if check.outcome != "passed"
        )
        follow_through = FollowThrough(carried.sources, _marks(kept), carried.roots)
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


def _unjudged(assignment: Assignment, gradient: Gradient, answers: Sequence[Answer]) -> GradientResult:
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


def _message(assignment: Assignment, run: Run, undecided: Sequence[str]) -> str:
    if undecided:
        return f"not graded: {', '.join(undecided)} could not be checked here; `grader validate` says why"
    if run.loading.outcome in ("returned", "missing"):  # there is no file: the message says so by itself
        return run.loading.message if run.loading.outcome == "missing" else ""
    where = place(run.loading.line, run.loading.cell)
    late = run.loading.outcome == "timed_out"  # before the child could tell a notebook from another file
    name = "the file" if late else "the notebook" if run.loading.returned == NOTEBOOK else assignment.config.submission
    return f"{name} could not be loaded: {where and f'{where}: '}{run.loading.message}"


def _notes(answers: Sequence[Answer]) -> list[str]:
    """Facts that cost no marks, each once."""
    notes = []
    for name in dict.fromkeys(name for answer in answers for name in answer.mutated):
        notes.append(f"changes s.{name} in place: undone for the other gradients; work on a copy")
    for warning in dict.fromkeys(warning for answer in answers for warning in answer.warnings):
        notes.append(f"{WARNED}{warning}")
    return notes


def _printed(answers: Sequence[Answer]) -> str:
    return "".join(answer.printed for answer in answers)


def _marks(score: float) -> float:
    """Marks without the noise of binary fractions."""
    return round(score, 9)
