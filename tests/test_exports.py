"""What other programs read: the gradebooks of platforms, Markdown and HTML of hostile text, tables without formulas."""

import csv
import html
import io
import re
import zipfile
from pathlib import Path

import msgspec
import pytest
from classroom import STUDENTS, files, write
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.cells import cell, csv_text, number, write_file
from grader.exports.feedback import Block, fragment, markdown, page, web_page
from grader.exports.gradebooks import fill_canvas, gradescope_csv
from grader.exports.moodlezip import moodle_zip
from grader.exports.worksheet import fill_moodle
from grader.fingerprint import fingerprint
from grader.grade import grade
from grader.inputs.download import read_download
from grader.inputs.entry import receive
from grader.store.gradings import RunRecord, record
from grader.store.query import Results
from grader.store.store import Store
from grader.text import several_lines


@pytest.fixture(scope="module")
def graded(assignment, sandbox):
    """Three of the students of the table graded for real, with their grades by source."""
    state = fingerprint(assignment)
    sources = {
        source for student in STUDENTS for name, source in student.files.items() if name.endswith("gradients.py")
    }
    return state, {source: grade(assignment, sandbox.run(source), "gradients.py") for source in sources}


def stored(tmp_path: Path, layout: str, graded) -> Results:
    """A results folder with a download of this layout in it."""
    state, by_source = graded
    with Store(tmp_path / "results", create=True) as store:
        round_id = store.begin_round("batch", state, "title: x")
        for entry in read_download(write(tmp_path / "class", files(layout)), "gradients.py").entries:
            store.receive(entry, receive(entry, "gradients.py", 10**6, []))
        for number_, source in store.connection.execute(
            "SELECT id, source FROM submissions WHERE source IS NOT NULL"
        ).fetchall():
            run = RunRecord(b"\x80", "", 0.1, 1, state.steps, state.runtime, "strong")
            record(store, number_, round_id, msgspec.json.encode(by_source[source]), run)
        store.finish_round(round_id)
    return Results(tmp_path / "results")


def table(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,HW 2 (900),HW 3 (901),Current Score
    Points Possible,,,,,10,100,(read only)
"Lee, Ann",1041,S1,alee,One,7,,70
"Nagy, Béla",1042,S2,bnagy,One,8,5,80
"Wu, Chi",1043,S3,cwu,Two,9,,90
"O'Hara, Dana",1044,S4,dohara,Two,1,3,10
"Student, Test",,,,Two,,,
"""


@pytest.mark.parametrize("column", ["HW 3 (901)", "HW 3", "901"])
def test_canvas_gets_one_column_and_a_student_without_marks_keeps_what_was_there(column, tmp_path, graded):
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(CANVAS, encoding="utf-8-sig")
    with stored(tmp_path, "canvas", graded) as results:
        filled = fill_canvas(results, gradebook, column)
    rows = table(filled.text)
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW 3 (901)"]
    assert rows[1][0] == "    Points Possible"
    assert rows[1][-1] == "100"
    assert {row[0]: row[-1] for row in rows[2:]} == {
        "Lee, Ann": "100", "Nagy, Béla": "92", "Wu, Chi": "100", "O'Hara, Dana": "3", "Student, Test": ""
    }  # fmt: skip
    assert (filled.graded, filled.without_row, filled.without_marks) == (3, [], ["O'Hara, Dana"])


def test_canvas_finds_students_by_name_or_number_where_the_download_was_another(tmp_path, graded):
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(CANVAS.replace(",", ";").replace('"Lee; Ann"', '"Lee, Ann"').replace('"Wu; Chi"', '"Wu, Chi"'))
    with stored(tmp_path, "gradescope", graded) as results:
        filled = fill_canvas(results, gradebook, "901")
    assert {row[0]: row[-1] for row in table(filled.text, ";")[2:]}["Lee, Ann"] == "100"
    assert filled.without_row == ["01042"]  # "Nagy; Béla" is nobody's name


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a,b\n1,2\n", "x", "expected a gradebook export of Canvas"),
        (CANVAS, "HW 9", "no column called 'HW 9'; name one with --column: HW 2 \\(900\\), HW 3 \\(901\\)"),
        (CANVAS, "Current Score", "no column called 'Current Score'"),  # which Canvas computes
        ("a,b\n", "x", "expected a table with a row per student, found 1 rows"),
    ],
)
def test_a_gradebook_that_is_none_is_said_to_be_none(text, column, message, tmp_path, graded):
    (tmp_path / "g.csv").write_text(text)
    with stored(tmp_path, "canvas", graded) as results, pytest.raises(UsageError, match=message):
        fill_canvas(results, tmp_path / "g.csv", column)


@pytest.mark.parametrize(("scale", "marks"), [(False, ["100", "92", "100"]), (True, ["10", "9.2", "10"])])
def test_marks_go_as_they_are_or_converted_into_a_column_that_counts_otherwise(scale, marks, tmp_path, graded):
    (tmp_path / "g.csv").write_text(CANVAS)
    (tmp_path / "w.csv").write_text(MOODLE.replace("100.00", '"10,00"'))
    with stored(tmp_path / "canvas", "canvas", graded) as results:
        canvas = fill_canvas(results, tmp_path / "g.csv", "HW 2", scale=scale)
    with stored(tmp_path / "moodle", "moodle", graded) as results:
        moodle = fill_moodle(results, tmp_path / "w.csv", lambda row: "", scale=scale)
    assert [row[-1] for row in table(canvas.text)[2:5]] == marks
    assert [row[4] for row in table(moodle.text)[1:4]] == marks
    assert canvas.worth == moodle.worth == {10.0}


MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 1041,Ann Lee,alee@example.edu,Submitted,,100.00,Yes,"Friday, 2 October 2026, 11:59 AM",-,
Participant 1042,Béla Nagy,bnagy@example.edu,Submitted,50.00,100.00,Yes,-,-,old
Participant 1043,Chi Wu,cwu@example.edu,Submitted,,100.00,Yes,-,-,
Participant 1044,Dana O'Hara,dohara@example.edu,No submission,,100.00,Yes,-,-,
"""


def test_the_worksheet_of_moodle_comes_back_with_nothing_but_grades_and_comments_changed(tmp_path, graded, assignment):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(MOODLE, encoding="utf-8-sig")
    with stored(tmp_path, "moodle", graded) as results:
        filled = fill_moodle(results, worksheet, lambda row: fragment(list(page(row, assignment.config))))
    before, after = table(MOODLE), table(filled.text)
    assert [row[4] for row in after] == ["Grade", "100", "92", "100", ""]
    assert all(a[:4] == b[:4] and a[5:9] == b[5:9] for a, b in zip(after, before, strict=True))
    assert "<p>Marks: 92 of 100</p>" in after[2][9]
    assert after[4][9] == ""
    assert filled.without_marks == ["Dana O'Hara"]


def test_a_worksheet_in_another_language_needs_the_title_of_its_column(tmp_path, graded):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(MOODLE.replace("Grade,Max", "Bewertung,Max").replace("Participant", "Teilnehmer/in"))
    with stored(tmp_path, "moodle", graded) as results:
        with pytest.raises(
            UsageError, match=r"with a column 'Grade', found Identifier, .*name the column of grades with --co"
        ):
            fill_moodle(results, worksheet, lambda row: "")
        filled = fill_moodle(results, worksheet, lambda row: "", "Bewertung")
        assert (filled.graded, filled.uncommented) == (3, False)


def test_a_worksheet_in_another_language_is_scaled_and_its_comments_are_asked_for(tmp_path, graded):
    worksheet = tmp_path / "worksheet.csv"
    dutch = {"Grade,Maximum Grade": "Cijfer,Maximumcijfer", "Feedback comments": "Feedback als commentaar"}
    text = MOODLE.replace("100.00", '"10,00"')
    for english, there in dutch.items():
        text = text.replace(english, there)
    worksheet.write_text(text)
    with stored(tmp_path, "moodle", graded) as results:
        filled = fill_moodle(results, worksheet, lambda row: "", "Cijfer", scale=True)
        assert [row[4] for row in table(filled.text)[1:4]] == ["10", "9.2", "10"]
        assert (filled.worth, filled.uncommented) == ({10.0}, True)
        with pytest.raises(UsageError, match="no column called 'Commentaar'; name one with --comments: Identifier"):
            fill_moodle(results, worksheet, lambda row: "", "Cijfer", "Commentaar")


def test_a_team_of_moodle_shares_its_marks_and_its_number_is_no_participant(tmp_path, graded):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(
        "Identifier,Full name,Status,Group,Grade,Maximum Grade,Feedback comments\n"
        "Participant 881,Member One,Submitted,Ann Lee,,100.00,\n"
        "Participant 882,Member Two,Submitted,Ann Lee,,100.00,\n"
        "Participant 1041,Another One,No submission,Other,,100.00,\n"
    )
    with stored(tmp_path, "moodle", graded) as results:  # the team is called Ann Lee, and has number 1041
        filled = fill_moodle(results, worksheet, lambda row: row.student)
    assert [row[4] for row in table(filled.text)[1:]] == ["100", "100", ""]
    assert filled.without_marks == ["Another One"]
    assert "Ann Lee_1041" not in filled.without_row


def test_the_feedback_zip_of_moodle_uses_moodles_own_folders(tmp_path, graded, assignment):
    with stored(tmp_path, "moodle", graded) as results:
        data, count = moodle_zip(results, assignment.config)
        assert moodle_zip(results, assignment.config)[0] == data
    assert count == 3
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert names[0] == "Ann Lee_1041_assignsubmission_file/feedback.html"
    assert all(re.fullmatch(r"[^_]+_\d+_assignsubmission_file_?/feedback\.html", name) for name in names)


def test_without_a_moodle_download_there_is_no_feedback_zip_for_moodle(tmp_path, graded, assignment):
    with (
        stored(tmp_path, "canvas", graded) as results,
        pytest.raises(UsageError, match="none of these submissions came in"),
    ):
        moodle_zip(results, assignment.config)


def test_the_table_of_gradescope_has_its_columns_and_one_per_gradient(tmp_path, graded):
    with stored(tmp_path, "gradescope", graded) as results:
        rows = table(gradescope_csv(results))
    assert rows[0][:8] == ["First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status"]
    assert rows[0][13] == "1: dJ_db2 (10 pts)"
    assert rows[1][:9] == ["Ann", "Lee", "01041", "alee@example.edu", "", "100", "100", "Graded", "submission_1041"]
    assert rows[4][7] == "Missing"


@given(st.text(max_size=40))
def test_no_text_becomes_a_formula_or_breaks_a_row(text):
    (row,) = csv.reader(io.StringIO(csv_text([[cell(text), "x"]]), newline=""))
    assert row[1] == "x"
    assert not row[0].lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
    assert row[0].isprintable()


@pytest.mark.parametrize("text", ["x;=1+1", "x; @SUM(A1)", 'x;"=1+1"', "x;;-1", "a;b;\uff1d1", "x;\t=1"])
def test_no_text_becomes_a_formula_where_a_semicolon_begins_a_cell(text):
    (row,) = csv.reader(io.StringIO(csv_text([["Ann", cell(text)]]), newline=""), delimiter=";", quoting=csv.QUOTE_NONE)
    for one in row[1:]:
        assert not one.lstrip(' "').startswith(("=", "+", "-", "@", "\t", "\uff1d")), row
    assert cell("Ann; Bob") == "Ann; Bob"


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0, "1"), (-0.5, "-0.5"), (1 / 3, "0.3333"), (100.0, "100"), (-1e-9, "0")]
)
def test_numbers_stay_numbers(value, shown):
    assert number(value) == cell(value) == shown


@given(st.text(max_size=60))
def test_hostile_text_stays_text_in_html(text):
    shown = fragment(
        [Block("text", text), Block("code", text), Block("item", text), Block("table", rows=((text,), (text,)))]
    )
    bare = re.sub(r"</?(p|pre|ul|li|table|tr|td|th)( scope=\"col\")?>", "", shown)
    assert "<" not in bare
    assert html.unescape(re.search("<pre>(.*?)</pre>", shown, re.DOTALL)[1]) == several_lines(text)


@given(st.text(alphabet="`#-+*_[]()<>!|\\1.=~:/ax \n", max_size=60))
def test_hostile_text_stays_text_in_markdown(text):
    shown = markdown([Block("text", text), Block("code", text)])
    paragraph, _, code = shown.partition("\n\n") if " ".join(text.split()) else ("", "", shown.lstrip("\n"))
    assert "\n" not in paragraph
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|!]", paragraph)
    assert not re.match(r"[#+\-=]+(\s|$)|\d+[.)]", paragraph)
    fence = re.match("`+", code)[0]
    assert all(line.strip() != fence for line in text.split("\n"))


def test_a_page_has_no_script_and_asks_nobody_for_anything():
    shown = web_page([Block("heading", "x", 1)])
    assert "default-src 'none'" in shown
    assert "http:" not in shown
    assert "https:" not in shown


def test_a_file_is_replaced_whole_or_left_alone(tmp_path):
    path = tmp_path / "a.csv"
    write_file(path, b"one")
    before = path.stat().st_ino
    write_file(path, b"one")
    assert path.stat().st_ino == before
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
