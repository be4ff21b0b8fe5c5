"""`grader preview`: one file as its student would see the result, for instructors."""

import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from grader.cli.common import PATH, config_option, exit_with, parts_of
from grader.config.find import OPTION, find_config_for
from grader.errors import GraderError, UsageError
from grader.grading.grader import Grader
from grader.text import one_line

if TYPE_CHECKING:
    from grader.records.result import Grade

_CHANNELS = ("student", "gradescope", "feedback")
_FILES = {"student": (), "gradescope": (".html",), "feedback": (".html", ".md")}


@click.command("preview")
@click.argument("file", type=PATH)
@click.option(
    "--as",
    "channel",
    type=click.Choice(_CHANNELS),
    default="student",
    show_default=True,
    help="`grader check` at home, Gradescope's page of a first submission, or the feedback of a batch.",
)
@click.option("-o", "--output", type=PATH, help="Write the page to this file: .html or, for feedback, .md.")
@config_option
def command(file: Path, channel: str, output: Path | None, config_path: Path | None) -> None:
    """See what a student sees of one file.

    FILE is a Python file or notebook, or a folder or zip that contains one.
    """
    if output is not None and output.suffix not in _FILES[channel]:
        ending = " or ".join(_FILES[channel])
        what = f"a name that ends with {ending}" if ending else "no -o: `> FILE` keeps what is printed"
        raise UsageError(f"-o {output}: --as {channel}: expected {what}")
    config = find_config_for(file, config_path, option=OPTION)
    if (parts := parts_of(config)) is not None:
        found = parts.of_file(file)
        if len(found) > 1:
            names = " or ".join(part.config.submission for part in found)
            raise UsageError(
                f"{file}: expected the file of one part, {names}, found something that may hold all of them"
            )
        config = found[0].path
    exit_with(
        {"student": _at_home, "gradescope": _on_gradescope, "feedback": _as_feedback}[channel](file, config, output)
    )


def _at_home(file: Path, config: Path, _: Path | None) -> "Grade":
    from grader.cli.commands.check import Check

    with Grader(config, at_home=True) as grader:
        return Check(grader, file, []).once()


def _on_gradescope(file: Path, config: Path, output: Path | None) -> "Grade":
    from rich.console import Console

    from grader.packaging.gradescope.autograder import first_page
    from grader.packaging.gradescope.dryrun.views import print_results, student_html

    with Grader(config) as grader:
        results, grade = first_page(grader, file)
    if output is None:
        print_results(Console(highlight=False), results)
    else:
        _write(output, student_html(results, f"{grader.config.title}: {file.name}"))
    return grade


def _as_feedback(file: Path, config: Path, output: Path | None) -> "Grade":
    from rich.console import Console
    from rich.markdown import Markdown

    from grader.classroom.exports.feedback import example, markdown, web_page

    with Grader(config) as grader:
        grade = _as_in_a_batch(grader, file)
    name = one_line(file.name, 200) if isinstance(grade, str) else grade.submission
    blocks = list(example(grade, grader.config, name))
    console = Console(highlight=False)
    if output is not None:
        _write(output, web_page(blocks) if output.suffix == ".html" else markdown(blocks))
    elif console.is_terminal:
        console.print(Markdown(markdown(blocks)))
    else:
        click.echo(markdown(blocks), nl=False)
    if isinstance(grade, str):
        sys.exit(GraderError.exit_code)
    return grade


def _as_in_a_batch(grader: Grader, file: Path) -> "Grade | str":
    """The grade that a batch gives: without a traced run, which looks for the first wrong line; or why there is none."""
    from grader.errors import SandboxError
    from grader.grading.grade import not_graded
    from grader.grading.pipeline import grade_run, noted
    from grader.grading.running import run_submission

    assignment = grader.assignment
    submission = grader.read(file, submitted=True)
    if submission.missing:
        return _why_nothing_is_graded(grader, file)
    try:
        grader.sandbox.require(grader.config.sandbox.require)
        run = run_submission(grader.sandbox, submission)
    except SandboxError as error:
        return not_graded(assignment, submission.name, str(error))
    return noted(grade_run(assignment, run, submission.name), submission)


def _why_nothing_is_graded(grader: Grader, path: Path) -> str:
    """In the words of a batch, to which `path` is one submission of many."""
    from grader.inputs.entry import Entry, receive
    from grader.inputs.folder import OnDisk, read_folder
    from grader.inputs.submission import handout_digests
    from grader.inputs.tree import ArchiveError, File

    try:
        files = (
            read_folder(path, one=True).files if path.is_dir() else [File(PurePosixPath(path.name), OnDisk(str(path)))]
        )
    except ArchiveError as error:
        return str(error)
    handout = handout_digests(grader.config, grader.folder, path)
    entry = Entry(path.name, [], files, any_name=True)
    return receive(entry, grader.config.submission, grader.source_limit, [], handout, grader.beside).problem


def _write(path: Path, text: str) -> None:
    from grader.atomic import write_output

    write_output(path, text.encode())
    click.echo(f"wrote {path}")
