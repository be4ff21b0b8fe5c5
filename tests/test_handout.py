"""What students get: it tests itself, and holds nothing of the solution."""

import ast
import configparser
import email
import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import warm
from conftest import ROOT, SUBMISSIONS, assert_golden
from right import RIGHT_FILE

from grader.atomic import write_output
from grader.cli.commands.handout import _bring_up_to_date
from grader.config.load import load_config
from grader.errors import ConfigError, GraderError
from grader.grading.grader import Grader
from grader.packaging.archive import zip_bytes
from grader.packaging.handout.handout import _TESTS, build_handout, public_config, small_dimensions, solution_formulas
from grader.packaging.handout.readme import fill_in
from grader.packaging.wheel import make_wheel, requirements
from grader.validation.readme_tables import check_tables

Command = Callable[..., "subprocess.CompletedProcess[str]"]
CONFIG = load_config(ROOT / "config.yaml")
SOLUTIONS = ROOT / "solutions"


def pytest_in(
    folder: Path, *arguments: str, python: Path | None = None, columns: int = 100
) -> "subprocess.CompletedProcess[str]":
    """Run pytest in a handout: that of `python`, or else one that is loaded already."""
    command = [warm.PYTEST] if python is None else [python, "-m", "pytest"]
    environment = {**os.environ, "COLUMNS": f"{columns}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def write(handout: Path, source: Path) -> None:
    (handout / "gradients.py").write_bytes(source.read_bytes())


def test_the_handout_has_what_students_need_and_no_more(handout: Path) -> None:
    names = {path.name for path in handout.iterdir() if path.suffix != ".whl"} - {"__pycache__"}
    public = {"README.md", "shapes.md", "model.py", "gradients.py", "test_gradients.py"}
    assert names == {*public, "config.yaml", "pytest.ini", "requirements.txt"}


def test_stubs_are_not_written_yet_rather_than_wrong(handout: Path) -> None:
    write(handout, ROOT / "assignment" / "gradients.py")
    done = pytest_in(handout)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 24 skipped" in done.stdout
    assert "dJ_dU is not written yet" in done.stdout


def test_a_failing_test_reports_what_was_seen_and_prints_a_small_point(handout: Path) -> None:
    write(handout, SUBMISSIONS / "sign.failed.py")
    done = pytest_in(handout)
    assert done.returncode == 1
    assert "gradient of J with respect to" in done.stdout
    assert re.search(r"relative error .* entries differ, most at", " ".join(done.stdout.split()))
    assert "hint: " in done.stdout
    assert done.stdout.count("s.h_prev (1, Dh)") == 1, "the numbers of a point are printed once"
    assert "Traceback" not in done.stdout
    assert "homework.py" not in done.stdout


README = ROOT / "assignment" / "README.md"


def packed_readme(folder: Path, *changes: tuple[str, str]) -> str:
    """The README in a handout, after changes of the config, as one line."""
    path = folder / "config.yaml"
    text = path.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    with zipfile.ZipFile(BytesIO(build_handout(Grader(path), force=True))) as archive:
        return " ".join(archive.read("README.md").decode().split())


def test_golden_readme_agrees_with_the_config() -> None:
    assert_golden(README, fill_in(README.read_text(encoding="utf-8"), CONFIG, keep_markers=True))


def test_the_packed_readme_has_no_markers(copy_of_assignment: Path) -> None:
    packed = packed_readme(copy_of_assignment)
    assert "config.yaml:" not in packed
    assert "<!-- end -->" not in packed
    assert "| `dJ_dU(s)` | `U` | (Dh, V) | 15 |" in packed


@pytest.mark.parametrize(
    ("old", "new", "expected", "gone"),
    [
        (
            "name: dJ_dU, of: U, max_score: 15",
            "name: dJ_dU, of: U, max_score: 7.5",
            "(Dh, V) | 7.5 |",
            "(Dh, V) | 15 |",
        ),
        ("name: dJ_dU, of: U, max_score: 15", "name: dJ_dU, of: U, max_score: 25", "**110**", "**100**"),
        ("  - {name: dJ_dU, of: U, max_score: 15}\n", "", "`dJ_dh(s)`", "`dJ_dU(s)`"),
        ("objective: cross_entropy", "objective: log_likelihood", "those of `-J`", "those of `J`"),
        ("objective: cross_entropy", "objective: log_likelihood", "how `-J` changes", "how `J` changes"),
        ("accept_1d: false", "accept_1d: true", "you may also return (n,)", "neither (n,)"),
        ("float32: accept", "float32: reject", "float32 fails the last check", "may compute in float32"),
        ("share: 0.2", "share: 0.6", "respect to? | 60 % |", "respect to? | 20 %"),
        ("share: 1.0", "share: 0.5", "it keeps 50 % of the marks that it would lose", "keeps its marks"),
        ("share: 1.0", "share: 0", "**No follow-through.**", "keeps its marks"),
        ("call_cpu_seconds: 2.0", "call_cpu_seconds: 3.5", "may take 3.5 s of CPU time", "may take 2 s"),
        ("check_level: 2", "check_level: 0", "you see no hints there.", "there, and what"),
        ("check_level: 2", "check_level: 3", "you see up to 3 hints there, and what your numbers are.", "up to 2"),
    ],
)
def test_numbers_and_rules_in_the_packed_readme_are_those_of_the_config(
    copy_of_assignment: Path, old: str, new: str, expected: str, gone: str
) -> None:
    shares = [("share: 0.4", "share: 0.2")] if new == "share: 0.6" else []
    packed = packed_readme(copy_of_assignment, (old, new), *shares)
    assert expected in packed
    assert gone not in packed


def test_a_gradient_with_its_own_shares_is_named_in_the_packed_readme(copy_of_assignment: Path) -> None:
    own = "{name: dJ_dh, of: h, max_score: 10, shares: {shape: 0.1, finite_difference: 0.7, reference: 0.2}}"
    packed = packed_readme(copy_of_assignment, ("{name: dJ_dh, of: h, max_score: 10}", own))
    assert "`dJ_dh` has its own shares: shape 10 %, finite differences 70 %, exact formula 20 %." in packed


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_the_marked_parts_are_written_into_the_instructors_own_text(
    grader: Command, copy_of_assignment: Path, tmp_path: Path, ends: bytes
) -> None:
    readme, path = copy_of_assignment / "assignment" / "README.md", copy_of_assignment / "config.yaml"
    before = readme.read_bytes().replace(b"\n", ends)
    readme.write_bytes(before)
    text = path.read_text().replace("accept_1d: false", "accept_1d: true").replace("share: 1.0", "share: 0.5")
    path.write_text(text.replace("of: U, max_score: 15", "of: U, max_score: 25"))
    warned = check_tables(load_config(path), copy_of_assignment)
    assert warned is not None
    assert [line.partition(" is not")[0] for line in warned.details if "the part" in line] == [
        "README.md: the part gradients",
        "README.md: the part shape",
        "README.md: the part follow_through",
    ]
    first = grader("handout", "--force", "-o", tmp_path / "out.zip", cwd=copy_of_assignment)
    assert f"{readme}: written from config.yaml: gradients, shape, follow_through" in first.stdout
    after = readme.read_bytes()
    assert after.count(ends) == after.count(b"\n")
    assert b"| 25 |" in after
    assert b"<!-- config.yaml: gradients -->" in after
    found = check_tables(load_config(path), copy_of_assignment)
    assert found is not None
    assert found.outcome == "passed", found.details
    assert "written" not in grader("handout", "--force", "-o", tmp_path / "out.zip", cwd=copy_of_assignment).stdout
    assert readme.read_bytes() == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- config.yaml: mark -->\n<!-- end -->\n", "unknown part; expected one of sign, gradients"),
        ("<!-- config.yaml: sign -->\nJ\n", "expected <!-- end --> on a line after it, found none"),
        (b"caf\xe9", "expected text in UTF-8"),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_named(copy_of_assignment: Path, text: str | bytes, message: str) -> None:
    path = copy_of_assignment / "assignment" / "notes.md"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError, match=message) as caught:
        build_handout(Grader(copy_of_assignment / "config.yaml"), force=True)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("level", [0, 1, 3])
def test_at_home_students_see_as_many_hints_as_the_config_says(
    grader: Command, copy_of_assignment: Path, tmp_path: Path, level: int
) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("check_level: 2", f"check_level: {level}"))
    (tmp_path / "handout.zip").write_bytes(build_handout(Grader(path), force=True))
    zipfile.ZipFile(tmp_path / "handout.zip").extractall(tmp_path)
    write(tmp_path, SUBMISSIONS / "sign.failed.py")
    checked = grader("check", tmp_path / "gradients.py", "--config", tmp_path / "config.yaml")
    tested = pytest_in(tmp_path).stdout
    for printed in (checked.stdout, tested):
        assert printed.count("hint: ") == level
        assert ("why: Your numbers have the right size but the opposite sign" in printed) is (level >= 2)
        assert printed.count("1 thing to fix: dJ_dI") == 1


def test_a_function_that_raises_fails_once_with_its_line(handout: Path) -> None:
    write(handout, SUBMISSIONS / "seed.followed_through.py")
    done = pytest_in(handout, "-k", "dh_prev")
    assert "line 38: ValueError" in done.stdout
    assert "1 failed, 2 skipped" in done.stdout


def test_one_mistake_is_explained_once(handout: Path) -> None:
    write(handout, SUBMISSIONS / "seed.followed_through.py")
    output = pytest_in(handout).stdout
    assert output.count("why: Your numbers have the right size but the opposite sign throughout.") == 1
    assert output.count("right, given your dJ_db2") == 6
    write(handout, SUBMISSIONS / "forgotten_transposes.raised.py")
    output = pytest_in(handout).stdout
    assert output.count("@ sums over the last axis of the left") == 1
    assert output.count("right, given your dJ_dh") == 5


def test_what_follows_from_a_mistake_is_skipped_and_names_the_gradient_to_fix(handout: Path) -> None:
    right = RIGHT_FILE.read_text()
    wrong = right.replace("s.h * (1 - s.h)", "s.z * (1 - s.z)").replace(
        "return s.h_prev.T @ dJ_db1(s)", "return s.h_prev"
    )
    (handout / "gradients.py").write_text(wrong)
    output = " ".join(pytest_in(handout).stdout.split())
    assert output.count("right, given your dJ_db1") == 3
    assert "2 failed" in output


def test_no_line_is_wider_than_the_terminal(handout: Path) -> None:
    write(handout, SUBMISSIONS / "seed.followed_through.py")
    lines = pytest_in(handout, columns=64).stdout.splitlines()
    assert max(len(line) for line in lines if line.startswith("    ") and "[" not in line) <= 64
    assert max(len(line) for line in lines if line.startswith("sample point ") or "homework.points" in line) <= 64
    (handout / "gradients.py").write_text("import matplotlib\n")
    lines = pytest_in(handout, columns=64).stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("gradients.py could not be loaded: line 1:"))
    assert lines[at + 1].startswith("  ")
    assert max(len(line) for line in lines[at : at + 4]) <= 64


def test_a_file_that_cannot_be_loaded_is_one_failure(handout: Path) -> None:
    write(handout, SUBMISSIONS / "syntax_error.raised.py")
    done = pytest_in(handout)
    assert "1 failed, 24 skipped" in done.stdout
    assert "SyntaxError" in done.stdout


def test_a_file_with_none_of_the_functions_is_one_failure(handout: Path) -> None:
    (handout / "gradients.py").write_text("def dj_db2(s):\n    return s.y_hat - s.y\n")
    done = pytest_in(handout)
    assert "1 failed, 24 skipped" in done.stdout
    assert done.stdout.count("None of the required functions is in this file") == 1


def test_a_file_that_is_not_there_is_one_failure(handout: Path) -> None:
    (handout / "gradients.py").unlink(missing_ok=True)
    done = pytest_in(handout)
    assert "1 failed, 24 skipped" in done.stdout
    assert done.stdout.count("there is no such file") == 1
    assert "exception" not in done.stdout


def test_for_the_log_likelihood_messages_name_the_negative_loss(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("objective: cross_entropy", "objective: log_likelihood"))
    write(copy_of_assignment, RIGHT_FILE)
    (tmp_path / "test_gradients.py").write_text(_TESTS)
    assert "dJ_db2: gradient of -J with respect to b2" in grader("check", "gradients.py", cwd=tmp_path).stdout
    output = " ".join(pytest_in(tmp_path, "test_gradients.py").stdout.split())
    assert "dJ_db2: gradient of -J with respect to b2" in output
    assert "-J changes differently from what your gradient predicts if entries of b2 are nudged" in output


def test_right_gradients_pass(handout: Path) -> None:
    write(handout, RIGHT_FILE)
    try:
        done = pytest_in(handout)
    finally:
        write(handout, ROOT / "assignment" / "gradients.py")
    assert "25 passed" in done.stdout


def secrets() -> list[str]:
    """What is in solutions/ and long enough not to match by chance, without spaces."""
    formulas = solution_formulas(RIGHT_FILE.read_text())
    stubs = "".join((ROOT / "assignment" / "gradients.py").read_text().split())
    lines = [
        "".join(line.split())
        for path in SOLUTIONS.iterdir()
        if path.is_file()
        for line in path.read_text(encoding="utf-8").splitlines()
        if len(line.split()) >= 5
    ]
    # A hint may stand in the instructor's own list too; that it gives nothing away is another test's matter.
    public = stubs + "".join((ROOT / "grader" / "diagnosis" / "hints.yaml").read_text(encoding="utf-8").split())
    in_texts = [re.sub(r"\bs\.|\(s\)", "", formula) for formula in formulas]  # y_hat-y
    return [secret for secret in {*formulas, *lines, *in_texts} if len(secret) >= 7 and secret not in public]


def holds_secrets(text: str, known: list[str]) -> list[str]:
    dense = "".join(text.split())
    return [secret for secret in known if secret in dense]


def test_nothing_of_the_solution_is_in_the_handout_or_its_wheel(handout: Path) -> None:
    known = secrets()
    assert len(known) > 20
    assert holds_secrets(RIGHT_FILE.read_text(), known), "the test can find something"
    for path in handout.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            contents = {path.name: path.read_bytes()}
            if path.suffix == ".whl":
                archive = zipfile.ZipFile(path)
                contents = {name: archive.read(name) for name in archive.namelist()}
            for name, data in contents.items():
                text = data.decode("utf-8", "replace")
                assert not holds_secrets(text, known), f"{name} holds {holds_secrets(text, known)}"
                assert CONFIG.steps.seed not in text.lower(), f"{name} holds the seed"
                assert "solutions/gradients" not in text or name.startswith("grader/"), name


def test_the_public_config_loads_and_has_no_solution_and_another_seed(handout: Path) -> None:
    public = load_config(handout / "config.yaml")
    assert public.solution == ""
    assert public.steps.seed != CONFIG.steps.seed
    assert public.gradients == CONFIG.gradients
    assert max(size for k in range(3) for size in public.sizes(k).values()) <= 6
    assert len(public.originals) == 3, "model, stubs and tests"
    assert public_config(CONFIG, originals=public.originals) == (handout / "config.yaml").read_bytes()


def test_small_sizes_keep_their_order_and_differ() -> None:
    config = msgspec.structs.replace(CONFIG, dimensions={"V": [11, 13], "d": [5, 6], "Dh": [7, 4]})
    assert small_dimensions(config) == {"V": [4, 5], "d": [2, 4], "Dh": [3, 3]}


def test_small_sizes_keep_what_formulas_say() -> None:
    dimensions = {"W": [9, 10], "K": [4, 2], "O": "W - K + 1", "S": 3}
    small = msgspec.structs.replace(CONFIG, dimensions=dimensions)
    small = msgspec.structs.replace(small, dimensions=dict(small_dimensions(small)))
    for k in range(2):
        sizes = small.sizes(k)
        assert sizes["O"] == sizes["W"] - sizes["K"] + 1
        assert sizes["S"] == 3
        assert len(set(sizes.values())) == 4
        assert max(sizes.values()) < 9


def test_no_command_of_an_instructor_works_with_a_students_copy(grader: Command, handout: Path) -> None:
    done = grader("grade", "gradients.py", cwd=handout)
    assert done.returncode == 2
    assert "is a student's copy of the assignment: `grader check` checks your work" in done.stderr
    for command in (["explain"], ["validate"], ["grade", "gradients.py", "--config", "config.yaml"]):
        done = grader(*command, cwd=handout)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert "student's copy" in done.stderr


def test_check_of_a_folder_above_the_handout_says_what_to_name(grader: Command, handout: Path) -> None:
    done = grader("check", "..", cwd=handout)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ..: expected your file, or the folder that holds it, found a folder above")
    assert "instructor" not in done.stderr


def test_a_handout_has_default_tests_and_needs_stubs(grader: Command, copy_of_assignment: Path, tmp_path: Path) -> None:
    config, output = copy_of_assignment / "config.yaml", tmp_path / "handout.zip"
    tests = copy_of_assignment / "assignment" / "test_gradients.py"
    default = _TESTS.encode()
    assert grader("handout", "--force", "--config", config, "-o", output).returncode == 0
    with zipfile.ZipFile(output) as archive:
        assert archive.read("test_gradients.py") == default
    tests.write_text("# own tests\n")
    assert grader("handout", "--force", "--config", config, "-o", output).returncode == 0
    with zipfile.ZipFile(output) as archive:
        assert archive.read("test_gradients.py") == b"# own tests\n"
    (copy_of_assignment / "assignment" / "gradients.py").unlink()
    done = grader("handout", "--force", "--config", config, "-o", output)
    assert done.returncode == 2
    assert "gradients.py: there is no such file: students start from stubs" in done.stderr


def test_the_instructor_is_warned_of_stubs_and_rows_of_a_deleted_gradient(
    copy_of_assignment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = copy_of_assignment / "config.yaml"
    config.write_text(config.read_text().replace("  - {name: dJ_db2, of: b2, max_score: 10}\n", ""))
    (copy_of_assignment / "assignment" / "rows.md").write_text(
        "| function | shape |\n|---|---|\n| `dJ_db2` | (1, V) |\n"
    )
    _bring_up_to_date(Grader(config))
    warnings = capsys.readouterr().err
    assert re.search(r"^warning: gradients\.py:\d+: dJ_db2 is not asked for in config\.yaml", warnings, re.MULTILINE)
    assert re.search(r"^warning: rows\.md:3: dJ_db2 is no quantity or gradient", warnings, re.MULTILINE)


def test_a_formula_or_a_seed_in_a_public_file_stops_the_build(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    readme = copy_of_assignment / "assignment" / "README.md"
    kept = readme.read_text()
    for leak, message in (
        ("It is  s.y_hat - s.y , of course.", "contains a formula of the solution"),
        (f"Our seed is {CONFIG.steps.seed.upper()}.", "contains the secret seed"),
    ):
        readme.write_text(f"{kept}\n{leak}\n")
        done = grader("handout", "--force", "--config", copy_of_assignment / "config.yaml", "-o", tmp_path / "h.zip")
        assert done.returncode == 3
        assert f"README.md {message}" in done.stderr
        assert not (tmp_path / "h.zip").exists()


def test_a_solution_packed_among_the_public_files_stops_the_build(copy_of_assignment: Path) -> None:
    packed = Grader(copy_of_assignment / "config.yaml")
    solution = RIGHT_FILE.read_bytes()
    for name, content, message in (
        (
            "autograder.zip",
            zip_bytes({"solutions/gradients.py": solution}),
            "autograder.zip: solutions/gradients.py contains ",
        ),
        ("all.zip", zip_bytes({"a.zip": zip_bytes({"x.py": solution})}), "all.zip: a.zip: x.py contains a formula"),
        ("notes.txt", solution.decode().encode("utf-16"), "notes.txt contains a formula of the solution"),
    ):
        path = copy_of_assignment / "assignment" / name
        path.write_bytes(content)
        with pytest.raises(GraderError, match=re.escape(message)):
            build_handout(packed, force=True)
        path.unlink()
    (copy_of_assignment / "assignment" / "data.zip").write_bytes(zip_bytes({"data.txt": b"1 2 3"}))
    assert build_handout(packed, force=True)


def test_instructors_hints_beside_the_model_are_not_packed(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("solutions/hints.yaml", "assignment/hints.yaml"))
    (copy_of_assignment / "solutions" / "hints.yaml").rename(copy_of_assignment / "assignment" / "hints.yaml")
    with zipfile.ZipFile(BytesIO(build_handout(Grader(path), force=True))) as archive:
        assert "hints.yaml" not in archive.namelist()


def test_a_solution_among_the_public_files_stops_the_build(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    (copy_of_assignment / "solutions" / "gradients.py").rename(copy_of_assignment / "assignment" / "solved.py")
    config = copy_of_assignment / "config.yaml"
    config.write_text(config.read_text().replace("solutions/gradients.py", "assignment/solved.py"))
    done = grader("handout", "--force", "--config", config, "-o", tmp_path / "h.zip")
    assert done.returncode == 2
    assert "a folder of its own" in done.stderr


def test_check_watch_checks_again_after_a_save(handout: Path, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_bytes((SUBMISSIONS / "sign.failed.py").read_bytes())
    command = [str(Path(sys.executable).with_name("grader")), "check", "--watch", str(file)]
    watching = subprocess.Popen(
        command, cwd=handout, stdout=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert watching.stdout is not None
    try:
        first = next(line for line in watching.stdout if "gradients right" in line)
        file.write_bytes(RIGHT_FILE.read_bytes())
        second = next(line for line in watching.stdout if "gradients right" in line)
    finally:
        watching.terminate()
        watching.wait()
        watching.stdout.close()
    assert "7 of 8" in first
    assert "8 of 8" in second


def test_the_wheel_is_the_same_each_time_and_records_every_file() -> None:
    data = make_wheel()
    assert data == make_wheel()
    import io

    archive = zipfile.ZipFile(io.BytesIO(data))
    [record] = [name for name in archive.namelist() if name.endswith("RECORD")]
    recorded = {line.split(",")[0] for line in archive.read(record).decode().splitlines()}
    assert recorded == set(archive.namelist())
    assert "grader/packaging/gradescope/setup.sh" in recorded
    [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA")]
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist: numpy")]
    assert all("extra" not in line for line in requirements())


def test_the_wheel_has_the_commands_the_version_and_the_requirements_of_the_installation(tmp_path: Path) -> None:
    """Whatever those are: here of an installation that differs from this one in all of them."""
    info = tmp_path / "gradient_grader-8.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gradient-grader\nVersion: 8.1\nSummary: another\nRequires-Python: >=3.11\n"
        "Requires-Dist: numpy>=7\nRequires-Dist: scipy; extra == 'more'\nProvides-Extra: more\n\n# its README\n"
    )
    (info / "entry_points.txt").write_text(
        "[console_scripts]\nmark = grader.other:start\ngrader = grader.cli.main:main\n\n[some.plugins]\na = b.c:d\n"
    )
    script = "import sys; from grader.packaging.wheel import make_wheel, wheel_name; open(wheel_name(), 'wb').write(make_wheel())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True)
    archive = zipfile.ZipFile(tmp_path / "gradient_grader-8.1-py3-none-any.whl")
    metadata = email.message_from_bytes(archive.read("gradient_grader-8.1.dist-info/METADATA"))
    assert metadata["Version"] == "8.1"
    assert metadata["Summary"] == "another"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Requires-Dist") == ["numpy>=7"]
    assert metadata.get_payload() == ""
    points = configparser.ConfigParser()
    points.read_string(archive.read("gradient_grader-8.1.dist-info/entry_points.txt").decode())
    assert {name: dict(points[name]) for name in points.sections()} == {
        "console_scripts": {"grader": "grader.cli.main:main", "mark": "grader.other:start"},
        "some.plugins": {"a": "b.c:d"},
    }


@pytest.mark.slow
def test_the_handout_works_in_a_fresh_environment_without_the_solution(handout: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", "requirements.txt"], cwd=handout, check=True)
    write(handout, ROOT / "assignment" / "gradients.py")
    done = pytest_in(handout, python=python)
    assert "1 passed, 24 skipped" in done.stdout, done.stdout + done.stderr
    checked = subprocess.run(
        [str(python.with_name("grader")), "check"], cwd=handout, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 1
    assert "not written yet" in checked.stdout
    for name, code, expected in (
        ("stubs.missing.py", 1, "not written yet"),
        ("seed.followed_through.py", 1, "0 of 8 gradients right, 6 more given an earlier mistake"),
        ("half_done.missing.py", 1, "3 of 8 gradients right"),
        ("forgotten_transposes.raised.py", 1, "dJ_db2(s) is (1, V)  @  s.U is (Dh, V)"),
        ("solution_like.passed.py", 0, "8 of 8 gradients right"),
    ):
        write(handout, SUBMISSIONS / name)
        without_posix = [str(python), str(ROOT / "tests" / "without_posix.py"), "-m", "grader", "check"]
        done = subprocess.run(without_posix, cwd=handout, capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, expected in done.stdout) == (code, True), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    helped = subprocess.run([str(python.with_name("grader")), "--help"], capture_output=True, text=True, check=True)
    assert "Grade hand-derived gradients" in helped.stdout
    [here] = importlib.metadata.distribution("gradient-grader").entry_points
    look = (
        "import importlib.metadata as m; [e] = m.distribution('gradient-grader').entry_points; print(e.name, e.value)"
    )
    there = subprocess.run([str(python), "-I", "-c", look], capture_output=True, text=True, check=True)
    assert there.stdout == f"{here.name} {here.value}\n"
    known = secrets()
    [site] = (tmp_path / "venv").glob("lib/python*/site-packages")
    for package in ("grader", f"gradient_grader-{_version()}.dist-info"):
        for path in (site / package).rglob("*"):
            if path.is_file():
                text = path.read_bytes().decode("utf-8", "replace")
                assert not holds_secrets(text, known), f"{path} holds {holds_secrets(text, known)}"


def _version() -> str:
    tree = ast.parse((ROOT / "grader" / "__init__.py").read_text())
    values = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    return str(ast.literal_eval(values["__version__"]))


def test_writing_keeps_a_pipe_or_a_link(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.zip", tmp_path / "target.zip"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(pipe, b"data")
        assert os.read(reader, 10) == b"data"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_output(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_the_bundled_assignment_has_the_tests_that_a_handout_gets() -> None:
    assert (ROOT / "assignment" / "test_gradients.py").read_text(encoding="utf-8") == _TESTS
