"""Whatever a child sends, the outcome is a grade: generated replies through all of the trusted side, from pipe to report."""

import hashlib
import io
import itertools
import json
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rich.console import Console

from grader.checks.tampering import flags_of
from grader.classroom.exports.feedback import markdown, page, web_page
from grader.classroom.exports.results import write_results
from grader.classroom.report.data import read_class
from grader.classroom.report.figures import summarize
from grader.classroom.report.island import embed, make_island
from grader.classroom.store.gradings import RunRecord, record
from grader.classroom.store.packing import MAX_BYTES, answers_hash, pack_run, unpack_run
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.diagnosis.knowledge import knowledge_of
from grader.grading.advice import add_places
from grader.grading.pipeline import grade_run
from grader.inputs.entry import Entry, Received, person
from grader.output.formats import NAMES, render
from grader.output.terminal import print_grade
from grader.packaging.gradescope import results_json as results
from grader.packaging.gradescope.attempts import wrong_answers
from grader.packaging.gradescope.emit import emit
from grader.problem.assignment import Assignment
from grader.problem.fingerprint import Fingerprint, fingerprint
from grader.records.result import Grade
from grader.records.run import DTYPES, Run
from grader.sandbox.attempt import READY, Attempt
from grader.sandbox.channel import Pipes
from grader.sandbox.job import Job, Pending
from grader.sandbox.shared import sentences

SOURCE = b"import numpy as np\ndef dJ_db2(s):\n    back = s.y_hat @ s.U\n    return back\n"
ROOM = 4096

# --- what a child may send ------------------------------------------------------------------------------------------

ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-310, 1e-160, 1e160, 1.7e308, -1.7e308, 1.0, 2.5]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("\x00\x1b[31m\x9b\u202e\u2066\u200b\ufeff<>&|`*_$\\\n\r\t'\"⟦⟧é王", max_size=30),
    st.sampled_from(
        ["ValueError: x", "PermissionError: [Errno 13] no", "NotImplementedError", "x" * 5000, "=1+1", "]]>"]
    ),
)
LINES = st.one_of(st.integers(-5, 99), st.sampled_from([2**31, 2**63 - 1, 10**7, -(2**63)]))
SHAPES = st.one_of(
    hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3),
    st.sampled_from([(0, 2**20), (2**20, 0), (2**13,), (1, 5000), (0,) * 6, (1,) * 6, (11, 7), (7,), (1, 7), (1, 11)]),
)
EXPLAINED = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            sentences.OPERATION("s.y_hat", "(1, V)", "@", "s.U", "(Dh, V)"),
            sentences.IS("back", "(1, V)"),
            sentences.CALLS[0]("back"),
            sentences.EMPTY(),
        ]
    ),
)


@st.composite
def values(draw: st.DrawFn, right: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of any type and shape; often one that is near a right one."""
    with np.errstate(all="ignore"):
        if draw(st.booleans()):
            value = right * draw(st.sampled_from([1.0, -1.0, 2.0, 0.0, 1e-200, 1e200, 1 + 1e-7, *ODD]))
            value = draw(
                st.sampled_from([value, value.T, value[0], value.ravel(), value + 1, value[..., None], right**2])
            )
        else:
            value = np.resize(np.array(draw(st.lists(st.sampled_from(ODD), min_size=1, max_size=9))), draw(SHAPES))
        return value.astype(draw(st.sampled_from(["<f8"] * len(DTYPES) + list(DTYPES))))


def texts_of(draw: st.DrawFn) -> dict[str, Any]:
    """Everything in a header that is not about arrays, any of it missing."""
    kinds = {
        "returned": TEXTS, "message": TEXTS, "line": LINES, "printed": TEXTS, "warnings": st.lists(TEXTS, max_size=7),
        "mutated": st.lists(st.one_of(TEXTS, st.just("h")), max_size=3), "explanation": st.lists(EXPLAINED, max_size=5),
    }  # fmt: skip
    chosen = draw(st.sets(st.sampled_from(sorted(kinds)), max_size=4))
    return {kind: draw(kinds[kind]) for kind in sorted(chosen)}


def traced(draw: st.DrawFn, right: np.ndarray[Any, Any]) -> tuple[list[dict[str, Any]], bytes]:
    names = st.one_of(st.sampled_from(["back", "return", "dJ_db2", "np"]), TEXTS)
    described, data = [], b""
    for _ in range(draw(st.integers(0, 3))):
        value = np.asarray(draw(values(right)).real, dtype="<f8")
        described.append({"function": draw(names), "line": draw(LINES), "name": draw(names), "shape": value.shape})
        data += value.tobytes()
    return described, data


@st.composite
def replies(draw: st.DrawFn, asked: Mapping[str, Sequence[np.ndarray[Any, Any]]], *, trace: bool) -> bytes:
    """All that one child sends."""
    sent = frame({"call": READY, "outcome": "returned"})
    loading = "returned" if trace or draw(st.integers(0, 9)) else "raised"
    sent += frame({"call": -1, "outcome": loading, **(texts_of(draw) if draw(st.booleans()) else {})})
    one = draw(st.sampled_from(["usual", "usual", "usual", "usual", "raised", "missing", "nothing", "binary"]))
    stopped = None
    for number, (name, right) in enumerate((name, right) for name, answers in asked.items() for right in answers):
        if name == stopped:  # a child makes no further calls of it
            continue
        how = one if draw(st.integers(0, 5)) else draw(st.sampled_from(["right", "raised", "missing", "nothing"]))
        header: dict[str, Any] = {
            "call": number,
            "outcome": "returned",
            **(texts_of(draw) if draw(st.booleans()) else {}),
        }
        data = more = b""
        if how in ("usual", "right"):
            value = np.ascontiguousarray(right) if how == "right" else draw(values(right))
            header |= {"dtype": value.dtype.str.replace("=", "<"), "shape": value.shape}
            data = value.tobytes()
        elif how != "nothing":
            header["outcome"] = "raised" if how == "binary" else how
        if one == "binary" and not draw(st.integers(0, 9)):
            header["printed"] = "\ud800"  # which no JSON reader has to take
        if trace and draw(st.booleans()):
            header["traced"], more = traced(draw, right)
        sent += frame(header, data + more)
        stopped = name if header["outcome"] != "returned" else None
    return sent + (draw(st.binary(max_size=30)) if one == "binary" else b"")


def frame(header: dict[str, Any], data: bytes = b"") -> bytes:
    head = json.dumps(header).encode()
    return struct.pack("!II", len(head), len(data)) + head + data


def rights(assignment: Assignment, *, trace: bool) -> dict[str, list[np.ndarray[Any, Any]]]:
    """The right answers to all that a child is asked."""
    reference, own = assignment.reference, assignment.fresh_point(hashlib.sha256(SOURCE).hexdigest())
    assert reference is not None
    extra = [] if trace else [own, assignment.inconsistent_point]
    return {
        name: [*assignment.exact[name], *(reference(name, point)[0] for point in extra)] for name in assignment.names
    }


# --- the trusted side -----------------------------------------------------------------------------------------------


def taken(assignment: Assignment, sent: bytes, *, trace: bool = False) -> Run:
    """The run of a file whose one child sent this and ended; its gradients that failed are called again, to no avail."""
    names = frozenset([*assignment.names, *assignment.config.quantities, *assignment.config.dimensions])
    checked = len(assignment.points)
    numbers = range(checked) if trace else [*range(checked), checked + 1, checked]
    calls = [(name, k) for name in assignment.names for k in numbers]
    pending = Pending(0, Job(SOURCE, calls, trace), assignment.config.sandbox, checked, names)
    for _ in range(3 * len(assignment.names)):
        wanted = pending.next_calls()
        if wanted is None:
            break
        with tempfile.TemporaryFile() as file:
            file.write(sent)
            file.seek(0)
            room = dict.fromkeys(assignment.names, ROOM)
            attempt = Attempt(wanted, pending.limits, 10.0, 50.0, memoryview(b""), Pipes(-1, file.fileno()), room)
            attempt.read_replies()
            attempt.ready = True  # a child that was never ready is our fault, and another test's
            attempt.end(0, 0.01)
        pending.take(attempt)
    return pending.run()


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def assert_harmless(text: str, allowed: str = "\n") -> None:
    found = {c for c in text if not c.isprintable() and c not in allowed}
    assert not found, f"{found} in {text[:200]!r}"


def assert_channels_are_valid(assignment: Assignment, graded: Grade, run: Run) -> None:
    """All that is made of a grade without the store."""
    config = assignment.config
    data = graded.to_json()
    assert len(data) < 500_000
    for text in texts(json.loads(data, parse_constant=_no_constant)):
        assert_harmless(text)
    for name in NAMES:
        rendered = render(name, graded, config)
        assert_harmless(rendered, "\n")
        if name == "junit":
            ElementTree.fromstring(rendered)
    hints = {result.name: result.hints for result in graded.gradients}
    found = results.checked(
        emit(graded, config, hints, {"wrong": wrong_answers(assignment, graded.gradients, run.answers)})
    )
    for text in texts(json.loads(found)):
        assert_harmless(text, "\n")
    for staff in (True, False):
        console = Console(file=io.StringIO(), width=100)
        print_grade(console, graded, config, staff=staff)
        assert isinstance(console.file, io.StringIO)
        assert_harmless(console.file.getvalue())


def _no_constant(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def right_replies(assignment: Assignment) -> bytes:
    """What a child sends for a file in which all is right."""
    sent = frame({"call": READY, "outcome": "returned"}) + frame({"call": -1, "outcome": "returned"})
    asked = [right for answers in rights(assignment, trace=False).values() for right in answers]
    for number, right in enumerate(asked):
        header = {"call": number, "outcome": "returned", "dtype": "<f8", "shape": right.shape}
        sent += frame(header, np.ascontiguousarray(right).tobytes())
    return sent


class Shelf:
    """A store to which each example adds a student."""

    def __init__(self, folder: Path, state: Fingerprint) -> None:
        self.folder, self.state = folder, state
        self.store = Store(folder, create=True)
        self.round = self.store.begin_grading_run("batch", state, "")
        self._numbers = itertools.count()

    def add(self, run: Run, graded: Grade) -> int:
        key = f"student{next(self._numbers):04}"
        self.store.receive(Entry(key, [person(key)], []), Received("gradients.py", SOURCE + key.encode()))
        (number,) = self.store.connection.execute("SELECT MAX(id) FROM submissions").fetchone()
        kept = RunRecord(pack_run(run), answers_hash(run), 0.1, 1, self.state.steps, self.state.runtime, "strong")
        record(self.store, number, self.round, msgspec.json.encode(graded), kept, flags=flags_of(graded))
        return int(number)


@pytest.fixture(scope="module")
def shelf(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One right student, so that the tests of a class mean something by themselves, and whatever is added."""
    shelf = Shelf(tmp_path_factory.mktemp("replies"), fingerprint(assignment))
    run = taken(assignment, right_replies(assignment))
    shelf.add(run, grade_run(assignment, run, "gradients.py"))
    yield shelf
    shelf.store.close()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_child_sends_the_outcome_is_a_grade(
    assignment: Assignment, shelf: Shelf, data: st.DataObject
) -> None:
    run = taken(assignment, data.draw(replies(rights(assignment, trace=False), trace=False)))
    graded = grade_run(assignment, run, "gradients.py")
    assert graded.status == "graded"
    assert all(0 <= result.score <= result.max_score for result in graded.gradients)

    packed = pack_run(run)
    assert len(packed) <= MAX_BYTES
    assert grade_run(assignment, unpack_run(packed), "gradients.py") == graded, "a regrade is the same"
    assert_channels_are_valid(assignment, graded, run)

    traces = taken(assignment, data.draw(replies(rights(assignment, trace=True), trace=True)), trace=True).answers
    traces = {name: found for name, found in traces.items() if found[-1].outcome == "returned"}
    traced_run = msgspec.structs.replace(run, traces=traces)
    placed = add_places(assignment, knowledge_of(assignment, ()), graded.gradients, traced_run)
    assert [result.score for result in placed] == [result.score for result in graded.gradients]
    assert_channels_are_valid(assignment, msgspec.structs.replace(graded, gradients=placed), run)
    shelf.add(run, graded)


def test_right_replies_get_full_marks_on_the_same_path(assignment: Assignment) -> None:
    graded = grade_run(assignment, taken(assignment, right_replies(assignment)), "gradients.py")
    assert (graded.status, graded.score) == ("graded", graded.max_score)


def test_names_that_are_in_neither_the_file_nor_the_assignment_are_left_out(assignment: Assignment) -> None:
    sent = frame({"call": READY, "outcome": "returned"}) + frame({"call": -1, "outcome": "returned"})
    traces = [
        {"function": f, "line": 3, "name": n, "shape": [1]}
        for f, n in [("dJ_db2", "back"), ("dJ_db2", "marks"), ("f", "s")]
    ]
    sent += frame({"call": 0, "outcome": "returned", "mutated": ["h", "full_marks"], "traced": traces}, bytes(24))
    first = taken(assignment, sent, trace=True).answers[assignment.names[0]][0]
    assert first.mutated == ("h",)
    assert [(one.function, one.name) for one in first.traced] == [("dJ_db2", "back")]


def test_a_class_of_such_replies_gets_a_table_feedback_and_a_report(assignment: Assignment, shelf: Shelf) -> None:
    written = write_results(shelf.folder, assignment.config)
    assert all(path.exists() for path in written)
    for path in (shelf.folder / "feedback").iterdir():
        assert_harmless(path.read_text(encoding="utf-8"))
    with Results(shelf.folder) as rows:
        for row in rows.students():
            blocks = list(page(row, assignment.config))
            assert_harmless(markdown(blocks) + web_page(blocks))
    graded = read_class(shelf.folder)
    assert len(graded.records) == len(list((shelf.folder / "feedback").glob("*.md")))
    assert summarize(assignment.config, graded.records)
    island = make_island(assignment, graded.records, shelf.state.steps)
    for text in texts(json.loads(embed(island).replace("\\u003c", "<"), parse_constant=_no_constant)):
        assert_harmless(text, "\n\t")
    size = os.path.getsize(shelf.folder / "grades.db") / max(1, len(graded.records))
    assert size < 5_000_000
