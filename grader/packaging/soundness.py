"""Is an assignment fit to be given out?  All of `grader validate`, before it is packed."""

from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.validation.validate import validate


def refuse_unsound(grader: Grader) -> None:
    """Pack nothing that `grader validate` finds fault with; only the sandbox of this machine does not matter for that.

    Raises:
        GraderError: it does; the message says what.
    """
    with grader:
        findings = validate(grader.assignment, grader.sandbox).findings
    failed = [finding for finding in findings if finding.outcome == "failed" and finding.check != "sandbox"]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise GraderError(
            f"this assignment is not sound: {failed[0].check}: {failed[0].message}{more}; `grader validate` says all,"
            " --force packs it nevertheless"
        )
