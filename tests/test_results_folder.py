"""The files of a results folder, for students who are graded, not graded, or gone: marks, feedback, changes."""

import csv
import io
from pathlib import Path

import msgspec
import pytest

from grader.classroom.batch.batch import check_state
from grader.classroom.exports.cells import cell
from grader.classroom.exports.changes import find_changes
from grader.classroom.exports.feedback import Block, page, web_page, write_feedback
from grader.classroom.exports.gradebooks import fill_canvas, gradescope_csv
from grader.classroom.exports.results import grades_csv
from grader.classroom.store.gradings import RunRecord, record
from grader.classroom.store.outputs import note_written, outdated, results_hash
from grader.classroom.store.packing import pack_run
from grader.classroom.store.query import Results, not_in_grading_run, ungraded
from grader.classroom.store.store import Store
from grader.config.keys import Config, Feedback
from grader.errors import UsageError
from grader.inputs.entry import Entry, Received, person
from grader.problem.assignment import Assignment
from grader.problem.fingerprint import Fingerprint, Runtime
from grader.records.result import CheckResult, FollowThrough, Grade, GradientResult
from grader.records.run import Run

STATE = Fingerprint("spec", "solution", "steps", Runtime("3.11", "2.0", "x86_64", 2, 10, 512, 256, 64, ("dJ_dU",)))
RUN = RunRecord(pack_run(Run({})), "", 0.1, 1, "steps", STATE.runtime, "strong")


def result(name: str, score: float, status: str, message: str = "", **more: object) -> GradientResult:
    outcome = "passed" if status == "passed" else "failed"
    checks = [CheckResult("finite_difference", outcome, score, 10.0, message)]  # type: ignore[arg-type]
    return GradientResult(name, score, 10.0, status, checks, **more)  # type: ignore[arg-type]


def grade_of(*gradients: GradientResult, status: str = "graded") -> Grade:
    score = sum(gradient.score for gradient in gradients)
    return Grade(1, "gradients.py", status, score, 10.0 * len(gradients), list(gradients))  # type: ignore[arg-type]


RIGHT = grade_of(result("dJ_db2", 10, "passed"), result("dJ_dU", 10, "passed"))
WRONG = grade_of(result("dJ_db2", 4, "failed", "relative error 2"), result("dJ_dU", 10, "passed"))
# Our own failure after some of it was checked: the numbers in it say nothing.
NOT_GRADED = grade_of(result("dJ_db2", 7, "not_graded"), result("dJ_dU", 10, "passed"), status="not_graded")


def fill(folder: Path, *runs: dict[str, Grade], names: dict[str, str] | None = None) -> Path:
    """A results folder in which each grading run graded these students."""
    with Store(folder, create=True) as store:
        for number, grades in enumerate(runs):
            grading_run = store.begin_grading_run("regrade" if number else "batch", STATE, f"run: {number}")
            for key, grade in grades.items():
                who = person(key, (names or {}).get(key, ""))
                if not number:
                    store.receive(Entry(key, [who], []), Received("gradients.py", key.encode()))
                [(submission,)] = store.connection.execute(
                    "SELECT id FROM submissions WHERE key = ?", (key,)
                ).fetchall()
                record(store, submission, grading_run, msgspec.json.encode(grade), RUN)
            store.finish_grading_run(grading_run)
    return folder


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def texts(grade: Grade, config: Config, tmp_path: Path) -> list[str]:
    """The feedback of one student, block by block."""
    with Results(fill(tmp_path / "one", {"ann": grade})) as results:
        [row] = results.students()
        return [block.text for block in page(row, config)]


def with_hints(assignment: Assignment, hints: str) -> Config:
    return msgspec.structs.replace(assignment.config, feedback=Feedback(hints=hints))  # type: ignore[arg-type]


def test_a_student_whose_file_could_not_be_graded_has_no_marks_in_any_table(tmp_path: Path) -> None:
    with Results(fill(tmp_path, {"ann": RIGHT, "bob": NOT_GRADED}, names={"bob": "Bob Bee"})) as results:
        ann, bob = table(grades_csv(results).decode("utf-8-sig"))
        assert (ann["score"], ann["dJ_db2"], ann["dJ_db2 status"]) == ("20", "10", "passed")
        assert (bob["score"], bob["dJ_db2"], bob["dJ_db2 status"]) == ("", "", "not_graded")
        first, second = table(gradescope_csv(results))
        assert (first["Total Score"], first["Status"]) == ("20", "Graded")
        assert (second["Total Score"], second["Status"], second["1: dJ_db2 (10 pts)"]) == ("", "Ungraded", "")
        gradebook = tmp_path / "canvas.csv"
        gradebook.write_text("Student,ID,SIS Login ID,Section,HW (1)\nAnn,1,ann,A,\nBob Bee,2,bob,A,5\n")
        filled = fill_canvas(results, gradebook, "HW")
    assert [row["HW (1)"] for row in table(filled.text)] == ["20", "5"]
    assert (filled.without_grade, filled.without_marks) == (["Bob Bee"], [])


@pytest.mark.parametrize(("points", "shown"), [("0", "20"), ("-5", "20"), ("nan", "20"), ("", "20"), ("40", "40")])
def test_marks_are_converted_only_to_a_possible_number_of_points(tmp_path: Path, points: str, shown: str) -> None:
    gradebook = tmp_path / "canvas.csv"
    gradebook.write_text(f"Student,ID,Section,HW (1)\n    Points Possible,,,{points}\nann,1,A,\n")
    with Results(fill(tmp_path / "r", {"ann": RIGHT})) as results:
        filled = fill_canvas(results, gradebook, "HW", scale=True)
    assert table(filled.text)[1]["HW (1)"] == shown


def test_of_several_names_the_last_one_is_the_last_name(tmp_path: Path) -> None:
    with Results(fill(tmp_path, {"a": RIGHT, "b": RIGHT}, names={"a": "Ann Mary Lee", "b": "Plato"})) as results:
        rows = table(gradescope_csv(results))
    assert [(row["First Name"], row["Last Name"]) for row in rows] == [("Ann Mary", "Lee"), ("Plato", "")]


@pytest.mark.parametrize(("hints", "shown"), [("all", ["one", "two"]), ("first", ["one"]), ("none", [])])
def test_feedback_has_as_many_hints_as_the_config_says(
    assignment: Assignment, tmp_path: Path, hints: str, shown: list[str]
) -> None:
    grade = grade_of(result("dJ_db2", 4, "failed", hints=["one", "two"]))
    found = [text for text in texts(grade, with_hints(assignment, hints), tmp_path) if text.startswith("hint: ")]
    assert found == [f"hint: {hint}" for hint in shown]


def test_feedback_on_what_follows_from_a_mistake_names_its_root_and_no_failed_check(
    assignment: Assignment, tmp_path: Path
) -> None:
    follows = FollowThrough(["dJ_dh"], 6.0, ["dJ_db2"])
    root = result("dJ_db2", 4, "failed", "relative error 1")
    grade = grade_of(root, result("dJ_dU", 10, "followed_through", "relative error 2", follow_through=follows))
    found = texts(grade, assignment.config, tmp_path)
    assert found[1].startswith("1 thing to fix: dJ_db2")
    assert any("dJ_dU" in text for text in found)
    assert not any("relative error 2" in text for text in found)


def test_feedback_on_a_right_gradient_appears_only_with_a_note(assignment: Assignment, tmp_path: Path) -> None:
    noted = grade_of(result("dJ_db2", 10, "passed", notes=["changes s.h in place"]), result("dJ_dU", 10, "passed"))
    found = texts(noted, assignment.config, tmp_path)
    assert "note: changes s.h in place" in found
    assert not any(text.startswith("dJ_dU") for text in found)


def test_feedback_of_a_student_who_is_no_longer_there_is_deleted(assignment: Assignment, tmp_path: Path) -> None:
    folder = tmp_path / "feedback"
    folder.mkdir()
    for name in ("gone.md", "gone.html", ".ann.md.12.tmp", "notes.txt"):
        (folder / name).write_text("x")
    with Results(fill(tmp_path / "r", {"ann": RIGHT})) as results:
        write_feedback(folder, results, assignment.config)
    assert sorted(path.name for path in folder.iterdir()) == ["ann.html", "ann.md", "notes.txt"]


def test_a_title_is_text_in_the_head_of_a_page_too() -> None:
    assert "<b>" not in web_page([Block("heading", "</title><b>x", 1)])


def test_truth_values_become_words_and_formulas_behind_spaces_text() -> None:
    assert (cell(True), cell(False), cell(None)) == ("yes", "no", "")
    for text in (" =1+1", "\u3000=1", "  @SUM(A1)", " +1"):
        assert cell(text).startswith("'")


def test_changes_are_those_since_the_grading_before_and_of_marks_or_status(tmp_path: Path) -> None:
    again = grade_of(result("dJ_db2", 4, "raised"), result("dJ_dU", 10, "passed"))
    with Results(fill(tmp_path, {"ann": RIGHT}, {"ann": WRONG}, {"ann": again})) as results:
        [second] = find_changes(results, 2)
        [third] = find_changes(results, 3)
    assert (second.before, second.after, second.difference) == (10, 4, -6)
    assert (third.before, third.after, third.status_before, third.status_after) == (4, 4, "failed", "raised")


def test_a_change_to_or_from_a_failure_of_the_grader_is_no_gain_and_no_loss(tmp_path: Path) -> None:
    with Results(fill(tmp_path, {"ann": RIGHT}, {"ann": NOT_GRADED}, {"ann": RIGHT})) as results:
        [lost] = find_changes(results, 2)
        [back] = find_changes(results, 3)
    assert (lost.before, lost.after, lost.difference) == (10, None, 0)
    assert (back.before, back.after, back.difference, back.why) == (None, 10, 0, "could not be graded before")


def test_a_student_is_found_by_any_whole_name_before_those_whose_names_contain_it(tmp_path: Path) -> None:
    names = {"ann": "Ann Lee", "anna": "Anna Wu", "joann": "Jo Ann", "z": "Béla Nagy"}
    with Results(fill(tmp_path, dict.fromkeys(names, RIGHT), names=names)) as results:

        def found(wanted: str) -> list[str]:
            return [row.student for row in results.find(wanted)]

        assert found("ANN") == ["ann"]
        assert found("anna wu") == ["anna"]
        assert found("nn") == ["ann", "anna", "joann"]
        assert found("bob") == []
        assert found("bela") == found("BÉLA") == ["z"], "accents do not matter"


def test_files_without_answers_are_ungraded_even_if_the_grader_failed_on_them(tmp_path: Path) -> None:
    with Store(fill(tmp_path, {"ann": RIGHT, "bob": RIGHT, "cy": RIGHT}), create=False) as store:
        ids = dict(store.connection.execute("SELECT key, id FROM submissions"))
        assert ungraded(store.connection) == []
        grading_run = store.begin_grading_run("rerun", STATE, "")
        record(store, ids["bob"], grading_run, msgspec.json.encode(NOT_GRADED))  # the sandbox failed
        assert ungraded(store.connection) == [ids["bob"]]
        store.receive(Entry("cy", [person("cy")], []), Received("gradients.py", b"a newer file"))
        [first, newer] = ungraded(store.connection)
        assert (first, newer not in ids.values()) == (ids["bob"], True)


def test_stored_answers_are_regradable_at_the_present_sample_points_and_functions(tmp_path: Path) -> None:
    def todo(**changes: object) -> list[tuple[bool, bool]]:
        state = msgspec.structs.replace(STATE, **changes)
        return [(one.regradable, one.same_runtime) for one in not_in_grading_run(store.connection, 0, state)]

    with Store(fill(tmp_path, {"ann": RIGHT}), create=False) as store:
        assert todo() == [(True, True)]
        assert todo(steps="others") == [(False, True)]
        assert todo(runtime=msgspec.structs.replace(STATE.runtime, numpy="3.0")) == [(True, False)]
        more = msgspec.structs.replace(STATE.runtime, functions=("dJ_dU", "dJ_dh"))
        assert todo(runtime=more) == [(False, False)]
        fewer = msgspec.structs.replace(STATE.runtime, functions=())
        assert todo(runtime=fewer) == [(True, False)]
        assert not_in_grading_run(store.connection, 1, STATE) == [], "it has been graded in that one"


def test_a_file_is_older_than_the_results_when_a_grade_a_flag_or_a_student_changed_and_only_then(
    tmp_path: Path,
) -> None:
    folder = fill(tmp_path / "r", {"ann": RIGHT, "bob": WRONG})
    path = folder / "marks.csv"

    def older() -> bool:
        return bool(outdated([folder]))

    def write() -> None:
        path.write_text("marks")
        with Results(folder) as results:
            note_written(results, path, "export csv", results_hash(results))
        assert not older()

    write()
    with Store(folder, create=False) as store:
        [(bob,)] = store.connection.execute("SELECT id FROM submissions WHERE key = 'bob'").fetchall()

        def grade_again(grade: Grade, flags: list[tuple[str, str, str]]) -> None:
            grading_run = store.begin_grading_run("regrade", STATE, "")
            record(store, bob, grading_run, msgspec.json.encode(grade), RUN, flags=flags)
            store.finish_grading_run(grading_run)

        grade_again(WRONG, [])
        assert not older(), "the same grade once more"
        for grade, flags in ((RIGHT, []), (RIGHT, [("tamper", "", "x")]), (WRONG, [])):
            grade_again(grade, flags)
            assert older()
            write()
        store.receive(Entry("cy", [person("cy")], []), Received("gradients.py", b"c"))
    assert older()
    expected = f"older than the last grading run: marks.csv; to update it: `grader export {folder} csv`"
    assert outdated([folder]) == expected
    path.unlink()
    assert not older(), "it is no longer there"


def test_nothing_is_added_to_results_of_another_state_of_the_assignment(tmp_path: Path) -> None:
    other = msgspec.structs.replace(STATE, solution="another")
    with Store(fill(tmp_path, {"ann": RIGHT, "bob": RIGHT}), create=False) as store:
        check_state(store, STATE)
        grading_run = store.begin_grading_run("regrade", other, "")
        record(store, 1, grading_run, msgspec.json.encode(WRONG), RUN)
        for state in (STATE, other):
            with pytest.raises(UsageError, match="changed since some of these results were graded"):
                check_state(store, state)
