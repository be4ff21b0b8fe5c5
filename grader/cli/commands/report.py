"""`grader report`: the class report of a batch, one HTML file."""

from pathlib import Path

import click

from grader.cli.common import PATH, config_at, config_option, echo_outdated
from grader.grading.grader import Grader


@click.command("report")
@click.argument("results", type=PATH)
@config_option
def command(results: Path, config_path: Path | None) -> None:
    """Report what a class got wrong, and why.

    Writes RESULTS/report.html, one page with everything inside: it opens without a network, and sends nothing anywhere.
    """
    from grader.atomic import write_output
    from grader.classroom.report.data import read_class
    from grader.classroom.report.page import make_report
    from grader.classroom.store.database import explained
    from grader.classroom.store.outputs import note_written, results_hash
    from grader.classroom.store.query import Results

    grader = Grader(config_at(config_path))
    with explained(results), Results(results) as stored:
        shown = results_hash(stored)
    graded = read_class(results)
    page = make_report(grader.assignment, graded).encode()
    path = results / "report.html"
    write_output(path, page)  # in one step: an open browser keeps the old one
    click.echo(f"{path}: {len(graded.records)} students, {len(page) / 1e6:.1f} MB; open it in a browser")
    with explained(results), Results(results) as stored:
        note_written(stored, path, "report", shown)
        echo_outdated(stored)
