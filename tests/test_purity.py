"""Grading is a function of a run, the assignment and what diagnosis knows: it opens no file and starts no process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from grader.checks.checked import check_run
from grader.checks.fresh import fresh_of
from grader.diagnosis.comparison import Target
from grader.diagnosis.knowledge import Knowledge, knowledge_of
from grader.diagnosis.search.finder import Finder
from grader.diagnosis.tables.build import Tables
from grader.grading.advice import add_places
from grader.grading.grade import grade
from grader.problem.assignment import Assignment, load_assignment
from grader.sandbox.host import Sandbox

WATCHED = ("open", "os.", "subprocess.", "socket.", "tempfile.", "shutil.", "glob.")
_heard: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is not None and event.startswith(WATCHED):
        _heard.append(f"{event} {arguments[:1]}")


sys.addaudithook(_hook)


@contextmanager
def heard() -> Iterator[list[str]]:
    """The files opened and processes started meanwhile; importing a module that is not loaded yet counts."""
    global _heard
    _heard = []
    try:
        yield _heard
    finally:
        _heard = None


SOURCES = {
    "right": "",
    "wrong": "def dJ_dH(s):\n    return s.h.T @ dJ_db1(s)\n",
    "several": "def dJ_db2(s):\n    return s.y - s.y_hat\ndef dJ_dH(s):\n    return 2 * s.h_prev.T @ dJ_db1(s)\n",
    "unexplained": "def dJ_dU(s):\n    return np.tanh(s.U) + s.U ** 3\n",
    "raises": "def dJ_dU(s):\n    return s.h @ s.U.T\n",
}


@pytest.mark.parametrize("kind", SOURCES)
def test_grading_a_run_opens_no_file_and_starts_no_process(kind: str, assignment: Assignment, sandbox: Sandbox) -> None:
    solution = assignment.reference.path.read_text() if assignment.reference else ""
    run = sandbox.run(f"import numpy as np\n{solution}\n{SOURCES[kind]}".encode())

    def graded(assignment: Assignment, knowledge: Knowledge) -> None:
        with np.errstate(all="ignore"):
            found = grade(assignment, check_run(assignment, run, fresh_of(assignment, run)), knowledge)
        add_places(assignment, knowledge.landmarks, found.gradients, run)

    graded(assignment, knowledge_of(assignment))  # what is imported when it is first used is imported here
    new = load_assignment(assignment.config, assignment.folder, with_solution=True)  # has computed nothing yet
    knowledge = knowledge_of(new)
    with heard() as events:
        graded(new, knowledge)
    assert events == []


def test_tables_that_turn_out_to_be_needed_are_built_in_memory(assignment: Assignment) -> None:
    new = load_assignment(assignment.config, assignment.folder, with_solution=True)
    finder = Finder(new, Tables(new))
    sizes = [point.sizes for point in new.points]
    with np.errstate(all="ignore"), heard() as events:
        finder.find("dJ_dU", Target([np.tanh(value) for value in new.exact["dJ_dU"]], sizes, 1e-9), {}, list)
    assert events == []
    assert finder.tables.new == set(new.names)


def test_what_is_watched_is_heard() -> None:
    with heard() as events:
        open(__file__).close()
    assert len(events) == 1
