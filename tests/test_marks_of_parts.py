"""Marks of a homework of several parts, changed by hand: whose part an entry is about, and what shows it.

The commands run in this process, on results whose grades are made up.
"""

import csv
import shutil
import threading
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from homework import RIGHT, write_homework
from test_results_folder import STATE, fill, grade_of, result

from grader.classroom.marks.entry_tables import adjustment
from grader.classroom.marks.recording import Wish, record_all, record_each
from grader.classroom.store.gradings import record
from grader.classroom.store.ledger import read_ledger, writing
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.cli.app import main
from grader.parts.parts import Parts, parts_at
from grader.parts.whole_class import write_whole
from grader.parts.whose_part import by_part
from grader.records.result import Grade

LOGISTIC = grade_of(result("dw", 10, "passed"), result("db", 4, "failed"))
SOFTMAX = grade_of(result("dscores", 4, "failed"), result("dW", 10, "passed"), result("db", 10, "passed"))
BECAUSE = ("--because", "ambiguous")


@pytest.fixture(scope="module")
def homework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_homework(tmp_path_factory.mktemp("homework"))


@pytest.fixture(scope="module")
def parts(homework: Path) -> Parts:
    found = parts_at(homework / "config.yaml")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def graded(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann and Bob, with 14 of 20 marks and 24 of 30; Bob's results of the second part have an entry more in the ledger."""
    out = tmp_path_factory.mktemp("graded")
    for part, grade in zip(parts, (LOGISTIC, SOFTMAX), strict=True):
        fill(out / part.name, {"ann": grade, "bob": grade})
    write_whole(parts, out, [(part, out / part.name) for part in parts])
    return out


@pytest.fixture
def results(graded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(graded, tmp_path / "results")


@pytest.fixture
def adjust(homework: Path, results: Path):
    def run(*arguments: object, command: str = "adjust", folder: Path = results) -> Result:
        words = [command, str(folder), *map(str, arguments), "--config", str(homework / "config.yaml")]
        return CliRunner().invoke(main, words)

    return run


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def finals(results: Path, student: str = "ann") -> tuple[str, ...]:
    row = rows(results / "grades.csv")[student]
    return tuple(row[name] for name in ("logistic final", "softmax final", "final"))


def kinds(folder: Path) -> list[str]:
    with Results(folder) as stored:
        return [one.kind for one in read_ledger(stored.connection).entries]


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["dscores", "softmax.dscores"])
def test_a_gradient_says_its_part_alone_or_with_the_name_of_the_part(adjust, results: Path, name: str) -> None:
    done = adjust("ann", "--gradient", name, "--score", 7, *BECAUSE)
    assert done.exit_code == 0, done.output
    assert "ann: 41 of 50 in all parts together" in done.output
    assert finals(results) == ("14", "27", "41")
    assert kinds(results / "logistic") == []
    assert "dscores: 7 marks instead of 4: ambiguous" in (results / "feedback" / "ann.md").read_text()
    assert "dscores: 7 marks instead of 4: ambiguous" in (results / "softmax" / "feedback" / "ann.md").read_text()
    assert "entry 1: dscores: 7 marks: ambiguous" in adjust("ann", command="show").output
    assert adjust("gradescope", command="export").exit_code == 0
    assert ",41,50,Graded," in (results / "gradescope.csv").read_text()
    made = adjust(command="report").output
    assert "softmax/report.html: 2 students" in made
    assert "ambiguous" in (results / "softmax" / "report.html").read_text()


@pytest.mark.parametrize(
    "what, message",
    [
        (("--gradient", "db", "--score", 7), "2 parts have a gradient db: expected logistic.db or softmax.db"),
        (("--gradient", "dscore", "--score", 7), "--gradient: no gradient dscore; did you mean dscores?"),
        (("--gradient", "softmax.dw", "--score", 7), "--gradient: no gradient softmax.dw; did you mean dW?"),
        (("--gradient", "softmax.dz", "--score", 7), "--gradient: no gradient softmax.dz; expected softmax.dscores or"),
        (("--gradient", "sofmax.db", "--score", 7), "--part: no part sofmax in these results; did you mean softmax?"),
        (("--gradient", "logistic.db", "--part", "softmax", "--score", 7), "no part logistic in these results"),
        (("--add", 2), "expected the part whose marks change: --part logistic or --part softmax, or a gradient"),
        (("--part", "x", "--add", 2), "--part: no part x in these results; expected logistic or softmax"),
        (("--part", "softmax"), "--part: expected an adjustment"),
        (("--undo", 1), "--undo 1: no part's ledger has an entry 1"),
    ],
)
def test_what_could_be_about_several_parts_or_none_is_refused_with_their_names(
    adjust, results: Path, what: tuple[object, ...], message: str
) -> None:
    student = () if "--undo" in what else ("ann",)
    done = adjust(*student, *what, *BECAUSE[: 0 if what == ("--part", "softmax") else 2])
    assert (done.exit_code, message in done.output.replace("\n", " ")) == (2, True), done.output
    assert kinds(results / "logistic") + kinds(results / "softmax") == []


def test_a_part_is_named_for_its_whole(adjust, results: Path) -> None:
    assert adjust("ann", "--part", "softmax", "--add", 2, *BECAUSE).exit_code == 0
    assert finals(results) == ("14", "26", "40")
    assert adjust("ann", "--part", "logistic", "--gradient", "db", "--score", 10, *BECAUSE).exit_code == 0
    assert finals(results) == ("20", "26", "46")


def test_in_the_results_of_one_part_an_entry_is_about_that_part(adjust, results: Path) -> None:
    done = adjust("ann", "--gradient", "db", "--add", 1, *BECAUSE, folder=results / "softmax")
    assert done.exit_code == 0, done.output
    assert finals(results) == ("14", "25", "39")
    other = adjust("ann", "--gradient", "dw", "--add", 1, *BECAUSE, folder=results / "softmax")
    assert (other.exit_code, "no gradient dw" in other.output) == (2, True)


def test_an_excuse_an_extension_and_a_comment_are_for_all_parts_and_undone_in_all(adjust, results: Path) -> None:
    assert adjust("ann", "--part", "softmax", "--add", 1, *BECAUSE).exit_code == 0
    assert adjust("ann", "--comment", "come and see me").exit_code == 0
    page = (results / "feedback" / "ann.md").read_text()
    assert page.count("Comment: come and see me") == 1
    assert "Comment: come and see me" in (results / "logistic" / "feedback" / "ann.md").read_text()
    assert adjust("ann", "--excuse", *BECAUSE).exit_code == 0
    assert rows(results / "grades.csv")["ann"]["adjustment"] == "excused"
    which = adjust("--undo", 2)  # a comment in one part, an excuse in the other
    assert which.exit_code == 2
    assert "2 parts have an entry 2: name one with --part logistic or --part softmax" in which.output.replace("\n", " ")
    assert adjust("--undo", 3).exit_code == 0, "only one part has an entry 3: the excuse, which is entry 2 of the other"
    assert finals(results) == ("14", "25", "39")
    assert kinds(results / "logistic") == ["comment", "excuse", "undo"]
    assert kinds(results / "softmax") == ["add", "comment", "excuse", "undo"]
    assert adjust("ann", "--days", 2, command="extend").exit_code == 0
    assert adjust("--undo", 5, "--part", "softmax", command="extend").exit_code == 0
    assert (kinds(results / "logistic")[-1], kinds(results / "softmax")[-1]) == ("extend", "undo")


def test_of_entries_with_one_number_that_of_the_student_is_meant(adjust, results: Path) -> None:
    assert adjust("ann", "--part", "logistic", "--add", 1, *BECAUSE).exit_code == 0
    assert adjust("bob", "--part", "softmax", "--add", 2, *BECAUSE).exit_code == 0
    assert adjust("bob", "--undo", 1).exit_code == 0
    assert (finals(results, "ann")[2], finals(results, "bob")[2]) == ("39", "38")
    again = adjust("bob", "--undo", 1)
    assert (again.exit_code, "entry 1 is about ann, not about bob" in again.output) == (2, True)


def test_two_entries_that_happen_to_say_the_same_are_two(adjust, results: Path) -> None:
    for part in ("logistic", "softmax"):
        assert adjust("ann", "--part", part, "--add", 1, *BECAUSE).exit_code == 0
    done = adjust("--undo", 1)
    assert (done.exit_code, "2 parts have an entry 1" in done.output) == (2, True)
    assert adjust("--undo", 1, "--part", "softmax").exit_code == 0
    assert finals(results) == ("15", "24", "39")


def test_a_table_is_recorded_in_all_parts_or_in_none(adjust, results: Path, tmp_path: Path) -> None:
    head = "student,part,gradient,add,excuse,because"
    bad = table(tmp_path / "bad.csv", head, "ann,,dscores,1,,x", "zoe,,dw,1,,x", "bob,,db,1,,x")
    done = adjust("--from", bad)
    assert (done.exit_code, "bad.csv, row 4: --gradient: 2 parts have a gradient db" in done.output) == (2, True)
    bad.write_text(bad.read_text().replace(",db,", ",logistic.db,"))
    done = adjust("--from", bad)
    assert done.exit_code == 2
    assert "bad.csv, row 3: logistic: " in done.output
    assert "nothing was recorded" in done.output
    assert kinds(results / "logistic") + kinds(results / "softmax") == []
    good = table(tmp_path / "good.csv", head, "ann,,dscores,1,,x", "ann,logistic,,2,,x", "bob,softmax,,,yes,ill")
    assert adjust("--from", good).exit_code == 0
    assert (finals(results), finals(results, "bob")) == (("16", "25", "41"), ("14", "", "14"))
    assert adjust("--from", good).output.count("not recorded again") == 2


def test_an_entry_whose_verdict_changed_is_listed_with_its_part_and_confirmed(adjust, results: Path) -> None:
    assert adjust("ann", "--gradient", "dscores", "--score", 7, *BECAUSE).exit_code == 0
    regraded(results / "softmax", grade_of(result("dscores", 0, "failed"), *SOFTMAX.gradients[1:]))
    done = adjust("csv", command="export")
    assert done.exit_code == 3
    expected = 'ann: entry 1: softmax: dscores was "wrong, 4 of 10 marks" when the entry was made'
    assert expected in done.output
    assert adjust("--confirm", 1).exit_code == 0
    assert finals(results) == ("14", "27", "41")
    assert adjust("csv", command="export").exit_code == 0


def regraded(folder: Path, grade: Grade) -> None:
    with Store(folder, create=False) as store:
        run = store.begin_grading_run("regrade", STATE, "")
        [(number,)] = store.connection.execute("SELECT submission_id FROM students WHERE key = 'ann'").fetchall()
        record(store, number, run, msgspec.json.encode(grade))
        store.finish_grading_run(run)


def test_the_table_of_all_parts_waits_for_somebody_who_is_writing_and_has_their_marks(
    results: Path, parts: Parts
) -> None:
    everywhere = [(part, results / part.name) for part in parts]
    late = threading.Thread(target=write_whole, args=(parts, results, everywhere))
    with writing(results / "logistic"):
        late.start()
        late.join(0.5)  # time enough to read too early
        record_all(results / "softmax", [Wish(adjustment("ann", "kim", add=1, because="x"))])
    late.join()
    assert finals(results) == ("14", "25", "39")


def test_people_whose_tables_are_for_all_parts_do_not_lock_each_other_out(results: Path, parts: Parts) -> None:
    everywhere = [(part, results / part.name) for part in parts]
    failed: list[BaseException] = []

    def work(student: str, *gradients: str) -> None:
        wishes = [Wish(adjustment(student, "kim", gradient=name, add=1, because="x")) for name in gradients]
        try:
            for _ in range(5):
                record_each([(folder, own) for _, folder, own in by_part(everywhere, wishes)])
        except BaseException as error:
            failed.append(error)

    people = [threading.Thread(target=work, args=one) for one in (("ann", "dscores", "dw"), ("bob", "dw", "dscores"))]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert not failed
    write_whole(parts, results, everywhere)
    assert [finals(results, student) for student in ("ann", "bob")] == [("19", "29", "48")] * 2


def test_a_time_that_was_recorded_is_in_the_table_of_all_parts(adjust, results: Path) -> None:
    done = adjust("ann", "--at", "2026-10-02 11:58", command="times")
    assert done.exit_code == 0, done.output
    assert rows(results / "grades.csv")["ann"]["submitted_at"] == "2026-10-02 11:58"
    later = adjust("ann", "--at", "Oct 3 2026 09:00 AM", command="times", folder=results / "softmax")
    assert later.exit_code == 0, later.output
    assert rows(results / "grades.csv")["ann"]["submitted_at"] == "Oct 3 2026 09:00 AM", "of the part that came last"


def test_one_assignment_has_no_parts(adjust, homework: Path, results: Path) -> None:
    words = ["adjust", str(results / "softmax"), "ann", "--add", "1", *BECAUSE, "--part", "softmax"]
    done = CliRunner().invoke(main, [*words, "--config", str(homework / "softmax" / "config.yaml")])
    assert (done.exit_code, "this is one assignment, not a homework of several parts" in done.output) == (2, True)


# --- what is packed of all parts ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_packages_in_which_a_part_is_solved_already_are_found_out(tmp_path: Path) -> None:
    from grader.parts.smoke_test import check_packages

    folder = write_homework(tmp_path)
    shutil.copy(RIGHT["part2.py"], folder / "softmax" / "assignment" / "part2.py")
    found = parts_at(folder / "config.yaml")
    assert found is not None
    handout, gradescope = check_packages(found)
    assert (handout.outcome, gradescope.outcome) == ("failed", "failed")
    assert gradescope.details == ["stubs: expected 0 marks, found 10.0 marks"]


@pytest.mark.slow
def test_the_packages_of_a_sound_homework_work(parts: Parts) -> None:
    from grader.parts.smoke_test import check_packages

    assert [one.outcome for one in check_packages(parts)] == ["passed", "passed"]
