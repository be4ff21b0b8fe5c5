"""`grader validate`: is the assignment sound?"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import config_at, config_option, parts_of
from grader.grading.grader import Grader

if TYPE_CHECKING:
    from grader.parts.parts import Parts
    from grader.validation.finding import Report

_MARKS = {"passed": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@click.command("validate")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@config_option
def command(as_json: bool, config_path: Path | None) -> None:
    """Check that the assignment is sound.

    Compares the solution with numerical derivatives, makes sure that wrong formulas lose marks and rewritten right ones
    don't, checks the stubs, the hints and the sandbox, and tries out the handout; of a homework of several parts also the
    handout and the Gradescope zip of all parts together.  Exit code 1 if something is wrong.
    """
    config = config_at(config_path)
    if (parts := parts_of(config)) is not None:
        _validate_parts(parts, as_json=as_json)
    found = _validated(config)
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    else:
        print_report(found)
    sys.exit(0 if found.sound else 1)


def _validated(config: Path) -> "Report":
    with Grader(config) as grader:
        from grader.validation.validate import validate

        found = validate(grader.assignment, grader.sandbox)
        if found.sound:
            from grader.packaging.handout.dry_run import check_handout

            found = found.with_finding(check_handout(grader))
    return found


def _validate_parts(parts: "Parts", *, as_json: bool) -> NoReturn:
    """Validate each part and, if all are sound, what is packed of all together."""
    from grader.cli.several import heading
    from grader.validation.finding import FORMAT, Report

    reports = {}
    for i, part in enumerate(parts):
        reports[part.name] = found = _validated(part.path)
        if not as_json:
            heading(part, first=i == 0)
            print_report(found)
    whole = Report(FORMAT, parts.title, all(found.sound for found in reports.values()), [])
    if whole.sound:
        from grader.parts.smoke_test import check_packages

        for finding in check_packages(parts):
            whole = whole.with_finding(finding)
    if as_json:
        import msgspec

        documents = [{"name": name, **msgspec.to_builtins(found)} for name, found in reports.items()]
        document = {**msgspec.to_builtins(whole), "parts": documents}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    elif whole.findings:
        click.echo()
        print_report(whole)
    sys.exit(0 if whole.sound else 1)


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
