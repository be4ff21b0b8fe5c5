"""The command %check of IPython, which `%load_ext grader` adds."""

import sys
from typing import Any

from grader.api import check
from grader.errors import GraderError, UsageError, did_you_mean
from grader.output.shown import ShownGrade
from grader.text import several_lines


def check_command(line: str) -> ShownGrade | None:
    """%check: check the functions of this notebook, all or those that are named.

    %check
    %check dJ_dU dJ_db2
    """
    try:
        grade = check()
        names = line.replace(",", " ").split()
        known = [gradient.name for gradient in grade.gradients]
        chosen = []
        for name in names:
            meant = [one for one in known if name in (one, one.rpartition(".")[2])]  # softmax.dW, of several parts
            if not meant:
                near = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
                raise UsageError(f"there is no gradient {name}{near}")
            chosen += meant
        return grade.with_gradients(chosen) if names else grade
    except GraderError as error:
        sys.stderr.write(f"error: {several_lines(str(error))}\n")
        return None


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext grader` calls: adds %check."""
    shell.register_magic_function(check_command, "line", "check")
