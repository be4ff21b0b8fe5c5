"""What students see of their own code's messages: one short line for each gradient, wherever they read it."""

import io
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from rich.console import Console
from right import RIGHT_FILE

from grader.classroom.exports.feedback import markdown, page, web_page
from grader.classroom.store.query import StudentRow
from grader.grading.forstudents import LINE, for_students, own_line, shortened
from grader.grading.grader import Grader
from grader.grading.pipeline import grade_run
from grader.output.causes import lead
from grader.output.formats import NAMES, render
from grader.output.html import fragment
from grader.output.terminal import print_grade
from grader.output.wording import why
from grader.packaging.gradescope.emit import emit
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.result import Diagnosis, FollowThrough, Grade, GradientResult, Signal
from grader.records.run import Answer, ArrayData, Run
from grader.validation.leaks import leaks

ROOT = Path(__file__).parents[1]

SECRET = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=2000))
PIECES = [SECRET[i : i + 10] for i in range(0, 2000, 10)]


def raised(text: str, line: int = 3) -> Answer:
    return Answer("raised", message=text, line=line, printed=SECRET, warnings=(f"UserWarning: {SECRET}",) * 3)


def in_terminal(graded: Grade, assignment: Assignment, *, staff: bool) -> str:
    console = Console(file=io.StringIO(), width=3000)
    print_grade(console, graded, assignment.config, staff=staff)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def without_prints(graded: Grade) -> Grade:
    """At home students see what their own code prints, twenty lines of it."""
    gradients = [msgspec.structs.replace(result, printed="") for result in graded.gradients]
    return msgspec.structs.replace(graded, printed="", gradients=gradients)


def channels(assignment: Assignment, graded: Grade) -> dict[str, str]:
    """All that students may read, by what it is."""
    config = assignment.config
    row = StudentRow(**{**dict.fromkeys(StudentRow.__struct_fields__, ""), "grade": graded})
    blocks = list(page(row, config))
    hints = {result.name: result.hints for result in graded.gradients}
    found = {name: render(name, graded, config) for name in NAMES}
    found |= {"feedback.md": markdown(blocks), "feedback.html": web_page(blocks)}
    found["check"] = in_terminal(without_prints(graded), assignment, staff=False)
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
    assert [result.message for result in short.gradients] == [""] * 8
    for name, text in channels(assignment, graded).items():
        assert sum(text.count(piece) for piece in PIECES) * 10 <= LINE, name


def test_the_graders_own_messages_are_not_cut(assignment: Assignment) -> None:
    missing = Answer("missing", message=f"there is no gradients.py, but there are: {', '.join(['notes.txt'] * 60)}")
    graded = grade_run(assignment, Run({}, missing), "gradients.py")
    assert shortened(graded, assignment.config.hints, 3).message == missing.message
    assert for_students(graded, assignment.config.hints, 3).message == missing.message
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
    assert found["dJ_dI"][1] == ["warned: RuntimeWarning: overflow; the same in dJ_dH"]
    assert found["dJ_dH"][1] == []


def test_a_note_that_all_gradients_have_is_there_once_and_names_them(assignment: Assignment) -> None:
    """In a Markdown format a name has backslashes."""
    names = assignment.names
    graded = grade_run(
        assignment, Run({name: [Answer("timed_out", warnings=("UserWarning: deprecated",))] for name in names}), "g.py"
    )
    config = assignment.config
    found = channels(assignment, graded)
    found["notebook"] = fragment(graded, config, staff=False)
    found |= {"staff": in_terminal(graded, assignment, staff=True), "staff's": fragment(graded, config, staff=True)}
    for channel, text in found.items():
        plain = " ".join(text.replace("\\", "").split())
        assert plain.count("warned: UserWarning: deprecated") == 1, channel
        assert f"; the same in {', '.join(names[1:])}" in plain, channel
    assert all(result.notes for result in graded.gradients)


def test_a_signal_that_all_gradients_have_is_there_once_and_names_them(assignment: Assignment) -> None:
    names = assignment.names
    graded = grade_run(assignment, Run({}), "gradients.py")
    signals = [Signal("numerical", f"right to about {i} digits, not 1.{i}e-9", name) for i, name in enumerate(names)]
    signals.append(Signal("table", "right to about 3 digits, not 1e-9"))
    text = " ".join(in_terminal(msgspec.structs.replace(graded, integrity=signals), assignment, staff=True).split())
    expected = f"needs review (numerical): {names[0]}: {signals[0].message}; similarly in {', '.join(names[1:])} "
    assert f"{expected}needs review (table): {signals[-1].message}" in text


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


def test_further_warnings_are_counted_and_other_notes_stay(assignment: Assignment) -> None:
    answer = Answer("timed_out", warnings=("a", "b", "c"), mutated=("h",))
    notes = (
        for_students(grade_run(assignment, Run({"dJ_dU": [answer]}), "gradients.py"), assignment.config.hints, 3)
        .gradients[1]
        .notes
    )
    assert notes[1:] == ["warned: a (and 2 more)"]
    assert notes[0].startswith("changes s.h in place")


@pytest.mark.parametrize(
    ("text", "line"), [("a\n b\t c", "a b c"), ("x" * LINE, "x" * LINE), ("x" * 201, "x" * 199 + "…"), ("", "")]
)
def test_text_is_put_on_one_line_and_cut(text: str, line: str) -> None:
    assert own_line(text) == line


def changed(assignment: Assignment, **how: Callable[[Array], Array]) -> Grade:
    """The solution's answers, some of them changed."""
    answers = {}
    for name, values in assignment.exact.items():
        found = [np.ascontiguousarray(how[name](value) if name in how else value) for value in values]
        answers[name] = [Answer("returned", ArrayData("<f8", v.shape, v.tobytes())) for v in found]
    return grade_run(assignment, Run(answers), "gradients.py")


def wrong_factor(assignment: Assignment) -> Grade:
    """dJ_dU with h_prev where h belongs."""
    values = iter(point.values["h_prev"].T for point in assignment.points)
    right = iter(assignment.exact["dJ_db2"])
    return changed(assignment, dJ_dU=lambda _: next(values) @ next(right))


STAFF = "h_prev where h belongs"
STUDENT = "Your numbers are what you get with h_prev^T as the left factor, where another quantity belongs."


def unescaped(text: str) -> str:
    return text.replace("\\", "").replace("&quot;", '"')


def test_only_instructors_read_what_belongs_there(assignment: Assignment) -> None:
    graded = wrong_factor(assignment)
    assert STAFF in in_terminal(graded, assignment, staff=True)
    assert '"statement": "your numbers are what you get with h_prev where h belongs"' in graded.to_json()
    assert f'"student": "{STUDENT}"' in graded.to_json()
    for name, text in channels(assignment, graded).items():
        assert STAFF not in unescaped(text), name
        assert STUDENT in unescaped(text), name


@pytest.mark.parametrize("level", [0, 2, 3, None])
def test_one_key_sets_from_which_level_on_students_read_what_their_numbers_are(
    assignment: Assignment, level: int | None
) -> None:
    graded = wrong_factor(assignment)
    settings = msgspec.structs.replace(assignment.config.hints, diagnosis_level=level)
    for shown in range(4):
        seen = next(one for one in shortened(graded, settings, shown).gradients if one.name == "dJ_dU")
        assert seen.diagnosis is not None
        told = level is not None and shown >= level
        assert [one.statement for one in seen.diagnosis.mistakes] == [STUDENT if told else ""]
        assert [one.where for one in seen.diagnosis.mistakes] == [""]
        assert len(seen.hints) == shown
        assert (STUDENT in "".join(why(seen))) is told
        assert shortened(shortened(graded, settings, shown), settings, shown) == shortened(graded, settings, shown)


def test_what_the_sentence_says_no_hint_repeats(assignment: Assignment) -> None:
    graded = changed(assignment, dJ_dH=lambda value: value.T)
    sentence = "Your numbers are right, but rows and columns are swapped."
    for level, times in ((1, 1), (3, 1)):
        seen = next(one for one in shortened(graded, assignment.config.hints, level).gradients if one.name == "dJ_dH")
        assert "\n".join([*why(seen), *seen.hints]).count(sentence) == times
        assert "What does the first axis of your array count?" in seen.hints[0]


def test_gradescope_shows_the_sentence_with_the_hint_of_its_level(assignment: Assignment) -> None:
    graded = wrong_factor(assignment)
    hints = {result.name: result.hints for result in graded.gradients}
    for count in range(4):
        shown = {name: texts[:count] for name, texts in hints.items()}
        page = msgspec.json.encode(emit(graded, assignment.config, shown, {})).decode()
        assert (STUDENT in unescaped(page)) is (count >= 2)


def test_facts_are_shown_only_without_a_diagnosis_and_at_most_three(assignment: Assignment) -> None:
    result = next(one for one in wrong_factor(assignment).gradients if one.name == "dJ_dU")
    facts = [f"fact {k}" for k in range(5)]
    assert result.diagnosis is not None
    both = msgspec.structs.replace(result.diagnosis, properties=facts)
    assert not [line for line in why(msgspec.structs.replace(result, diagnosis=both)) if "fact" in line]
    none = Diagnosis("none", properties=facts)
    assert why(msgspec.structs.replace(result, diagnosis=none)) == [f"seen: fact {k}" for k in range(3)]
    assert why(msgspec.structs.replace(result, diagnosis=None, where="x in line 3: so")) == ["x in line 3: so"]


def test_a_report_begins_with_what_to_fix_and_what_follows_from_it(assignment: Assignment) -> None:
    delta = [2 * value for value in assignment.exact["dJ_db2"]]
    follows = iter([2 * value for value in assignment.exact["dJ_dh"]])
    twice = iter(delta)
    graded = changed(assignment, dJ_db2=lambda _: next(twice), dJ_dh=lambda _: next(follows), dJ_dH=lambda v: v.T)
    first = "2 things to fix: dJ_db2 and dJ_dH. dJ_dh is right given dJ_db2."
    assert lead(graded) == first
    for name, text in channels(assignment, graded).items():
        if name in ("feedback.md", "feedback.html", "github"):
            assert unescaped(text).index(first) < unescaped(text).index("wrong"), name
    assert first in unescaped(emit(graded, assignment.config, {}, {})["output"])
    staff = in_terminal(graded, assignment, staff=True)
    assert staff.index(first) < staff.index("WRONG")


def result_of(name: str, **more: Any) -> GradientResult:
    return GradientResult(name, 0.0, 10.0, more.pop("status", "failed"), [], **more)


WRONG_AT = "Before {at} of f your values match the derivation; in {at}, `back` does not"


@pytest.mark.parametrize(
    ("gradients", "sentence"),
    [
        ([], ""),
        ([result_of("a", status="passed")], ""),
        ([result_of("a", status="missing")], ""),
        ([result_of("a")], "1 thing to fix: a."),
        ([result_of("a", where=WRONG_AT.format(at="line 12"))], "1 thing to fix: a, line 12."),
        ([result_of("a", where=WRONG_AT.format(at="cell 3, line 4"))], "1 thing to fix: a, cell 3, line 4."),
        (
            [result_of("a", where="Given your own b, `c` in line 9 does not match the derivation")],
            "1 thing to fix: a, line 9.",
        ),
        ([result_of("a", where="what a returns in line 2: a is correct here")], "1 thing to fix: a."),
        ([result_of("a", status="raised", message="no", line=7, cell=2)], "1 thing to fix: a, cell 2, line 7."),
        ([result_of("a"), result_of("b", inherits=["a"])], "1 thing to fix: a. b fails because of it."),
        (
            [result_of("a"), *[result_of(name, inherits=["a"]) for name in "bcdefg"]],
            "1 thing to fix: a. The other six fail because of it.",
        ),
        (
            [result_of("a"), result_of("h"), *[result_of(name, inherits=["a"]) for name in "bcdefg"]],
            "2 things to fix: a and h. The other six fail because of a.",
        ),
        (
            [result_of("a"), *[result_of(name, inherits=["a"]) for name in "bcdefg"], result_of("i", status="passed")],
            "1 thing to fix: a. b, c, d, e and 2 more fail because of it.",
        ),
        ([result_of(name) for name in "abcdef"], "6 things to fix: a, b, c, d and 2 more."),
        (
            [
                result_of("a", status="missing"),
                result_of("b", status="followed_through", follow_through=FollowThrough(["a"], 10.0)),
            ],
            "1 function to write: a. b is right given it.",
        ),
    ],
)
def test_what_to_fix_first_in_one_sentence(gradients: list[GradientResult], sentence: str) -> None:
    assert lead(Grade(1, "g.py", "graded", 0.0, 10.0, gradients)) == sentence
    assert lead(Grade(1, "g.py", "not_graded", 0.0, 10.0, gradients)) == ""


def test_a_check_in_python_has_only_what_its_student_may_read(tmp_path: Path) -> None:
    wrong = tmp_path / "gradients.py"
    text = RIGHT_FILE.read_text()
    wrong.write_text(text.replace("return s.y_hat - s.y", "return 2 * (s.y_hat - s.y)"))
    with Grader(ROOT / "config.yaml") as grader:
        seen, all_of_it = grader.check(wrong), grader.check(wrong, staff=True)
    for grade, student in ((seen, True), (all_of_it, False)):
        first = grade.gradients[0]
        assert first.diagnosis is not None
        [mistake] = first.diagnosis.mistakes
        assert mistake.student == "Your numbers are 2 times the right ones."
        assert (mistake.statement == mistake.student) is student
        assert len(first.hints) == (2 if student else 3)


def test_the_handout_gives_nothing_away(assignment: Assignment) -> None:
    for path in [*(ROOT / "assignment").glob("*.md"), ROOT / "assignment" / "gradients.py"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            for gradient in assignment.names:
                assert leaks(assignment, gradient, line, strict=False) == [], (path.name, line)
