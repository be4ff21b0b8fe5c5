"""The class report without a browser: its figures, its details, its HTML, its command."""

import base64
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("vl_convert", reason="needs the extra: pip install 'gradient-grader[report]'")
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, from_dtype
from report_class import HOSTILE, RIGHT, source_of

from grader.classroom.report.data import Class, Record, read_class
from grader.classroom.report.details import excerpt, heat_map
from grader.classroom.report.facts import KIND_LABELS, root_mistakes
from grader.classroom.report.figures import Summary, summarize
from grader.classroom.report.groups import make_groups
from grader.classroom.report.island import embed, make_island, visible
from grader.classroom.report.page import make_report
from grader.classroom.report.same_files import find_same_files
from grader.classroom.store.schema import StoreError
from grader.config.keys import Gradient
from grader.config.load import load_config
from grader.diagnosis.hypothesis import by_itself
from grader.errors import UsageError
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment, load_assignment
from grader.problem.fingerprint import fingerprint
from grader.records.result import Grade
from grader.records.run import Answer, ArrayData, Run
from grader.sandbox.host import Sandbox

STUDENTS = 120


@pytest.fixture(scope="session")
def graded(graded_class: Path) -> Class:
    return read_class(graded_class)


@pytest.fixture(scope="session")
def summary(assignment: Assignment, graded: Class) -> Summary:
    return summarize(assignment.config, graded.records)


@pytest.fixture(scope="session")
def island(class_page: str) -> dict:  # type: ignore[type-arg]
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', class_page, re.DOTALL)[1])


def run_of(sandbox: Sandbox, wrong: dict[str, str]) -> Run:
    return sandbox.run(source_of(wrong))


def grade_of(assignment: Assignment, sandbox: Sandbox, wrong: dict[str, str]) -> Grade:
    return grade_run(assignment, run_of(sandbox, wrong), "gradients.py")


def of(assignment: Assignment, name: str) -> Gradient:
    return next(gradient for gradient in assignment.config.gradients if gradient.name == name)


# --- figures ------------------------------------------------------------------------------------------------------------


def test_every_student_of_the_store_is_in_the_report_once(graded: Class) -> None:
    assert [record.key for record in graded.records] == [f"s{k:05}" for k in range(STUDENTS + 1)]
    assert graded.records[0].run is not None
    assert graded.records[0].late
    assert [flag.kind for flag in graded.records[58].flags] == ["identical", "tamper"], (
        "network.failed, submitted twice"
    )


def test_the_marks_lost_to_root_mistakes_are_all_the_marks_that_were_lost(graded: Class, summary: Summary) -> None:
    lost = sum(record.grade.max_score - record.grade.score for record in graded.records if record.grade)
    assert sum(cost.lost for cost in summary.costs) == pytest.approx(lost)
    assert lost > 0


def test_the_saved_marks_are_all_that_follow_through_gave(graded: Class, summary: Summary) -> None:
    follows = [g.follow_through for r in graded.records if r.grade for g in r.grade.gradients if g.follow_through]
    assert sum(cost.saved for cost in summary.costs) == pytest.approx(sum(follow.score for follow in follows))
    assert follows


def test_each_graded_student_is_in_one_bin_and_has_one_outcome_a_gradient(summary: Summary) -> None:
    assert sorted(k for students in summary.bins for k in students) == summary.graded == list(range(STUDENTS))
    for by_status in summary.outcomes.values():
        assert sorted(k for students in by_status.values() for k in students) == summary.graded


def test_full_marks_fall_into_the_last_bin(summary: Summary) -> None:
    assert summary.full_marks
    assert set(summary.full_marks) <= set(summary.bins[-1])


def test_checks_are_counted_as_the_grades_say(graded: Class, summary: Summary) -> None:
    counted = Counter(
        (gradient.name, check.name)
        for record in graded.records
        if record.grade
        for gradient in record.grade.gradients
        for check in gradient.checks
        if check.outcome == "passed"
    )
    found = {(name, check): len(students) for name, by in summary.checks.items() for check, students in by.items()}
    assert found == {key: counted[key] for key in found}
    assert len(found) == 24


def test_a_student_without_a_file_is_not_one_who_could_not_be_graded(graded: Class, assignment: Assignment) -> None:
    broken = Record("z", "z", "unreadable", problem="this zip cannot be read")
    summary = summarize(assignment.config, [*graded.records, broken])
    assert (summary.no_file, summary.not_graded) == ([STUDENTS], [STUDENTS + 1])


def test_one_sign_that_six_gradients_inherit_is_one_root_mistake(assignment: Assignment, sandbox: Sandbox) -> None:
    result = grade_of(assignment, sandbox, {"dJ_db2": "s.y - s.y_hat"})
    summary = summarize(assignment.config, [Record("a", "a", "graded", result)])
    (cost,) = summary.costs
    assert (cost.gradient, cost.lost, cost.propagated, cost.saved) == ("dJ_db2", 8.0, 7, 72.0)
    (chain,) = summary.chains
    assert chain.roots == ("dJ_db2",)
    assert chain.reached == tuple(assignment.names[1:])


def test_one_exception_that_stops_eight_gradients_is_one_root_mistake(assignment: Assignment, sandbox: Sandbox) -> None:
    result = grade_of(assignment, sandbox, {"dJ_db2": "raise ValueError('no'); return"})
    (root,) = root_mistakes(result)
    assert (root.gradient, root.lost, root.mistake.kind) == ("dJ_db2", 10.0, "runtime")
    (cost,) = summarize(assignment.config, [Record("a", "a", "graded", result)]).costs
    assert (cost.lost, cost.saved, cost.propagated) == (10.0, 90.0, 7)
    (problem,) = summarize(assignment.config, [Record("a", "a", "graded", result)]).problems
    assert (problem.name, problem.where) == ("ValueError", "dJ_db2")


def test_an_expression_is_shown_for_all_only_if_all_wrote_it(assignment: Assignment, sandbox: Sandbox) -> None:
    grades = [
        grade_of(assignment, sandbox, {"dJ_dU": f"return {wrong}"}) for wrong in ("s.h @ dJ_db2(s)", "s.h.T * s.y.T")
    ]
    (cost,) = summarize(assignment.config, [Record("a", "a", "graded", grades[0]) for _ in range(2)]).costs
    assert cost.statement.startswith("s.h is ")
    (cost,) = summarize(assignment.config, [Record("a", "a", "graded", grade) for grade in grades]).costs
    assert cost.statement.startswith("varies; in 1 of 2 cases: ")


def test_a_wrong_shape_is_named_as_in_the_check(assignment: Assignment, sandbox: Sandbox) -> None:
    grade = grade_of(assignment, sandbox, {"dJ_dU": "return 'abc'"})
    (cost,) = summarize(assignment.config, [Record("a", "a", "graded", grade)]).costs
    assert "got a str" in cost.statement


def test_a_file_that_does_not_load_is_one_problem_and_no_mistake(assignment: Assignment, sandbox: Sandbox) -> None:
    result = grade_run(assignment, sandbox.run(b"import nothing_of_that_name\n"), "gradients.py")
    summary = summarize(assignment.config, [Record("a", "a", "graded", result)])
    assert [problem.where for problem in summary.problems] == [""]
    assert summary.kinds == {}
    assert [(cost.gradient, cost.lost) for cost in summary.costs] == [("", 100.0)]


def test_the_line_at_which_a_file_does_not_load_is_shown(assignment: Assignment, sandbox: Sandbox) -> None:
    source = b"a = 1\nb = 2\nc = 3\nd = =\ne = 5\nf = 6\ng = 7\n"
    run = sandbox.run(source)
    record = Record("a", "a", "graded", grade_run(assignment, run, "gradients.py"), run=run, source=source)
    island = make_island(assignment, [record], "")
    line, position = island["students"][0]["place"]
    assert (line, island["code"][position]) == (4, {"first": 2, "lines": ["b = 2", "c = 3", "d = =", "e = 5", "f = 6"]})


def test_every_kind_of_mistake_has_a_label(summary: Summary) -> None:
    assert set(summary.kinds) <= set(KIND_LABELS)


def test_a_number_on_the_page_is_the_size_of_its_group(
    class_page: str, summary: Summary, graded: Class, assignment: Assignment
) -> None:
    groups = make_groups(summary, assignment.config.max_score, same=find_same_files(graded.records))
    shown = re.findall(r'data-group="([^"]+)"[^>]*>\(?(\d+)', class_page)
    assert len(shown) > 60
    assert {(key, int(number)) for key, number in shown} <= {(key, len(group[1])) for key, group in groups.items()}


# --- details ------------------------------------------------------------------------------------------------------------


def test_a_flipped_sign_is_a_heat_map_of_opposite_signs(assignment: Assignment, sandbox: Sandbox) -> None:
    run = run_of(sandbox, {"dJ_dU": "-s.h.T @ dJ_db2(s)"})
    heat = heat_map(assignment, of(assignment, "dJ_dU"), run.answers["dJ_dU"])
    assert heat is not None
    assert heat.axes == ("Dh", "V")
    assert heat.shape == assignment.points[heat.point - 1].shape(("Dh", "V"))
    assert heat.cells == "f" * heat.differ == "f" * (heat.shape[0] * heat.shape[1])
    assert heat.error == 2.0


def test_the_heat_map_shows_the_sample_point_of_the_message(assignment: Assignment, sandbox: Sandbox) -> None:
    run = run_of(sandbox, {"dJ_dH": "s.h.T @ dJ_db1(s)"})
    (message,) = [c.message for g in grade_run(assignment, run, "").gradients for c in g.checks if c.message]
    heat = heat_map(assignment, of(assignment, "dJ_dH"), run.answers["dJ_dH"])
    assert heat is not None
    assert f"at sample point {heat.point}: {heat.differ} of {len(heat.cells)} entries differ" in message


@pytest.mark.parametrize(
    "code, buckets",
    [
        ("s.y_hat - s.y", "a"),
        ("2 * (s.y_hat - s.y)", "d"),
        ("1.05 * (s.y_hat - s.y)", "c"),
        ("0.2 * (s.y_hat - s.y)", "e"),
    ],
)
def test_buckets_of_a_heat_map_grade_the_relative_error(
    code: str, buckets: str, assignment: Assignment, sandbox: Sandbox
) -> None:
    heat = heat_map(assignment, of(assignment, "dJ_db2"), run_of(sandbox, {"dJ_db2": code}).answers["dJ_db2"])
    assert heat is not None
    assert set(heat.cells) == {buckets}


def test_zeros_and_nan_have_buckets_of_their_own(assignment: Assignment, sandbox: Sandbox) -> None:
    body = "d = s.y_hat - s.y\nd[0, 0], d[0, 1] = 0, np.nan\nreturn d"
    heat = heat_map(assignment, of(assignment, "dJ_db2"), run_of(sandbox, {"dJ_db2": body}).answers["dJ_db2"])
    assert heat is not None
    assert heat.cells[:3] == "oza"
    assert heat.error is None


def test_under_log_likelihood_the_negative_is_right(copy_of_assignment: Path, sandbox: Sandbox) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("objective: cross_entropy ", "objective: log_likelihood "))
    negative = load_assignment(load_config(path), copy_of_assignment, with_solution=True)
    run = run_of(sandbox, {"dJ_db2": "s.y - s.y_hat"})
    heat = heat_map(negative, of(negative, "dJ_db2"), run.answers["dJ_db2"])
    assert heat is not None
    assert set(heat.cells) == {"a"}


@given(
    st.lists(
        array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=14).flatmap(
            lambda shape: arrays(np.dtype("<f8"), shape, elements=from_dtype(np.dtype("<f8")))
        ),
        min_size=4,
        max_size=4,
    ),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_answer_has_a_heat_map_or_none(assignment: Assignment, values: list[np.ndarray], fit: bool) -> None:  # type: ignore[type-arg]
    answers = []
    for value, point in zip(values, assignment.points, strict=True):
        shaped = np.resize(value, point.shape((1, "V"))) if fit and value.size else value
        answers.append(Answer("returned", ArrayData("<f8", shaped.shape, shaped.tobytes())))
    heat = heat_map(assignment, of(assignment, "dJ_db2"), answers)
    if heat is None:
        assert any(
            a.value.shape != s.shape((1, "V")) for a, s in zip(answers, assignment.points, strict=True) if a.value
        )
    else:
        assert len(heat.cells) == heat.shape[0] * heat.shape[1]
        assert set(heat.cells) <= set("abcdefoz")


def test_answers_at_other_sample_points_have_no_heat_map(assignment: Assignment, graded: Class) -> None:
    assert any(
        "heat" in detail for detail in make_island(assignment, graded.records, graded.records[0].steps_hash)["details"]
    )
    assert not any("heat" in detail for detail in make_island(assignment, graded.records, "others")["details"])


def test_no_number_of_the_solution_is_in_the_details(assignment: Assignment, sandbox: Sandbox) -> None:
    wrong = {name: f"3 * ({code})" for name, code in RIGHT.items()}
    run = run_of(sandbox, wrong)
    now = fingerprint(assignment).steps
    record = Record(
        "a", "a", "graded", grade_run(assignment, run, ""), run=run, source=source_of(wrong), steps_hash=now
    )
    text = embed(make_island(assignment, [record], now))
    assert text.count('"heat"') == 8
    for values in assignment.exact.values():
        for number in np.concatenate([np.ravel(value) for value in values]):
            assert f"{abs(number):.4g}" not in text or abs(number) in (0, 1)


LINES = [
    "import numpy as np",
    "def dJ_db2(s):",
    "    def inner():",
    "        pass",
    "",
    "    return 1",
    "",
    "# end",
    "x = 1",
]


def test_the_excerpt_is_the_whole_function() -> None:
    code = excerpt(LINES, "dJ_db2")
    assert code is not None
    assert (code.first, code.lines) == (2, LINES[1:6])


def test_the_excerpt_is_around_the_line_where_that_is_elsewhere() -> None:
    code = excerpt(LINES, "dJ_db2", line=9)
    assert code is not None
    assert (code.first, code.lines[-1]) == (7, "x = 1")


def test_the_last_definition_is_shown() -> None:
    code = excerpt(["def f(s):", "    return 1", "def f(s):", "    return 2"], "f")
    assert code is not None
    assert code.first == 3


def test_no_function_no_excerpt() -> None:
    assert excerpt(LINES, "dJ_dU") is None
    assert excerpt(LINES, "dJ_dU", line=400) is None
    assert excerpt([], "dJ_dU") is None


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(0, 60))
def test_any_text_gives_short_lines_or_nothing(lines: list[str], line: int) -> None:
    code = excerpt(["def f(s):", *lines], "f", line)
    assert code is None or len(code.lines) <= 31


def test_a_huge_function_is_cut() -> None:
    code = excerpt(["def f(s):", *["    x = " + "1" * 1000] * 500], "f")
    assert code is not None
    assert code.lines[-1] == "… 471 more lines"
    assert max(map(len, code.lines)) < 200


# --- hostile text -------------------------------------------------------------------------------------------------------


@given(st.text())
def test_embedded_json_cannot_end_its_element_and_says_the_same(text: str) -> None:
    embedded = embed({"text": text})
    assert not set("<>&\u2028\u2029") & set(embedded)
    assert json.loads(embedded) == {"text": text}


@given(st.text())
def test_visible_text_has_no_invisible_characters(text: str) -> None:
    shown = visible(text)
    assert all(c.isprintable() or c in "\n\t" for c in shown)
    assert visible(shown, len(shown)) == shown


def test_marks_that_turn_the_writing_direction_are_named() -> None:
    assert visible("a\u202egnp\x07") == "a⟨U+202E⟩gnp⟨U+0007⟩"


def test_lone_surrogates_of_a_file_name_are_named() -> None:
    assert visible("\udc80") == "⟨U+DC80⟩"


def test_a_character_has_three_accents_at_most() -> None:
    assert visible("e" + "\u0301" * 500 + "f") == "e" + "\u0301" * 3 + "f"


class _Tags(HTMLParser):
    """The tags of a page, and the addresses in them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.addresses: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attributes:
            if name in ("src", "href", "action", "srcset", "data", "poster"):
                self.addresses.add(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)


def test_no_text_of_a_student_becomes_markup(class_page: str) -> None:
    found = _Tags()
    found.feed(class_page)
    assert found.tags["script"] == 3
    assert not found.tags.keys() & {"img", "b", "iframe", "object", "embed", "base", "svg"}
    assert found.handlers == []
    for text in HOSTILE:
        if "<" in text:
            assert text not in class_page


def test_the_page_names_no_address(class_page: str) -> None:
    found = _Tags()
    found.feed(class_page)
    assert all(address.startswith("#") or address == "data:," for address in found.addresses)


def test_names_and_messages_reach_the_page_as_they_are(island: dict) -> None:  # type: ignore[type-arg]
    names = {student["name"] for student in island["students"]}
    assert set(HOSTILE[:4]) <= names
    assert any(HOSTILE[0] in detail.get("message", "") for detail in island["details"])


def test_templates_of_students_are_not_evaluated(class_page: str) -> None:
    assert "{{ 7 * 7 }}" in class_page


def test_only_our_own_scripts_may_run(class_page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', class_page)[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", class_page, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert len(hashes) == 2
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_no_file_of_ours_writes_html_from_data() -> None:
    for path in (ROOT / "grader/classroom/report/static").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", path.read_text()), (
            path.name
        )


# --- the page and the command -------------------------------------------------------------------------------------------


def test_tables_and_charts_have_captions(class_page: str) -> None:
    body = class_page[: class_page.index('<script type="application/json"')]
    assert body.count("<table") == body.count("<caption") >= 6
    assert body.count("<figure") == body.count("<figcaption")
    assert body.count('class="chart"') == 3


def test_the_same_store_gives_the_same_page(assignment: Assignment, graded: Class, class_page: str) -> None:
    assert make_report(assignment, graded) == class_page


def test_a_class_of_nobody_has_a_report(assignment: Assignment) -> None:
    assert "there are no submissions yet" in make_report(assignment, Class([]))


def test_marks_under_an_older_assignment_are_marked_as_outdated(
    assignment: Assignment, graded: Class, class_page: str
) -> None:
    older = Class(graded.records, graded.graded_at, frozenset({("another", "solution")}))
    assert "has changed since these marks were given" in make_report(assignment, older)
    assert "has changed since these marks were given" not in class_page


def test_marks_for_other_gradients_are_refused(assignment: Assignment, graded: Class) -> None:
    result = graded.records[0].grade
    assert result is not None
    other = Record("a", "a", "graded", msgspec.structs.replace(result, gradients=result.gradients[:3]))
    with pytest.raises(UsageError, match=r"expected dJ_db2, .*, found dJ_db2, dJ_dU, dJ_dh; .*--config.*regrade"):
        make_report(assignment, Class([other]))


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected the results of `grader batch` there, found no grades\.db"):
        read_class(tmp_path)


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "grades.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"grades\.db: file is not a database; it is damaged"):
        read_class(tmp_path)


def test_an_invalid_grading_is_refused(graded_class: Path, tmp_path: Path) -> None:
    shutil.copy(graded_class / "grades.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "grades.db")) as connection:
        connection.execute("UPDATE gradings SET grade = '{}' WHERE id = 1")
        connection.commit()
    with pytest.raises(StoreError, match=r"a grading in the store cannot be read: .*grader regrade"):
        read_class(tmp_path)


def test_the_command_writes_the_page(grader, graded_class: Path, class_page: str) -> None:  # type: ignore[no-untyped-def]
    done = grader("report", graded_class)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r".*report\.html: 121 students, \d\.\d MB; open it in a browser\n", done.stdout)
    assert "report.html" not in done.stdout.partition("\n")[2], "it is no older than the results"
    with closing(sqlite3.connect(graded_class / "grades.db")) as database:
        noted = database.execute("SELECT value FROM facts WHERE name LIKE '%report.html'").fetchall()
    assert [json.loads(value)["command"] for (value,) in noted] == ["report"], (
        "or else nobody is warned when it is older"
    )
    assert (graded_class / "report.html").read_text(encoding="utf-8") == class_page
    assert not list(graded_class.glob(".report*"))


def test_the_command_reports_a_folder_without_results(grader, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = grader("report", tmp_path)
    assert done.returncode == 2
    assert "expected the results of `grader batch`" in done.stderr


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    from grader.atomic import write_output

    (tmp_path / "report.html").mkdir()
    with pytest.raises(UsageError, match=r"report\.html: cannot be written: Is a directory"):
        write_output(tmp_path / "report.html", b"page")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_without_the_extra_the_command_says_what_to_install(graded_class: Path) -> None:
    program = f"""
import sys
sys.modules["vl_convert"] = None  # what Python itself takes for a package that is not there
sys.argv = ["grader", "report", {str(graded_class)!r}]
from grader.cli.app import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'gradient-grader[report]'" in done.stderr


def test_one_mistake_of_several_is_worded_as_if_alone() -> None:
    assert by_itself("in addition, the result has lost an axis") == "the result has lost an axis"
    assert by_itself("and also with h where z belongs") == "your numbers are what you get with h where z belongs"
    assert by_itself("your numbers are zero") == "your numbers are zero"
