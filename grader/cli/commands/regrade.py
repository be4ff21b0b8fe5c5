"""`grader regrade`: judge the stored answers again, under the present config and solution."""

import os
import sys
from pathlib import Path

import click

from grader.cli.common import config_option
from grader.config.find import find_config


@click.command("regrade")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--rerun", is_flag=True, help="Also run again what ran with other steps, limits, Python or numpy.")
@click.option("--rerun-all", is_flag=True, help="Run everything again; flags files that answer differently.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per processor)."
)
@click.option("--dask", "address", default="", help="Grade on the cluster of this Dask scheduler.")
@config_option
def command(
    results: Path, rerun: bool, rerun_all: bool, jobs: int | None, address: str, config_path: Path | None
) -> None:
    """Grade everything in RESULTS again, under the present config.yaml and solution.

    No student's code is run unless you ask for it.  Says who changed, and why; RESULTS/changes.csv has it all.
    """
    from grader.classroom.batch.regrade import run_regrade
    from grader.classroom.batch.summary import print_regraded

    config = config_path or find_config(Path.cwd())
    how = "all" if rerun_all else "changed" if rerun else "none"
    outcome = run_regrade(config, results, jobs=jobs or os.cpu_count() or 1, dask=address, rerun=how)
    print_regraded(results, outcome)
    sys.exit(3 if outcome.failed or outcome.stale or outcome.never_run else 0)
