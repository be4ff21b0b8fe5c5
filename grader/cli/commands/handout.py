"""`grader handout`: the folder that students get, as a zip."""

from pathlib import Path

import click

from grader.cli.common import config_at, config_option, force_option, parts_of, zip_option
from grader.grading.grader import Grader


@click.command("handout")
@zip_option("handout.zip")
@force_option
@click.option("--github", is_flag=True, help="With a workflow that checks each push on GitHub.")
@config_option
def command(output: Path, force: bool, github: bool, config_path: Path | None) -> None:
    """Pack what students get.

    That is the assignment, stubs, tests and the grader; nothing of the solution.
    """
    from grader.atomic import write_output
    from grader.packaging.handout.handout import build_handout

    config = config_at(config_path)
    parts = parts_of(config)
    if parts is not None:
        from grader.parts.packages import build_handout_of

        data = build_handout_of(parts, force=force, github=github)
    else:
        data = build_handout(Grader(config), force=force, github=github)
    write_output(output, data)
    for one in [config] if parts is None else [part.path for part in parts]:
        _bring_up_to_date(Grader(one))
    click.echo(
        f"{output} ({len(data) / 1024:.0f} kB). Students unpack it and run: pip install -r requirements.txt && pytest"
    )


def _bring_up_to_date(grader: Grader) -> None:
    """Write the marked parts of the texts into the instructor's own files, too, and warn of what only a person can change."""
    from grader.packaging.handout.readme import bring_up_to_date
    from grader.packaging.soundness import stubs_path
    from grader.validation.not_asked import leftovers_in_stubs
    from grader.validation.readme_tables import check_tables

    for path, names in bring_up_to_date((grader.folder / grader.config.model).parent, grader.config):
        click.echo(f"{path}: written from config.yaml: {', '.join(names)}")
    tables = check_tables(grader.config, grader.folder)
    left = leftovers_in_stubs(grader.config, stubs_path(grader.config, grader.folder))
    for line in [*left, *(tables.details if tables is not None else ())]:
        click.echo(f"warning: {line}", err=True)
