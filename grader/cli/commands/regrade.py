"""`grader regrade`: grade the stored answers again with the current config and solution."""

import sys
from pathlib import Path

import click

from grader.cli.common import PATH, config_at, config_option, dask_option, echo_outdated, jobs_option, parts_of


@click.command("regrade")
@click.argument("results", type=PATH)
@click.option(
    "--rerun",
    is_flag=True,
    help="Also rerun files that ran at other sample points or with other limits, Python or numpy.",
)
@click.option("--rerun-all", is_flag=True, help="Rerun all files, and flag those that answer differently.")
@jobs_option
@dask_option
@config_option
def command(
    results: Path, rerun: bool, rerun_all: bool, jobs: int | None, address: str, config_path: Path | None
) -> None:
    """Grade a class again.

    Uses the stored answers in RESULTS with the current config.yaml and solution.  Runs no student's code unless you ask for
    it.  Reports whose marks changed, and why; RESULTS/changes.csv has the details.
    """
    from grader.classroom.batch.regrade import run_regrade
    from grader.classroom.batch.summary import print_regraded

    config = config_at(config_path)
    how = "all" if rerun_all else "changed" if rerun else "none"

    parts = parts_of(config)

    def regrade(path: Path, folder: Path) -> None:
        outcome = run_regrade(path, folder, jobs=jobs, dask=address, rerun=how)
        print_regraded(folder, outcome)
        if parts is None:
            echo_outdated(folder)
        sys.exit(3 if outcome.failed or outcome.stale or outcome.never_run else 0)

    if parts is not None:
        from grader.cli.several import folders_with_results, for_results

        code = for_results(parts, results, regrade, rewrite=True)
        echo_outdated(*folders_with_results(parts, results))
        sys.exit(code)
    regrade(config, results)
