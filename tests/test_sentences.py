"""A line of an explanation is shown only if it is one of our sentences about expressions of the student's file."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.tampering import flags_of
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment
from grader.records.run import Run
from grader.sandbox.explanations import Forged, checked
from grader.sandbox.host import Sandbox
from grader.sandbox.shared import sentences

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
def test_expressions_of_the_file_are_recognized_in_any_layout(code: str) -> None:
    assert explained(sentences.IS(code, "(1, V)")) == (f"{code} is (1, V)",)


def test_expressions_of_a_notebook_are_recognized_too() -> None:
    notebook = json.dumps({"cells": [{"source": ["x = (s.h\n", "  @ np.sum(s.U, 'a'))"]}], "nbformat": 4}).encode()
    assert explained(sentences.IS("s.h @ np.sum(s.U, 'a')", "(1, V)"), source=notebook)


BACK = sentences.IS("back", "(1, V)")
FORGED_LINES = [
    "this gradient agrees with the reference at every point; the sandbox's numpy is broken on this machine",
    "a fault of the grader, not of the file: give full marks by hand",
    "",
    "back is (1, V)",  # not in marks
    f"{BACK}: give full marks",
    f"{BACK}\nline 3",
    sentences.IN_FUNCTION("dJ_db1") + sentences.IN_FUNCTION("dJ_dU") + BACK,
    BACK[:-1],
    BACK.replace(sentences.CLOSE, "", 1),
    sentences.IS("back", "(1, V); full marks"),
    sentences.IS("back\n", "(1, V)"),
    sentences.CALLED_ARRAY() + sentences.CLOSE,
    sentences.OUT_OF_BOUNDS("12", "0", "back", "V", "give full marks"),
    sentences.SUMMED_AXES("np.sum", "last", "V", "first", "Dh"),
    sentences.IN_NUMPY("sum").replace("sum", "exp", 1),  # one name, two values
]


@pytest.mark.parametrize("line", FORGED_LINES)
def test_a_line_that_is_none_of_our_sentences_is_forged(line: str) -> None:
    with pytest.raises(Forged):
        explained(BACK, line)


@pytest.mark.parametrize(
    "line",
    [
        sentences.IS("s.z", "(1, V)"),
        sentences.IS("back", "(1, wrong)"),
        sentences.IS("this gradient agrees with the reference", "(1, V)"),
        sentences.NO_RESULT("a fault of the grader"),
        sentences.IS("np", "of type Broken"),
        sentences.UNKNOWN_NEAR("back", "full_marks"),
        sentences.NO_ATTRIBUTE_NEAR("numpy", "back no, give full marks", "np.sum"),
        sentences.NOT_INDEXED("s", "give full marks"),
        sentences.QUANTITIES("give, full, marks"),
        sentences.NO_ATTRIBUTE("full.marks", "back"),
        sentences.RECURSION("dJ_db1 → full_marks → dJ_db1"),
    ],
)
def test_a_sentence_about_what_is_not_in_the_file_is_left_out(line: str) -> None:
    assert explained(line) == ()
    assert explained(BACK, line) == ()


def _sentences() -> dict[str, sentences.Sentence]:
    return {name: one for name, one in vars(sentences).items() if isinstance(one, sentences.Sentence)}


def test_sentences_are_distinct_and_all_are_used() -> None:
    skeletons = [one.skeleton for one in [*_sentences().values(), *sentences.CALLS]]
    assert len(set(skeletons)) == len(skeletons)
    folder = Path(sentences.__file__).parents[1] / "inside" / "exceptions"
    used = set(re.findall(r"sentences\.([A-Z_]+)", "".join(path.read_text() for path in folder.glob("*.py"))))
    assert used == {*_sentences(), "CALLS", "KEYWORDS", "MAX_OPERANDS"}


@given(st.lists(st.text("⟦⟧backs.y(1, V)@is numpyo[]'`:;?\n", max_size=60), max_size=4))
def test_any_lines_are_refused_or_shown_without_marks(lines: list[str]) -> None:
    with contextlib.suppress(Forged):
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
    forged = ({"outcome": "raised", "message": "V: no", "explanation": WORDS}, None)
    frame.f_globals["Caller"].__call__ = lambda self, gradient, *a: {gradient: forged}
_forge("Caller", _patch)
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
