"""`grader batch`: a whole class, resumable."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.common import PATH, config_at, config_option, dask_option, echo_outdated, jobs_option, parts_of
from grader.config.find import lies_in
from grader.errors import UsageError
from grader.inputs.download import LAYOUTS

if TYPE_CHECKING:
    from grader.parts.parts import Part

_TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


@click.command("batch")
@click.argument("path", type=PATH)
@click.option("--out", type=PATH, required=True, help="The folder for the results.")
@jobs_option
@dask_option
@click.option("--layout", type=click.Choice(list(LAYOUTS)), help="What PATH is a download of (default: recognized).")
@click.option(
    "--due", type=click.DateTime(_TIMES), help="UTC; later submissions are marked late, if the download has times."
)
@click.option(
    "--force",
    is_flag=True,
    help="Also take files that are older than the graded ones, and another platform's download.",
)
@config_option
def command(
    path: Path,
    out: Path,
    jobs: int | None,
    address: str,
    layout: str | None,
    due: datetime | None,
    force: bool,
    config_path: Path | None,
) -> None:
    """Grade a whole class.

    PATH is a folder or zip: a download of all submissions.  Run the same command again after an interruption, or with a
    newer download: what is graded is kept.
    """
    from grader.classroom.batch.batch import run_batch
    from grader.classroom.batch.summary import print_summary
    from grader.classroom.store.database import DATABASE

    config = config_at(config_path)
    if config_path is None and path.is_dir() and lies_in(config, path):
        raise UsageError(
            f"{config} lies among the submissions in {path}, so it may be a student's, and the files that it names would be"
            " run as yours; expected --config and the path of your config.yaml"
        )
    if out.resolve() == path.resolve():
        raise UsageError(f"--out {out}: expected a folder of its own for the results, found that of the submissions")
    how: dict[str, Any] = {
        "jobs": jobs,
        "dask": address,
        "layout": layout or "",
        "due": due,
        "force": force,
    }
    if (parts := parts_of(config)) is not None:
        from grader.cli.several import for_each
        from grader.parts.whole_class import write_whole

        def grade_part(part: "Part") -> None:
            folder = out / part.name
            outcome = run_batch(part.path, path, folder, beside=part.beside, leave_out=out, **how)
            print_summary(folder, outcome)
            sys.exit(3 if outcome.failed or outcome.lost else 0)

        code = for_each(parts, grade_part)
        folders = [folder for part in parts if ((folder := out / part.name) / DATABASE).is_file()]
        if len(folders) == len(parts.parts):
            write_whole(parts, out, list(zip(parts, folders, strict=True)))
            click.echo(f"\nall parts together: {out / 'grades.csv'}, {out / 'feedback'}")
        echo_outdated(*folders)
        sys.exit(code)
    outcome = run_batch(config, path, out, **how)
    print_summary(out, outcome)
    echo_outdated(out)
    sys.exit(3 if outcome.failed or outcome.lost else 0)
