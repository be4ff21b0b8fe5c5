"""`grader gradescope`: the zip to upload, and a rehearsal of it."""

from pathlib import Path

import click

from grader.cli.common import config_option
from grader.grading.grader import Grader


@click.group("gradescope")
def command() -> None:
    """Pack the assignment for Gradescope, and try the package."""


@command.command("build")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="autograder.zip", show_default=True, help="The zip."
)
@click.option("--force", is_flag=True, help="Pack an assignment that is not sound, too.")
@config_option
def build_command(output: Path, force: bool, config_path: Path | None) -> None:
    """Build the zip that is uploaded under "Configure Autograder"."""
    from grader.atomic import write_output
    from grader.packaging.gradescope.bundle import build

    grader = Grader(config_path)
    data = build(grader, force=force)
    write_output(output, data)
    click.echo(
        f"{output} ({len(data) / 1024:.0f} kB), to upload under Configure Autograder, image Ubuntu 22.04 or later."
    )
    click.echo(
        f"Set the assignment's autograder points to {grader.config.max_score:g}: Gradescope does not scale marks."
    )


@command.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--metadata", type=click.Path(path_type=Path), help="A submission_metadata.json to run with.")
@click.option(
    "--next-metadata", type=click.Path(path_type=Path), help="Write what Gradescope would give with the next attempt."
)
@click.option("--zip", "zip_path", type=click.Path(path_type=Path), help="Try this zip (default: build one now).")
@click.option(
    "--setup", is_flag=True, help="Run setup.sh too, which downloads; default: use the libraries that are here."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=600.0, show_default=True, help="Gradescope's, in seconds."
)
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="Write both pages as an HTML file.")
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
    """Hand FILE in to a private copy of Gradescope, and show the page as student and as instructor see it.

    FILE is a Python file or notebook, which is handed in under the name that the assignment asks for, or a folder or zip,
    handed in as it is.
    """
    import tempfile

    from rich.console import Console

    from grader.packaging.gradescope.dryrun.platform import Platform
    from grader.packaging.gradescope.dryrun.shown import page_html, print_page
    from grader.packaging.gradescope.dryrun.submitted import default_metadata, following_metadata, read_given, submitted

    grader = Grader(config_path)
    config = grader.config
    given = default_metadata(config) if metadata is None else read_given(metadata)
    with tempfile.TemporaryDirectory(prefix="gradescope-") as name:
        folder = Path(name)
        platform = Platform(folder / "autograder", zip_path or _built(grader, folder))
        if setup:
            click.echo(platform.set_up(), nl=False)
        else:
            platform.borrow_python()
        outcome = platform.run(submitted(file, config, folder), given, timeout)
    console = Console(highlight=False)
    for instructor in (False, True):
        print_page(console, outcome, instructor=instructor)
    if html_path is not None:
        _write(html_path, page_html(outcome, f"{config.title}: {file.name}").encode())
    if next_metadata is not None:
        import json

        _write(next_metadata, json.dumps(following_metadata(given, outcome), indent=1).encode())


def _built(grader: Grader, folder: Path) -> Path:
    from grader.packaging.gradescope.bundle import build

    (folder / "autograder.zip").write_bytes(build(grader))
    return folder / "autograder.zip"


def _write(path: Path, data: bytes) -> None:
    from grader.atomic import write_output

    write_output(path, data)
    click.echo(f"wrote {path}")
