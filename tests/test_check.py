"""`grader check` for the student at work: their own lines and output, one gradient at a time, what a change did."""

import base64
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest
import yaml
from conftest import SUBMISSIONS
from right import RIGHT_FILE
from test_handout import pytest_in

from grader.api import check
from grader.cli.commands.check import Check
from grader.grading.grader import Grader
from grader.grading.pipeline import grade_run
from grader.output.actions import classroom50_result
from grader.output.lastchange import progress
from grader.output.ownlines import MAX_PRINTED, printed_lines, quoting
from grader.output.verdicts import verdict_lines
from grader.packaging.handout.handout import build_handout
from grader.problem.assignment import Assignment
from grader.records.result import FollowThrough, Grade, GradientResult
from grader.records.run import Run

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def result(name: str = "dJ_dU", status: str = "failed", **more: object) -> GradientResult:
    given = {"name": name, "score": 0, "max_score": 1, "status": status, "checks": [], **more}
    return msgspec.convert(given, GradientResult)


def grade_of(*results: GradientResult, printed: str = "") -> Grade:
    return Grade(1, "gradients.py", "graded", 0.0, 1.0, list(results), printed=printed)


SOURCE = b"import numpy as np\n\n\ndef dJ_dU(s):\n\treturn s.h @ s.y  # outer?\n"


def test_the_line_is_quoted_with_a_mark_below_the_statement() -> None:
    quoted = quoting(SOURCE)(result(line=5))
    assert quoted[0] == "5 | return s.h @ s.y  # outer?"
    assert quoted[1] == "    ^^^^^^^^^^^^^^^^"


def test_the_mark_is_below_the_expression_that_an_explanation_names() -> None:
    statement = "s.h is (1, Dh)  @  s.y is (1, V)\n@ sums over both"
    mistake = {"kind": "runtime", "where": "", "statement": statement}
    diagnosis = {"certainty": "exact", "mistakes": [mistake]}
    _, mark = quoting(SOURCE)(result(status="raised", line=5, diagnosis=diagnosis))
    assert mark == "           ^^^^^^^^^"


def test_a_line_of_a_notebook_is_that_of_its_cell() -> None:
    cells = [{"cell_type": "markdown", "source": "one\ntwo"}, {"cell_type": "code", "source": ["x = 1\n", "y = x +\n"]}]
    quote = quoting(json.dumps({"cells": cells, "nbformat": 4}).encode())
    assert quote(result(line=2, cell=2)) == ["2 | y = x +", "    ^^^^^^^"]
    assert quote(result(line=7, cell=2)) == quote(result(line=2, cell=9)) == quote(result()) == []


def test_a_line_of_a_session_is_that_of_the_cell_with_the_number_that_jupyter_gave_it() -> None:
    cells = [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "code", "source": "y = 2", "execution_count": 7}]
    quote = quoting(json.dumps({"cells": cells, "metadata": {"session": ["dJ_dU"]}}).encode())
    assert quote(result(line=1, cell=7)) == ["1 | y = 2", "    ^^^^^"]
    assert quote(result(line=1, cell=2)) == []


def test_what_python_returns_quotes_the_line_at_fault_too(work: Path) -> None:
    wrong = RIGHT_FILE.read_text(encoding="utf-8") + "\n\ndef dJ_dU(s):\n    return s.h @ s.y\n"
    (work / "gradients.py").write_text(wrong, encoding="utf-8")
    shown = check(work / "gradients.py")
    assert "| return s.h @ s.y\n" in str(shown)
    assert "| return s.h @ s.y\n" in shown._repr_html_()
    (work / "gradients.py").write_text("def dJ_dU(s)\n", encoding="utf-8")
    assert "1 | def dJ_dU(s)\n" in str(check(work / "gradients.py"))
    assert "1 | def dJ_dU(s)\n" in check(work / "gradients.py")._repr_html_()


@pytest.mark.parametrize(
    "source", [b"", b"{", b'{"cells": 3}', b'{"cells": [1, {"source": [2]}]}', b"\xff\xfe\0", b"[" * 9999]
)
def test_no_file_is_too_strange_to_quote(source: bytes) -> None:
    assert quoting(source)(result(line=5, cell=1)) == []


def test_what_a_line_says_cannot_control_the_terminal() -> None:
    quoted = quoting(b'x = "\x1b[31m\xe2\x80\xae"\n')(result(line=1))
    assert "".join(quoted).isprintable()


def test_printed_lines_are_few_and_harmless() -> None:
    found = printed_lines(
        grade_of(result(printed="\x1b[2J a\n" * 30), result("dJ_dH", printed="b"), printed="loaded\n")
    )
    assert [where for where, _ in found] == ["while loading", "dJ_dU"]
    lines = [line for _, lines in found for line in lines]
    assert lines[MAX_PRINTED:] == ["… and 12 more lines"]
    assert all(line.isprintable() for line in lines)
    assert printed_lines(grade_of(result())) == []


def test_progress_names_what_changed_and_what_is_still_wrong() -> None:
    before = grade_of(result("a"), result("b"), result("c", "passed"), result("d", "passed"), result("e", "missing"))
    now = grade_of(
        result("a", "passed"), result("b"), result("c", "raised"), result("d", "passed"), result("e", "failed")
    )
    assert progress(before, now) == "a: fixed; b: still wrong; c: now raised an exception; e: now wrong"
    assert progress(now, now) == "b and e: still wrong; c: still raised an exception"
    follows = result("f", "followed_through", follow_through=FollowThrough(["b"], 3.0))
    assert progress(grade_of(follows), grade_of(follows)) == "", "it follows from what is still wrong"
    assert progress(before, msgspec.structs.replace(now, message="the file could not be loaded")) == ""
    assert progress(grade_of(result("d", "passed")), grade_of(result("d", "passed"))) == ""


def test_a_save_is_compared_with_the_last_one_that_could_be_loaded(
    assignment: Assignment, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    file, right = tmp_path / "gradients.py", RIGHT_FILE.read_text(encoding="utf-8")
    wrong = right.replace("return s.y_hat - s.y", "return s.y - s.y_hat")
    shown = []
    with Grader(assignment.folder / "config.yaml", at_home=True) as grader:
        check = Check(grader, file, [])
        for text in (wrong, "def (", wrong, right, right):
            file.write_text(text, encoding="utf-8")
            check.once()
            shown.append(capsys.readouterr().out)
    said = [" ".join(text.split("gradients.py")[0].split()) for text in shown]
    assert "since" not in said[0] + said[1] + said[4]
    assert said[2].startswith("since the file could last be loaded: dJ_db2: still wrong")
    assert "fixed" not in said[2]
    assert said[3].startswith("since the last save: dJ_db2, dJ_dU, dJ_dh, dJ_db1,")
    assert all(len(line) <= 40 for line in shown[3].splitlines() if "since" in line or line.endswith("fixed"))


@pytest.fixture
def work(handout: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(handout, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (SUBMISSIONS / "seed.followed_through.py").read_text()
    (folder / "gradients.py").write_text(
        text.replace("def dJ_db2(s):\n", "def dJ_db2(s):\n    print('shape', s.y.shape)\n")
    )
    return folder


def test_a_student_sees_their_own_prints_and_the_line_at_fault(grader: Command, work: Path) -> None:
    done = grader("check", cwd=work)
    assert "your code printed (dJ_db2):\n    | shape (1, " in done.stdout
    assert "18 | return s.y - s.y_hat" in done.stdout
    tested = pytest_in(work).stdout
    assert "your code printed:\n  | shape (1, " in tested
    assert tested.count("your code printed:") == 1


def test_a_single_gradient_decides_what_is_shown_and_the_exit_code(grader: Command, work: Path) -> None:
    one = grader("check", "dJ_db2", cwd=work)
    assert (one.returncode, "dJ_dh_prev" in one.stdout, "0 of 1 gradient right" in one.stdout) == (1, False, True)
    (work / "gradients.py").write_bytes(RIGHT_FILE.read_bytes() + b"\ndef dJ_dh_prev(s):\n    return s.h_prev\n")
    assert grader("check", "gradients.py", "dJ_dU", "dJ_dH", cwd=work).returncode == 0
    assert grader("check", "gradients.py", cwd=work).returncode == 1


@pytest.mark.parametrize(
    "words, message",
    [
        (["dJ_dUU"], "dJ_dUU: there is no such file, and no gradient of this name; did you mean dJ_dU?"),
        (["one.py", "two.py"], "expected one file, found one.py and two.py"),
    ],
)
def test_a_word_that_is_neither_file_nor_gradient_is_reported(
    grader: Command, handout: Path, words: list[str], message: str
) -> None:
    done = grader("check", *words, cwd=handout)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_workflow_gets_a_summary_an_output_and_a_result(grader: Command, work: Path, tmp_path: Path) -> None:
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    done = grader(
        "check", "--github", cwd=work, GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(outputs), CLASSROOM="cs231",
        SUBMISSION_TAG="submit/1", COMMIT_URL="https://example.org/c",
    )  # fmt: skip
    assert done.returncode == 1
    assert "| `dJ_dU` |" in summary.read_text()
    name, _, payload = outputs.read_text().partition("=")
    told = json.loads(base64.b64decode(payload))
    assert (name, told["version"], told["status"], len(told["tests"])) == ("result", 1, "fail", 8)
    result_file = json.loads((work / "result.json").read_text())
    assert result_file["schema"] == "classroom50/result/v1"
    assert (result_file["classroom"], result_file["review"]) == ("cs231", "https://example.org/c")
    assert all(type(one[key]) is int for one in [result_file, *result_file["tests"]] for key in ("score", "max-score"))
    assert result_file["score"] == sum(one["score"] for one in result_file["tests"])
    assert 0 < sum(test["score"] for test in told["tests"]) < told["max_score"]


def test_fractions_of_marks_are_whole_numbers_in_hundredths() -> None:
    half = msgspec.structs.replace(result(), score=0.29, max_score=0.5)
    document = classroom50_result(grade_of(half), {}, datetime(2026, 1, 2, tzinfo=timezone.utc))
    assert (document["score"], document["max-score"], document["datetime"]) == (29, 50, "2026-01-02T00:00:00Z")


def test_a_result_that_cannot_be_written_is_reported(grader: Command, work: Path) -> None:
    (work / "result.json").mkdir()
    done = grader("check", "--github", cwd=work)
    assert (done.returncode, "result.json: cannot be written" in done.stderr) == (2, True)


def test_the_handout_for_github_has_a_workflow_and_no_more(copy_of_assignment: Path) -> None:
    opened = Grader(copy_of_assignment / "config.yaml")
    plain, with_workflow = (
        set(zipfile.ZipFile(io.BytesIO(build_handout(opened, force=True, github=github))).namelist())
        for github in (False, True)
    )
    assert with_workflow - plain == {".github/workflows/check.yml", ".gitignore"}
    archive = zipfile.ZipFile(io.BytesIO(build_handout(opened, force=True, github=True)))
    assert ".venv/" in archive.read(".gitignore").decode().splitlines(), "README.md says to make one in this folder"
    workflow = yaml.safe_load(archive.read(".github/workflows/check.yml"))
    assert "grader check --github" in [step.get("run") for step in workflow["jobs"]["check"]["steps"]]
    assert "gradescope" not in archive.read("requirements.txt").decode()


def test_the_line_that_keeps_a_file_from_loading_is_quoted_and_the_reason_said_once(
    grader: Command, work: Path
) -> None:
    (work / "gradients.py").write_text("import numpy as np\n\n\ndef dJ_db2(s)\n    return s.y\n")
    done = grader("check", cwd=work)
    assert done.returncode == 1
    assert done.stdout.count("gradients.py could not be loaded: line 4: SyntaxError") == 1
    assert "4 | def dJ_db2(s)\n    ^^^^^^^^^^^^^\n" in done.stdout
    assert "not run" in done.stdout
    assert "raised an exception" not in done.stdout


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("name", ["db", "dloss_dP", "dloss_dgamma", "dloss_d" + "gamma" * 6])
@pytest.mark.parametrize("staff", [False, True])
def test_verdicts_stand_in_one_column_whatever_the_names_are(
    assignment: Assignment, name: str, width: int, staff: bool
) -> None:
    names = [f"{name}{i}" for i, _ in enumerate(assignment.names)]
    graded = grade_run(assignment, Run({}), "gradients.py")
    results = [
        msgspec.structs.replace(
            result, name=name, status="followed_through", follow_through=FollowThrough(names[:2], 0.0)
        )
        for name, result in zip(names, graded.gradients, strict=True)
    ]
    lines = [
        "".join(text for text, _ in line)
        for line in verdict_lines(
            msgspec.structs.replace(graded, gradients=results), assignment.config, staff=staff, width=width
        )
    ]
    table = lines[next(i for i, line in enumerate(lines) if line.startswith(" gradient")) + 2 : -1]
    column = table[0].index("right, given your")
    assert {line[:column].split()[0] for line in table if line[:column].strip()} == set(names)
    assert {line[column - 1] for line in table} == {" "}
    assert all(line[column] != " " for line in table)
    said = " ".join(line[column:] for line in table)
    assert said.count(f"right, given your {names[0]} and {names[1]}") == len(names)
    assert max(map(len, table)) <= max(width, column + len(names[0]))


def test_a_narrow_terminal_shows_the_verdicts_without_the_checks(assignment: Assignment) -> None:
    graded = grade_run(assignment, Run({}), "gradients.py")
    lines = [
        "".join(text for text, _ in line) for line in verdict_lines(graded, assignment.config, staff=False, width=40)
    ]
    assert any(line.split() == ["dJ_dU", "ended", "the", "process"] for line in lines)
    assert max(map(len, lines)) <= 40
