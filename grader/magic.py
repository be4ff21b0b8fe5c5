"""The command %check of IPython, which `%load_ext grader` adds."""

import inspect
import sys
from typing import Any

from grader.api import check
from grader.errors import GraderError
from grader.output.shown import ShownGrade
from grader.text import several_lines


def check_command(line: str) -> ShownGrade | None:
    """%check: check the functions of this notebook, all or those that are named.

    %check
    %check dJ_dU dJ_db2
    """
    if line.strip() in ("--help", "-h", "?"):
        print(inspect.getdoc(check_command))
        return None
    try:
        names = line.replace(",", " ").split()
        grade = check()
        return grade.only(names) if names else grade
    except GraderError as error:
        sys.stderr.write(f"error: {several_lines(str(error))}\n")
        return None


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext grader` calls: adds %check."""
    shell.register_magic_function(check_command, "line", "check")
