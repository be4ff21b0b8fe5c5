"""The command as people run it: output, JSON, exit codes, and one line for every mistake."""

import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest
import warm
from click.testing import CliRunner
from conftest import ROOT, SUBMISSIONS
from right import RIGHT_FILE as SOLUTION

from grader.cli.app import command_modules, main
from grader.records.result import Grade

Command = Callable[..., "CompletedProcess[str]"]
SEED = SUBMISSIONS / "seed.followed_through.py"


def by_name(grade: dict[str, object]) -> dict[str, dict[str, object]]:
    return {gradient["name"]: gradient for gradient in grade["gradients"]}  # type: ignore[attr-defined]


def test_the_solution_gets_full_marks_and_exit_code_0(installed: Command) -> None:
    done = installed("grade", SOLUTION)
    assert done.returncode == 0, done.stderr
    assert "100 / 100" in done.stdout
    assert "sandbox: strong" in done.stdout


def test_json_is_one_document_in_the_documented_form(installed: Command) -> None:
    done = installed("grade", SEED, "--json")
    assert done.returncode == 1
    assert done.stderr == ""
    grade = msgspec.json.decode(done.stdout)
    assert msgspec.json.decode(done.stdout, type=Grade).max_score == 100
    assert grade["format"] == 1
    assert {"submission", "status", "score", "max_score", "gradients"} <= grade.keys()
    for gradient in grade["gradients"]:
        assert {
            "name",
            "score",
            "max_score",
            "status",
            "checks",
            "follow_through",
            "diagnosis",
            "hints",
        } <= gradient.keys()
        assert [check["name"] for check in gradient["checks"]] == ["shape", "finite_difference", "reference"]
        for check in gradient["checks"]:
            assert check.keys() == {"name", "outcome", "score", "max_score", "message"}


def test_the_seed_is_wrong_once_followed_through_six_times_and_raises_once(grader: Command) -> None:
    grade = msgspec.json.decode(grader("grade", SEED, "--json").stdout)
    gradients = by_name(grade)
    assert {name: gradient["status"] for name, gradient in gradients.items()} == {
        "dJ_db2": "failed",
        "dJ_dU": "followed_through",
        "dJ_dh": "followed_through",
        "dJ_db1": "followed_through",
        "dJ_dL_x": "followed_through",
        "dJ_dI": "followed_through",
        "dJ_dH": "followed_through",
        "dJ_dh_prev": "raised",
    }
    assert grade["score"] == 2 + 15 + 10 + 15 + 10 + 15 + 15
    assert gradients["dJ_dU"]["follow_through"] == {"from": ["dJ_db2"], "score": 12.0, "substituted": False}
    assert gradients["dJ_dH"]["follow_through"] == {"from": ["dJ_db1"], "score": 12.0, "substituted": False}
    assert gradients["dJ_dH"]["roots"] == ["dJ_db2"]
    assert all(
        gradients[name]["diagnosis"] is None for name in gradients if gradients[name]["status"] == "followed_through"
    )


def test_the_seed_is_right_seven_times_for_the_log_likelihood(grader: Command, copy_of_assignment: Path) -> None:
    config = copy_of_assignment / "config.yaml"
    config.write_text(config.read_text().replace("objective: cross_entropy", "objective: log_likelihood"))
    grade = msgspec.json.decode(grader("grade", SEED, "--json", "--config", config).stdout)
    statuses = [gradient["status"] for gradient in grade["gradients"]]
    assert statuses == ["passed"] * 7 + ["raised"]
    assert grade["score"] == 90


# --- whose config ---------------------------------------------------------------------------------------------------


@pytest.fixture
def alice(copy_of_assignment: Path) -> Path:
    """A submission that brings an assignment of its own, whose model leaves a trace where it is run."""
    folder = copy_of_assignment / "alice"
    folder.mkdir()
    for name in ("config.yaml", "assignment", "solutions"):
        (copy_of_assignment / name).rename(folder / name)
    model = folder / "assignment" / "model.py"
    model.write_text(f"open({str(copy_of_assignment / 'ran')!r}, 'w')\n" + model.read_text())
    (folder / "gradients.py").write_bytes(SOLUTION.read_bytes())
    (folder / "work").mkdir()
    (copy_of_assignment / "link").symlink_to(folder)
    (copy_of_assignment / "link.py").symlink_to(folder / "gradients.py")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "gradients.py", "gradients.py")
    return folder


@pytest.mark.parametrize(
    ("cwd", "arguments"),
    [
        (".", ["grade", "."]),
        (".", ["grade", "gradients.py"]),
        (".", ["grade", "gradients.py", "--json"]),
        (".", ["grade", "all.zip"]),
        (".", ["grade", "../alice"]),
        (".", ["grade", "../link"]),
        (".", ["grade", "../link.py"]),
        ("../link", ["grade", "gradients.py"]),
        ("work", ["grade", ".."]),
        ("work", ["grade", "../../link"]),
        (".", ["check", ".."]),
        (".", ["batch", ".", "--out", "../out"]),
        (".", ["batch", "../link", "--out", "../out"]),
        ("work", ["batch", "../..", "--out", "../../out"]),
    ],
)
def test_a_config_in_what_is_graded_is_not_used(grader: Command, alice: Path, cwd: str, arguments: list[str]) -> None:
    done = grader(*arguments, cwd=alice / cwd)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "config.yaml lies " in done.stderr
    assert "--config" in done.stderr
    assert not (alice.parent / "ran").exists()


def test_a_link_to_a_config_in_what_is_graded_is_not_used_either(grader: Command, alice: Path) -> None:
    (alice / "config.yaml").rename(alice.parent / "other.yaml")
    (alice / "config.yaml").symlink_to(alice.parent / "other.yaml")
    for arguments in (["grade", "."], ["batch", ".", "--out", "../out"]):
        assert grader(*arguments, cwd=alice).returncode == 2


def test_a_named_config_is_used_wherever_it_is(grader: Command, alice: Path) -> None:
    assert grader("grade", "gradients.py", "--config", "config.yaml", cwd=alice).returncode == 0
    assert (alice.parent / "ran").exists()


@pytest.mark.parametrize("arguments", [[], ["gradients.py"], ["."]])
def test_at_home_the_config_beside_the_students_file_is_theirs(
    grader: Command, alice: Path, arguments: list[str]
) -> None:
    assert grader("check", *arguments, cwd=alice).returncode == 0


@pytest.mark.parametrize(("cwd", "file"), [(".", "solutions/gradients.py"), ("solutions", "gradients.py")])
def test_the_instructors_own_files_below_their_config_are_graded(
    grader: Command, copy_of_assignment: Path, cwd: str, file: str
) -> None:
    assert grader("grade", file, cwd=copy_of_assignment / cwd).returncode == 0


# --- where the file may be -----------------------------------------------------------------------------------------


def test_the_file_is_found_at_any_depth_of_a_folder_or_zip(grader: Command, tmp_path: Path) -> None:
    deep = tmp_path / "homework" / "week 3"
    deep.mkdir(parents=True)
    (deep / "gradients.py").write_bytes(SOLUTION.read_bytes())
    (tmp_path / "homework" / "__MACOSX").mkdir()
    (tmp_path / "homework" / "__MACOSX" / "gradients.py").write_text("not this one")
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.write(deep / "gradients.py", "x/y/gradients.py")
        archive.writestr("__MACOSX/x/y/._gradients.py", "nor this")
    assert grader("grade", tmp_path / "homework").returncode == 0
    assert grader("grade", tmp_path / "it.zip").returncode == 0


def test_backslashes_from_windows_separate_folders(grader: Command, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr("homework\\gradients.py", SOLUTION.read_bytes())
        archive.writestr("__MACOSX\\gradients.py", "not this one")
    with zipfile.ZipFile(tmp_path / "it.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert grader("grade", tmp_path / "it.zip").returncode == 0
    assert grader("grade", tmp_path / "unpacked").returncode == 0


def make_two(folder: Path) -> Path:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "gradients.py").write_text(f"x = '{name}'\n")
    return folder


def make_other_names(folder: Path) -> Path:
    (folder / "grads.txt").touch()
    return folder


def make_link(folder: Path) -> Path:
    (folder / "gradients.py").symlink_to("/etc/hostname")
    return folder


def make_bad_zip(folder: Path) -> Path:
    path = folder / "broken.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gradients.py", "x = 1\n" * 100)
    data = bytearray(path.read_bytes())
    data[40:60] = bytes(20)
    path.write_bytes(data)
    return path


def damaged_zip(path: Path, compression: int) -> Path:
    """What zipfile finds out only while it unpacks: the compressed bytes make no sense."""
    text = "".join(f"x{i} = {i * i}\n" for i in range(100))
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("gradients.py", text)
    data = bytearray(path.read_bytes())
    data[60:120] = b"\xff" * 60
    path.write_bytes(data)
    return path


def make_damaged_zip(folder: Path) -> Path:
    return damaged_zip(folder / "deflated.zip", zipfile.ZIP_DEFLATED)


def make_damaged_lzma(folder: Path) -> Path:
    return damaged_zip(folder / "lzma.zip", zipfile.ZIP_LZMA)


def make_twice_named(folder: Path) -> Path:
    """Windows hides the second ending."""
    for name in ("notes.md", "gradients.py.txt"):
        (folder / name).write_text("x = 1\n")
    return folder


def make_bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gradients.py", bytes(8 * 2**20))
    return folder / "bomb.zip"


def make_other_archive(folder: Path) -> Path:
    (folder / "work.rar").write_bytes(b"no signature")
    return folder / "work.rar"


def make_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


NO_SUBMISSIONS = [
    (lambda folder: folder / "nope.py", "nope.py: there is no such file or folder (looked in "),
    (
        lambda folder: folder,
        "no gradients.py, found nothing",
    ),
    (make_other_names, "no gradients.py, found only grads.txt"),
    (make_twice_named, "no gradients.py, found only gradients.py.txt and notes.md"),
    (make_two, "expected one gradients.py, found a/gradients.py and b/gradients.py; choose one file"),
    (make_fifo, "expected a file, a folder or a zip, found something else"),
]
UNREADABLE = [
    (make_link, "no readable gradients.py: gradients.py: a link"),
    (make_bad_zip, "this zip cannot be read: "),
    (make_damaged_zip, "deflated.zip: this zip cannot be read: "),
    (make_damaged_lzma, "lzma.zip: no readable gradients.py: gradients.py: its compression is not supported"),
    (make_bomb, "no readable gradients.py: gradients.py: a zip bomb"),
    (make_other_archive, ".rar archives are not read: submit the file itself, or a .zip"),
]


@pytest.mark.parametrize(("make", "words"), NO_SUBMISSIONS, ids=[n[1][:40] for n in NO_SUBMISSIONS])
def test_a_path_without_a_submission_is_a_usage_error(
    grader: Command, tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    done = grader("grade", make(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("make", "words"), UNREADABLE, ids=[n[0].__name__ for n in UNREADABLE])
def test_a_submission_that_cannot_be_read_is_not_graded_alone_or_in_a_class(
    grader: Command, tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    (tmp_path / "class" / "ann").mkdir(parents=True)
    one = make(tmp_path / "class" / "ann")
    done = grader("grade", one)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert grader("batch", tmp_path / "class", "--out", tmp_path / "out").returncode == 3


def test_a_folder_without_results_is_a_usage_error(grader: Command, tmp_path: Path) -> None:
    for command in (["report", tmp_path], ["regrade", tmp_path], ["show", tmp_path, "ann"]):
        done = grader(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "found no grades.db; name the folder that was its --out" in done.stderr


def test_an_empty_file_is_graded_with_everything_missing(grader: Command, tmp_path: Path) -> None:
    (tmp_path / "gradients.py").touch()
    done = grader("grade", tmp_path / "gradients.py", "--json")
    assert done.returncode == 1
    grade = msgspec.json.decode(done.stdout)
    assert {gradient["status"] for gradient in grade["gradients"]} == {"missing"}


def test_the_stubs_score_nothing(grader: Command) -> None:
    grade = msgspec.json.decode(grader("grade", ROOT / "assignment" / "gradients.py", "--json").stdout)
    assert grade["score"] == 0
    assert {gradient["status"] for gradient in grade["gradients"]} == {"missing"}


# --- mistakes of instructors ----------------------------------------------------------------------------------------


def test_a_config_error_is_one_line_and_exit_code_2(installed: Command, copy_of_assignment: Path) -> None:
    config = copy_of_assignment / "config.yaml"
    before, _, after = config.read_text().rpartition("memory_mb:")
    config.write_text(f"{before}memory:{after}")
    done = installed("grade", SOLUTION, "--config", config)
    assert done.returncode == 2
    assert done.stdout == ""
    line = next(number for number, text in enumerate(config.read_text().splitlines(), 1) if "memory:" in text)
    expected = f"error: {config}:{line}: sandbox.memory: unknown key; did you mean memory_mb?"
    assert done.stderr.splitlines() == [expected]


@pytest.mark.parametrize("command", ["grade", "batch"])
def test_a_path_that_leads_nowhere_is_reported_as_that(grader: Command, tmp_path: Path, command: str) -> None:
    more = ["--out", tmp_path / "results"] if command == "batch" else []
    done = grader(command, "nowhere.py", *more)
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere.py: there is no such")


def test_without_a_config_the_command_says_what_to_do(grader: Command, tmp_path: Path) -> None:
    done = grader("grade", SOLUTION, cwd=tmp_path)
    assert done.returncode == 2
    assert "--config PATH" in done.stderr


def test_a_wrong_solution_grades_nobody_and_exits_with_3(installed: Command, copy_of_assignment: Path) -> None:
    solution = copy_of_assignment / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("return s.y_hat - s.y", "return s.y - s.y_hat"))
    done = installed("grade", SOLUTION, "--json", "--config", copy_of_assignment / "config.yaml")
    assert done.returncode == 3
    grade = msgspec.json.decode(done.stdout)
    assert grade["status"] == "not_graded"
    assert "could not be checked here" in done.stderr


@pytest.mark.parametrize("name", ["marks", "__init__", "check.py"])
def test_a_file_or_folder_beside_the_commands_is_none(name: str) -> None:
    done = CliRunner().invoke(main, [name])
    assert (done.exit_code, "no such command" in done.output) == (2, True)


def test_an_unknown_command_suggests_the_nearest(grader: Command) -> None:
    done = grader("grad")
    assert done.returncode == 2
    assert "no such command: grad; did you mean grade?" in done.stderr


@pytest.mark.parametrize("command", sorted(command_modules()))
def test_every_command_has_help(installed: Command, command: str) -> None:
    done = installed(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) >= 4


def test_an_interrupted_command_exits_with_3_and_leaves_no_process_behind(copy_of_assignment: Path) -> None:
    config, folder = copy_of_assignment / "config.yaml", copy_of_assignment / "submission"
    text = config.read_text()
    for key in ("call_cpu_seconds", "submission_cpu_seconds"):
        text, found = re.subn(rf"{key}: [0-9.]+", f"{key}: 60.0", text)
        assert found == 1
    config.write_text(text)
    folder.mkdir()
    (folder / "gradients.py").write_text("def dJ_db2(s):\n    while True: pass\n")
    command = [str(warm.INSTALLED), "grade", str(folder), "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    family: list[str] = []

    def running() -> bool:
        family[:] = children(process.pid)
        return any(cpu_seconds(pid) > 1.0 for pid in family if pid not in direct_children(process.pid))

    wait_until(running, "the student's loop uses the processor")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors.startswith("interrupted")
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), "nothing is left")


def wait_until(what: Callable[[], bool], words: str) -> None:
    """Wait for an event however long a busy machine takes for it; a minute is never."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, f"expected that {words}"
        time.sleep(0.02)


def direct_children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def cpu_seconds(pid: str) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[str]:
    """Every process below this one."""
    direct = direct_children(pid)
    return [*direct, *(below for child in direct for below in children(int(child)))]


# --- at home --------------------------------------------------------------------------------------------------------


def test_check_needs_no_solution(grader: Command, copy_of_assignment: Path, tmp_path: Path) -> None:
    import shutil

    shutil.rmtree(copy_of_assignment / "solutions")
    done = grader("check", SOLUTION, "--config", copy_of_assignment / "config.yaml")
    assert done.returncode == 0, done.stderr
    assert "8 of 8 gradients right" in done.stdout
    assert grader("check", SEED, "--config", copy_of_assignment / "config.yaml").returncode == 1


def test_check_takes_the_file_of_the_folder_by_default(grader: Command) -> None:
    done = grader("check", cwd=ROOT / "assignment")
    assert done.returncode == 1
    assert "not written yet" in done.stdout
    assert "0 of 8 gradients right" in done.stdout


def test_check_shows_neither_marks_nor_the_sandbox(grader: Command) -> None:
    done = grader("check", SEED)
    assert "/ 10" not in done.stdout
    assert "sandbox" not in done.stdout


def test_hostile_text_reaches_the_terminal_without_escapes(grader: Command, tmp_path: Path) -> None:
    (tmp_path / "gradients.py").write_text(
        "def dJ_db2(s):\n    print('\\x1b[2J[bold]x[/]')\n    raise ValueError('\\x1b]0;title\\x07[red]y[/]')\n"
    )
    done = grader("grade", tmp_path)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "[red]y[/]" in done.stdout
    assert "[bold]x[/]" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
@pytest.mark.parametrize(
    "form",
    [["grade", str(SOLUTION), "--json"], ["grade", str(SOLUTION)], ["explain", "dJ_dU"]],
    ids=["json", "text", "another command"],
)
def test_a_full_disk_is_reported_in_one_line(form: list[str]) -> None:
    command = [str(warm.INSTALLED), *form]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert done.stderr == "error: the result could not be written: No space left on device\n"


@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
@pytest.mark.parametrize("in_folder", [True, False], ids=["in a folder", "alone"])
def test_a_file_name_cannot_control_the_terminal(
    grader: Command, tmp_path: Path, form: list[str], in_folder: bool
) -> None:
    name = os.fsdecode(b"a\x1b[2J\n\xff.py")
    (tmp_path / name).mkdir()
    file = tmp_path / name / ("gradients.py" if in_folder else name)
    file.write_text(SOLUTION.read_text())
    done = grader("grade", tmp_path if in_folder else file, "--config", ROOT / "config.yaml", *form)
    assert done.returncode == 0
    assert "a\N{REPLACEMENT CHARACTER}[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_file_name_in_an_error_cannot_control_the_terminal(grader: Command) -> None:
    done = grader("grade", "no\x1b[2J.py")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
