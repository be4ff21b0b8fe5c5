"""The zip from end to end, in a private copy of Gradescope's folders: right, wrong, hostile, hanging and missing submissions."""

import compileall
import contextlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SUBMISSIONS
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.errors import GraderError, UsageError
from grader.grading.grader import Grader
from grader.packaging.gradescope.autograder import first_page, fit
from grader.packaging.gradescope.bundle import build
from grader.packaging.gradescope.dryrun.platform import Outcome, Platform, read_as_gradescope
from grader.packaging.gradescope.dryrun.submitted import default_metadata, following_metadata
from grader.packaging.gradescope.setup_check import smoke_test

Command = Callable[..., "subprocess.CompletedProcess[str]"]
CONFIG = ROOT / "config.yaml"
SECRETS = [line.strip() for line in RIGHT_FILE.read_text().splitlines() if "return" in line]


@pytest.fixture(scope="session")
def zip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "autograder.zip"
    path.write_bytes(
        build(Grader(CONFIG), force=True)
    )  # that it is sound is tested with the command, in docs/gradescope.md
    return path


@pytest.fixture(scope="session")
def platform(zip_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    image = Platform(tmp_path_factory.mktemp("image") / "autograder", zip_path)
    image.borrow_python()
    compileall.compile_dir(image.venv, quiet=2)  # as pip does in the real one
    return image


@pytest.fixture(scope="session")
def seed(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What became of a file with two mistakes, from which others follow."""
    return submit(platform, tmp_path_factory.mktemp("seed"), SUBMISSIONS / "seed.followed_through.py")


@pytest.fixture(scope="session")
def grader_of_the_zip() -> Iterator[Grader]:
    """The grader that is packed, here."""
    with Grader(CONFIG) as opened:
        yield opened


def submit(
    platform: Platform, folder: Path, source: str | Path | None, timeout: float = 120, **metadata: Any
) -> Outcome:
    """Submit a file (a path or its text), or only notes."""
    target = folder / "submitted"
    target.mkdir(exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    if source is None:
        (target / "notes.txt").write_text("my notes")
    else:
        (target / "gradients.py").write_bytes(source.encode() if isinstance(source, str) else source.read_bytes())
    return platform.run(target, {**default_metadata(load_config(CONFIG)), **metadata}, timeout)


def gradient(outcome: Outcome, name: str) -> dict[str, Any]:
    [test] = [test for test in outcome.results["tests"] if name in test["tags"]]
    return dict(test)


def student_text(outcome: Outcome) -> str:
    return json.dumps({"output": outcome.results.get("output"), "tests": outcome.results.get("tests")})


def test_the_zip_has_its_programs_at_its_root_and_the_same_bytes_each_time(zip_path: Path) -> None:
    names = zipfile.ZipFile(zip_path).namelist()
    assert {"setup.sh", "run_autograder", "requirements.txt", "config.yaml", "assignment/model.py"} <= set(names)
    assert any(name.startswith(".grader-cache/diagnosis-") for name in names)
    assert build(Grader(CONFIG), force=True) == zip_path.read_bytes()


def test_the_solution_earns_full_marks_and_uses_the_tables_that_were_shipped(
    platform: Platform, tmp_path: Path
) -> None:
    outcome = submit(platform, tmp_path, RIGHT_FILE)
    assert (outcome.error, outcome.results["score"]) == ("", 100)
    assert len(list((platform.root / "source" / ".grader-cache").iterdir())) == 1


def test_a_notebook_beside_an_untouched_stub_is_graded_with_a_note(platform: Platform, tmp_path: Path) -> None:
    code = RIGHT_FILE.read_text()
    cells = {"cells": [{"cell_type": "code", "source": code}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as archive:
        archive.write(ROOT / "assignment" / "gradients.py", "hw/gradients.py")
        archive.writestr("hw/gradients.ipynb", json.dumps(cells))
    outcome = platform.run(tmp_path / "work.zip", default_metadata(load_config(CONFIG)), 120)
    assert (outcome.error, outcome.results["score"]) == ("", 100)
    assert "hw/gradients.ipynb was graded" in outcome.results["output"]
    assert "gradients.ipynb was graded" in " ".join(outcome.stdout.split())


def test_a_preview_is_the_page_of_a_first_submission(seed: Outcome, grader_of_the_zip: Grader) -> None:
    shown, graded = first_page(grader_of_the_zip, SUBMISSIONS / "seed.followed_through.py")
    page = dict(seed.results)
    for data in (shown, page):
        del data["execution_time"], data["extra_data"]
    assert (shown, graded.score) == (page, 82)


def test_the_gradients_to_fix_are_named_first(seed: Outcome, grader_of_the_zip: Grader) -> None:
    assert seed.results["output"].startswith("**2 things to fix: dJ\\_db2 (line ")
    two = first_page(grader_of_the_zip, SUBMISSIONS / "two_errors.failed.py")[0]["output"]
    assert two.startswith("**2 things to fix: dJ\\_db2 (line ")
    assert "and dJ\\_db1 (line " in two


def test_a_wrong_submission_reads_as_verdict_details_and_hint(seed: Outcome) -> None:
    outcome = seed
    assert outcome.results["score"] == 82
    assert "**Wrong.**" in gradient(outcome, "dJ_db2")["output"]
    assert "11 of 11 entries differ" in gradient(outcome, "dJ_db2")["output"]
    assert "**2 things to fix: " in outcome.results["output"]
    assert "given your own `dJ_db2`" in gradient(outcome, "dJ_dU")["output"]
    assert gradient(outcome, "dJ_dU")["status"] == "passed"
    assert "82 / 100" in outcome.stdout
    assert "sandbox: " in outcome.stdout
    assert "dJ_db2: 1 different wrong answer so far, the student sees 1 of 3 hints" in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert not [secret for secret in SECRETS if secret.removeprefix("return ") in student_text(outcome)]


def test_files_are_closed_to_students_at_every_run(platform: Platform, tmp_path: Path) -> None:
    for name in ("source", "submission_metadata.json"):
        path = platform.root / name
        if path.exists():
            path.chmod(0o777)
    submit(platform, tmp_path, None)
    for name in ("source", "results", "submission", "submission_metadata.json", "results/results.json"):
        mode = stat.S_IMODE((platform.root / name).stat().st_mode)
        assert mode & 0o077 == 0, f"{name} has mode {mode:o}"


def test_a_submission_without_the_file_earns_nothing_and_the_page_says_why(platform: Platform, tmp_path: Path) -> None:
    outcome = submit(platform, tmp_path, None)
    assert outcome.results["score"] == 0
    assert "no gradients.py, found only notes.txt" in student_text(outcome).lower()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "None of the required functions is in this file. Did you save it?"),
        ("import numpy as np\n", "None of the required functions is in this file. Did you save it?"),
        ("this is no Python\n", "SyntaxError"),
        ("\x00\x01\x02", "null bytes"),
        ("%PDF-1.7\nstream\n", "it is a PDF, not Python"),
        ("<!DOCTYPE html>\n<html></html>\n", "it is a web page, not Python"),
        (
            "try:\n    pass\nexcept* ValueError:\n    pass\n" if sys.version_info < (3, 11) else "def f(:\n",
            f"(read by Python {sys.version_info[0]}.{sys.version_info[1]})",
        ),
    ],
)
def test_what_cannot_be_run_earns_nothing_and_the_page_says_why(
    grader_of_the_zip: Grader, tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "gradients.py").write_text(source)
    page, _ = first_page(grader_of_the_zip, tmp_path / "gradients.py")
    assert page["score"] == 0
    assert message.lower() in json.dumps([page.get("output"), page["tests"]]).lower()


HOSTILE = """
import os, sys
ROOT = {root!r}
PATHS = "results/results.json source/solutions/gradients.py submission_metadata.json source/config.yaml run_autograder"
def attempt():
    found = []
    for path in PATHS.split():
        try:
            found.append(open(os.path.join(ROOT, path)).read())
        except BaseException:
            pass
        try:
            open(os.path.join(ROOT, path), "w").write('{{"score": 999}}')
            found.append("wrote " + path)
        except BaseException:
            pass
    try:
        if os.fork() == 0:
            import time
            time.sleep(60)
            open(os.path.join(ROOT, "results/results.json"), "w").write('{{"score": 999}}')
    except BaseException:
        pass
    print('{{"score": 999}}')
    raise ValueError("stolen: " + repr(found))
attempt() if {now} else None
def dJ_dU(s):
    attempt()
"""


@pytest.mark.parametrize("now", [True, False])
def test_a_hostile_file_reads_and_writes_nothing_and_leaves_nothing_running(
    platform: Platform, tmp_path: Path, now: bool
) -> None:
    secret = "HIDDEN RESULT"
    previous = [
        {"submission_time": "2026-01-01T00:00:00+00:00", "score": 1, "results": {"tests": [{"output": secret}]}}
    ]
    source = HOSTILE.format(root=str(platform.root), now=now)
    outcome = submit(platform, tmp_path, source, previous_submissions=previous)
    assert outcome.results["score"] == 0
    assert re.search(r"stolen: \\*\[\\*\]", student_text(outcome))  # in Markdown with backslashes
    assert secret not in student_text(outcome) + outcome.stdout
    assert left_running(platform) == []


def left_running(platform: Platform) -> list[str]:
    """Processes that run students' code for this platform: the model's path is among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str(platform.root / "source").encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
    return found


@pytest.mark.slow
def test_a_hanging_file_ends_before_gradescopes_timeout_and_the_rest_is_graded(
    platform: Platform, tmp_path: Path
) -> None:
    right = RIGHT_FILE.read_text()
    hanging = right + "\nimport time\ndef dJ_dh_prev(s):\n    time.sleep(1000)\n"
    outcome = submit(platform, tmp_path, hanging, timeout=25)
    assert outcome.error == ""
    assert outcome.results["score"] == 90
    assert "too long" in gradient(outcome, "dJ_dh_prev")["output"]


def test_metadata_may_be_missing(platform: Platform, tmp_path: Path) -> None:
    outcome = platform.run(RIGHT_FILE.parent, None, 120)
    assert outcome.results["score"] == 100


def test_in_a_weak_sandbox_nothing_is_run_and_nothing_counts_as_zero(platform: Platform, tmp_path: Path) -> None:
    script = platform.root / "run_autograder"
    kept = script.read_text()
    deny = ROOT / "tests" / "deny.py"
    script.write_text(kept.replace("exec ", f'exec "{sys.executable}" "{deny}" landlock,seccomp '))
    try:
        outcome = submit(platform, tmp_path, RIGHT_FILE)
    finally:
        script.write_text(kept)
    assert outcome.error == ""
    assert "score" not in outcome.results
    assert "our side" in outcome.results["output"]
    assert "the sandbox does not hold" in outcome.stdout
    assert "sandbox" not in student_text(outcome)


def test_without_landlock_the_sandbox_holds_too(platform: Platform, tmp_path: Path) -> None:
    script = platform.root / "run_autograder"
    kept = script.read_text()
    script.write_text(kept.replace("exec ", f'exec "{sys.executable}" "{ROOT / "tests" / "deny.py"}" landlock '))
    try:
        outcome = submit(platform, tmp_path, HOSTILE.format(root=str(platform.root), now=False))
    finally:
        script.write_text(kept)
    assert outcome.results["score"] == 0
    assert "stolen: \\[\\]" in gradient(outcome, "dJ_dU")["output"]
    assert "Landlock" not in outcome.stdout


def test_a_broken_installation_leaves_the_first_result_without_a_score(platform: Platform, tmp_path: Path) -> None:
    environment = {"GRADER_PYTHON": "/nonexistent/python"}
    broken = Broken(platform, environment)
    outcome = submit(broken, tmp_path, "")  # type: ignore[arg-type]
    assert outcome.error == ""
    assert "score" not in outcome.results


class Broken:
    """A platform on which the environment is another."""

    def __init__(self, platform: Platform, environment: dict[str, str]) -> None:
        self._platform, self._environment = platform, environment

    def run(self, *arguments: Any) -> Outcome:
        script = self._platform.root / "run_autograder"
        kept = script.read_text()
        lines = "".join(f'{name}="{value}"\n' for name, value in self._environment.items())
        script.write_text(kept.replace("#!/bin/sh\n", f"#!/bin/sh\n{lines}"))
        try:
            return self._platform.run(*arguments)
        finally:
            script.write_text(kept)


def test_hints_grow_from_attempt_to_attempt(platform: Platform, tmp_path: Path) -> None:
    metadata = default_metadata(load_config(CONFIG))
    counts = []
    for wrong in ("-1", "-1", "2"):
        right = RIGHT_FILE.read_text()
        changed = right + f"\n_dJ_dU = dJ_dU\ndef dJ_dU(s):\n    return {wrong} * _dJ_dU(s)\n"
        outcome = submit(platform, tmp_path, changed, **metadata)
        counts.append(gradient(outcome, "dJ_dU")["output"].count("**Hint.**"))
        metadata = following_metadata(metadata, outcome.results, outcome.error)
    assert counts == [1, 1, 2]


def test_the_command_shows_both_pages_and_writes_them(grader: Command, zip_path: Path, tmp_path: Path) -> None:
    page, given, following = tmp_path / "page.html", tmp_path / "given.json", tmp_path / "next.json"
    given.write_text(json.dumps(default_metadata(load_config(CONFIG))))
    options = ("--zip", zip_path, "--metadata", given, "--html", page, "--next-metadata", following)
    done = grader("gradescope", "try", SUBMISSIONS / "seed.followed_through.py", *options)
    assert done.returncode == 0, done.stderr
    student, instructor = done.stdout.split("what the instructor sees")
    assert "82 / 100" in student
    assert "sandbox" not in student
    assert "sandbox: " in instructor
    html = page.read_text()
    assert html.count("<section>") == 2
    assert "**" not in html
    assert json.loads(following.read_text())["previous_submissions"][0]["results"]["score"] == 82


def damaged_zip(folder: Path) -> bytes:
    """What zipfile finds out only while it unpacks: the compressed bytes make no sense."""
    with zipfile.ZipFile(folder / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(RIGHT_FILE, "gradients.py")
    data = bytearray((folder / "whole.zip").read_bytes())
    data[60:120] = b"\xff" * 60
    return bytes(data)


@pytest.mark.parametrize(
    "given",
    [
        {"previous_submissions": 5},
        {"previous_submissions": [1, None], "created_at": "9999-12-31T23:59:59+00:00"},
        {"previous_submissions": "none", "created_at": 3},
    ],
)
def test_odd_metadata_lead_to_a_next_attempt(given: dict[str, Any]) -> None:
    following = following_metadata(given, {"score": 1})
    assert [entry["score"] for entry in following["previous_submissions"]] == [1]


def test_wrong_arguments_are_one_line_each(grader: Command, zip_path: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "deep.json").write_text('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    (tmp_path / "damaged.zip").write_bytes(damaged_zip(tmp_path))
    (tmp_path / "empty.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    file = SUBMISSIONS / "seed.followed_through.py"
    for arguments, message in (
        (("no_such.py", "--zip", zip_path), "there is no such file"),
        ((tmp_path / "pipe", "--zip", zip_path), "found something else"),
        ((tmp_path / "folder", "--zip", zip_path), "cannot be submitted: `"),
        ((tmp_path / "damaged.zip", "--zip", zip_path), "cannot be submitted: Error -3 while decompressing"),
        ((file, "--zip", tmp_path / "damaged.zip"), "cannot be unpacked: Error -3 while decompressing"),
        ((file, "--zip", zip_path, "--metadata", tmp_path / "bad.json"), "expected JSON"),
        ((file, "--zip", zip_path, "--metadata", tmp_path / "deep.json"), "expected JSON"),
        ((file, "--zip", zip_path, "--metadata", tmp_path / "list.json"), "expected a JSON object"),
        ((file, "--zip", zip_path, "--metadata", tmp_path / "none.json"), "cannot be read"),
        ((file, "--zip", file), "cannot be unpacked"),
        ((file, "--zip", tmp_path / "empty.zip"), "found no setup.sh at the root of the zip; expected a zip from"),
    ):
        done = grader("gradescope", "try", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_an_unsound_assignment_is_not_packed_unless_forced(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    solution = copy_of_assignment / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("s.y_hat - s.y", "s.y - s.y_hat"))
    config, output = copy_of_assignment / "config.yaml", tmp_path / "a.zip"
    done = grader("gradescope", "build", "--config", config, "-o", output)
    assert done.returncode == 3
    assert "not sound" in done.stderr
    assert not output.exists()


def test_instructors_hints_are_packed_wherever_they_are(copy_of_assignment: Path) -> None:
    (copy_of_assignment / "private").mkdir()
    path = copy_of_assignment / "config.yaml"
    text = path.read_text()
    for name in ("hints.yaml", "mistakes.yaml"):
        (copy_of_assignment / "solutions" / name).rename(copy_of_assignment / "private" / name)
        text = text.replace(f"solutions/{name}", f"private/{name}")
    path.write_text(text)
    with zipfile.ZipFile(io.BytesIO(build(Grader(path), force=True))) as archive:
        assert {"private/hints.yaml", "private/mistakes.yaml"} <= set(archive.namelist())


def test_files_outside_the_assignments_folder_are_refused(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    inner = copy_of_assignment / "inner"
    inner.mkdir()
    config = (copy_of_assignment / "config.yaml").read_text()
    (inner / "config.yaml").write_text(config.replace("assignment/model.py", "../assignment/model.py"))
    (copy_of_assignment / "solutions").rename(inner / "solutions")
    done = grader("gradescope", "build", "--force", "--config", inner / "config.yaml", "-o", tmp_path / "a.zip")
    assert done.returncode == 2
    assert "or below" in done.stderr


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "there is no results.json"),
        (b"", "not valid"),
        (b'{"score": NaN}', "not valid"),
        (b"[]", "neither"),
        (b'\xef\xbb\xbf{"score": 1}', "not valid"),
    ],
)
def test_the_dry_run_reads_results_as_strictly_as_gradescope(tmp_path: Path, content: bytes | None, error: str) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_bytes(content)
    found, problem = read_as_gradescope(path)
    assert error in problem
    assert "failed to execute" in found["output"]


def test_a_timeout_ends_the_program_and_scores_zero_as_on_gradescope(platform: Platform, tmp_path: Path) -> None:
    script = platform.root / "run_autograder"
    kept = script.read_text()
    script.write_text("#!/bin/sh\nsleep 30\n")
    try:
        outcome = submit(platform, tmp_path, "", timeout=0.3)
    finally:
        script.write_text(kept)
    assert outcome.error == "timed out"
    assert outcome.results["score"] == 0


def test_a_failing_setup_is_reported_with_its_output(platform: Platform) -> None:
    setup = platform.root / "source" / "setup.sh"
    kept = setup.read_text()
    setup.write_text("echo no network\nexit 7\n")
    try:
        with pytest.raises(GraderError, match=r"exit code 7:\nno network"):
            platform.set_up()
    finally:
        setup.write_text(kept)


def test_submitting_something_that_cannot_be_copied_is_an_error(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be submitted"):
        platform.run(tmp_path / "nothing.py", None, 10)


@pytest.mark.parametrize("objective", ["cross_entropy", "log_likelihood"])
def test_the_smoke_test_takes_the_solution_with_the_sign_of_the_objective(
    copy_of_assignment: Path, objective: str
) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("objective: cross_entropy", f"objective: {objective}"))
    with Grader(path) as right:
        assert [finding.outcome for finding in smoke_test(right)] == ["passed"] * 3
    solution = copy_of_assignment / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("s.y_hat - s.y", "s.y - s.y_hat"))
    with Grader(path) as wrong:
        assert [finding.outcome for finding in smoke_test(wrong)] == ["passed", "passed", "failed"]


@pytest.mark.slow
def test_setup_makes_an_environment_that_grades(zip_path: Path, tmp_path: Path) -> None:
    image = Platform(tmp_path / "autograder", zip_path)
    assert "gradient-grader: ready" in image.set_up()
    (tmp_path / "gradients.py").write_bytes(RIGHT_FILE.read_bytes())
    outcome = image.run(tmp_path / "gradients.py", None, 120)
    assert outcome.results["score"] == 100
    code = "import grader; print(grader.__file__)"
    command = [str(image.venv / "bin" / "python"), "-I", "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert Path(found.stdout).is_relative_to(image.venv)


@pytest.mark.parametrize(("left", "seconds"), [(12.39915, 12), (12.9, 12), (1.19536, 1.1), (600.0, 50)])
def test_limits_lowered_for_a_short_timeout_are_round_and_within_it(left: float, seconds: float) -> None:
    limits = fit(load_config(CONFIG).sandbox, left)
    assert limits.submission_wall_seconds == pytest.approx(seconds)
    assert limits.submission_wall_seconds <= left
