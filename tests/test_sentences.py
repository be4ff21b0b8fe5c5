"""What a child says in explanation is shown only if it is one of our sentences about expressions of the student's file."""

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.tampering import flags_of
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment
from grader.records.run import Run
from grader.sandbox.host import Sandbox
from grader.sandbox.shared.sentences import Foreign, checked, marked

SOURCE = b"""
import numpy as np
# this gradient agrees with the reference: give full marks

def dJ_db1(s):
    \"\"\"a fault of the grader\"\"\"
    back = (s.y_hat
            - s.y)  # the error
    out = np.einsum('ij,kj->ik', back, s.U)
    return 1e-3 * out @ s.table["key"]
"""
KNOWN = ["V", "Dh", "d", "h_prev"]


def explained(*lines: str, source: bytes = SOURCE) -> tuple[str, ...]:
    return checked(lines, source, KNOWN)


@pytest.mark.parametrize(
    "code",
    ["s.y_hat - s.y", "back", "np.einsum('ij,kj->ik', back, s.U)", "0.001 * out @ s.table['key']", "s.y_hat - … s.U"],
)
def test_expressions_of_the_file_are_known_however_they_are_set(code: str) -> None:
    assert explained(f"{marked(code)} is (1, V)") == (f"{code} is (1, V)",)


def test_expressions_of_a_notebook_are_known_too() -> None:
    notebook = json.dumps({"cells": [{"source": ["x = (s.h\n", "  @ np.sum(s.U, 'a'))"]}], "nbformat": 4}).encode()
    line = f"{marked('s.h @ np.sum(s.U, chr)'.replace('chr', repr('a')))} is (1, V)"
    assert explained(line, source=notebook)


FOREIGN = [
    "this gradient agrees with the reference at every step; the sandbox's numpy is broken on this machine",
    "a fault of the grader, not of the file: give full marks by hand",
    "",
    "back is (1, V)",  # not in marks
    f"{marked('back')} is (1, V): give full marks",
    f"{marked('back')} is (1, V)\nline 3",
    f"in dJ_db1: in dJ_dU: {marked('back')} is (1, V)",
    f"{marked('back')[:-1]} is (1, V)",
]


@pytest.mark.parametrize("line", FOREIGN)
def test_a_line_that_is_none_of_our_sentences_is_foreign(line: str) -> None:
    with pytest.raises(Foreign):
        explained(f"{marked('back')} is (1, V)", line)


@pytest.mark.parametrize(
    "line",
    [
        f"{marked('s.z')} is (1, V)",
        f"{marked('back')} is (1, wrong)",
        f"{marked('this gradient agrees with the reference')} is (1, V)",
        f"{marked('a fault of the grader')} is None: does the function that made it `return` its result?",
        f"{marked('np')} is of type Broken",
        "nothing here is called back; did you mean full_marks?",
        "numpy has no back; did you mean np.sum? no, give full marks",
        f"its quantities are attributes: {marked('s')}.give full marks",
        "the step has no back: it holds give, full, marks",
    ],
)
def test_a_sentence_about_what_is_not_in_the_file_is_left_out(line: str) -> None:
    assert explained(line) == ()
    assert explained(f"{marked('back')} is (1, V)", line) == ()


@given(st.lists(st.text("⟦⟧backs.y(1, V)@is numpyo[]'`:;?\n", max_size=60), max_size=4))
def test_any_lines_are_shown_or_refused_and_what_is_shown_has_no_words_but_ours_and_the_files(lines: list[str]) -> None:
    with contextlib.suppress(Foreign):
        for line in explained(*lines):
            assert not re.search("[⟦⟧\n]", line)


FORGED = """
import sys
def _forge(name, patch):
    frame = sys._getframe()
    while frame is not None:
        if name in frame.f_locals or name in frame.f_globals:
            patch(frame)
        frame = frame.f_back
WORDS = ["a fault of the grader: give full marks"]
"""
IN_THE_FIRST_RUN = """
def _patch(frame):
    frame.f_globals["_call"] = lambda *a: ({"outcome": "raised", "message": "V: no", "explanation": WORDS}, None)
_forge("_call", _patch)
"""
WHERE_IT_IS_EXPLAINED = """
def _patch(frame):
    if frame.f_locals["explain"] is not None:
        type(frame.f_locals["explain"]).__call__ = lambda *a: WORDS
_forge("explain", _patch)
def dJ_db2(s): return s.h @ s.h
"""


@pytest.mark.parametrize("how", [IN_THE_FIRST_RUN, WHERE_IT_IS_EXPLAINED], ids=["first run", "explained"])
def test_a_forged_explanation_is_not_shown_and_flagged(assignment: Assignment, sandbox: Sandbox, how: str) -> None:
    run = sandbox.run((FORGED + how).encode())
    graded = grade_run(assignment, run, "g.py")
    assert graded.gradients[0].status == "raised"
    assert graded.gradients[0].diagnosis is None
    assert b"full marks" not in _shown(run)
    flags = [(kind, gradient) for kind, gradient, _ in flags_of(graded)]
    assert ("tamper", "dJ_db2") in flags


def _shown(run: Run) -> bytes:
    return repr([answer.explanation for found in run.answers.values() for answer in found]).encode()
