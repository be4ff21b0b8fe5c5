"""Students' and instructors' commands without anything that Windows lacks (see without_posix.py)."""

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, SUBMISSIONS, copy_assignment
from right import RIGHT_FILE

from grader.api import results

# On Windows and macOS themselves nothing has to be taken away.
WINDOWS = [
    *(sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning:grader"),
    *[str(ROOT / "tests" / "without_posix.py")] * (sys.platform == "linux"),
]
ONE_OF_EACH = [
    "asks_for_input.raised.py",
    "byte_order_mark.passed.py",
    "chatty.passed.py",
    "crlf.passed.py",
    "exits_at_import.passed.py",
    "hard_exit.died.py",
    "half_done.missing.py",
    "latin1.passed.py",
    "model_module.passed.py",
    "not_arrays.failed.py",
    "redirects_descriptors.died.py",
    "seed.followed_through.py",
    "segmentation_fault.died.py",
    "sleep.timed_out.py",
    "syntax_error.raised.py",
]


def run(
    *arguments: object, cwd: Path, encoding: str = "utf-8", **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*WINDOWS, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding=encoding,
        timeout=100,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "110", "PYTHONIOENCODING": encoding, **environment},
        check=False,
    )


def grader(*arguments: object, cwd: Path, **how: str) -> "subprocess.CompletedProcess[str]":
    return run("-m", "grader", *arguments, cwd=cwd, **how)


@pytest.fixture
def work(handout: Path, tmp_path: Path) -> Path:
    """A student's folder, its file with one mistake."""
    folder = tmp_path / "wörk of Ann"
    shutil.copytree(handout, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SUBMISSIONS / "seed.followed_through.py", folder / "gradients.py")
    return folder


def without_sandbox(config: Path) -> None:
    """Accept that nothing is confined."""
    others = re.sub(r"(?m)^sandbox:\n(  .*\n)*", "", config.read_text(encoding="utf-8"))
    limits = "sandbox: {require: any, call_cpu_seconds: 1, wall_factor: 1.5}"
    config.write_text(f"{others}\n{limits}\n", encoding="utf-8")


@pytest.mark.slow
def test_submissions_come_out_as_anywhere_else(tmp_path: Path) -> None:
    """Each in a process of its own: what prints, exits, crashes, hangs, or is written on Windows."""
    copy_assignment(tmp_path)
    without_sandbox(tmp_path / "config.yaml")
    script = (
        "import json, sys, grader\n"
        "with grader.Grader('config.yaml') as opened:\n"
        "    for path in sys.argv[1:]:\n"
        "        grade = opened.grade(path)\n"
        "        print(json.dumps([grade.status, grade.score, sorted({one.status for one in grade.gradients})]))\n"
    )
    done = run("-c", script, *(SUBMISSIONS / name for name in ONE_OF_EACH), cwd=tmp_path)
    assert done.stderr == ""
    found = dict(zip(ONE_OF_EACH, map(json.loads, done.stdout.splitlines()), strict=True))
    assert {status for status, _, _ in found.values()} == {"graded"}
    for name, (_, score, statuses) in found.items():
        assert name.split(".")[-2] in statuses, name
        assert (score == 100) == (name.split(".")[-2] == "passed"), name


def test_check_explains_on_a_console_that_lacks_its_signs(work: Path) -> None:
    done = grader("check", cwd=work, encoding="cp1252")
    assert done.returncode == 1, done.stderr
    assert done.stderr == "note: on this system your file runs with limits, but not in a sandbox\n"
    assert re.search(r"dJ_db2 +\|? *\+ +\|? *x +\|? *· ", done.stdout), "in place of signs that cp1252 has not"
    assert "why: Your numbers have the right size but the opposite sign throughout" in done.stdout


def test_check_needs_no_posix_for_a_right_file_and_pytest_none_for_a_wrong_one(work: Path) -> None:
    tested = run("-m", "pytest", "-p", "no:cacheprovider", cwd=work)
    assert "2 failed" in tested.stdout, tested.stdout + tested.stderr
    source = RIGHT_FILE.read_bytes().replace(b"\n", b"\r\n")
    (work / "gradients.py").write_bytes(source)
    done = grader("check", "gradients.py", cwd=work)
    assert (done.returncode, "8 of 8 gradients right" in done.stdout) == (0, True)


def test_the_functions_of_a_running_notebook_are_checked(work: Path) -> None:
    pytest.importorskip("IPython", reason="needs IPython: pip install ipython")
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('def dJ_db2(s): return s.y_hat - s.y', store_history=True)\n"
        "shell.run_cell('import grader', store_history=True)\n"
        "print(shell.run_cell('grader.check()', store_history=True, silent=False).result)\n"
    )
    done = run("-c", script, cwd=work, encoding="cp1252", PYTHONIOENCODING="cp1252:replace")
    assert re.search(r"dJ_db2 +\? +\? +\? +right", done.stdout), done.stdout + done.stderr
    assert "this notebook   1 of 8 gradients right" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no process can send Ctrl-C to another one there")
def test_watch_checks_again_and_stops_at_ctrl_c(work: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*WINDOWS, "-m", "grader", "check", "--watch"],
        cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("watching"):
                if len([one for one in seen if one.startswith("watching")]) > 1:
                    break
                (work / "gradients.py").write_bytes(RIGHT_FILE.read_bytes())
        assert "8 of 8 gradients right" in "".join(seen)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(sys.platform == "darwin", reason="its advice is another one")
def test_marks_are_given_only_where_told_to_do_without_a_sandbox(copy_of_assignment: Path) -> None:
    shutil.copy(RIGHT_FILE, copy_of_assignment / "right.py")
    refused = grader("grade", "right.py", "--config", "config.yaml", cwd=copy_of_assignment)
    assert refused.returncode == 3
    assert "WSL2" in refused.stderr
    assert "sandbox.require" in refused.stderr
    (copy_of_assignment / "class").mkdir()
    shutil.copy(RIGHT_FILE, copy_of_assignment / "class" / "ann.py")
    batch = grader("batch", "class", "--out", "results", cwd=copy_of_assignment)
    assert (batch.returncode, "WSL2" in batch.stderr) == (3, True), batch.stderr
    assert "Traceback" not in batch.stderr + refused.stderr


@pytest.mark.slow
def test_an_instructor_can_make_validate_and_pack_an_assignment(tmp_path: Path) -> None:
    made = grader("new", ROOT / "tests" / "models" / "logistic_regression.py", "--yes", "-o", "made", cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "submissions must be graded on Linux" in " ".join(made.stdout.split())
    packed = grader("handout", cwd=tmp_path / "made")
    assert packed.returncode == 0, packed.stderr
    assert "gradients.py" in zipfile.ZipFile(tmp_path / "made" / "handout.zip").namelist()
    for command in ("explain", "gradescope build"):
        done = grader(*command.split(), cwd=tmp_path / "made", encoding="cp1252")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_class_is_graded_where_told_to_do_without_a_sandbox(copy_of_assignment: Path) -> None:
    (copy_of_assignment / "class").mkdir()
    for name in ("chatty.passed.py", "hard_exit.died.py"):
        shutil.copy(SUBMISSIONS / name, copy_of_assignment / "class" / name)
    without_sandbox(copy_of_assignment / "config.yaml")
    for command in (
        "batch class --out results --jobs 1",
        "regrade results --jobs 1",
        "regrade results --rerun-all --jobs 1",
        "adjust results chatty.passed --add 1 --because wit --by me",
        "export results csv",
        "show results chatty.passed",
        "report results",
    ):
        done = grader(*command.split(), cwd=copy_of_assignment, encoding="cp1252")
        assert done.returncode == 0, done.stderr
    scores = [(one.key, one.final) for one in results(copy_of_assignment / "results")]
    assert scores == [("chatty.passed", 101), ("hard_exit.died", 85)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "darwin", reason="its advice is another one")
def test_stored_answers_are_graded_again_without_a_sandbox(tmp_path: Path) -> None:
    from report_class import write_class

    write_class(tmp_path / "results", 2)
    config = ["--config", ROOT / "config.yaml", "--jobs", "1"]
    assert grader("regrade", "results", *config, cwd=tmp_path).returncode == 0
    refused = grader("regrade", "results", "--rerun-all", *config, cwd=tmp_path)
    assert (refused.returncode, "WSL2" in refused.stderr) == (3, True), refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_sign_that_is_printed_has_a_stand_in_where_the_encoding_lacks_it() -> None:
    importlib.import_module("grader.cli.main")
    for path in (ROOT / "grader").rglob("*.py"):
        if path.name == "worksheet.py":  # whose words of other languages are read, not printed
            continue
        for sign in set(path.read_text(encoding="utf-8")):
            if unicodedata.category(sign)[0] in "LSP" and sign not in "?\N{REPLACEMENT CHARACTER}":
                assert b"?" not in sign.encode("cp1252", "grader.in_ascii"), f"{sign} in {path}"


def test_no_module_outside_the_sandbox_needs_posix() -> None:
    """But for the lock of a file, which has another way there."""
    posix = r"^\s*(?:import|from) (?:fcntl|resource|pwd|grp|termios|tty|pty|syslog)\b"
    for path in (ROOT / "grader").rglob("*.py"):
        if "sandbox" not in path.parts and path.name not in ("filelock.py", "unpack.py"):
            assert not re.search(posix, path.read_text(encoding="utf-8"), re.MULTILINE), path
