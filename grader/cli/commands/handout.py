"""`grader handout`: the folder that students get, as a zip."""

from pathlib import Path

import click

from grader.cli.common import config_option
from grader.grading.grader import Grader


@click.command("handout")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="handout.zip", show_default=True, help="The zip."
)
@click.option("--force", is_flag=True, help="Pack an assignment that is not sound, too.")
@config_option
def command(output: Path, force: bool, config_path: Path | None) -> None:
    """Build what students get: the assignment, stubs, tests and the grader; nothing of the solution."""
    from grader.atomic import write_output
    from grader.packaging.handout.handout import build_handout

    grader = Grader(config_path)
    data = build_handout(grader.config, grader.folder, force=force)
    write_output(output, data)
    click.echo(
        f"{output} ({len(data) / 1024:.0f} kB). Students unpack it, then: pip install -r requirements.txt && pytest"
    )
