"""Is an assignment ready to be packed?  Also finds the stubs, which both packages contain."""

from pathlib import Path

from grader.config.keys import Config
from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.validation.validate import validate


def stubs_path(config: Config, folder: Path) -> Path:
    """The empty functions that students start from: beside the model, under the name of the file to submit."""
    return (folder / config.model).with_name(config.submission)


def refuse_unsound(grader: Grader) -> None:
    """Run every check of `grader validate`; the sandbox of this machine doesn't matter.

    Raises:
        GraderError: a check failed; the message says which.
    """
    with grader:
        findings = validate(grader.assignment, grader.sandbox).findings
    failed = [finding for finding in findings if finding.outcome == "failed" and finding.check != "sandbox"]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise GraderError(
            f"this assignment is not sound: {failed[0].check}: {failed[0].message}{more}; run `grader validate` for"
            " details, or pack it anyway with --force"
        )
