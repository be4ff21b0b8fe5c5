"""`grader validate`: is the assignment sound?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import config_at, config_option
from grader.grading.grader import Grader

if TYPE_CHECKING:
    from grader.validation.finding import Report

_MARKS = {"passed": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@click.command("validate")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@config_option
def command(as_json: bool, config_path: Path | None) -> None:
    """Check that the assignment is sound.

    Compares the solution with numerical derivatives, makes sure that wrong formulas lose marks and rewritten right ones
    don't, checks the stubs, the hints and the sandbox, and tries out the handout.  Exit code 1 if something is wrong.
    """
    with Grader(config_at(config_path)) as grader:
        from grader.validation.validate import validate

        found = validate(grader.assignment, grader.sandbox)
        if found.sound:
            from grader.packaging.handout.dry_run import check_handout

            found = found.with_finding(check_handout(grader))
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    else:
        print_report(found)
    sys.exit(0 if found.sound else 1)


def print_report(found: "Report") -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(found.title, "bold"))
    for finding in found.findings:
        mark, colour = _MARKS[finding.outcome]
        console.print(Text.assemble((f"{mark} {finding.check}", colour)))
        console.print(Padding(Text(finding.message), (0, 0, 0, 4)))
        for line in finding.details:
            console.print(Padding(Text(line, "dim"), (0, 0, 0, 6)))
    failed = sum(finding.outcome == "failed" for finding in found.findings)
    checks = f"{len(found.findings)} checks"
    verdict = f"sound: {checks}" if found.sound else f"not sound: {failed} of {checks} failed"
    console.print(Text(verdict, "bold green" if found.sound else "bold red"))
