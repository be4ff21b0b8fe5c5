"""`grader batch` and `grader regrade`: alike however they are run, killed and taken up again."""

import ast
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import warm
from classroom import FLIPPED, SOLUTION, STUB, STUDENTS, files, write, zipped
from conftest import ROOT, SUBMISSIONS

from grader.classroom.batch import protocol
from grader.classroom.batch.pool import workers_for
from grader.classroom.batch.progress import show_progress
from grader.classroom.batch.protocol import Result, Task, receive, send
from grader.classroom.batch.regrade import _plan
from grader.classroom.batch.worker import Worker
from grader.classroom.exports.changes import find_changes
from grader.classroom.store.outputs import note_written, results_hash
from grader.classroom.store.packing import pack_run
from grader.classroom.store.query import Results, Todo
from grader.classroom.store.store import Store
from grader.config.load import load_config
from grader.inputs import entry as inputs
from grader.inputs.download import read_download
from grader.records.run import Answer, Run

GRADER = [str(warm.GRADER)]
INSTALLED = [str(warm.INSTALLED)]
SEED = load_config(ROOT / "config.yaml").steps.seed
SLEEPS = SOLUTION + b"\nimport time\ntime.sleep(60)\n"
CLASS = {
    "ann/gradients.py": SOLUTION,
    "bob/gradients.py": FLIPPED,
    "carl/gradients.py": SOLUTION + b"# mine\n",
    "dora/gradients.py": STUB,
    "eve/gradients.py": b"import os\nos._exit(0)\n",
    "finn/": b"",
    "gus/gradients.py": (SUBMISSIONS / "complex_step.passed.py").read_bytes(),
    "hal/gradients.py": b"raise ValueError('<script>alert(1)</script> [x](javascript:y) | =1+1')\n",
    "=ida/gradients.py": SOLUTION.replace(b"return", b"return 2.0 *"),
    "jo/gradients.py": b"def dJ_db2(s): open('/etc/passwd')\n",
}


def run(*arguments, cwd=ROOT, **options):
    command = [*GRADER, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **options)


def start(*arguments, program=INSTALLED, stderr=subprocess.DEVNULL):
    command = [*program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stderr)


def rows(out, sql):
    with closing(sqlite3.connect(out / "grades.db")) as db:
        return db.execute(sql).fetchall()


def batch(source, out, *arguments, **options):
    return run("batch", source, "--out", out, *arguments, **options)


def grades(out):
    """Everything that must not depend on how a batch was run."""
    found = dict(rows(out, "SELECT student, grade FROM current"))
    flags = rows(out, "SELECT kind, gradient, detail, key FROM current_flags JOIN submissions ON id = submission_id")
    feedback = {path.name: path.read_bytes() for path in (out / "feedback").iterdir()}
    return (out / "grades.csv").read_bytes(), found, sorted(flags), feedback


@pytest.fixture(scope="session")
def school(tmp_path_factory):
    """A class of everything, and its results: (download, results folder, finished process)."""
    folder = tmp_path_factory.mktemp("school")
    source = write(folder / "class", CLASS)
    done = batch(source, folder / "results")
    return source, folder / "results", done


@pytest.fixture
def results(school, tmp_path):
    """A copy of the results that a test may change."""
    return Path(shutil.copytree(school[1], tmp_path / "results"))


def table(out, name="grades.csv"):
    with (out / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_class_is_graded_and_what_needs_a_look_is_listed(school):
    _, out, done = school
    assert done.returncode == 0, done.stderr
    assert "a folder per student: 10 submissions, 9 graded now" in done.stdout
    assert "no file to grade: 1\n  finn: no gradients.py, found nothing" in done.stdout
    assert "3 need a look: see the flags column of grades.csv" in done.stdout
    assert "tried what the sandbox forbids: 2" in done.stdout
    assert "graded 9 of 9 (" in done.stderr
    found = {row["student"]: row for row in table(out)}
    assert {name: row["score"] for name, row in found.items() if row["score"] in ("100", "0", "")} == {
        "ann": "100", "carl": "100", "gus": "100", "dora": "0", "eve": "0", "finn": "", "hal": "0", "jo": "0"
    }  # fmt: skip
    assert found["finn"]["status"] == "missing"
    assert found["ann"]["flags"] == found["carl"]["flags"] == "", "all is right in both files: right files are alike"
    assert found["eve"]["flags"] == "tamper"
    assert found["jo"]["flags"] == "tamper dJ_db2"


def test_no_cell_of_the_table_is_a_formula(school):
    for row in table(school[1]):
        assert not any(str(cell).startswith(("=", "+", "-", "@", "\t")) for cell in row.values())
    assert "'=ida" not in (school[1] / "feedback").iterdir()


def test_feedback_shows_hostile_text_as_text_and_no_reference_number(school):
    feedback = school[1] / "feedback"
    page = (feedback / "hal.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    text = (feedback / "hal.md").read_text()
    assert "```text\ngradients.py could not be loaded: line 1: ValueError: <script>" in text
    assert (feedback / "finn.md").read_text().endswith("There are no marks: no gradients.py, found nothing.\n")
    assert "Right given it: dJ\\_dU, dJ\\_dh," in (feedback / "bob.md").read_text()


def test_one_worker_or_four_or_a_zip_give_the_same_bytes(tmp_path):
    many = {**CLASS, **{f"s{i:02}/gradients.py": SOLUTION + b"# %d\n" % i for i in range(26)}}  # enough for four
    assert batch(write(tmp_path / "class", many), tmp_path / "one", "--jobs", 1).returncode == 0
    assert batch(zipped(tmp_path / "class.zip", many), tmp_path / "four", "--jobs", 4).returncode == 0
    assert grades(tmp_path / "one") == grades(tmp_path / "four")


def test_a_small_class_has_one_worker_and_a_large_one_a_worker_per_processor(monkeypatch):
    monkeypatch.setattr("grader.classroom.batch.pool.os.cpu_count", lambda: 4)
    assert [workers_for(files) for files in (0, 1, 11, 12, 33, 34, 1000)] == [1, 1, 1, 2, 3, 4, 4]


def count(out):
    try:
        return rows(out, "SELECT COUNT(*) FROM gradings")[0][0] if (out / "grades.db").exists() else 0
    except sqlite3.Error:
        return 0


def wait_for(what, process, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def test_a_batch_that_is_killed_and_started_again_ends_with_the_same_results(school, tmp_path):
    source, undisturbed, _ = school
    out = tmp_path / "results"
    for wanted in (1, 4):
        process = start("batch", source, "--out", out, "--jobs", 1)
        wait_for(lambda wanted=wanted: count(out) >= wanted, process)
        process.kill()
        process.communicate()
    kept = count(out)
    assert 4 <= kept < 9
    done = batch(source, out)
    assert f"{9 - kept} graded now" in done.stdout, done.stderr
    assert count(out) == 9
    assert grades(out) == grades(undisturbed)


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost_or_done_twice(school, tmp_path):
    source, undisturbed, _ = school
    out = tmp_path / "results"
    process = start("batch", source, "--out", out, "--jobs", 1)
    wait_for(lambda: count(out) >= 1, process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        if b"grader.classroom.batch.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert count(out) == 9
    assert grades(out) == grades(undisturbed)


def connected():
    return (Connection(end.detach()) for end in socket.socketpair())


def test_large_messages_in_both_directions_do_not_wait_for_each_other():
    ours, theirs = connected()
    run = pack_run(Run({"dJ_dU": [Answer("missing")]}))
    worker = Worker(theirs, lambda _, task, __: Result(task.number, bytes(10**6)))
    working = threading.Thread(target=worker.grade_all, args=(None, 1), daemon=True)
    sending = threading.Thread(
        target=lambda: [send(ours, Task(i, "x" * 10**6, run=run)) for i in range(8)], daemon=True
    )
    working.start()
    sending.start()
    sending.join(60)  # as the coordinator does: it reads nothing before everything is sent
    assert not sending.is_alive()
    assert [receive(ours, Result).number for _ in range(8)] == list(range(8))
    ours.close()
    working.join(60)
    assert not working.is_alive()


def test_a_worker_that_ends_in_the_middle_of_a_message_or_sends_too_much_has_gone(monkeypatch):
    for frame in (b"", b"\0\0", b"\0\0\0\x05abc"):
        ours, theirs = connected()
        os.write(theirs.fileno(), frame)
        theirs.close()
        with pytest.raises(EOFError):
            receive(ours, Result)
        ours.close()
    monkeypatch.setattr(protocol, "MAX_FRAME", 100)
    ours, theirs = connected()
    theirs.send_bytes(bytes(101))
    with pytest.raises(EOFError):
        receive(ours, Result)


def test_nothing_is_pickled_between_the_coordinator_and_its_workers():
    for path in (ROOT / "grader" / "classroom" / "batch").glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        methods = {ast.unparse(call) for call in calls if isinstance(call, ast.Attribute)}
        assert not {name for name in methods if re.search(r"connection\.(send|recv)$|^(ours|theirs)\.", name)} - {
            "ours.detach", "theirs.fileno", "theirs.share", "theirs.close"
        }, path.name  # fmt: skip


def test_a_submission_that_hangs_delays_nobody_else(changed, tmp_path):
    source = write(
        tmp_path / "class", {"aaa/gradients.py": SLEEPS, **{f"s{i}/gradients.py": SOLUTION for i in range(5)}}
    )
    config, change = changed
    change("call_cpu_seconds: 2.0", "call_cpu_seconds: 0.2")
    out = tmp_path / "results"
    done = batch(source, out, "--jobs", 1, "--config", config)
    assert done.returncode == 0, done.stderr
    order = rows(out, "SELECT key FROM gradings g JOIN submissions s ON s.id = submission_id ORDER BY g.id")
    assert order[-1] == ("aaa",)
    assert {row["student"]: row["score"] for row in table(out)}["aaa"] == "0"


def test_a_second_batch_on_the_same_folder_is_refused(school, tmp_path):
    source, _, _ = school
    out = tmp_path / "results"
    process = start("batch", source, "--out", out)
    wait_for(lambda: (out / "grades.db").exists(), process)
    process.send_signal(signal.SIGSTOP)  # however quick it is, it is at work while the second one starts
    second = batch(source, out)
    process.send_signal(signal.SIGCONT)
    assert second.returncode == 3
    assert f"process {process.pid} on " in second.stderr
    assert "is at work in this folder" in second.stderr
    assert process.wait(60) == 0


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_stops_the_batch_which_continues_once_there_is_room(school, tmp_path):
    source, undisturbed, _ = school
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let us mount")
    try:
        full = batch(source, disk / "results")
        assert full.returncode == 3
        assert "make room and run the same command again" in full.stderr or "run the command again" in full.stderr
        assert "Traceback" not in full.stderr
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        assert batch(source, disk / "results").returncode == 0
        assert grades(disk / "results") == grades(undisturbed)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_could_not_be_read_is_exit_code_3_and_the_rest_is_graded(tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION, "bob.zip": b"PK nonsense"})
    done = batch(source, tmp_path / "results")
    assert done.returncode == 3
    assert "could not be read: 1\n  bob: no readable gradients.py: bob.zip: this zip cannot be read" in done.stdout
    assert {row["student"]: row["status"] for row in table(tmp_path / "results")} == {
        "ann": "graded",
        "bob": "unreadable",
    }


@pytest.mark.parametrize("name", ["../bob/gradients.py", "/bob/gradients.py"])
def test_a_file_that_may_be_anyones_is_listed_and_exit_code_3(tmp_path, name):
    content = {"ann/gradients.py": SOLUTION, name: SOLUTION, "../": b""}
    out = tmp_path / "out"
    done = batch(zipped(tmp_path / "class.zip", content), out)
    assert done.returncode == 3
    assert f"  {name}: " in done.stdout
    assert [row["student"] for row in table(out)] == ["ann"]


def test_a_newer_download_grades_only_what_is_new_and_keeps_the_history(results, tmp_path):
    new = {"bob/gradients.py": SOLUTION, "finn/gradients.py": STUB, "kim/gradients.py": SOLUTION}
    newer = write(tmp_path / "newer", {**CLASS, **new})
    done = batch(newer, results)
    assert "11 submissions, 3 graded now" in done.stdout, done.stderr
    marks = {row["student"]: row["score"] for row in table(results)}
    assert (marks["bob"], marks["finn"], marks["kim"]) == ("100", "0", "100")
    old = "SELECT score FROM gradings g JOIN submissions s ON s.id = submission_id WHERE key = 'bob' ORDER BY g.id"
    assert rows(results, old) == [(92.0,), (100.0,)]


# --- regrade --------------------------------------------------------------------------------------------------------


@pytest.fixture
def changed(copy_of_assignment):
    """A copy of the assignment, and a function that changes its config.yaml: (path, change)."""
    path = copy_of_assignment / "config.yaml"

    def change(old, new):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return path, change


def test_a_regrade_grades_the_stored_answers_and_reports_who_changed_and_why(results, changed):
    config, change = changed
    change("{name: dJ_db2, of: b2, max_score: 10}", "{name: dJ_db2, of: b2, max_score: 20}")
    (results.parent / "class").mkdir()  # nothing of the download is needed any more
    done = run("regrade", results, "--config", config)
    assert done.returncode == 0, done.stderr
    assert "9 regraded from stored answers, 0 run again" in done.stdout
    assert "gradients[dJ_db2].max_score: 10, now 20" in done.stdout
    changes = {row["student"]: row for row in table(results, "changes.csv")}
    assert (changes["ann"]["before"], changes["ann"]["after"], changes["ann"]["difference"]) == ("10", "20", "10")
    assert changes["ann"]["why"] == "worth 10 marks, now 20"
    assert changes["ann"]["gradient"] == "dJ_db2"
    history = (
        "SELECT kind, score FROM gradings g JOIN rounds r ON r.id = round_id JOIN submissions s ON s.id = submission_id"
        " WHERE key = 'ann' ORDER BY g.id"
    )
    assert rows(results, history) == [("batch", 100.0), ("regrade", 110.0)]
    assert rows(results, "SELECT COUNT(*) FROM runs") == [(9,)]


def test_a_regrade_with_nothing_changed_changes_nothing(results, school):
    done = run("regrade", results)
    assert done.returncode == 0, done.stderr
    assert "nobody's marks changed" in done.stdout
    assert "older than" not in done.stdout
    assert grades(results) == grades(school[1])


def test_a_first_grading_is_not_called_a_new_gradient(school):
    with Results(school[1]) as stored:
        assert {change.why for change in find_changes(stored, 1)} == {"graded for the first time"}


def test_nobody_loses_marks_when_a_regrade_fails(results, changed):
    solution = changed[0].parent / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("s.y_hat - s.y", "s.y - s.y_hat"))
    done = run("regrade", results, "--config", changed[0])
    assert done.returncode == 3
    assert "gained marks, 0 lost some" in done.stdout
    row = next(row for row in table(results, "changes.csv") if row["student"] == "ann")
    assert (row["before"], row["after"], row["difference"]) == ("10", "", "0")
    assert row["why"].startswith("could not be graded: ")


@pytest.mark.parametrize("name", ["hints.yaml", "mistakes.yaml"])
def test_a_mistake_in_the_instructors_texts_ends_a_batch_and_a_regrade_before_anybody_is_graded(
    results, changed, school, tmp_path, name
):
    path = changed[0].parent / "solutions" / name
    path.write_text(path.read_text().replace("gradients: [dJ_db2]", "gradients: [dJ_db22]", 1))
    for done in (
        batch(school[0], tmp_path / "new", "--config", changed[0]),
        run("regrade", results, "--config", changed[0]),
    ):
        assert done.returncode == 2
        assert f"{name}:" in done.stderr
        assert "there is no dJ_db22; did you mean dJ_db2" in " ".join(done.stderr.split())
        assert len(done.stderr.splitlines()) == 1
    assert rows(tmp_path / "new", "SELECT COUNT(*) FROM gradings") == [(0,)]


def test_a_regrade_after_an_interrupted_batch_counts_those_that_were_never_run(results, tmp_path):
    new = write(tmp_path / "newer", {"kim/gradients.py": SOLUTION, "lou/gradients.py": SOLUTION + b"# l\n"})
    with Store(results, create=False) as store:  # received, and then came the interruption
        for entry in read_download(new, "gradients.py").entries:
            store.receive(entry, inputs.receive(entry, "gradients.py", 10**6, []))
    done = run("regrade", results)
    assert done.returncode == 3
    assert "never run: 2; run the same `grader batch` command again, or use --rerun" in done.stdout
    assert "left as they were" not in done.stdout
    unfinished = "not graded yet: 2; run the same `grader batch` command again, then export"
    assert unfinished in run("export", results, "gradescope").stdout
    done = batch(new, results)
    assert "2 graded now" in done.stdout
    assert "not graded yet" not in run("export", results, "gradescope").stdout
    done = run("regrade", results)
    assert done.returncode == 0
    assert "never run" not in done.stdout


def test_every_command_names_the_files_that_are_older_than_the_last_grading_run(results, changed, tmp_path):
    config, change = changed
    elsewhere = tmp_path / "marks.csv"
    with Results(results) as stored:  # as `grader report` does, whose charts take longer than all this
        (results / "report.html").touch()
        note_written(stored, results / "report.html", "report", results_hash(stored))
    run("export", results, "gradescope")
    done = run("export", results, "csv", "-o", elsewhere)
    assert "older than" not in done.stdout
    change("share: 1.0", "share: 0.5")
    older = (
        f"older than the last grading run: {elsewhere}, gradescope.csv, report.html; to update them:"
        f" `grader export {results} csv -o {elsewhere}`, `grader export {results} gradescope`, `grader report {results}`"
    )
    done = run("regrade", results, "--config", config)
    assert older in done.stdout
    assert older in run("show", results, "ann").stdout
    new = write(tmp_path / "newer", {"kim/gradients.py": SOLUTION})
    assert older in batch(new, results, "--config", config).stdout
    elsewhere.unlink()
    older = f"older than the last grading run: report.html; to update it: `grader report {results}`"
    assert older in run("export", results, "gradescope").stdout


def test_a_batch_under_a_changed_config_asks_for_a_regrade_first(results, changed, school):
    config, change = changed
    change("share: 1.0", "share: 0.5")
    before = [rows(results, f"SELECT * FROM {name}") for name in ("current", "submissions")]
    newer = write(results.parent / "newer", {**CLASS, "bob/gradients.py": SOLUTION, "zoe/gradients.py": SOLUTION})
    refused = batch(newer, results, "--config", config)
    assert refused.returncode == 2
    assert [rows(results, f"SELECT * FROM {name}") for name in ("current", "submissions")] == before
    assert "config.yaml or the model changed since these results were graded. `grader regrade" in refused.stderr
    assert run("regrade", results, "--config", config).returncode == 0
    assert batch(school[0], results, "--config", config).returncode == 0
    with (config.parent / "solutions" / "gradients.py").open("a") as file:
        file.write("\n# another comment\n")
    assert "the solution, or a file beside it, changed" in batch(school[0], results, "--config", config).stderr


@pytest.mark.slow
def test_a_batch_never_adds_to_results_under_another_rubric(results, changed, school):
    config, change = changed
    change(SEED, "00000000000000000000000000000012")
    change("share: 1.0", "share: 0.0")
    assert run("regrade", results, "--config", config).returncode == 3  # leaves all as they were
    newer = write(results.parent / "newer", {"zoe/gradients.py": SOLUTION})
    refused = batch(newer, results, "--config", config)
    assert refused.returncode == 2
    assert "with --rerun where it leaves some as they are" in refused.stderr
    assert run("regrade", results, "--rerun", "--config", config).returncode == 0
    assert batch(newer, results, "--config", config).returncode == 0


def test_answers_at_other_sample_points_are_left_alone_until_they_are_run_again(results, changed):
    config, change = changed
    change(SEED, "00000000000000000000000000000012")
    done = run("regrade", results, "--config", config)
    assert done.returncode == 3
    assert "9 left as they were: their answers are to other sample points or functions; use --rerun" in done.stdout
    assert "steps.seed: changed" in done.stdout
    assert SEED not in done.stdout
    done = run("regrade", results, "--rerun", "--config", config)
    assert done.returncode == 0, done.stderr
    assert "0 regraded from stored answers, 9 run again" in done.stdout
    assert "nobody's marks changed" in done.stdout


def test_a_rerun_runs_what_was_asked_for_and_leaves_nothing_out():
    never = Todo(1, None, regradable=False, same_runtime=False)
    other_points = Todo(2, 20, regradable=False, same_runtime=True)
    other_numpy = Todo(3, 30, regradable=True, same_runtime=False, answers="a")
    same = Todo(4, 40, regradable=True, same_runtime=True, answers="a")
    todo = [never, other_points, other_numpy, same]
    runs = {"none": [], "changed": [(1, None), (2, None), (3, 30)], "all": [(1, None), (2, None), (3, 30), (4, 40)]}
    for rerun, expected in runs.items():
        work, left = _plan(todo, rerun)
        assert [(one.submission, one.before) for one in work if one.run_id is None] == expected
        assert left == ([never, other_points] if rerun == "none" else [])
    assert [(one.submission, one.run_id) for one in _plan(todo, "none")[0]] == [(3, 30), (4, 40)]


def test_a_file_that_answers_differently_when_run_twice_is_flagged(tmp_path):
    chance = SOLUTION + b"\nimport os\ndef dJ_dU(s):\n    return s.U * os.urandom(1)[0] + 1\n"
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION, "bob/gradients.py": chance})
    batch(source, tmp_path / "results", "--jobs", 1)
    done = run("regrade", tmp_path / "results", "--rerun-all", "--jobs", 1)
    assert "0 regraded from stored answers, 2 run again" in done.stdout, done.stderr
    flags = {row["student"]: row["flags"] for row in table(tmp_path / "results")}
    assert flags == {"ann": "", "bob": "unstable"}


@pytest.mark.slow
def test_an_interrupted_regrade_continues_where_it_stopped(results, changed, school):
    config, change = changed
    change("share: 1.0", "share: 0.5")
    process = start("regrade", results, "--jobs", 1, "--config", config)
    wait_for(lambda: count(results) >= 11, process)
    process.kill()
    process.wait()
    done = count(results)
    if done == 18:
        pytest.skip("it had ended before it could be interrupted")
    assert "since some of these results were graded" in batch(school[0], results, "--config", config).stderr
    again = run("regrade", results, "--config", config)
    assert f"{18 - done} regraded" in again.stdout, again.stderr
    assert count(results) == 18


# --- show -----------------------------------------------------------------------------------------------------------


def test_show_prints_one_student_found_by_any_name(school):
    done = run("show", school[1], "HAL", "--source")
    assert done.returncode == 0, done.stderr
    assert "<script>alert(1)</script>" in done.stdout
    assert "   1 raise ValueError(" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [("hall", "no student hall; did you mean hal?"), ("a", "a could be"), ("zzz", "no student zzz\n")],
)
def test_show_refuses_a_name_that_fits_nobody_or_several(school, name, message):
    done = run("show", school[1], name)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_stored_json_is_that_of_grade_except_for_traced_lines(school):
    source, out, _ = school
    shown = json.loads(run("grade", "--json", source / "bob" / "gradients.py").stdout)
    stored = json.loads(grades(out)[1]["bob"])
    assert shown.pop("fix_first") == ["dJ_db2"]  # made of the roots, as is the next
    for gradient in shown["gradients"]:
        gradient.pop("roots")  # in the store it stands inside follow_through
    for gradient in [*shown["gradients"], *stored["gradients"]]:
        gradient.pop("where", None)
        (gradient["follow_through"] or {}).pop("roots", None)
    assert stored == shown


def test_an_older_download_replaces_nothing_without_force(tmp_path):
    first = write(tmp_path / "v1", {"ann/gradients.py": SOLUTION, "bob/gradients.py": FLIPPED, "cy/gradients.py": STUB})
    second = write(
        tmp_path / "v2", {"ann/gradients.py": FLIPPED, "bob/gradients.py": SOLUTION, "cy/gradients.py": STUB}
    )
    out = tmp_path / "out"

    def marks(*arguments):
        done = run("batch", *arguments, "--out", out, "--jobs", "1")
        assert done.returncode == 0, done.stderr
        table = grades(out)[1]
        return {key: json.loads(table[key])["score"] for key in ("ann", "bob")}, done.stdout

    before, _ = marks(first)
    after, _ = marks(second)
    assert before == {"ann": after["bob"], "bob": after["ann"]}
    again, printed = marks(first)
    assert again == after
    assert "the newer file was kept (--force takes the older one): 2\n  ann\n  bob\n" in printed
    forced, printed = marks(first, "--force")
    assert forced == before
    assert "taken because of --force: 2\n  ann\n  bob\n" in printed
    back, printed = marks(second)
    assert back == after
    assert "--force" not in printed


def test_a_config_among_the_submissions_is_not_used(tmp_path):
    write(tmp_path, {"class/ann/gradients.py": SOLUTION, "class/ann/config.yaml": b"title: mine"})
    done = run("batch", "../..", "--out", tmp_path / "out", cwd=tmp_path / "class" / "ann")
    assert done.returncode == 2
    assert "config.yaml lies among the submissions in ../.., so it may be a student's" in " ".join(done.stderr.split())
    assert "--config" in done.stderr


@pytest.mark.parametrize("command", [INSTALLED, [sys.executable, "-m", "grader"]], ids=["grader", "python -m grader"])
def test_a_students_file_never_replaces_one_of_our_modules(tmp_path, command):
    names = ["numpy", "msgspec", "json", "socket", "grader"]
    ran = tmp_path / "ran"
    write(tmp_path / "class", {f"{name}.py": f"open({str(ran)!r}, 'w')".encode() + SOLUTION for name in names[:-1]})
    write(
        tmp_path / "class", {"grader/gradients.py": SOLUTION, "grader/__init__.py": f"open({str(ran)!r}, 'w')".encode()}
    )
    if command != INSTALLED:
        shutil.rmtree(tmp_path / "class" / "grader")  # `-m` itself would run this one: the grader cannot help it
    arguments = ["batch", ".", "--out", "../out", "--config", str(ROOT / "config.yaml")]
    done = subprocess.run([*command, *arguments], cwd=tmp_path / "class", capture_output=True, text=True, timeout=120)
    assert not ran.exists(), done.stdout + done.stderr
    assert (tmp_path / "out" / "grades.csv").exists(), done.stdout + done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode there")
def test_a_folder_whose_name_is_not_utf8_is_a_student_like_any_other(tmp_path):
    for name in (b"Jos\xe9", b"Jos\xe8", b"ann"):
        os.mkdir(os.fsencode(tmp_path) + b"/class-" + name)
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/class-" + name), "gradients.py").write_bytes(SOLUTION)
    for _ in range(2):
        done = batch(tmp_path, tmp_path / "out")
        assert done.returncode == 0, done.stderr
        assert [row["score"] for row in table(tmp_path / "out")] == ["100"] * 3
    assert "nothing to do" in done.stdout or "0 graded now" in done.stdout


def test_the_path_of_a_download_need_not_be_utf8(tmp_path):
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Klasse-\xe4"))
    source.mkdir()
    done = batch(write(source, {"ann/gradients.py": SOLUTION}), tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_the_results_may_not_go_into_the_folder_of_the_submissions(tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION})
    done = batch(source, source)
    assert done.returncode == 2
    assert "expected a folder of its own for the results" in done.stderr
    assert not (source / "grades.db").exists()


def test_show_reports_a_damaged_store_in_one_line(results):
    path = results / "grades.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)  # all but the first page
    path.write_bytes(data)
    done = run("show", results, "ann")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "it is damaged, or not ours" in done.stderr


def test_progress_without_a_terminal_is_plain_lines_and_repeats_none(monkeypatch, capsys):
    clock = iter([0.0, *(second for i in range(1, 4) for second in [6.0 * i] * 3)])
    monkeypatch.setattr("grader.classroom.batch.progress.time.monotonic", lambda: next(clock))
    with show_progress(3) as progress:
        for i in range(3):
            progress.done(failed=i == 1)
    assert capsys.readouterr().err.splitlines() == [
        "graded 1 of 3 (0.2 a second, 12 s left)",
        "graded 2 of 3 (0.2 a second, 6 s left, 1 not graded)",
        "graded 3 of 3 (0.2 a second in 18.0 s, 1 not graded)",
    ]


def test_progress_in_a_terminal_shows_count_rate_time_left_and_failures(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "100")
    with show_progress(2) as progress:
        progress.done(failed=True)
        progress.done(failed=False)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert re.search(r"graded \S+ 2/2 [\d.]+/s [-:\d]+ left 1 not graded", shown)


def test_refused_files_are_in_a_table_until_they_are_gone(tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION, **{f"=note {i}.txt": b"" for i in range(12)}})
    done = batch(source, tmp_path / "out")
    assert "and 2 more: see refused.csv" in done.stdout
    refused = table(tmp_path / "out", "refused.csv")
    assert len(refused) == 12
    assert refused[0]["path"] == "'=note 0.txt"
    for path in source.glob("*.txt"):
        path.unlink()
    batch(source, tmp_path / "out")
    assert not (tmp_path / "out" / "refused.csv").exists()


def test_an_interrupted_batch_says_how_to_continue(school, tmp_path):
    arguments = ("batch", school[0], "--out", tmp_path / "out", "--jobs", 1)
    process = start(*arguments, program=GRADER, stderr=subprocess.PIPE)
    wait_for(lambda: count(tmp_path / "out") >= 1, process)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    if process.returncode == 3:  # else it had ended before
        assert b"interrupted; what is finished is kept: run the same command again" in printed


def test_students_of_an_earlier_download_are_kept_and_listed(tmp_path):
    first = write(tmp_path / "first", {"ann/gradients.py": SOLUTION, "bob/gradients.py": SOLUTION})
    second = write(tmp_path / "second", {"bob/gradients.py": SOLUTION, "carl/gradients.py": SOLUTION})
    assert "earlier one" not in batch(first, tmp_path / "out").stdout
    assert "not in this download, kept from an earlier one: 1\n  ann\n" in batch(second, tmp_path / "out").stdout
    assert [row["student"] for row in table(tmp_path / "out")] == ["ann", "bob", "carl"]


def test_a_text_that_was_typed_into_the_platform_is_mentioned(tmp_path):
    source = write(tmp_path / "class", {"Ann Lee_1041_assignsubmission_onlinetext/onlinetext.html": b"<p>sorry</p>"})
    assert (
        "Ann Lee_1041: no gradients.py, found nothing; typed a text into Moodle"
        in batch(source, tmp_path / "out").stdout
    )


def test_another_platforms_download_does_not_list_the_same_people_twice(tmp_path):
    out, students = tmp_path / "out", STUDENTS[:1]
    first, other = (zipped(tmp_path / f"{name}.zip", files(name, students)) for name in ("gradescope", "canvas"))
    assert batch(first, out).returncode == 0
    refused = batch(other, out)
    assert refused.returncode == 2
    assert re.search(
        "made from a Gradescope .*, and this is a Canvas download with none of its students",
        " ".join(refused.stderr.split()),
    )
    assert len(table(out)) == 1
    assert "0 graded now" in batch(first, out).stdout
    assert batch(other, out, "--force").returncode == 0
    assert len(table(out)) == 2


def test_a_download_of_another_platform_that_knows_only_some_of_the_students_is_refused_too(tmp_path):
    """Ann and Béla have the same key on both platforms, Chi has not; Dana is new."""
    out = tmp_path / "out"
    assert batch(zipped(tmp_path / "gradescope.zip", files("gradescope", STUDENTS[:3])), out).returncode == 0
    keys = {row["student"] for row in table(out)}
    ann, bela, _ = sorted(keys)

    def folders(name, *students):
        return write(tmp_path / name, {f"{student}/gradients.py": SOLUTION for student in students})

    expected = "a folder per student with 2 of its 3 students: the others in it (cwu_2 and dana) may be the same people"
    refused = batch(folders("mixed", ann, bela, "cwu_2", "dana"), out)
    assert refused.returncode == 2
    assert expected in " ".join(refused.stderr.split())
    assert {row["student"] for row in table(out)} == keys
    copied = shutil.copytree(out, tmp_path / "copied")
    assert "1 submission, " in batch(folders("fewer", ann), out).stdout
    assert "4 submissions, " in batch(folders("more", *keys, "dana"), copied).stdout, "nobody can be there twice"
