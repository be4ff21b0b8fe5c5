"""The smoke test at the end of setup.sh: on this machine, the solution earns full marks and the empty stubs none."""

import sys
from pathlib import Path

from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.parts.parts import parts_at
from grader.validation.finding import Finding
from grader.validation.submissions import check_rewritings, check_sandbox, check_stubs


def main(source: Path) -> int:
    """Print the findings; the exit code says whether the image can be used."""
    config, findings = source / "config.yaml", []
    try:
        parts = parts_at(config)
        for path in [config] if parts is None else [part.path for part in parts]:
            with Grader(path) as grader:
                findings += smoke_test(grader)
    except GraderError as error:
        print(f"gradient-grader: {error}")
        return 1
    for finding in findings:
        for line in (f"{finding.outcome}: {finding.check}: {finding.message}", *finding.details):
            print(f"gradient-grader: {line}")
    # A weak sandbox is not fatal: less may be allowed where images are built than where they run, and each run checks again.
    return 1 if any(finding.outcome == "failed" and finding.check != "sandbox" for finding in findings) else 0


def smoke_test(grader: Grader) -> list[Finding]:
    """What `grader validate` finds in the sandbox, the stubs and the solution.

    Raises:
        GraderError: the assignment cannot be loaded.
    """
    assignment, sandbox = grader.assignment, grader.sandbox
    checks = (check_sandbox, check_stubs, check_rewritings)
    return [check(assignment, sandbox) for check in checks]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
