"""What other programs read: the gradebooks of platforms, Markdown and HTML of hostile text, tables without formulas."""

import csv
import html
import io
import re
import unicodedata
import zipfile
from pathlib import Path

import msgspec
import pytest
from classroom import STUDENTS, files, write
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from grader.classroom.exports.cells import cell, csv_text, number
from grader.classroom.exports.feedback import Block, fragment, markdown, moodle_zip, page, web_page
from grader.classroom.exports.gradebooks import fill_canvas, gradescope_csv
from grader.classroom.exports.results import write_results
from grader.classroom.exports.worksheet import fill_moodle
from grader.classroom.store.gradings import RunRecord, record
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.cli.commands.show import find_one, print_student
from grader.errors import UsageError
from grader.grading.pipeline import grade_run
from grader.inputs.download import read_download
from grader.inputs.entry import Entry, Person, Received, receive
from grader.inputs.tree import Refusal
from grader.problem.fingerprint import fingerprint
from grader.text import several_lines


@pytest.fixture(scope="module")
def graded(assignment, sandbox):
    """Three of the students of the table graded for real, with their grades by source."""
    state = fingerprint(assignment)
    sources = {
        source for student in STUDENTS for name, source in student.files.items() if name.endswith("gradients.py")
    }
    return state, {source: grade_run(assignment, sandbox.run(source), "gradients.py") for source in sources}


def stored(tmp_path: Path, layout: str, graded) -> Results:
    """A results folder with a download of this layout in it."""
    with Store(tmp_path / "results", create=True) as store:
        _grade_all(store, write(tmp_path / "class", files(layout)), graded)
    return Results(tmp_path / "results")


def _grade_all(store: Store, download: Path, graded) -> None:
    state, by_source = graded
    grading_run = store.begin_grading_run("batch", state, "title: x")
    for entry in read_download(download, "gradients.py").entries:
        store.receive(entry, receive(entry, "gradients.py", 10**6, []))
    for number_, source in store.connection.execute(
        "SELECT id, source FROM submissions WHERE source IS NOT NULL"
    ).fetchall():
        run = RunRecord(b"\x80", "", 0.1, 1, state.steps, state.runtime, "strong")
        record(store, number_, grading_run, msgspec.json.encode(by_source[source]), run)
    store.finish_grading_run(grading_run)


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


SIS = CANVAS.replace("S1,", "1041.0,").replace("S2,", "1042,").replace("S4,", "9,")


def test_canvas_finds_students_by_number_where_the_download_was_another_and_never_by_name_alone(tmp_path, graded):
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(SIS.replace(",", ";").replace('"Lee; Ann"', '"Lee, Ann"').replace('"Wu; Chi"', '"Wu, Chi"'))
    with stored(tmp_path, "gradescope", graded) as results:
        filled = fill_canvas(results, gradebook, "901")
    marks = {row[0]: row[-1] for row in table(filled.text, ";")[2:]}
    assert (marks["Lee, Ann"], marks["Nagy; Béla"], marks["Wu, Chi"]) == ("100", "92", "")
    assert filled.without_row == ["01043"]  # S3 is somebody else, though of the same name


def test_of_two_people_of_one_name_only_the_one_who_submitted_gets_marks(tmp_path, graded):
    text = SIS.replace("Wu, Chi", "Lee, Ann")
    (tmp_path / "g.csv").write_text(text)
    with stored(tmp_path / "a", "gradescope", graded) as results:
        by_number = fill_canvas(results, tmp_path / "g.csv", "901")
    assert [row[-1] for row in table(by_number.text)[2:5] if row[0] == "Lee, Ann"] == ["100", ""]
    with Store(tmp_path / "named", create=True) as store:
        _grade_all(
            store, write(tmp_path / "class", {"Ann Lee/gradients.py": STUDENTS[0].files["gradients.py"]}), graded
        )
    with Results(tmp_path / "named") as results:
        by_name = fill_canvas(results, tmp_path / "g.csv", "901")
    assert (by_name.graded, by_name.without_row) == (0, [])
    assert by_name.refused == [("Ann Lee", "several people are called Ann Lee")]


def test_a_canvas_file_without_ids_is_filled_by_number_or_the_missing_column_is_reported(tmp_path, graded):
    rows = [line.split(",") for line in SIS.replace(", ", " ").splitlines()]
    (tmp_path / "g.csv").write_text("\n".join(",".join(row[:1] + row[2:]) for row in rows))
    with stored(tmp_path / "a", "gradescope", graded) as results:
        filled = fill_canvas(results, tmp_path / "g.csv", "901")
    assert table(filled.text)[0] == ["Student", "SIS User ID", "SIS Login ID", "Section", "HW 3 (901)"]
    assert filled.graded == 2
    with (
        stored(tmp_path / "b", "canvas", graded) as results,
        pytest.raises(
            UsageError, match=r"expected a gradebook export of Canvas with the column ID, which .* found Student, SIS"
        ),
    ):
        fill_canvas(results, tmp_path / "g.csv", "901")


def test_decimal_commas_are_written_back_as_they_were_found(tmp_path, graded):
    (tmp_path / "g.csv").write_text(CANVAS.replace(",10,100,", ',10,"60,00",'))
    (tmp_path / "w.csv").write_text(MOODLE.replace("100.00", '"60,00"').replace("50.00", '"50,00"'))
    with stored(tmp_path / "canvas", "canvas", graded) as results:
        canvas = fill_canvas(results, tmp_path / "g.csv", "901", scale=True)
    with stored(tmp_path / "moodle", "moodle", graded) as results:
        moodle = fill_moodle(results, tmp_path / "w.csv", lambda row: "", scale=True)
    assert [row[-1] for row in table(canvas.text)[1:5]] == ["60,00", "60", "55,2", "60"]
    assert [row[4:6] for row in table(moodle.text)[1:4]] == [["60", "60,00"], ["55,2", "60,00"], ["60", "60,00"]]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a,b\n1,2\n", "x", "expected a gradebook export of Canvas"),
        (CANVAS, "HW 9", "no column called 'HW 9'; name one with --column: HW 2 \\(900\\), HW 3 \\(901\\)"),
        (CANVAS, "Current Score", "Canvas calculates the column 'Current Score' \\(read only\\) .* --column: HW 2"),
        (CANVAS.replace("Current Score", "Final Score (read only)"), "Final Score", "Canvas calculates the column"),
        ("a,b\n", "x", "then a row per student, found a single row"),
    ],
)
def test_a_file_that_is_not_a_gradebook_is_an_error(text, column, message, tmp_path, graded):
    (tmp_path / "g.csv").write_text(text)
    with stored(tmp_path, "canvas", graded) as results, pytest.raises(UsageError, match=message):
        fill_canvas(results, tmp_path / "g.csv", column)


@pytest.mark.parametrize(("scale", "marks"), [(False, ["100", "92", "100"]), (True, ["10", "9.2", "10"])])
def test_marks_are_written_unchanged_or_scaled_to_the_points_of_the_column(scale, marks, tmp_path, graded):
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


def test_in_a_moodle_worksheet_only_grades_and_comments_change(tmp_path, graded, assignment):
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


def test_a_worksheet_without_participant_numbers_is_an_error(tmp_path, graded):
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(re.sub(r"^[^,]*,", "", MOODLE, flags=re.MULTILINE))
    with stored(tmp_path, "moodle", graded) as results:
        with pytest.raises(
            UsageError, match=r"participant numbers in its first column \(Identifier\), found 'Full name'"
        ):
            fill_moodle(results, worksheet, lambda row: "")


def test_a_worksheet_in_another_language_is_scaled_and_needs_the_title_of_its_comments(tmp_path, graded):
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


def test_a_moodle_team_shares_its_marks_and_its_number_is_not_a_participants(tmp_path, graded):
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


@pytest.mark.parametrize("name", ["Team", "Submitted", "Other"])
def test_nobody_becomes_a_team_by_taking_its_name(name, tmp_path, graded):
    (tmp_path / "w.csv").write_text(
        "Identifier,Full name,Status,Group,Grade,Maximum Grade,Feedback comments\n"
        f"Participant 1041,{name},Submitted,,,100.00,\n"
        "Participant 882,Member Two,Submitted,Team,,100.00,\n"
        "Participant 883,Member Three,Submitted,Other,,100.00,\n"
    )
    content = {f"{name}_1041_assignsubmission_file/gradients.py": STUDENTS[0].files["gradients.py"]}
    with Store(tmp_path / "results", create=True) as store:
        _grade_all(store, write(tmp_path / "class", content), graded)
    with Results(tmp_path / "results") as results:
        filled = fill_moodle(results, tmp_path / "w.csv", lambda row: "")
    assert [row[4] for row in table(filled.text)[1:]] == ["100", "", ""]


def test_a_participant_who_takes_the_name_of_a_team_gets_their_own_marks_in_their_own_row(tmp_path, graded):
    (tmp_path / "w.csv").write_text(
        "Identifier,Full name,Status,Group,Grade,Maximum Grade,Feedback comments\n"
        "Participant 1041,Ann Lee,Submitted,,,100.00,\n"
        "Participant 882,Mallory,Submitted,,,100.00,\n"  # renamed to Team after the worksheet was downloaded
        "Participant 883,Member Three,Submitted,Team,,100.00,\n"
    )
    sources = {"Ann Lee_1041": STUDENTS[0].files["gradients.py"], "Team_882": STUDENTS[1].files["gradients.py"]}
    content = {f"{name}_assignsubmission_file/gradients.py": source for name, source in sources.items()}
    with Store(tmp_path / "results", create=True) as store:
        _grade_all(store, write(tmp_path / "class", content), graded)
    with Results(tmp_path / "results") as results:
        filled = fill_moodle(results, tmp_path / "w.csv", lambda row: "")
    assert [row[4] for row in table(filled.text)[1:]] == ["100", "92", ""]


@pytest.mark.parametrize(("title", "no"), [("Grade can be changed", "No"), ("Bewertung änderbar", "Nein")])
def test_rows_locked_by_moodle_are_left_as_they_are_and_listed(title, no, tmp_path, graded):
    lines = MOODLE.replace("Grade can be changed", title).splitlines()
    lines[2] = lines[2].replace("100.00,Yes", f"100.00,{no}")
    (tmp_path / "w.csv").write_text("\n".join(lines))
    with stored(tmp_path, "moodle", graded) as results:
        filled = fill_moodle(results, tmp_path / "w.csv", lambda row: "new")
    after = table(filled.text)
    assert (after[2][4], after[2][9]) == ("50.00", "old")
    assert (filled.graded, filled.locked, filled.without_marks) == (2, ["Béla Nagy"], ["Dana O'Hara"])


HOSTILE = "\x1b]0;owned\x07\x1b[31mEve\u202e\u200b\x9b Lee"


def test_nothing_in_a_name_acts_on_a_terminal_or_turns_a_line_in_any_file(tmp_path, graded, assignment):
    who = Person(
        "eve", HOSTILE, "eve@x.edu", "7", {"moodle": "7", "moodle_folder": f"{HOSTILE}_7_assignsubmission_file"}
    )
    zoe = Person("zoe", "Zoë d’Arc 王伟 محمد")
    with Store(tmp_path / "results", create=True) as store:
        state, by_source = graded
        source, one = next(iter(by_source.items()))
        grading_run = store.begin_grading_run("batch", state, "title: x")
        entry = Entry("e", [who, zoe], [], group=HOSTILE, note=HOSTILE)
        store.receive(entry, Received(HOSTILE, source, note=HOSTILE))
        record(store, 1, grading_run, msgspec.json.encode(msgspec.structs.replace(one, submission=HOSTILE)))
        store.note_download(tmp_path, "moodle", [Refusal(HOSTILE, HOSTILE)])
    write_results(tmp_path / "results", assignment.config)
    with Results(tmp_path / "results") as results:
        texts = [gradescope_csv(results)]
        with zipfile.ZipFile(io.BytesIO(moodle_zip(results, assignment.config)[0])) as archive:
            texts += [*archive.namelist(), *(archive.read(name).decode() for name in archive.namelist())]
        console = Console(file=io.StringIO(), color_system=None)
        print_student(console, results, find_one(results, "eve"), assignment.config, source=True)
        texts.append(console.file.getvalue())
    texts += [
        path.read_text("utf-8-sig")
        for path in (tmp_path / "results").rglob("*")
        if path.suffix in (".md", ".html", ".csv")
    ]
    assert len(texts) == 10
    for text in texts:
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\r\n"]
    assert "Zoë d’Arc 王伟 محمد" in (tmp_path / "results" / "feedback" / "zoe.md").read_text()


def test_a_page_made_of_any_text_has_nothing_in_it_that_acts_on_a_terminal():
    """A store of an older grader may hold names as they came."""
    blocks = [Block("heading", HOSTILE, 1), Block("text", HOSTILE), Block("item", HOSTILE), Block("code", HOSTILE)]
    blocks.append(Block("table", rows=((HOSTILE,), (HOSTILE,))))
    for shown in (markdown(blocks), web_page(blocks)):
        assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]


def test_export_lists_who_was_left_out_and_why_and_exits_with_3_if_nobody_got_marks(tmp_path, graded, grader):
    stored(tmp_path, "gradescope", graded).close()
    (tmp_path / "g.csv").write_text(SIS.replace("S3,cwu", "1043,other@example.edu"))
    (tmp_path / "strangers.csv").write_text(CANVAS)
    some = grader("export", tmp_path / "results", "canvas", "--into", tmp_path / "g.csv", "--column", "901")
    assert (some.returncode, some.stderr) == (0, "")
    assert "2 students with marks" in some.stdout
    assert "graded, but not filled in because no row is certain to be theirs: 1\n" in some.stdout
    assert "  01043: “Wu, Chi” has the same student number, but another e-mail address\n" in some.stdout
    none = grader("export", tmp_path / "results", "canvas", "--into", tmp_path / "strangers.csv", "--column", "901")
    assert none.returncode == 3
    assert "graded, but not in that file: 3 (01041; 01042; 01043)" in none.stdout
    assert none.stderr == "nobody's marks were filled in: see above\n"


def test_who_submitted_something_unreadable_is_not_listed_among_those_who_submitted_nothing(tmp_path, graded, grader):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ohara_1044_5_gradients.7z").write_bytes(b"7z")
    (tmp_path / "class" / "leeann_1041_6_gradients.7z").write_bytes(b"7z")
    with Store(tmp_path / "results", create=True) as store:
        _grade_all(store, tmp_path / "class", graded)
    (tmp_path / "g.csv").write_text(CANVAS)
    done = grader("export", tmp_path / "results", "canvas", "--into", tmp_path / "g.csv", "--column", "901")
    assert "submitted, but could not be read or graded: left as they were: 2 (Lee, Ann; O'Hara, Dana)\n" in done.stdout
    assert "in that file, but without marks: left as they were: 2 (Nagy, Béla; Wu, Chi)\n" in done.stdout


def test_the_feedback_zip_for_moodle_uses_its_own_folders(tmp_path, graded, assignment):
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


def test_a_page_has_no_script_and_loads_nothing():
    shown = web_page([Block("heading", "x", 1)])
    assert "default-src 'none'" in shown
    assert "http:" not in shown
    assert "https:" not in shown
