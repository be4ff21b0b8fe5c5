"""Fixtures that build real things: the assignment, a running sandbox, the installed command."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.grading.grader import Grader
from grader.grading.running import make_sandbox
from grader.packaging.handout.handout import build_handout
from grader.problem.assignment import Assignment, load_assignment
from grader.sandbox.host import Sandbox
from grader.sandbox.spawner import start_spawner

# No assertion on time: a machine that is busy with something else is no failure.
settings.register_profile("grader", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("grader")

ROOT = Path(__file__).parents[1]
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".grader-cache" / "user")  # not that of the person who runs the tests
SUBMISSIONS = ROOT / "tests" / "submissions"


def assert_golden(path: Path, text: str) -> None:
    """`text` is what the file at `path` contains; `make golden` writes it there, and git shows the difference."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.relative_to(ROOT)}: there is no such file: run `make golden`, and read what it wrote"
    assert text == path.read_text(encoding="utf-8")


def copy_assignment(folder: Path) -> None:
    """Copy config.yaml, assignment/ and solutions/ into `folder`, and give them a solution if they have none."""
    config = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for name in ("assignment", "solutions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(RIGHT_FILE, folder / "solutions" / "gradients.py")
    if not re.search("(?m)^solution:", config):
        config = re.sub("(?m)^(model:.*)$", r"\1\nsolution: solutions/gradients.py", config)
    (folder / "config.yaml").write_text(config, encoding="utf-8")


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True)


@pytest.fixture(scope="session")
def sandbox(assignment: Assignment) -> Iterator[Sandbox]:
    model = ROOT / assignment.config.model
    with make_sandbox(assignment, lambda: start_spawner(model, assignment.config.sandbox)) as running:
        yield running


@pytest.fixture
def copy_of_assignment(tmp_path: Path) -> Path:
    """A folder with config.yaml, assignment/ and solutions/ that a test may break; its solution is written by hand."""
    copy_assignment(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def grader() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the installed `grader` command; never raises, never waits for more than a minute."""
    command = Path(sys.executable).with_name("grader")

    def run(*arguments: object, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(command), *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "110", **environment},
        )

    return run


@pytest.fixture(scope="session")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout, unpacked; tests may work on gradients.py."""
    folder = tmp_path_factory.mktemp("handout")
    (folder.parent / "handout.zip").write_bytes(build_handout(Grader(ROOT / "config.yaml"), force=True))
    zipfile.ZipFile(folder.parent / "handout.zip").extractall(folder)
    return folder


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a class of 121, graded by `grader batch`; tests may add files to it, and change nothing."""
    from report_class import write_class

    folder = tmp_path_factory.mktemp("class") / "results"
    write_class(folder, 120)
    return folder
