"""The functions of a running notebook, as they are defined there: Jupyter, Colab and IPython."""

import json
import re
import sys
from collections.abc import Collection, Sequence
from typing import Any

from grader.errors import UsageError
from grader.inputs.submission import Submission
from grader.output.wording import line_of
from grader.records.result import Grade

NOTEBOOK_NAME = "this notebook"
_DEFINITIONS = re.compile(r"(?:def|class|import|from|@|#|[\s)]|$)", re.MULTILINE)  # how a line begins that only defines
_CELL = re.compile(r"\bcell (\d+)")


def running_shell() -> Any:
    """The IPython in which this code runs, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def session(shell: Any, asked: Sequence[str], limit: int) -> Submission | None:
    """The cells that were run as a notebook, or None where they define none of the functions `asked` for.

    It is read where every notebook is read: in the sandbox, which leaves out what the functions do not use.

    Raises:
        UsageError: it is larger than `limit` bytes.
    """
    if not defined_in(shell, asked):
        return None
    runs = _runs(shell)
    source = _as_notebook(runs, asked)
    if len(source) > limit:
        source = _as_notebook(_current(runs), asked)
    if len(source) > limit:
        raise UsageError(
            f"{NOTEBOOK_NAME}: the cells that were run are larger than the {limit // 1024} kB that are accepted;"
            " restart the kernel, run the cells with your functions, and check again"
        )
    return Submission(NOTEBOOK_NAME, source)


def defined_in(shell: Any, names: Collection[str]) -> set[str]:
    """Those of these functions and classes that are defined now, or that a cell defines."""
    written = {name for _, source in _runs(shell) for name in re.findall(r"\b(?:def|class)\s+(\w+)", source)}
    return {name for name in names if name in shell.user_ns or name in written}


def _runs(shell: Any) -> list[tuple[int, str]]:
    """(number, text) of each cell that was run."""
    return [(number, text) for number, text in enumerate(shell.history_manager.input_hist_raw) if text.strip()]


def _as_notebook(runs: Sequence[tuple[int, str]], asked: Sequence[str]) -> bytes:
    cells = [{"cell_type": "code", "execution_count": number, "source": source} for number, source in runs]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"session": list(asked)}, "cells": cells}
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _current(runs: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without cells that were run again unchanged, and without those that only define what a later one defines anew."""
    kept: list[tuple[int, str]] = []
    texts: set[str] = set()
    defined: set[str] = set()
    for number, source in reversed(runs):
        names = set(re.findall(r"^(?:def|class)\s+(\w+)", source, re.MULTILINE))
        only_defines = names and all(_DEFINITIONS.match(line) for line in source.splitlines())
        if source not in texts and not (only_defines and names <= defined):
            kept.append((number, source))
        texts.add(source)
        defined |= names
    return kept[::-1]


def with_numbering(grade: Grade) -> Grade:
    """The same grade with a note on how its cells are counted, where it names any."""
    cells = [int(found[1]) for one in grade.gradients if (found := _CELL.search(f"{line_of(one)} {one.message}"))]
    if not cells:
        return grade
    from msgspec.structs import replace

    return replace(grade, notes=[*grade.notes, f"cell {cells[0]} is the one marked [{cells[0]}]"])
