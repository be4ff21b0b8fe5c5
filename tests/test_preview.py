"""`grader preview`: what a student would see of one file, on every channel, and nothing else."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, SUBMISSIONS
from right import RIGHT_FILE

from grader.packaging.gradescope.dryrun.views import student_html

Command = Callable[..., "subprocess.CompletedProcess[str]"]
SEED = SUBMISSIONS / "seed.followed_through.py"
HOSTILE = (
    "def dJ_db2(s): raise ValueError('<script>alert(1)</script> | [x](http://a) \\x1b[31m')\n"
    "print('a secret of mine')\n"
)


def test_a_student_at_home_sees_what_check_prints(grader: Command) -> None:
    shown, checked = grader("preview", SEED), grader("check", SEED)
    assert (shown.returncode, shown.stdout) == (checked.returncode, checked.stdout)
    assert shown.stdout.startswith("2 things to fix: ")


def test_feedback_is_that_of_a_batch_under_the_name_of_the_file(grader: Command, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ann.py").write_bytes(SEED.read_bytes())
    grader("batch", "class", "--out", "results", "--jobs", "1", "--config", ROOT / "config.yaml", cwd=tmp_path)
    for suffix, name in ((".md", r"seed.followed\_through.py"), (".html", SEED.name)):
        done = grader("preview", SEED, "--as", "feedback", "-o", tmp_path / f"page{suffix}")
        assert (done.returncode, done.stdout) == (1, f"wrote {tmp_path / f'page{suffix}'}\n")
        given = (tmp_path / "results" / "feedback" / f"ann{suffix}").read_text()
        assert (tmp_path / f"page{suffix}").read_text().replace(name, "ann") == given
    assert grader("preview", SEED, "--as", "feedback").stdout == (tmp_path / "page.md").read_text()


def test_gradescopes_page_has_the_students_part_only(grader: Command, tmp_path: Path) -> None:
    done = grader("preview", SEED, "--as", "gradescope")
    assert done.returncode == 1
    assert done.stdout.startswith("Autograder score  82 / 100\n2 things to fix: dJ_db2 (line ")
    assert "1) dJ_db2: gradient of J with respect to b2  2 / 10" in done.stdout
    assert done.stdout.count("Hint.") == 2, "one for each wrong gradient, as for a first submission"
    assert "sandbox:" not in done.stdout
    grader("preview", SEED, "--as", "gradescope", "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "What the student sees" in page
    assert "instructor" not in page


@pytest.mark.parametrize("channel", ["gradescope", "feedback"])
def test_a_hostile_file_stays_text(grader: Command, channel: str, tmp_path: Path) -> None:
    (tmp_path / "gradients.py").write_text(HOSTILE)
    given = (tmp_path / "gradients.py", "--as", channel, "--config", ROOT / "config.yaml")
    page = tmp_path / "page.html"
    grader("preview", *given, "-o", page)
    text = page.read_text() + grader("preview", *given).stdout
    assert "ValueError" in text
    assert "\x1b" not in text
    assert "<script" not in page.read_text()
    assert "a secret of mine" not in text


def test_no_character_in_the_name_of_a_file_turns_the_title_around() -> None:
    page = student_html({"tests": [{"name": "a", "status": "passed"}]}, "evil\u202etxt.py")
    assert "\u202e" not in page
    assert "evil\N{REPLACEMENT CHARACTER}txt.py" in page


def test_the_exit_code_is_that_of_the_grade(grader: Command, tmp_path: Path) -> None:
    config = ("--config", ROOT / "config.yaml")
    for channel in ("student", "gradescope", "feedback"):
        assert grader("preview", RIGHT_FILE, "--as", channel).returncode == 0
    (tmp_path / "empty").mkdir()
    nothing = grader("preview", tmp_path / "empty", "--as", "gradescope", *config)
    assert (nothing.returncode, "found nothing" in nothing.stdout) == (1, True)
    wrong = grader("preview", SEED, "--as", "gradescope", "-o", tmp_path / "page.md")
    assert (wrong.returncode, wrong.stderr) == (
        2, f"error: -o {tmp_path / 'page.md'}: --as gradescope: expected a name that ends with .html\n"
    )  # fmt: skip
    assert grader("preview", tmp_path / "none.py", *config).returncode == 2


@pytest.mark.parametrize("channel", ["gradescope", "feedback"])
def test_our_failure_is_no_zero_in_a_preview(grader: Command, copy_of_assignment: Path, channel: str) -> None:
    solution = copy_of_assignment / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("return s.y_hat - s.y", "return s.y - s.y_hat"))
    done = grader("preview", SEED, "--as", channel, "--config", copy_of_assignment / "config.yaml")
    assert done.returncode == 3
    assert "Marks:" not in done.stdout
    assert " / 100" not in done.stdout


def test_feedback_where_nothing_can_be_graded_is_that_of_a_batch(grader: Command, tmp_path: Path) -> None:
    two = tmp_path / "class" / "ann"
    two.mkdir(parents=True)
    (two / "a.py").write_bytes(RIGHT_FILE.read_bytes())
    (two / "b.py").write_bytes(SEED.read_bytes())
    (tmp_path / "class" / "zed.7z").write_bytes(b"7z")
    config = ("--config", ROOT / "config.yaml")
    grader("batch", "class", "--out", "results", "--jobs", "1", *config, cwd=tmp_path)
    for given, name in ((two, "ann"), (tmp_path / "class" / "zed.7z", "zed")):
        done = grader("preview", given, "--as", "feedback", *config)
        expected = (tmp_path / "results" / "feedback" / f"{name}.md").read_text()
        assert (done.returncode, done.stdout.replace("\nzed.7z\n", "\nzed\n")) == (3, expected)
        assert "There are no marks: " in done.stdout


@pytest.mark.parametrize("channel", ["student", "gradescope", "feedback"])
def test_a_table_is_no_submission(grader: Command, channel: str, tmp_path: Path) -> None:
    table = tmp_path / "gradebook.csv"
    table.write_text("Student,ID\nAnn,1\n")
    done = grader("preview", table, "--as", channel, "--config", ROOT / "config.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {table}: expected a Python file, a notebook, or a folder or zip with one, found a .csv\n"
    )
