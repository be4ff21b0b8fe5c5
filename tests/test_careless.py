"""What careless and hostile hands do to marks: torn files, tables from spreadsheets, contradictory rows, odd numbers.

The commands run in this process, on results whose grades are made up.
"""

import codecs
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from conftest import ROOT
from test_ledger import about, add, final, regrade, table
from test_results_folder import RIGHT, RUN, STATE, WRONG, fill, grade_of, result

from grader.classroom.exports.results import grades_csv
from grader.classroom.marks.choice import choose_attempts
from grader.classroom.marks.entry_tables import extension
from grader.classroom.marks.recording import Wish, record_all
from grader.classroom.report.sections import read_sections
from grader.classroom.store.gradings import record
from grader.classroom.store.ledger import read_ledger
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.cli.app import main
from grader.errors import UsageError
from grader.inputs.entry import Entry, Received, person
from grader.records.result import Grade


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ann has 4 + 10 of 20 marks, Bob 20."""
    return fill(tmp_path / "results", {"ann": WRONG, "bob": RIGHT})


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(main, [*map(str, arguments), "--config", str(ROOT / "config.yaml")])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def entries(folder: Path) -> list[str]:
    with Results(folder) as results:
        return [f"{one.student} {one.kind}" for one in read_ledger(results.connection).entries]


# --- tables -------------------------------------------------------------------------------------------------------------

CONTRADICTIONS = {
    "times": (
        ["student,submitted", "ann,2026-10-02 11:58", "bob,2026-10-02 11:00", "ann,2026-10-03 09:00"],
        "t.csv, row 4: a second row about ann: submitted 2026-10-03 09:00, but {path}, row 2 has submitted 2026-10-02 11:58",
    ),
    "extend": (
        ["student,days,until", "ann,2,", "", "ann,,2026-10-09"],
        "t.csv, row 4: a second row about ann: extended until 2026-10-09, but {path}, row 2 has extended by 2 days",
    ),
    "adjust": (
        ["student,gradient,score,because", "ann,dJ_dU,7,x", "ann,dJ_db2,8,x", "ann,dJ_dU,9,x"],
        "t.csv, row 4: a second row about ann, dJ_dU: 9 marks, but {path}, row 2 has 7 marks",
    ),
}


@pytest.mark.parametrize("command", CONTRADICTIONS)
def test_two_rows_of_a_table_that_contradict_each_other_are_refused_with_both_values(
    folder: Path, tmp_path: Path, command: str
) -> None:
    rows, message = CONTRADICTIONS[command]
    path = table(tmp_path / "t.csv", *rows)
    done = run(command, folder, "--from", path)
    assert done.exit_code == 2
    assert message.format(path=path) in done.output
    assert "nothing was recorded" in done.output
    assert entries(folder) == []


def test_two_rows_that_say_the_same_are_one_and_marks_are_added_twice(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "student,submitted", "ann,2026-10-02 11:58", "ann,2026-10-02 11:58")
    assert run("times", folder, "--from", path).exit_code == 0
    path = table(tmp_path / "u.csv", "student,add,because", "ann,1,x", "ann,2,y")
    assert run("adjust", folder, "--from", path).exit_code == 0
    assert entries(folder) == ["ann submitted", "ann add", "ann add"]


def test_all_wrong_rows_are_reported_at_once(folder: Path, tmp_path: Path) -> None:
    path = table(
        tmp_path / "t.csv", "student,submitted", "zoe,2026-10-02 11:58", "bob,2026-10-02 11:00", "cy,2026-10-02 9:00"
    )
    done = run("times", folder, "--from", path)
    assert done.exit_code == 2
    assert "t.csv, row 4: expected a time" in done.output, "9:00 is no time: 09:00"
    path.write_text(path.read_text().replace(" 9:00", " 09:00"))
    done = run("times", folder, "--from", path)
    assert done.exit_code == 2
    assert [number in done.output for number in ("row 2: ", "row 3: ", "row 4: ")] == [True, False, True]
    assert entries(folder) == []


WRONG_ROWS = {
    "adjust": [
        "student,gradient,add,because",
        "ann,dJ_dU,two,x",
        ",,1,x",
        "zoe,,1,",
        "bob,,1,x,y",
        "bob,dJ_dQ,1,x",
        "bob,,1,x",
    ],
    "extend": ["student,days,until", "ann,soon,", ",1,", "zoe,1,", "bob,1,,y", "bob,,", "bob,1,"],
}


@pytest.mark.parametrize("command", WRONG_ROWS)
def test_every_row_that_cannot_be_recorded_is_listed_and_no_other(folder: Path, tmp_path: Path, command: str) -> None:
    done = run(command, folder, "--from", table(tmp_path / "t.csv", *WRONG_ROWS[command]))
    assert done.exit_code == 2
    assert [f"row {number}: " in done.output for number in range(2, 8)] == [True] * 5 + [False]
    assert entries(folder) == []


def test_all_that_is_wrong_with_an_adjustment_is_reported_at_once(folder: Path) -> None:
    done = run("adjust", folder, "zoe", "--add", "5")
    assert done.exit_code == 2
    assert "--because TEXT is missing: the reason, which the student reads" in done.output
    assert "no student zoe" in done.output


TEXT = "student{0}submitted{0}because\r\nann{0}2026-10-02 11:58{0}Grüße\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.format(",").encode("utf-8-sig"),
        TEXT.format(";").encode(),
        TEXT.format("\t").encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.format("\t").encode("utf-16-be"),
        TEXT.format(",").replace("\r\n", "\r").encode(),
        ("\r\n" + TEXT.format(",")).encode(),
    ],
    ids=["Excel's mark", "semicolons", "Unicode text", "big-endian", "old Mac", "an empty line"],
)
def test_a_table_is_read_however_a_spreadsheet_saved_it(folder: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    done = run("times", folder, "--from", tmp_path / "t.csv")
    assert done.exit_code == 0, done.output
    assert "ann: entry 1: submitted 2026-10-02 11:58: Grüße" in done.output


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a table with titles and then a row per student, it is empty"),
        (b"student,submitted\n", "then a row per student, found a single row"),
        (b"student|submitted\nann|2026-10-02\n", "found student|submitted"),
        (TEXT.format(",").encode("utf-16-le"), 'save it in the spreadsheet as "CSV UTF-8"'),
        (TEXT.format(",").encode("cp1252"), "it is not in UTF-8"),
        (b"PK\x03\x04\x14\x00", "found a workbook: save it in the spreadsheet as"),
        (b"student,submitted\nann,2026-10-02 25:00\n", "t.csv, row 2: expected a time, such as"),
        (b"student,submitted\nann,2026-10-02 11:58 CET\n", "t.csv, row 2: expected a time, such as"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_words(
    folder: Path, tmp_path: Path, data: bytes, message: str
) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    done = run("times", folder, "--from", tmp_path / "t.csv")
    assert (done.exit_code, message in done.output) == (2, True), done.output
    assert entries(folder) == []


def test_rows_are_counted_as_a_spreadsheet_counts_them(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "student,add,because", "", "ann,1,x", "", "zoe,1,x")
    assert "t.csv, row 5: " in run("adjust", folder, "--from", path).output


# --- numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "text", "value", "message"),
    [
        ("--score", "2,5", 2.5, ""),
        ("--add", "\N{MINUS SIGN}2", 12.0, ""),
        ("--add", "1,234", None, "1,234 may be a thousand or a decimal: write 1234 or 1,2340"),
        ("--add", "1e309", None, "expected marks, found inf"),
        ("--score", "nan", None, "expected marks, found nan"),
        ("--score", "20.5", None, "expected 0 to 20, found 20.5; --add gives extra marks"),
        ("--add", "two", None, "expected a number, found two"),
    ],
)
def test_a_number_is_read_as_people_write_it_or_refused(
    folder: Path, option: str, text: str, value: float | None, message: str
) -> None:
    done = run("adjust", folder, "ann", f"{option}={text}", "--because", "x")
    assert (done.exit_code, message in done.output) == (0 if value is not None else 2, True), done.output
    assert final(folder).value == value or value is None


def test_no_gradient_and_no_total_goes_below_zero(folder: Path) -> None:
    add(folder, "ann", gradient="dJ_db2", add=-10)
    assert (final(folder).value, final(folder).lines[1]) == (10, "dJ_db2: 0 marks instead of 4: a reason")
    add(folder, "ann", add=-30)
    assert final(folder).value == 0
    assert "No mark is below 0." in final(folder).lines


def test_where_nothing_was_graded_no_gradient_has_marks(tmp_path: Path) -> None:
    with Store(tmp_path, create=True) as store:
        store.receive(Entry("zoe", [person("zoe")], []), Received("", None, "missing", "found nothing"))
    with pytest.raises(UsageError, match=r"nothing was graded in .* yet, so no gradient has marks"):
        add(tmp_path, "zoe", gradient="dJ_dU", score=1)


# --- what changed under an entry ----------------------------------------------------------------------------------------


def test_marks_above_a_maximum_that_was_lowered_are_not_confirmed(folder: Path) -> None:
    entry = add(folder, "ann", gradient="dJ_db2", score=9)
    lower = result("dJ_db2", 2, "failed")
    regrade(folder, ann=grade_of(msgspec.structs.replace(lower, max_score=5.0), result("dJ_dU", 10, "passed")))
    assert final(folder).value is None
    done = run("export", folder, "csv")
    assert done.exit_code == 3
    assert 'dJ_db2 was "wrong, 4 of 10 marks" when the entry was made, and is "wrong, 2 of 5 marks" now' in done.output
    with pytest.raises(UsageError, match="entry 1 gives 9 marks, and dJ_db2 is worth 5 now: undo it"):
        about(folder, "confirm", entry.id)
    about(folder, "undo", entry.id)
    assert final(folder).value == 12


def attempts(folder: Path, *grades: Grade, policy: str) -> None:
    """Ann's attempts, one an hour from noon, the last of them the latest; graded under a late policy."""
    with Store(folder, create=True) as store:
        for hour in range(12, 12 + len(grades)):
            received = Received("gradients.py", str(hour).encode())
            store.receive(Entry("ann", [person("ann")], [], submitted_at=f"2026-10-02 {hour}:00"), received)
        run = store.begin_grading_run("batch", STATE, policy)
        numbers = store.connection.execute("SELECT id FROM submissions ORDER BY id").fetchall()
        for (number,), grade in zip(numbers, grades, strict=True):
            record(store, number, run, msgspec.json.encode(grade), RUN)
        store.finish_grading_run(run)
        choose_attempts(store.connection)


def test_an_adjustment_belongs_to_the_attempt_that_counted_when_it_was_made(tmp_path: Path) -> None:
    """The best of two counts, by the grader's marks; when the other one does, the entry waits for a person."""
    folder = tmp_path / "results"
    due = "late: {due: 2026-10-02 12:30, per_day: 15, which: "
    worse = grade_of(result("dJ_db2", 0, "failed"), result("dJ_dU", 10, "passed"))
    attempts(folder, worse, WRONG, policy=due + "best}")
    assert final(folder).value == 10, "14 less 15 for the later one"
    add(folder, "ann", gradient="dJ_db2", score=3)
    assert final(folder).value == 13
    record_all(folder, [Wish(extension("ann", "kim", days=1))])  # now the later one is in time, and the best
    waiting = final(folder)
    assert (waiting.value, [one.entry.id for one in waiting.review]) == (None, [1])
    about(folder, "confirm", 1)
    assert final(folder).value == 13, "of the later one: 3 + 10"
    about(folder, "undo", 1)
    assert final(folder).value == 14


# --- files and rosters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("torn", [0.1, 0.5, 0.95])
def test_a_torn_store_is_reported_and_never_a_traceback(folder: Path, tmp_path: Path, torn: float) -> None:
    add(folder, "ann", add=1)
    copy = shutil.copytree(folder, tmp_path / "copy")
    data = (copy / "grades.db").read_bytes()
    (copy / "grades.db").write_bytes(data[: int(len(data) * torn)])
    for what in (("adjust", "ann", "--add", 1, "--because", "x"), ("adjust",), ("show", "ann"), ("export", "csv")):
        done = run(what[0], copy, *what[1:])
        assert (done.exit_code, "restore it from a copy" in done.output) == (3, True), done.output


def test_a_student_with_a_formula_for_a_name_is_adjusted_by_it_and_it_stays_text(tmp_path: Path) -> None:
    folder, name = tmp_path / "results", '=HYPERLINK("http://x")'
    fill(folder, {"ann": WRONG, name: RIGHT}, names={name: name})
    done = run("adjust", folder, name, "--add", "-1", "--because", "=1+1")
    assert done.exit_code == 0, done.output
    path = table(tmp_path / "t.csv", "student,add,because", f'"\'{name.replace(chr(34), chr(34) * 2)}",-1,x')
    assert run("adjust", folder, "--from", path).exit_code == 0, "as grades.csv has it"
    with Results(folder) as results:
        text = grades_csv(results).decode("utf-8-sig")
    assert ",18," in text
    assert '"=' not in text
    assert ",=" not in text


def test_a_student_with_a_row_in_each_of_two_sections_is_in_both(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", "student,Section", "ann,Mon", "bob,Tue", "ann,Tue", "bob,Tue")
    with Results(folder) as results:
        assert read_sections(results, path, "Section") == {"ann": "Mon and Tue", "bob": "Tue"}
    path = table(tmp_path / "r.csv", "Name,Login,Section", "Ann,ann,Mon", "Ann,ann,Tue", "Bob,bob,Tue")
    with Results(folder) as results:
        assert read_sections(results, path, "Section") == {"ann": "Mon and Tue", "bob": "Tue"}
