"""`grader gradescope`: the zip to upload, and a dry run of it."""

import json
import tempfile
from pathlib import Path

import click

from grader.cli.common import PATH, config_at, config_option, force_option, parts_of, zip_option
from grader.grading.grader import Grader


@click.group("gradescope")
def command() -> None:
    """Pack the assignment for Gradescope, or try it."""


@command.command("build")
@zip_option("autograder.zip")
@force_option
@config_option
def build_command(output: Path, force: bool, config_path: Path | None) -> None:
    """Build the zip to upload."""
    from grader.atomic import write_output

    config = config_at(config_path)
    data, most = _built(config, force=force)
    write_output(output, data)
    click.echo(
        f"{output} ({len(data) / 1024:.0f} kB): upload it under Configure Autograder, image Ubuntu 22.04 or later.\n"
        f"Set the assignment's autograder points to {most:g}: Gradescope does not scale marks."
    )


@command.command("try")
@click.argument("file", type=PATH)
@click.option("--metadata", type=PATH, help="A submission_metadata.json to run with.")
@click.option("--next-metadata", type=PATH, help="Write the metadata that Gradescope would pass to the next attempt.")
@click.option("--zip", "zip_path", type=PATH, help="Try this zip (default: build one now).")
@click.option("--setup", is_flag=True, help="Also run setup.sh, which downloads (default: use installed libraries).")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=600.0, show_default=True, help="Gradescope's, in seconds."
)
@click.option("--html", "html_path", type=PATH, help="Write both pages as an HTML file.")
@config_option
def try_command(
    file: Path,
    metadata: Path | None,
    next_metadata: Path | None,
    zip_path: Path | None,
    setup: bool,
    timeout: float,
    html_path: Path | None,
    config_path: Path | None,
) -> None:
    """Submit a file to a private copy of Gradescope.

    Shows the page as the student and the instructor see it.  A Python file or notebook is submitted under the name that the
    assignment asks for, a folder or zip as it is.
    """
    from rich.console import Console

    from grader.packaging.gradescope.dryrun.platform import Platform
    from grader.packaging.gradescope.dryrun.submitted import default_metadata, following_metadata, read_given, submitted
    from grader.packaging.gradescope.dryrun.views import page_html, print_page

    used = config_at(config_path)
    parts = parts_of(used)
    config = Grader(used).config if parts is None else parts.of_file(file)[0].config
    whole = config if parts is None else parts
    given = default_metadata(whole) if metadata is None else read_given(metadata)
    with tempfile.TemporaryDirectory(prefix="gradescope-") as name:
        folder = Path(name)
        platform = Platform(folder / "autograder", zip_path or _zip(used, folder))
        if setup:
            click.echo(platform.set_up(), nl=False)
        else:
            platform.borrow_python()
        outcome = platform.run(submitted(file, config, folder), given, timeout)
    console = Console(highlight=False)
    for instructor in (False, True):
        print_page(console, outcome, instructor=instructor)
    if html_path is not None:
        _write(html_path, page_html(outcome, f"{whole.title}: {file.name}"))
    if next_metadata is not None:
        _write(next_metadata, json.dumps(following_metadata(given, outcome.results, outcome.error), indent=1))


def _zip(config: Path, folder: Path) -> Path:
    data, _ = _built(config, force=False)
    (folder / "autograder.zip").write_bytes(data)
    return folder / "autograder.zip"


def _built(config: Path, *, force: bool) -> tuple[bytes, float]:
    """The zip, and how many marks there are."""
    if (parts := parts_of(config)) is not None:
        from grader.parts.packages import build_autograder_of

        return build_autograder_of(parts, force=force), parts.max_score
    from grader.packaging.gradescope.bundle import build

    grader = Grader(config)
    return build(grader, force=force), grader.config.max_score


def _write(path: Path, text: str) -> None:
    from grader.atomic import write_output

    write_output(path, text.encode())
    click.echo(f"wrote {path}")
