"""Fixtures that build real things: the assignment, a running sandbox, the installed command."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import warm
from hypothesis import HealthCheck, settings
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.diagnosis.tables.cache import FOLDER as TABLES
from grader.filelock import hold
from grader.grading.grader import Grader
from grader.grading.running import make_sandbox
from grader.packaging.handout.handout import build_handout
from grader.problem.assignment import Assignment, load_assignment
from grader.sandbox.host import Sandbox
from grader.sandbox.zygotes import start_spawner

# No assertion on time: a machine that is busy with something else is no failure.
settings.register_profile("grader", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("grader"), max_examples=40)
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
    """Copy config.yaml, assignment/ and solutions/ into `folder`, and give them a solution if they have none.

    Tables of the diagnosis, which take seconds to build, are copied as far as there are any.
    """
    config = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for name in ("assignment", "solutions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(RIGHT_FILE, folder / "solutions" / "gradients.py")
    if not re.search("(?m)^solution:", config):
        config = re.sub("(?m)^(model:.*)$", r"\1\nsolution: solutions/gradients.py", config)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    with contextlib.suppress(OSError, shutil.Error):  # another process may be adding some
        shutil.copytree(ROOT / TABLES, folder / TABLES, ignore=shutil.ignore_patterns("user", ".*"))


def once_for_all(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder or file that `make` writes, once for all processes that run tests."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        while True:
            with contextlib.suppress(BlockingIOError):
                hold(lock.fileno())
                break
            time.sleep(0.05)
        if not done.exists():
            make(path)
            done.touch()
    return path


# The files that take longest, which start first: a long one at the end would leave the other processor idle.
LONGEST = (
    "test_sandbox test_docs test_batch test_formulas test_gallery test_submissions test_gradescope_try test_handout test_parts"
    " test_new test_courses test_windows"
).split()


def pytest_configure(config: pytest.Config) -> None:
    """Without the slow tests, generated input has fewer examples, too."""
    if config.option.markexpr == "not slow":
        settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True)


@pytest.fixture(scope="session")
def sandbox(assignment: Assignment) -> Iterator[Sandbox]:
    model = ROOT / assignment.config.model
    with make_sandbox(assignment, lambda: start_spawner(model, assignment.config.sandbox)) as running:
        yield running


ABOUT_THE_SANDBOX = ("test_sandbox", "test_submissions")


@pytest.fixture(scope="module", autouse=True)
def warm_zygotes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Zygotes that tests start in their own process are forked from a warm one, as those of commands are."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.stem not in ABOUT_THE_SANDBOX:
            python = SimpleNamespace(executable=str(warm.PYTHON), platform=sys.platform)
            patch.setattr("grader.sandbox.launch.sys", python)
        yield


@pytest.fixture
def copy_of_assignment(tmp_path: Path) -> Path:
    """A folder with config.yaml, assignment/ and solutions/ that a test may break; its solution is written by hand."""
    copy_assignment(tmp_path)
    return tmp_path


def _command(path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def run(*arguments: object, cwd: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(path), *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "110", **environment},
        )

    return run


@pytest.fixture(scope="session")
def grader() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the `grader` command, loaded already; never raises, never waits for more than a minute."""
    return _command(warm.GRADER)


@pytest.fixture(scope="session")
def validated(
    grader: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path_factory: pytest.TempPathFactory
) -> "subprocess.CompletedProcess[str]":
    """What `grader validate --json` finds in the assignment."""

    def write(path: Path) -> None:
        done = grader("validate", "--json")
        path.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")

    path = once_for_all(tmp_path_factory, "validated.json", write)
    return subprocess.CompletedProcess(["grader", "validate", "--json"], *json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def installed() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The same as installed, which takes half a second more: for what is about starting, loading and ending."""
    return _command(warm.INSTALLED)


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

    return once_for_all(tmp_path_factory, "class", lambda folder: write_class(folder, 120))


@pytest.fixture(scope="session")
def class_page(assignment: Assignment, graded_class: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on that class."""
    from grader.classroom.report.data import read_class
    from grader.classroom.report.page import make_report

    def write(path: Path) -> None:
        path.write_text(make_report(assignment, read_class(graded_class)), encoding="utf-8")

    return once_for_all(tmp_path_factory, "page.html", write).read_text(encoding="utf-8")
