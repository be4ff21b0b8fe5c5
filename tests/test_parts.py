"""A homework of several parts, with the command: each part has its own total, and the whole has one."""

import csv
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import warm
from homework import CLASS, CONFIG, ONE_WRONG, RIGHT, SEED, write_homework, write_submissions

from grader.classroom.store.outputs import note_written
from grader.classroom.store.query import Results
from grader.errors import ConfigError, UsageError
from grader.packaging.gradescope.dryrun.platform import Platform
from grader.packaging.gradescope.dryrun.submitted import default_metadata, following_metadata
from grader.parts.packages import build_autograder_of, build_handout_of
from grader.parts.parts import Parts, parts_at

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def homework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; tests change nothing in it."""
    return write_homework(tmp_path_factory.mktemp("homework"))


@pytest.fixture(scope="module")
def parts(homework: Path) -> Parts:
    found = parts_at(homework / "config.yaml")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_submissions(tmp_path_factory.mktemp("class") / "submissions")


@pytest.fixture(scope="module")
def results(grader: Command, homework: Path, submissions: Path) -> Path:
    """The results of the class; tests may change marks in copies."""
    out = submissions.parent / "results"
    done = grader("batch", submissions, "--out", out, "--jobs", 1, cwd=homework)
    assert done.returncode == 0, done.stderr
    assert f"all parts together: {out / 'grades.csv'}" in done.stdout
    return out


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("command", ["show", "regrade", "batch"])
def test_files_older_than_the_marks_are_named_once_for_all_parts(
    grader: Command, homework: Path, submissions: Path, results: Path, tmp_path: Path, command: str
) -> None:
    copied = shutil.copytree(results, tmp_path / "results")
    for part in ("logistic", "softmax"):
        with Results(copied / part) as stored:
            (copied / part / "report.html").touch()
            note_written(stored, copied / part / "report.html", "report", "of other results")
    given = {
        "show": ["show", copied, "ann"],
        "regrade": ["regrade", copied],
        "batch": ["batch", submissions, "--out", copied],
    }
    done = grader(*given[command], cwd=homework)
    [line] = [line for line in done.stdout.splitlines() if "older than" in line]
    assert line == (
        "older than the last grading run: logistic/report.html, softmax/report.html; to update them:"
        f" `grader report {copied / 'logistic'}`, `grader report {copied / 'softmax'}`"
    )


# --- grade and check ----------------------------------------------------------------------------------------------------


def test_a_folder_with_the_files_of_all_parts_gets_a_total_for_each_and_one_for_all(
    grader: Command, homework: Path, submissions: Path
) -> None:
    done = grader("grade", submissions / "cem", cwd=homework)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Homework 3: 9.2 of 14 (logistic 2.4 of 4, softmax 6.8 of 10)"
    assert "logistic: Logistic regression" in done.stdout
    assert grader("grade", submissions / "ann", cwd=homework).returncode == 0


def test_a_part_without_a_file_earns_nothing_and_takes_no_file_of_another_part(
    grader: Command, homework: Path, submissions: Path
) -> None:
    done = grader("grade", submissions / "bob", "--json", cwd=homework)
    document = json.loads(done.stdout)
    assert (document["status"], document["score"], document["max_score"]) == ("graded", 2.4, 14)
    logistic, softmax = document["parts"]
    assert (logistic["name"], logistic["score"], logistic["submission"]) == ("logistic", 2.4, "part1.py")
    assert (softmax["name"], softmax["score"], softmax["max_score"]) == ("softmax", 0, 10)
    assert {one["status"] for one in softmax["gradients"]} == {"missing"}
    assert (
        softmax["message"]
        == "No part2.py, found only part1.py. Submit your code as part2.py, or as a notebook of this name."
    )


def test_a_file_whose_name_says_no_part_is_taken_only_for_the_one_part_that_lacks_a_file(
    grader: Command, homework: Path, submissions: Path, tmp_path: Path
) -> None:
    shutil.copy(submissions / "cem" / "part2.py", tmp_path / "mine.py")
    alone = grader("grade", tmp_path, cwd=homework)
    assert alone.returncode == 2
    assert all(f"No part{n}.py, found only mine.py." in alone.stderr for n in (1, 2))
    shutil.copy(submissions / "cem" / "part1.py", tmp_path)
    both = grader("grade", tmp_path, cwd=homework)
    assert both.stdout.splitlines()[-1] == "Homework 3: 9.2 of 14 (logistic 2.4 of 4, softmax 6.8 of 10)"


def test_a_single_file_is_graded_as_the_part_that_its_name_says(
    grader: Command, homework: Path, submissions: Path
) -> None:
    done = grader("grade", submissions / "cem" / "part2.py", "--json", cwd=homework)
    assert [part["name"] for part in json.loads(done.stdout)["parts"]] == ["softmax"]
    other = grader("grade", ONE_WRONG, cwd=homework)
    assert other.returncode == 2
    assert "its name says no part; expected part1.py (logistic), part2.py (softmax)" in other.stderr


def test_a_preview_is_of_the_part_of_the_file(grader: Command, homework: Path, submissions: Path) -> None:
    done = grader("preview", submissions / "cem" / "part2.py", cwd=homework)
    assert (done.returncode, "part2.py   0 of 3 gradients right" in done.stdout) == (1, True)
    both = grader("preview", submissions / "cem", cwd=homework)
    assert (both.returncode, "expected the file of one part, part1.py or part2.py" in both.stderr) == (2, True)


def test_a_folder_without_any_file_to_submit_is_no_zero(grader: Command, homework: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    done = grader("grade", tmp_path, cwd=homework)
    assert (done.returncode, done.stdout) == (2, "")
    assert "No part1.py" in done.stderr
    assert "No part2.py" in done.stderr


def test_other_formats_name_the_part_of_each_gradient(grader: Command, homework: Path, submissions: Path) -> None:
    done = grader("grade", submissions / "cem", "--format", "github", cwd=homework)
    assert done.stdout.startswith("## Homework 3\n")
    assert "| `softmax.dW` | 4 / 4 | right, given your softmax.dscores |" in done.stdout
    assert "**9.2 of 14** for cem" in done.stdout
    lines = grader("grade", submissions / "ann", "--format", "prairielearn", cwd=homework).stdout
    assert [one["name"] for one in json.loads(lines)["tests"]][:2] == ["logistic.dw", "logistic.db"]


@pytest.fixture(scope="module")
def home(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout, unpacked; tests work in copies."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "handout.zip").write_bytes(build_handout_of(parts, force=True, github=True))
    zipfile.ZipFile(folder / "handout.zip").extractall(folder / "handout")
    return folder / "handout"


def test_the_handout_has_a_folder_for_each_part_and_installs_the_grader_once(home: Path) -> None:
    names = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert {"config.yaml", "README.md", "requirements.txt", "pytest.ini", ".github/workflows/check.yml"} <= names
    for part, stubs in (("logistic", "part1.py"), ("softmax", "part2.py")):
        assert {f"{part}/{name}" for name in ("config.yaml", "model.py", "test_gradients.py", stubs)} <= names
    assert not [name for name in names if "solution" in name or name.endswith("/requirements.txt")]
    page = (home / "README.md").read_text()
    assert "| [softmax](softmax) | Softmax regression with labels | `part2.py` | 10 |" in page
    assert "| | | **total** | **14** |" in page
    assert all(SEED not in path.read_text() for path in home.rglob("*.yaml"))


def test_the_text_of_a_part_does_not_install_or_submit_it_alone(tmp_path: Path) -> None:
    folder = write_homework(tmp_path)
    for name in ("logistic", "softmax"):
        text = "<!-- config.yaml: submission -->\n<!-- end -->\n<!-- config.yaml: set_up -->\n<!-- end -->\n"
        (folder / name / "assignment" / "README.md").write_text(text)
    found = parts_at(folder / "config.yaml")
    assert found is not None
    (tmp_path / "handout.zip").write_bytes(build_handout_of(found, force=True))
    with zipfile.ZipFile(tmp_path / "handout.zip") as packed:
        for name, file in (("logistic", "part1.py"), ("softmax", "part2.py")):
            page = packed.read(f"{name}/README.md").decode()
            assert (
                f"Write these functions in `{file}`, and submit it together with the files of the other parts." in page
            )
            assert "in the folder of the homework: its [README.md](../README.md) says how." in page
            assert "pip install" not in page


def test_at_home_all_parts_are_checked_or_the_file_or_the_gradient_that_is_named(
    grader: Command, home: Path, tmp_path: Path
) -> None:
    here = shutil.copytree(home, tmp_path / "mine")
    for part, name in (("logistic", "part1.py"), ("softmax", "part2.py")):
        shutil.copy(CLASS["cem"][name], here / part / name)
    done = grader("check", "--github", cwd=here)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Homework 3: right in logistic 1 of 2, softmax 0 of 3"
    assert "of 14" not in done.stdout, "no marks at home"
    assert json.loads((here / "result.json").read_text())["tests"][0]["test-name"] == "logistic.dw"
    named = grader("check", "softmax/part2.py", "dW", cwd=here).stdout
    assert "dW" in named
    assert "dscores  " not in named
    assert "logistic" not in named
    assert "softmax" not in grader("check", "dw", cwd=here).stdout
    inside = grader("check", cwd=here / "logistic").stdout
    assert "part1.py   1 of 2 gradients right" in inside


def test_both_files_may_lie_beside_the_folders_of_the_parts(grader: Command, home: Path, tmp_path: Path) -> None:
    here = shutil.copytree(home, tmp_path / "mine")
    for name, path in RIGHT.items():
        shutil.copy(path, here / name)
    done = grader("check", cwd=here)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "Homework 3: right in logistic 2 of 2, softmax 3 of 3",
    )


def test_pytest_runs_the_tests_of_all_parts(home: Path, tmp_path: Path) -> None:
    here = shutil.copytree(home, tmp_path / "mine")
    for part, name in (("logistic", "part1.py"), ("softmax", "part2.py")):
        shutil.copy(RIGHT[name], here / part / name)
    done = subprocess.run([warm.PYTEST, "-p", "no:cacheprovider"], cwd=here, capture_output=True, text=True, timeout=60)
    assert "17 passed" in done.stdout, done.stdout  # one for each file, and three for each gradient


# --- a class ------------------------------------------------------------------------------------------------------------


def test_a_batch_has_results_for_each_part_and_one_table_of_all(results: Path) -> None:
    table = rows(results / "grades.csv")
    assert {student: row["final"] for student, row in table.items()} == {"ann": "14", "bob": "2.4", "cem": "9.2"}
    assert table["ann"]["max_score"] == "14"
    bob = table["bob"]
    assert (bob["logistic"], bob["logistic status"], bob["softmax"], bob["softmax status"]) == (
        "2.4",
        "graded",
        "",
        "missing",
    )
    assert rows(results / "softmax" / "grades.csv")["cem"]["dW status"] == "followed_through"
    page = (results / "feedback" / "cem.md").read_text()
    assert page.startswith("# Homework 3\n\nMarks: 9.2 of 14\n")
    assert page.index("# Logistic regression") < page.index("# Softmax regression with labels")


def test_a_batch_leaves_out_its_own_results(grader: Command, homework: Path, submissions: Path) -> None:
    inside = shutil.copytree(submissions, submissions.parent / "again")
    done = grader("batch", inside, "--out", inside / "results", "--jobs", 1, cwd=homework)
    again = grader("batch", inside, "--out", inside / "results", "--jobs", 1, cwd=homework)
    assert (done.returncode, again.returncode) == (0, 0)
    assert set(rows(inside / "results" / "grades.csv")) == {"ann", "bob", "cem"}


def test_marks_of_one_part_change_the_total_and_an_excuse_is_for_all(
    grader: Command, homework: Path, results: Path, tmp_path: Path
) -> None:
    mine = shutil.copytree(results, tmp_path / "results")

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return grader("adjust", *arguments, "--because", "ambiguous", cwd=homework)

    assert run(mine, "cem", "--gradient", "dscores", "--score", 4).returncode == 0
    assert rows(mine / "grades.csv")["cem"]["final"] == "12.4"
    assert run(mine / "logistic", "cem", "--add", 1).returncode == 0
    assert rows(mine / "grades.csv")["cem"]["final"] == "13.4"
    which = run(mine, "cem", "--add", 1)
    assert which.returncode == 2
    assert "expected the part whose marks change: --part logistic or --part softmax" in which.stderr
    assert run(mine, "bob", "--excuse").returncode == 0
    assert rows(mine / "grades.csv")["bob"]["adjustment"] == "excused"
    assert grader("regrade", mine, cwd=homework).returncode == 0
    assert rows(mine / "grades.csv")["cem"]["final"] == "13.4"


def test_the_total_is_exported_or_the_marks_of_one_part(
    grader: Command, homework: Path, results: Path, tmp_path: Path
) -> None:
    mine, gradebook = shutil.copytree(results, tmp_path / "results"), tmp_path / "gradebook.csv"
    people = "".join(f"{name},{i},{name},1,\n" for i, name in enumerate(CLASS))
    gradebook.write_text(f"Student,ID,SIS Login ID,Section,HW 3 (7)\n    Points Possible,,,,14\n{people}")
    options = ("canvas", "--into", gradebook, "--column", "HW 3")
    assert grader("export", mine, *options, cwd=homework).returncode == 0
    assert [line.rpartition(",")[2] for line in (mine / "canvas.csv").read_text().splitlines()[2:]] == [
        "14",
        "2.4",
        "9.2",
    ]
    assert grader("export", mine / "logistic", *options, cwd=homework).returncode == 0
    assert "ann,0,ann,1,4" in (mine / "logistic" / "canvas.csv").read_text()
    assert grader("export", mine, "gradescope", cwd=homework).returncode == 0
    assert "3: softmax.dscores (4 pts)" in (mine / "gradescope.csv").read_text()


def test_a_part_that_could_not_be_graded_leaves_no_total_and_an_excused_one_is_not_counted(
    grader: Command, homework: Path, tmp_path: Path
) -> None:
    class_ = tmp_path / "class"
    for name, source in (("dan/part1.py", RIGHT["part1.py"]), ("eve/part1.py", ONE_WRONG)):
        (class_ / name).parent.mkdir(parents=True)
        shutil.copy(source, class_ / name)
    for k in (1, 2):  # which of them is meant?
        (class_ / "dan" / f"v{k}").mkdir()
        (class_ / "dan" / f"v{k}" / "part2.py").write_text(f"# {k}\nx = {k}\n")
    (class_ / "fay").mkdir()
    out = tmp_path / "results"
    assert grader("batch", class_, "--out", out, "--jobs", 1, cwd=homework).returncode == 3
    excused = ("adjust", out / "softmax", "eve", "--excuse", "--because", "ill")
    assert grader(*excused, cwd=homework).returncode == 0
    table = rows(out / "grades.csv")
    shown = {who: [row[name] for name in ("status", "score", "max_score", "final")] for who, row in table.items()}
    assert shown == {
        "dan": ["unreadable", "", "", ""],
        "eve": ["graded", "2.4", "14", "2.4"],
        "fay": ["missing", "", "", ""],
    }
    assert "Marks: 2.4 of 4\n" in (out / "feedback" / "eve.md").read_text()
    assert table["dan"]["logistic final"] == "4"


@pytest.mark.parametrize(
    "command, seen",
    [
        (("show", "cem"), ["part1.py   2.4 / 4", "part2.py   6.8 / 10"]),
        pytest.param(("report",), ["logistic/report.html", "softmax/report.html"], marks=pytest.mark.slow),
        (("extend", "cem", "--days", 2), ["logistic: Logistic", "extended by 2 days", "softmax: Softmax"]),
    ],
)
def test_commands_on_results_do_the_same_for_each_part(
    grader: Command, homework: Path, results: Path, tmp_path: Path, command: tuple[object, ...], seen: list[str]
) -> None:
    mine = shutil.copytree(results, tmp_path / "results")
    done = grader(command[0], mine, *command[1:], cwd=homework)
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in seen), done.stdout


def test_times_are_recorded_for_the_parts_that_each_student_submitted(
    grader: Command, homework: Path, results: Path, tmp_path: Path
) -> None:
    mine, times = shutil.copytree(results, tmp_path / "results"), tmp_path / "times.csv"
    times.write_text("student,submitted\nann,2026-10-02 11:58\nbob,2026-10-02 12:05\n")
    done = grader("times", mine, "--from", times, cwd=homework)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ann: entry 1: submitted 2026-10-02 11:58") == 2
    assert done.stdout.count("submitted nothing here, so no time is recorded: bob") == 1
    listed = grader("times", mine, cwd=homework)
    assert listed.stdout.count("time of submission known: 2, unknown: 1\n  cem") == 1
    assert listed.stdout.count("time of submission known: 1, unknown: 1\n  cem") == 1
    one = grader("times", mine / "softmax", "cem", "--at", "2026-10-02 11:59", cwd=homework)
    assert one.returncode == 0, one.stderr
    unknown = grader("times", mine, "dan", "--at", "2026-10-02 11:59", cwd=homework)
    assert unknown.returncode == 2
    assert "no student dan" in unknown.stderr


def test_results_of_something_else_are_refused(grader: Command, homework: Path, tmp_path: Path) -> None:
    done = grader("report", tmp_path, cwd=homework)
    assert done.returncode == 2
    assert "a folder for each part: logistic, softmax" in done.stderr


# --- the assignment -----------------------------------------------------------------------------------------------------


def test_every_part_is_explained_and_a_gradient_wherever_it_is_asked(grader: Command, homework: Path) -> None:
    both = grader("explain", "db", cwd=homework).stdout
    assert both.index("logistic: Logistic regression") < both.index("softmax: Softmax regression with labels")
    assert "softmax: " not in grader("explain", "dw", cwd=homework).stdout
    wrong = grader("explain", "dscore", cwd=homework)
    assert (wrong.returncode, "did you mean dscores?" in wrong.stderr) == (2, True)


def test_validation_says_which_part_is_unsound(grader: Command, tmp_path: Path) -> None:
    write_homework(tmp_path)
    solution = tmp_path / "softmax" / "solutions" / "gradients.py"
    solution.write_text(solution.read_text().replace("-= 1", "-= 2"))
    (tmp_path / "logistic" / "solutions" / "gradients.py").unlink()  # so that only one part takes its time
    done = grader("validate", "--json", cwd=tmp_path)
    assert done.returncode == 2, "a solution that is not there"
    shutil.copy(RIGHT["part1.py"], tmp_path / "logistic" / "solutions" / "gradients.py")
    document = json.loads(grader("validate", "--json", cwd=tmp_path).stdout)
    assert (document["sound"], [part["sound"] for part in document["parts"]]) == (False, [True, False])


def test_gradescope_grades_all_parts_of_an_upload_and_remembers_them(
    parts: Parts, submissions: Path, tmp_path: Path
) -> None:
    (tmp_path / "autograder.zip").write_bytes(build_autograder_of(parts, force=True))
    platform = Platform(tmp_path / "autograder", tmp_path / "autograder.zip")
    platform.borrow_python()
    given = default_metadata(parts)
    outcome = platform.run(submissions / "cem", given, 120)
    assert not outcome.error, outcome.stdout
    found = outcome.results
    assert (found["score"], given["assignment"]["total_points"]) == (9.2, "14.0")
    assert [test["number"] for test in found["tests"]] == ["1.1", "1.2", "2.1", "2.2", "2.3"]
    assert found["tests"][2]["name"] == "softmax: dscores: gradient of J with respect to scores"
    assert found["output"].startswith("### logistic\n")
    assert set(found["extra_data"]["gradient_grader"]["wrong"]) == {"logistic.db", "softmax.dscores"}
    again = platform.run(submissions / "cem", following_metadata(given, found), 120).results
    assert again["extra_data"]["gradient_grader"]["wrong"] == found["extra_data"]["gradient_grader"]["wrong"]
    part = platform.run(submissions / "bob", given, 120).results
    assert part["score"] == 2.4
    [missing] = [test for test in part["tests"] if test["max_score"] == 10]
    assert "No part2.py, found only part1.py." in missing["output"]


# --- its config ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("name: softmax", "name: Logistic", "parts[1].name: expected a name of its own, found Logistic again"),
        ("name: softmax", "name: feedback", "parts[1].name: expected another name, found feedback"),
        (
            "name: softmax",
            "name: ../softmax",
            "parts[1].name: expected a name of at most 40 letters, digits, _ and -, found '../softmax'",
        ),
        ("softmax/config", "soft/config", "soft/config.yaml: cannot be read: No such file or directory"),
        ("softmax/config", "logistic/config", "expected a file of its own for each part"),
        ("title: Homework 3", "titel: Homework 3", "config.yaml:1: titel: unknown key; did you mean title?"),
        ("{name: softmax, config", "{name: softmax, conf", "parts[1].conf: unknown key; did you mean config?"),
    ],
)
def test_a_mistake_in_the_config_is_reported_with_its_place(
    homework: Path, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    copy = shutil.copytree(homework, tmp_path / "copy")
    (copy / "config.yaml").write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        parts_at(copy / "config.yaml")
    assert expected in str(caught.value)


def test_mistakes_of_all_parts_are_reported_at_once(homework: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(homework, tmp_path / "copy")
    for part in ("logistic", "softmax"):
        with (copy / part / "config.yaml").open("a") as file:
            file.write("lose: L\n")
    with pytest.raises(ConfigError) as caught:
        parts_at(copy / "config.yaml")
    assert [line.count("did you mean loss?") for line in str(caught.value).splitlines()] == [1, 1]


def test_parts_must_agree_on_what_counts_for_an_upload(tmp_path: Path) -> None:
    write_homework(tmp_path)
    with (tmp_path / "softmax" / "config.yaml").open("a") as file:
        file.write("gradescope: {graded_attempts: 3}\n")
    with pytest.raises(ConfigError, match=r"expected the same gradescope\.graded_attempts in every part"):
        parts_at(tmp_path / "config.yaml")


def test_a_single_assignment_is_expected_where_only_one_can_be_used(homework: Path) -> None:
    from grader import Grader

    with pytest.raises(ConfigError, match=r"name the config of one \(logistic/config.yaml, softmax/config.yaml\)"):
        Grader(homework / "config.yaml")


def test_the_part_of_a_file_is_found_by_its_name_and_its_copies(parts: Parts) -> None:
    for name in ("part2.py", "part2-1.py", "part2 (3).py", "Part2.py", "part2.ipynb"):
        assert [part.name for part in parts.of_file(Path(name))] == ["softmax"]
    assert len(parts.of_file(Path("upload.zip"))) == 2
    with pytest.raises(UsageError):
        parts.of_file(Path("part3.py"))
