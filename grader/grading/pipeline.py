"""From a file's run to its grade: check it, look up why what is wrong is wrong, then mark it.

The only steps between that touch files are here: the texts and tables of diagnosis are loaded once something is wrong.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec
import numpy as np

from grader.checks.checked import Checked, check_run
from grader.checks.fresh import Fresh, fresh_of
from grader.errors import SandboxError
from grader.grading.grade import grade, named
from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment
from grader.records.result import Grade, GradientResult
from grader.records.run import Run
from grader.sandbox.host import Sandbox


def grade_and_locate(
    assignment: Assignment,
    sandbox: Sandbox,
    submission: Submission,
    run: Run,
    seen: Callable[[Grade], None] | None = None,
) -> Grade:
    """Grade a file that was run, and look for the lines at which it goes wrong by running it once more.

    Args:
        seen: is given the grade without explanations as soon as it is known, if something is left to explain.
    """

    def finished(found: Grade) -> Grade:
        return noted(named(found, submission.name, str(sandbox.report)), submission)

    checked, found = _checked(assignment, run)
    if not checked.to_explain:
        return finished(found)
    if seen is not None:
        seen(finished(found))
    return located(
        assignment, sandbox, submission.source, run, found, lambda: finished(_explained(assignment, checked))
    )


def grade_run(assignment: Assignment, run: Run, submission: str, sandbox: str = "") -> Grade:
    """Grade what a run of the file `submission` left."""
    checked, found = _checked(assignment, run)
    return named(_explained(assignment, checked) if checked.to_explain else found, submission, sandbox)


def grade_shared(assignment: Assignment, run: Run) -> Grade:
    """The grade at the sample points that all files share, without the file's name: the same for the same answers."""
    with np.errstate(all="ignore"):
        return _explained(assignment, check_run(assignment, run))


def settle(assignment: Assignment, run: Run, shared: Grade) -> Grade:
    """The grade, where `shared` is the one at the shared points: the same, unless the file's own point contradicts it."""
    with np.errstate(all="ignore"):
        fresh = _contradiction(assignment, run, shared)
        return shared if fresh is None else _explained(assignment, check_run(assignment, run, fresh))


def _contradiction(assignment: Assignment, run: Run, shared: Grade) -> Fresh | None:
    """The answers at the file's own point, where they contradict the grade at the shared ones."""
    fresh = fresh_of(assignment, run)
    if fresh is None or all(
        fresh.confirms(result.name, result.follow_through.sources if result.follow_through else ())
        for result in shared.gradients
        if result.status in ("passed", "followed_through") and not _is_substituted(result)
    ):
        return None
    return fresh


def _is_substituted(result: GradientResult) -> bool:
    """It was checked with arrays that are as much the file's own as that point."""
    return result.follow_through is not None and result.follow_through.substituted


def _checked(assignment: Assignment, run: Run) -> tuple[Checked, Grade]:
    """All checks of a run, and the grade without explanations."""
    with np.errstate(all="ignore"):  # a student's numbers may be absurdly large
        checked = check_run(assignment, run)
        found = grade(assignment, checked)
        fresh = _contradiction(assignment, run, found)
        if fresh is None:
            return checked, found
        checked = check_run(assignment, run, fresh)
        return checked, grade(assignment, checked)


def _explained(assignment: Assignment, checked: Checked) -> Grade:
    """The grade with what explains it."""
    with np.errstate(all="ignore"):
        if not checked.to_explain:
            return grade(assignment, checked)
        from grader.diagnosis.knowledge import knowledge_of  # not even imported where nothing is wrong

        knowledge = knowledge_of(assignment, checked.to_look_up)
        found = grade(assignment, checked, knowledge)
        knowledge.keep()
        return found


def noted(graded: Grade, submission: Submission) -> Grade:
    """The same grade with a note on which file was chosen, where there is one."""
    return msgspec.structs.replace(graded, notes=[submission.note, *graded.notes]) if submission.note else graded


def located(
    assignment: Assignment,
    sandbox: Sandbox,
    source: bytes,
    run: Run,
    graded: Grade,
    explain: Callable[[], Grade] | None = None,
) -> Grade:
    """The same grade with the lines at which wrong values first appear: wrong gradients run once more, traced.

    Args:
        explain: gives the grade with explanations, where it has none yet; is called while they run.
    """
    found: list[Grade] = [] if explain else [graded]

    def explained() -> Grade:
        if explain is not None and not found:
            found.append(explain())
        return found[0]

    wrong = [result.name for result in graded.gradients if result.status == "failed" and not result.inherits]
    if not wrong:
        return explained()

    def prepare() -> None:
        from grader.diagnosis.knowledge import knowledge_of  # while they run, as all of the diagnosis

        explained()
        with suppress(Exception):  # what cannot be computed is reported where it is needed
            knowledge_of(assignment, ()).landmarks  # noqa: B018

    try:
        given = check_run(assignment, run).given if run.substituted else {}
        replaced = {name: run.substituted[name].replaced for name in wrong if name in given}
        traced = msgspec.structs.replace(run, traces=sandbox.trace(source, wrong, run, replaced, prepare))
    except SandboxError:  # the marks do not depend on it
        return explained()
    if not traced.traces:
        return explained()
    from grader.diagnosis.knowledge import knowledge_of
    from grader.grading.advice import add_places

    gradients = add_places(assignment, knowledge_of(assignment, ()), explained().gradients, traced, given)
    return msgspec.structs.replace(explained(), gradients=gradients)
