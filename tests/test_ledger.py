"""The ledger: marks that people change, and what becomes of them over regrades, new batches and late policies."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import warm
from classroom import FLIPPED, SOLUTION, write
from conftest import ROOT, copy_assignment
from test_results_folder import RIGHT, WRONG, fill, grade_of, result

from grader.classroom.exports.feedback import markdown, page, web_page
from grader.classroom.exports.gradebooks import fill_canvas
from grader.classroom.exports.results import grades_csv
from grader.classroom.marks.entry_tables import adjustment, extension, read_adjustments
from grader.classroom.marks.final import Final, FinalMarks
from grader.classroom.marks.recording import Wish, record_all
from grader.classroom.store.ledger import Entry, read_ledger
from grader.classroom.store.query import Results
from grader.classroom.store.schema import SCHEMA_VERSION
from grader.classroom.store.store import Store
from grader.errors import UsageError
from grader.inputs.entry import Entry as Submitted
from grader.inputs.entry import Person, Received, person
from grader.problem.assignment import Assignment

GRADER = warm.GRADER


def add(folder: Path, student: str, **what: object) -> Entry:
    """Record one adjustment."""
    [entry], _ = record_all(folder, [Wish(adjustment(student, "kim", because="a reason", **what))])  # type: ignore[arg-type]
    return entry


def add_comment(folder: Path, student: str) -> str:
    """Record a comment; whom it is about."""
    [entry], _ = record_all(folder, [Wish(adjustment(student, "kim", comment="hello"))])
    return entry.student


def about(folder: Path, kind: str, number: int, student: str = "") -> Entry:
    [entry], _ = record_all(folder, [Wish(Entry(student=student, kind=kind, author="lee", target=number))])
    return entry


def final(folder: Path, student: str = "ann") -> Final:
    with Results(folder) as results:
        [row] = results.find(student)
        return FinalMarks(results).of(row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ann has 4 + 10 of 20 marks, Bob 20."""
    return fill(tmp_path / "results", {"ann": WRONG, "bob": RIGHT})


def test_marks_are_set_and_added_for_a_gradient_and_for_the_whole(folder: Path) -> None:
    add(folder, "ann", gradient="dJ_db2", score=7)
    assert (final(folder).value, final(folder).adjustment) == (17, 3)
    add(folder, "ann", gradient="dJ_db2", add=1.5)
    add(folder, "ann", add=-0.5)
    assert (final(folder).value, final(folder).adjustment) == (18, 4)
    add(folder, "ann", score=12)
    assert final(folder).value == 12
    add(folder, "ann", gradient="dJ_dU", score=0)
    assert final(folder).value == 2, "after the total was set, a gradient still changes it"
    add(folder, "ann", add=-100)
    assert (final(folder).value, final(folder).adjustment) == (0, -14)
    assert final(folder, "bob").adjustment is None


def test_an_entry_is_undone_by_another_and_the_undoing_too(folder: Path) -> None:
    entry = add(folder, "ann", add=3)
    undo = about(folder, "undo", entry.id)
    assert final(folder).value == 14
    with pytest.raises(UsageError, match="entry 1 is undone already"):
        about(folder, "undo", entry.id)
    about(folder, "undo", undo.id)
    assert final(folder).value == 17
    with Results(folder) as results:
        assert [one.kind for one in read_ledger(results.connection).entries] == ["add", "undo", "undo"]


def test_nothing_in_the_ledger_can_be_changed_or_deleted(folder: Path) -> None:
    add(folder, "ann", add=3)
    with closing(sqlite3.connect(folder / "grades.db")) as db:
        for sql in ("UPDATE ledger SET value = 5", "DELETE FROM ledger"):
            with pytest.raises(sqlite3.IntegrityError, match="only added"):
                db.execute(sql)


def regrade(folder: Path, **grades: object) -> None:
    with Store(folder, create=False) as store:
        from test_results_folder import STATE

        from grader.classroom.store.gradings import record

        run = store.begin_grading_run("regrade", STATE, "")
        for key, grade in grades.items():
            [(number,)] = store.connection.execute(
                "SELECT submission_id FROM students WHERE key = ?", (key,)
            ).fetchall()
            record(store, number, run, msgspec.json.encode(grade))
        store.finish_grading_run(run)


def test_an_entry_waits_for_a_person_when_the_verdict_under_it_has_changed(folder: Path, tmp_path: Path) -> None:
    entry = add(folder, "ann", gradient="dJ_db2", score=7)
    regrade(folder, ann=WRONG)
    assert final(folder).value == 17, "the same verdict once more"
    regrade(folder, ann=grade_of(result("dJ_db2", 4, "failed"), result("dJ_dU", 5, "failed")))
    assert final(folder).value == 12, "another gradient is not its business"
    regrade(folder, ann=grade_of(result("dJ_db2", 6, "failed"), result("dJ_dU", 5, "failed")))
    [review] = final(folder).review
    assert final(folder).value is None
    assert review.why == 'dJ_db2 was "wrong, 4 of 10 marks" when the entry was made, and is "wrong, 6 of 10 marks" now'
    gradebook = tmp_path / "canvas.csv"
    gradebook.write_text("Student,ID,SIS Login ID,Section,HW (1)\nann,1,ann,A,3\nbob,2,bob,A,\n")
    with Results(folder) as results:
        filled = fill_canvas(results, gradebook, "HW")
        assert f"adjustment {entry.id} needs to be confirmed" in grades_csv(results).decode()
    assert [row["HW (1)"] for row in csv.DictReader(filled.text.splitlines())] == ["3", "20"]
    assert [student for student, _ in filled.waiting] == ["ann"]
    about(folder, "confirm", entry.id)
    assert (final(folder).value, final(folder).review) == (12, ())
    with pytest.raises(UsageError, match="there is nothing to confirm"):
        about(folder, "confirm", entry.id)
    regrade(folder, ann=WRONG)
    assert final(folder).value is None, "confirmed for another verdict"
    about(folder, "undo", entry.id)
    assert final(folder).value == 14


def test_an_entry_on_the_whole_waits_when_the_total_changes(folder: Path) -> None:
    add(folder, "ann", add=1)
    regrade(folder, ann=RIGHT)
    assert [one.why for one in final(folder).review] == [
        "the submission had 14 of 20 marks when the entry was made, and has 20 of 20 marks now"
    ]


def test_an_entry_on_a_gradient_that_is_no_longer_asked_for_changes_nothing(folder: Path) -> None:
    add(folder, "ann", gradient="dJ_dU", score=2)
    regrade(folder, ann=grade_of(result("dJ_db2", 4, "failed")))
    found = final(folder)
    assert (found.value, found.adjustment) == (None, 0)
    assert "and is absent now" in found.review[0].why


def test_who_is_excused_has_no_marks_and_canvas_says_so(folder: Path, tmp_path: Path) -> None:
    add(folder, "ann", excuse=True)
    gradebook = tmp_path / "canvas.csv"
    gradebook.write_text("Student,ID,SIS Login ID,Section,HW (1)\nann,1,ann,A,\nbob,2,bob,A,\n")
    with Results(folder) as results:
        filled = fill_canvas(results, gradebook, "HW")
        [ann, _] = csv.DictReader(grades_csv(results).decode("utf-8-sig").splitlines())
    assert [row["HW (1)"] for row in csv.DictReader(filled.text.splitlines())] == ["EX", "20"]
    assert (ann["adjustment"], ann["final"], ann["score"]) == ("excused", "", "14")


def test_a_student_without_a_file_gets_marks_by_hand_and_one_we_failed_on_only_if_all_are_given(tmp_path: Path) -> None:
    ours = grade_of(result("dJ_db2", 7, "not_graded"), result("dJ_dU", 10, "passed"), status="not_graded")
    folder = fill(tmp_path, {"ann": ours, "bob": RIGHT})
    with Store(folder, create=False) as store:
        store.receive(Submitted("zoe", [person("zoe")], []), Received("", None, "missing", "found nothing"))
    add(folder, "zoe", add=5)
    assert final(folder, "zoe").value == 5
    add(folder, "ann", gradient="dJ_db2", score=4)
    assert final(folder).value is None, "what we could not grade is not zero"
    add(folder, "ann", gradient="dJ_dU", score=6)
    assert final(folder).value == 10


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"student": "zoe", "add": 1}, "no student zoe"),
        ({"gradient": "dJ_dV", "score": 1}, "no gradient dJ_dV; expected one of dJ_d"),
        (
            {"gradient": "dJ_dU", "score": 10.5},
            "dJ_dU is worth 10 marks: expected 0 to 10, found 10.5; --add gives extra marks",
        ),
        ({"score": -1}, "expected 0 to 20, found -1"),
        ({"score": float("nan")}, "expected marks, found nan"),
        ({"add": float("inf")}, "expected marks, found inf"),
        ({"add": 1e300}, "expected marks, found 1e+300"),
        ({"add": 1, "score": 2}, "expected one of score, add and excuse, found score and add"),
        ({"gradient": "dJ_dU"}, "expected what to record"),
        ({"gradient": "dJ_dU", "excuse": True}, "excuse is for the whole assignment"),
        ({"add": 1, "because": " "}, "because TEXT is missing: the reason, which the student reads"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_recorded(folder: Path, what: dict, message: str) -> None:
    with pytest.raises(UsageError) as error:
        record_all(folder, [Wish(adjustment(**{"student": "ann", "author": "kim", "because": "x", **what}))])
    assert message in str(error.value)
    with Results(folder) as results:
        assert read_ledger(results.connection).entries == []


def test_a_missing_reason_hides_nothing_else_that_is_wrong(folder: Path) -> None:
    done = run(ROOT, "adjust", str(folder), "ann", "--score", "99", "--by", "kim")
    assert done.returncode == 2
    assert "--because TEXT is missing" in done.stderr
    assert "the assignment is worth 20 marks: expected 0 to 20, found 99" in done.stderr


def test_an_entry_of_another_student_is_not_undone(folder: Path) -> None:
    entry = add(folder, "ann", add=1)
    with pytest.raises(UsageError, match="entry 1 is about ann, not about bob"):
        about(folder, "undo", entry.id, "bob")
    with pytest.raises(UsageError, match="the ledger has no entry 7"):
        about(folder, "undo", 7)


def test_a_key_is_meant_before_a_name_that_somebody_took(tmp_path: Path) -> None:
    folder = fill(tmp_path, {"ann": WRONG, "bob": RIGHT}, names={"bob": "ann"})
    assert add(folder, "ann", add=1).student == "ann"


def test_a_part_of_a_name_changes_nobodys_marks(tmp_path: Path) -> None:
    folder = fill(tmp_path / "results", {"joann": WRONG, "bob": RIGHT}, names={"joann": "Joann Lee"})
    path = table(tmp_path / "t.csv", "student,add,because", "ann,5,x")
    with pytest.raises(UsageError, match=r"row 2: .*no student ann; .*did you mean joann\?"):
        record_all(folder, read_adjustments(path, "kim"))
    with pytest.raises(UsageError, match="no student Lee"):
        add(folder, "Lee", add=5)
    assert add(folder, "JOANN LEE", add=5).student == "joann", "capitals do not matter"


def test_namesakes_are_named_by_something_else(tmp_path: Path) -> None:
    with Store(tmp_path, create=True) as store:
        for number, key in ((1, "Ann Lee"), (2, "Ann Lee-2")):
            who = Person(key, "Ann Lee", f"a{number}@x")
            store.receive(Submitted(str(number), [who], []), Received("g.py", b"x", "", ""))
    with pytest.raises(UsageError, match="Ann Lee could be 2 students: Ann Lee, Ann Lee-2"):
        add_comment(tmp_path, "Ann Lee")
    assert add_comment(tmp_path, "a1@x") == "Ann Lee"


def test_marks_for_a_gradient_that_is_gone_do_not_count_where_there_is_no_file(folder: Path) -> None:
    with Store(folder, create=False) as store:
        store.receive(Submitted("zoe", [person("zoe")], []), Received("", None, "missing", "found nothing"))
    add(folder, "zoe", gradient="dJ_dU", score=5)
    add(folder, "zoe", gradient="dJ_db2", score=1)
    assert final(folder, "zoe").value == 6
    only = grade_of(result("dJ_db2", 10, "passed"))
    regrade(folder, ann=only, bob=only)
    assert final(folder, "zoe").value == 1


def test_a_submission_that_becomes_another_students_takes_no_entries_along(tmp_path: Path) -> None:
    with Store(tmp_path, create=True) as store:
        for number, key in (("1", "ann"), ("2", "bob")):
            store.receive(Submitted(number, [person(key)], []), Received("g.py", number.encode(), "", ""))
    add_comment(tmp_path, "ann")
    with Store(tmp_path, create=False) as store:
        store.receive(Submitted("1", [person("bob")], []), Received("g.py", b"1", "", ""))
    assert final(tmp_path, "bob").comments == ()


def test_an_entry_on_somebody_who_is_gone_can_be_undone_and_not_confirmed(folder: Path) -> None:
    entry = add(folder, "ann", add=1)
    with closing(sqlite3.connect(folder / "grades.db")) as db, db:
        db.execute("DELETE FROM students WHERE key = 'ann'")
    with pytest.raises(UsageError, match="ann is no longer in these results"):
        about(folder, "confirm", entry.id)
    done = run(ROOT, "adjust", str(folder), "--undo", "1", "--by", "kim")
    assert (done.returncode, done.stdout) == (
        0,
        "ann: entry 2: undoes entry 1 (kim, " + done.stdout.partition("(kim, ")[2],
    )


HOSTILE = "*bold* <script>alert(1)</script> | [x](http://a) =1+1"


def test_reason_and_comment_reach_the_student_as_text(folder: Path, assignment: Assignment) -> None:
    wish = adjustment("ann", "kim", add=1, because=HOSTILE, comment=HOSTILE)
    record_all(folder, [Wish(wish), Wish(adjustment("ann", "kim", gradient="dJ_dU", comment="see me"))])
    with Results(folder) as results:
        [row] = results.find("ann")
        blocks = [*page(row, assignment.config, FinalMarks(results).of(row))]
        assert "'=" not in grades_csv(results).decode()
    text, shown = markdown(blocks), web_page(blocks)
    assert "+1 marks: \\*bold\\* &lt;script" in text
    assert "Comment: dJ\\_dU: see me" in text
    assert "<script>alert" not in text + shown
    assert "Final mark: 15 of 20" in shown
    assert "<p>The grader&#x27;s marks: 14 of 20</p>" in shown
    assert "Comment: *bold* &lt;script&gt;" in shown


def test_a_changed_name_keeps_its_entries(tmp_path: Path) -> None:
    with Store(tmp_path, create=True) as store:
        store.receive(Submitted("1041", [person("Participant_1041")], []), Received("", None, "missing", ""))
    add(tmp_path, "Participant_1041", comment="hello")
    with Store(tmp_path, create=False) as store:
        store.receive(Submitted("1041", [person("Ann Lee_1041")], []), Received("", None, "missing", ""))
    assert final(tmp_path, "Ann Lee_1041").comments == ("hello",)


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_table_is_recorded_as_a_whole_and_only_once(folder: Path, tmp_path: Path) -> None:
    path = table(
        tmp_path / "t.csv", "student,gradient,score,add,excuse,because,comment",
        "ann,dJ_db2,7,,,ambiguous,", "bob,,,-2,,late form,", "bob,,,,,,well done", ",,,,,,",
    )  # fmt: skip
    recorded, again = record_all(folder, read_adjustments(path, "kim"))
    assert (len(recorded), again) == (3, 0)
    assert (final(folder).value, final(folder, "bob").value) == (17, 18)
    assert record_all(folder, read_adjustments(path, "lee")) == ([], 3)
    table(path, "student,add,because", "ann,1,x", "zoe,1,x")
    with pytest.raises(UsageError, match=r"t\.csv, row 3: .*no student zoe; nothing was recorded"):
        record_all(folder, read_adjustments(path, "kim"))
    assert final(folder).value == 17


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["name,add", "ann,1"], "expected a column student, found name, add"),
        (["student,ad,because", "ann,1,x"], "no column ad: expected student, gradient,"),
        (["student,add,because", "ann,two,x"], "row 2: add: expected a number, found two"),
        (["student,add,because", "ann,1,"], "row 2: because TEXT is missing"),
        (["student,excuse,because", "ann,perhaps,x"], "row 2: excuse: expected yes or nothing, found perhaps"),
        (["student,add,because", ",1,x"], "row 2: expected a student, found an empty cell"),
        (["student,add,because", "ann,1_0,x"], "row 2: add: expected a number, found 1_0"),
        (["student,add,because,add", "ann,1,x,2"], "two columns are called add: expected one"),
        (["student,add,because", "ann,1,late, but fine"], "row 2: more cells than columns: put a text with a comma"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_the_row(
    folder: Path, tmp_path: Path, rows: list[str], message: str
) -> None:
    with pytest.raises(UsageError) as error:
        record_all(folder, read_adjustments(table(tmp_path / "t.csv", *rows), "kim"))
    assert message in str(error.value)


def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    """With a byte order mark, semicolons, decimal commas, and the apostrophes that grades.csv puts before a +."""
    folder = fill(tmp_path / "results", {"+ann": WRONG, "bob": RIGHT})
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffStudent;Add;Because\r\n\'+ann;1,5;"one; and =2"\r\n\r\nbob;-2;x\r\n;;\r\n'.encode())
    entries, _ = record_all(folder, read_adjustments(path, "kim"))
    assert [(one.student, one.value, one.reason) for one in entries] == [("+ann", 1.5, "one; and =2"), ("bob", -2, "x")]


def test_the_newest_of_two_tables_counts_even_if_it_is_the_older_one_again(folder: Path, tmp_path: Path) -> None:
    first = table(tmp_path / "a.csv", "student,gradient,score,because", "ann,dJ_db2,7,x")
    second = table(tmp_path / "b.csv", "student,gradient,score,because", "ann,dJ_db2,3,x")
    for path, count, mark in ((first, 1, 17), (second, 1, 13), (first, 1, 17), (first, 0, 17)):
        recorded, _ = record_all(folder, read_adjustments(path, "kim"))
        assert (len(recorded), final(folder).value) == (count, mark)


@pytest.mark.parametrize(("days", "until"), [(None, ""), (1.0, "2026-10-01"), (-1.0, ""), (float("nan"), "")])
def test_an_extension_has_days_or_a_time(days: float | None, until: str) -> None:
    with pytest.raises(UsageError, match="days"):
        extension("ann", "kim", days=days, until=until)


# --- older stores -------------------------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Results of a grader that knew no ledger."""
    with closing(sqlite3.connect(tmp_path / "grades.db")) as db:
        db.executescript((ROOT / "tests" / "store_version_1.sql").read_text())
    return tmp_path


def test_an_older_store_opens_and_has_a_ledger(old: Path) -> None:
    with Results(old) as results:
        [row] = results.students()
        assert (row.student, row.score, row.first_at, row.superseded) == ("ann", 7, "2026-10-02T23:00:00", False)
        assert results.flags(row.submission_id) == [("identical", "", "the same file as bob")]
        assert [one["submitted_at"] for one in results.attempts(row.submission_id)] == ["", "2026-10-02T23:00:00"]
    add(old, "ann", gradient="dJ_dU", score=9)
    assert final(old).value == 9


def test_an_older_store_that_cannot_be_written_is_read_and_stays_as_it_is(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    assert final(old).value == 7
    with closing(sqlite3.connect(old / "grades.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_two_graders_bring_one_older_store_up_to_date(old: Path) -> None:
    path = str(old / "grades.db")
    script = f"import pathlib; from grader.classroom.store.database import connect; connect(pathlib.Path({path!r}))"
    started = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [one.wait(60) for one in started] == [0, 0]
    with Results(old) as results:
        assert results.connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION


# --- a whole class, by hand -----------------------------------------------------------------------------------------------

COUNT = 300
ZONE = ZoneInfo("Europe/Zurich")
DUE = datetime(2026, 10, 2, 12, tzinfo=ZONE)
ONE_WRONG = SOLUTION.replace(b"return s.h.T @ dJ_db2(s)", b"return 2 * s.h.T @ dJ_db2(s)")


def submitted(k: int) -> datetime:
    """Half of the class is late, by up to four days."""
    return DUE + timedelta(minutes=(k % 150 - 75) * 77)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_course(tmp_path_factory.mktemp("course"), COUNT)


@pytest.fixture(scope="module")
def small_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_course(tmp_path_factory.mktemp("small-course"), 12)


def write_course(folder: Path, count: int) -> Path:
    """The assignment, and the results of a batch of that many students, some with an earlier attempt."""
    copy_assignment(folder)
    files = {}
    for k in range(count):
        body = (SOLUTION, FLIPPED, ONE_WRONG)[k % 3]
        at = submitted(k)
        files[f"HW_s{k:03}_attempt_{at:%Y-%m-%d-%H-%M-%S}_gradients.py"] = body
        if k % 10 == 0:
            earlier = at - timedelta(days=3)
            files[f"HW_s{k:03}_attempt_{earlier:%Y-%m-%d-%H-%M-%S}_gradients.py"] = (FLIPPED, ONE_WRONG, SOLUTION)[
                k % 3
            ]
    write(folder / "class", files)
    done = run(folder, "batch", "class", "--out", "results")
    assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([GRADER, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def by_hand(db: sqlite3.Connection, per_day: float, which: str) -> dict[str, float | None]:
    """Every final mark from the tables alone, by arithmetic of its own."""
    undone: set[int] = set()
    ledger = [dict(row) for row in db.execute("SELECT * FROM ledger ORDER BY id")]
    for entry in reversed(ledger):
        if entry["kind"] == "undo" and entry["id"] not in undone:
            undone.add(entry["target"])
    found: dict[str, float | None] = {}
    people = "SELECT students.key, submissions.key FROM students JOIN submissions ON submissions.id = submission_id"
    tried = (
        "SELECT submissions.id, 1 - superseded, submitted_at, grade FROM submissions JOIN gradings ON gradings.id = grading_id"
        " WHERE submissions.key = ?"
    )
    for student, key in db.execute(people).fetchall():
        mine = [one for one in ledger if one["student"] == student and one["id"] not in undone]
        due = DUE
        for one in mine:
            if one["kind"] == "extend":
                due = DUE + timedelta(days=one["value"])
        attempts = []
        times = {one["verdict"]: one["until"] for one in mine if one["kind"] == "submitted"}
        for number, latest, downloaded, grade in db.execute(tried, (key,)):
            at = times.get(str(number), downloaded)
            marks = {
                one["name"]: (one["status"], one["score"], one["max_score"]) for one in json.loads(grade)["gradients"]
            }
            late = (datetime.fromisoformat(at).replace(tzinfo=ZONE) - due) / timedelta(days=1)
            total = sum(score for _, score, _ in marks.values())
            days = max(0, -int(-late // 1))
            attempts.append((total - min(total, days * per_day), latest, marks, days))
        best = max(attempts, key=lambda one: (one[0], one[1]) if which == "best" else one[1])
        marks = {name: score for name, (_, score, _) in best[2].items()}
        extra, waits = 0.0, False
        confirmed = {one["target"]: one["verdict"] for one in mine if one["kind"] == "confirm"}
        for one in mine:
            if one["kind"] == "score":
                marks[one["gradient"]] = one["value"]
            elif one["kind"] == "add":
                extra += one["value"]
            if one["kind"] in ("score", "add"):
                now = (
                    list(best[2][one["gradient"]])
                    if one["gradient"]
                    else ["graded", sum(s for _, s, _ in best[2].values()), 100.0]
                )
                waits |= json.loads(confirmed.get(one["id"], one["verdict"])) != now
        total = max(0.0, sum(marks.values()) + extra)
        excused = any(one["kind"] == "excuse" for one in mine)
        found[student] = None if waits or excused else round(total - min(total, best[3] * per_day), 9)
    return found


def finals(folder: Path) -> dict[str, float | None]:
    with (folder / "results" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: float(row["final"]) if row["final"] else None for row in csv.DictReader(file)}


def expected(folder: Path, per_day: float, which: str = "latest") -> dict[str, float | None]:
    with closing(sqlite3.connect(folder / "results" / "grades.db")) as db:
        db.row_factory = sqlite3.Row
        return by_hand(db, per_day, which)


def late(folder: Path, text: str) -> None:
    path = folder / "config.yaml"
    path.write_text(
        path.read_text().partition("\nlate:")[0]
        + f"\nlate: {{due: 2026-10-02 12:00, timezone: Europe/Zurich, {text}}}\n"
    )
    done = run(folder, "regrade", "results")
    assert done.returncode == 0, done.stderr
    assert "0 run again" in done.stdout


@pytest.mark.slow
def test_every_mark_of_a_class_is_the_one_that_the_ledger_gives_by_hand(course: Path) -> None:
    """300 students, two people at once, a regrade, two changes of the late policy, an export."""
    assert finals(course) == expected(course, 0)
    late(course, "per_day: 10")
    assert finals(course) == expected(course, 10)

    # Two people at once, each with a table of 40 and some single entries, of which some are undone.
    for who, start in (("kim", 0), ("lee", 100)):
        rows = [f"s{k:03},{'dJ_dU,12.5,' if k % 2 else ',,-2'},because {k}" for k in range(start, start + 40)]
        table(course / f"{who}.csv", "student,gradient,score,add,because", *rows)
        table(
            course / f"{who}-more.csv",
            "student,days,because",
            *(f"s{k:03},{k % 3},ill" for k in range(start, start + 90, 9)),
        )
    script = """
grader adjust results --from {0}.csv --by {0} && grader extend results --from {0}-more.csv --by {0}
for k in 1 2; do grader adjust results s{1}$k --add 1.25 --because "good question" --by {0} || exit 1; done
grader adjust results s{1}6 --excuse --because "ill" --by {0}
"""
    path = {**os.environ, "PATH": f"{GRADER.parent}:{os.environ['PATH']}"}
    both = [
        subprocess.Popen(["sh", "-ec", script.format(who, start)], cwd=course, env=path, stdout=subprocess.DEVNULL)
        for who, start in (("kim", "00"), ("lee", "20"))
    ]
    assert [one.wait(120) for one in both] == [0, 0]
    with closing(sqlite3.connect(course / "results" / "grades.db")) as db:
        assert db.execute("SELECT author, COUNT(*) FROM ledger GROUP BY author ORDER BY author").fetchall() == [
            ("kim", 53),
            ("lee", 53),
        ]
    before = finals(course)
    assert before == expected(course, 10)
    shorter = run(course, "extend", "results", "s001", "--until", "2025-10-09 23:59")
    assert (shorter.returncode, "expected a time after everybody's deadline" in shorter.stderr) == (2, True)
    assert run(course, "adjust", "results", "--undo", "1", "--by", "kim").returncode == 0
    assert finals(course) == expected(course, 10) != before

    # Times that the download has wrong.
    rows = [f"s{k:03},{submitted(k) - timedelta(days=2):%Y-%m-%d %H:%M}," for k in range(120, 150)]
    table(course / "times.csv", "student,submitted,because", *rows)
    before = finals(course)
    assert run(course, "times", "results", "--from", "times.csv", "--by", "lee").returncode == 0
    assert finals(course) == expected(course, 10) != before

    # A regrade under which follow-through is worth half: some verdicts change, and what rests on them waits.
    path = course / "config.yaml"
    path.write_text(path.read_text().replace("follow_through:\n  share: 1.0", "follow_through:\n  share: 0.5"))
    late(course, "per_day: 5, which: best")
    found = finals(course)
    assert found == expected(course, 5, "best")
    waiting = [student for student, mark in found.items() if mark is None and student not in ("s006", "s206")]
    assert waiting
    done = run(course, "export", "results", "gradescope")
    assert done.returncode == 3
    assert (
        f"students without final marks before these adjustments are confirmed or undone: {len(waiting)}" in done.stdout
    )
    with closing(sqlite3.connect(course / "results" / "grades.db")) as db:
        ids = db.execute(
            "SELECT id FROM ledger WHERE student = ? AND kind IN ('add', 'score')", (waiting[0],)
        ).fetchall()
    for (number,) in ids:
        run(course, "adjust", "results", "--confirm", str(number), "--by", "kim")
    found = finals(course)
    assert found == expected(course, 5, "best")
    assert found[waiting[0]] is not None

    gradebook = "\n".join(f"s{k:03},{k},s{k:03},A," for k in range(COUNT))
    (course / "gradebook.csv").write_text(f"Student,ID,SIS Login ID,Section,HW (7)\n{gradebook}\n")
    done = run(course, "export", "results", "canvas", "--into", "gradebook.csv", "--column", "HW")
    with (course / "results" / "canvas.csv").open(newline="") as file:
        exported = {row["Student"]: row["HW (7)"] for row in csv.DictReader(file)}
    assert {s for s, mark in exported.items() if mark == "EX"} == {"s006", "s206"}
    shown = {s: float(mark) if mark not in ("", "EX") else None for s, mark in exported.items()}
    assert shown == pytest.approx(expected(course, 5, "best"), abs=1e-4)
    done = run(course, "show", "results", "s100", "--attempts")
    assert "2  2026-10-03T20:05:00: 56 of 100, 1 day late: 51 left " in done.stdout, (
        "32 hours, with a day more than others"
    )


def test_the_attempts_of_a_student_are_compared_by_gradient(small_course: Path) -> None:
    done = run(small_course, "show", "results", "s010", "--attempts")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].startswith("1  ")
    assert "this one counts" in done.stdout
    assert next(line for line in lines if line.startswith("dJ_db2 ")).split()[-1].startswith(("+", "-"))
    done = run(small_course, "show", "results", "s010", "--compare", "1", "3")
    assert (done.returncode, done.stderr) == (2, "error: --compare: expected attempts from 1 to 2, found 3\n")


def test_the_ledger_is_listed_with_author_and_what_is_undone(small_course: Path, tmp_path: Path) -> None:
    shutil.copytree(small_course / "results", tmp_path / "results")
    entry = add(tmp_path / "results", "s011", add=1)
    about(tmp_path / "results", "undo", entry.id)
    done = run(small_course, "adjust", str(tmp_path / "results"), "s011")
    assert f"s011: entry {entry.id}: +1 marks: a reason (kim, " in done.stdout
    assert ")  (undone)" in done.stdout
