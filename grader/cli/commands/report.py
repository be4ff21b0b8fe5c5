"""`grader report`: the class report of a batch, one HTML file."""

import shlex
import sys
from pathlib import Path

import click

from grader.cli.common import PATH, config_at, config_option, echo_outdated, parts_of
from grader.grading.grader import Grader
from grader.text import counted, one_line


@click.command("report")
@click.argument("results", type=PATH)
@click.option("--roster", type=PATH, help="A CSV with a row for each student, such as a gradebook.")
@click.option(
    "--by", "column", default="Section", show_default=True, help="The column of the roster with the sections."
)
@config_option
def command(results: Path, roster: Path | None, column: str, config_path: Path | None) -> None:
    """Report what a class got wrong, and why.

    Writes RESULTS/report.html, one page with everything inside: it opens without a network, and sends nothing anywhere.
    """
    config = config_at(config_path)

    def report(path: Path, folder: Path) -> None:
        _write_report(Grader(path), folder, roster, column)

    if (parts := parts_of(config)) is not None:
        from grader.cli.several import folders_with_results, for_results

        code = for_results(parts, results, report)
        echo_outdated(*folders_with_results(parts, results))
        sys.exit(code)
    report(config, results)
    echo_outdated(results)


def _write_report(grader: Grader, results: Path, roster: Path | None, column: str) -> None:
    from grader.atomic import write_output
    from grader.classroom.report.data import read_class
    from grader.classroom.report.page import make_report
    from grader.classroom.store.database import explained
    from grader.classroom.store.outputs import note_written, results_hash
    from grader.classroom.store.query import Results

    with explained(results), Results(results) as stored:
        shown = results_hash(stored)
    graded = read_class(results, roster, column)
    page = make_report(grader.assignment, graded).encode()
    path = results / "report.html"
    write_output(path, page)  # in one step: an open browser keeps the old one
    if roster is not None:
        unknown = sum(not record.section for record in graded.records)
        click.echo(f"{roster}: {counted(len(graded.records) - unknown, 'student')} found there, {unknown} not")
    click.echo(f"{path}: {counted(len(graded.records), 'student')}, {len(page) / 1e6:.1f} MB; open it in a browser")
    with explained(results), Results(results) as stored:
        options = [] if roster is None else ["--roster", str(roster), "--by", column]
        note_written(stored, path, one_line(shlex.join(["report", *options])), shown)
