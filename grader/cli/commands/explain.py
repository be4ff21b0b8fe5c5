"""`grader explain`: where a gradient comes from, derived from the model, with numbers.  Staff only: it has the answers in it."""

from pathlib import Path

import click

from grader.cli.common import config_at, config_option, parts_of
from grader.grading.grader import Grader

FORMATS = ("text", "markdown", "latex", "html")


@click.command("explain")
@click.argument("gradient", required=False)
@click.option("--why", type=click.Choice(["transpose"]), help="Answer this question for the whole assignment.")
@click.option("--format", "style", type=click.Choice(FORMATS), default="text", show_default=True, help="Print it as.")
@config_option
def command(gradient: str | None, why: str | None, style: str, config_path: Path | None) -> None:
    """Derive the gradients from the model.

    In index notation and in numbers: GRADIENT, such as dJ_dU, or all of them.  Every formula is checked against the numerical
    derivative.  For instructors: it has the answers in it.
    """
    from grader.errors import UsageError
    from grader.explain import render
    from grader.explain.document import explained, transposes

    if why and gradient:
        raise UsageError(f"--why {why} is about the whole assignment: expected no GRADIENT, found {gradient}")
    config = config_at(config_path)
    if (parts := parts_of(config)) is not None:
        from grader.parts.explaining import explained_parts

        blocks = explained_parts(parts, gradient, why=bool(why))
    else:
        assignment = Grader(config).assignment
        blocks = transposes(assignment) if why else explained(assignment, gradient)
    click.echo(render.FORMATS[style](blocks), nl=False)
