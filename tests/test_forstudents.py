"""What students see of their own code's messages: one short line for each gradient, wherever they read it."""

import io
import random
import string
from collections.abc import Callable

import msgspec
import pytest
from rich.console import Console

from grader.classroom.exports.feedback import markdown, page, web_page
from grader.classroom.store.query import StudentRow
from grader.grading.forstudents import LINE, for_students, own_line, shortened
from grader.grading.pipeline import grade_run
from grader.output.formats import NAMES, render
from grader.output.terminal import print_grade
from grader.packaging.gradescope.emit import emit
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Answer, Run

SECRET = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=2000))
PIECES = [SECRET[i : i + 10] for i in range(0, 2000, 10)]


def raised(text: str, line: int = 3) -> Answer:
    return Answer("raised", message=text, line=line, printed=SECRET, warnings=(f"UserWarning: {SECRET}",) * 3)


def in_terminal(graded: Grade, assignment: Assignment, *, staff: bool) -> str:
    console = Console(file=io.StringIO(), width=3000)
    print_grade(console, graded, assignment.config, staff=staff)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def channels(assignment: Assignment, graded: Grade) -> dict[str, str]:
    """All that students may read, by what it is."""
    config = assignment.config
    row = StudentRow(**{**dict.fromkeys(StudentRow.__struct_fields__, ""), "grade": graded})
    blocks = list(page(row, config))
    hints = {result.name: result.hints for result in graded.gradients}
    found = {name: render(name, graded, config) for name in NAMES}
    found |= {"feedback.md": markdown(blocks), "feedback.html": web_page(blocks)}
    found["check"] = in_terminal(graded, assignment, staff=False)
    return found | {"Gradescope": msgspec.json.encode(emit(graded, config, hints, {})).decode()}


def the_same(names: list[str]) -> dict[str, list[Answer]]:
    return {name: [raised(f"ValueError: {SECRET}")] for name in names}


def each_its_own(names: list[str]) -> dict[str, list[Answer]]:
    return {name: [raised(f"ValueError: {SECRET[200 * k :]}")] for k, name in enumerate(names)}


def warnings(names: list[str]) -> dict[str, list[Answer]]:
    return {name: [Answer("timed_out", warnings=(SECRET, SECRET[900:]))] for name in names}


def stubs(names: list[str]) -> dict[str, list[Answer]]:
    return {name: [Answer("missing", message=f"NotImplementedError: {SECRET}")] for name in names}


@pytest.mark.parametrize(
    ("answers", "lines"),
    [(the_same, 1), (each_its_own, 8), (warnings, 1), (stubs, 1)],
)
def test_students_see_one_line_of_each_gradients_message_and_the_same_once(
    assignment: Assignment, answers: Callable[[list[str]], dict[str, list[Answer]]], lines: int
) -> None:
    graded = grade_run(assignment, Run(answers(assignment.names)), "gradients.py")
    for name, text in channels(assignment, graded).items():
        shown = sum(text.count(piece) for piece in PIECES)
        assert len(PIECES[0]) * shown <= lines * LINE, name
    staff = in_terminal(graded, assignment, staff=True)
    assert sum(piece in staff for piece in PIECES) > LINE // 10


def test_why_a_file_does_not_load_is_one_line_at_the_top(assignment: Assignment) -> None:
    loading = Answer("raised", message=f"ValueError: {SECRET}", line=7, printed=SECRET)
    graded = grade_run(assignment, Run({}, loading), "gradients.py")
    short = for_students(graded, assignment.config.hints, 3)
    assert short.message == f"gradients.py could not be loaded: line 7: ValueError: {SECRET[: LINE - 13]}…"
    assert [result.message for result in short.gradients][1:] == ["ValueError"] * 7
    for name, text in channels(assignment, graded).items():
        assert sum(text.count(piece) for piece in PIECES) * 10 <= LINE, name


def test_the_graders_own_messages_are_not_cut(assignment: Assignment) -> None:
    missing = Answer("missing", message=f"there is no gradients.py, but there are: {', '.join(['notes.txt'] * 60)}")
    graded = grade_run(assignment, Run({}, missing), "gradients.py")
    assert shortened(graded, assignment.config.hints, 3).message == missing.message
    assert for_students(graded, assignment.config.hints, 3).gradients[0].message == missing.message
    slow = grade_run(assignment, Run({"dJ_dU": [Answer("timed_out", message="stopped: " * 40)]}), "gradients.py")
    assert shortened(slow, assignment.config.hints, 3).gradients[1].message == "stopped: " * 40


def test_a_repetition_refers_to_the_first_message(assignment: Assignment) -> None:
    stopped = {name: [Answer("raised", message="KeyError: 'U'", line=3)] for name in ("dJ_dU", "dJ_dh")}
    warned = {name: [Answer("timed_out", warnings=("RuntimeWarning: overflow",))] for name in ("dJ_dI", "dJ_dH")}
    graded = grade_run(assignment, Run(stopped | warned), "gradients.py")
    found = {
        result.name: (result.message, result.notes)
        for result in for_students(graded, assignment.config.hints, 3).gradients
    }
    assert (found["dJ_dU"][0], found["dJ_dh"][0]) == ("KeyError: 'U'", "KeyError: the same as in dJ_dU")
    assert found["dJ_dI"][1] == ["warned: RuntimeWarning: overflow"]
    assert found["dJ_dH"][1] == ["warned: the same as in dJ_dI"]


def test_the_name_of_a_students_exception_is_not_repeated_in_full(assignment: Assignment) -> None:
    secret = "E" + SECRET.replace(" ", "_").replace(".", "_")[:150]
    stopped = {name: [Answer("raised", message=f"{secret}: x", line=3)] for name in assignment.names}
    first, *others = for_students(
        grade_run(assignment, Run(stopped), "gradients.py"), assignment.config.hints, 3
    ).gradients
    assert first.message == f"{secret}: x"
    assert {len(result.message) for result in others} == {len(": the same as in dJ_db2") + 40}


def test_why_a_file_cannot_be_read_is_only_at_the_top(assignment: Assignment) -> None:
    conflict = "marks of a merge conflict (<<<<<<<) in line 8: choose one version and delete the marks"
    graded = grade_run(assignment, Run({}, Answer("raised", message=conflict)), "gradients.py")
    page = channels(assignment, graded)["Gradescope"]
    assert page.count("merge conflict") == 1
    assert page.count("see the top of the page") == len(assignment.names)


def test_further_warnings_are_counted_and_other_notes_stay(assignment: Assignment) -> None:
    answer = Answer("timed_out", warnings=("a", "b", "c"), mutated=("h",))
    notes = (
        for_students(grade_run(assignment, Run({"dJ_dU": [answer]}), "gradients.py"), assignment.config.hints, 3)
        .gradients[1]
        .notes
    )
    assert notes[1:] == ["warned: a", "2 more warnings"]
    assert notes[0].startswith("changes s.h in place")


@pytest.mark.parametrize(
    ("text", "line"), [("a\n b\t c", "a b c"), ("x" * LINE, "x" * LINE), ("x" * 201, "x" * 199 + "…"), ("", "")]
)
def test_text_is_put_on_one_line_and_cut(text: str, line: str) -> None:
    assert own_line(text) == line
