"""`grader ... | head -1`, for every command there is: it ends as if all had been read, and says nothing about the pipe.

Of a small assignment, since nothing here depends on what is graded.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import warm
from classroom import write
from conftest import ROOT

from grader.cli.app import main

Command = Callable[..., "subprocess.CompletedProcess[str]"]

# What each command is called with, and its exit code.  RESULTS and CLASS stand for folders, OUT for a file or folder,
# RIGHT for a right file.
CALLS = {
    "check": ("assignment/gradients.py", 1),
    "grade": ("RIGHT --json", 0),
    "gradescope build": ("--force -o OUT", 0),
    "gradescope try": ("RIGHT", 0),
    "handout": ("--force -o OUT", 0),
    "batch": ("CLASS --out OUT --jobs 1", 0),
    "regrade": ("RESULTS --jobs 1", 0),
    "show": ("RESULTS ann --source", 0),
    "export": ("RESULTS csv", 0),
    "adjust": ("RESULTS", 0),
    "times": ("RESULTS", 0),
    "preview": ("RIGHT --as feedback", 0),
    "extend": ("RESULTS ann --days 1 --because ill", 0),
    "report": ("RESULTS", 0),
    "validate": ("", 0),
    "explain": ("dJ_dw", 0),
    "new": ("assignment/model.py --yes -o OUT", 0),
}


def commands(group: click.Command, name: str = "") -> Iterator[str]:
    """The names of all commands and of those of groups."""
    if not isinstance(group, click.Group):
        yield name
        return
    context = click.Context(group)
    for one in group.list_commands(context):
        command = group.get_command(context, one)
        assert command is not None
        yield from commands(command, f"{name} {one}".strip())


def without_reader(
    arguments: list[str], cwd: Path = ROOT, *, errors_too: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Run the command with a standard output that nobody reads from the start; with `errors_too` as by `2>&1`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [str(warm.GRADER), *arguments], stdout=writing, stderr=writing if errors_too else subprocess.PIPE,
            cwd=cwd, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, grader: Command) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pipe")
    course = Path(shutil.copytree(ROOT / "gallery" / "linear-regression", folder / "course"))
    right = course / "solutions" / "gradients.py"
    wrong = right.read_bytes().replace(b"s.y_hat - s.y", b"s.y - s.y_hat")
    source = write(folder / "class", {"ann/gradients.py": right.read_bytes(), "bob/gradients.py": wrong})
    assert grader("batch", source, "--out", folder / "results", "--jobs", 1, cwd=course).returncode == 0
    return {"RIGHT": right, "CLASS": source, "RESULTS": folder / "results", "COURSE": course}


def test_every_command_has_a_call_here() -> None:
    assert set(commands(main)) == CALLS.keys(), "add the new command to CALLS"


# These take longest, and write their output as the others do.
LONG = ("report", "gradescope try", "new")


@pytest.mark.parametrize("command", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in CALLS])
def test_a_command_without_a_reader_ends_as_usual(command: str, folders: dict[str, Path], tmp_path: Path) -> None:
    if command == "report":
        pytest.importorskip("vl_convert", reason="needs the extra: pip install 'gradient-grader[report]'")
    words, code = CALLS[command]
    places = {**folders, "OUT": tmp_path / "out"}
    done = without_reader(
        [*command.split(), *(str(places.get(word, word)) for word in words.split())], folders["COURSE"]
    )
    assert done.returncode == code, done.stderr
    for noise in ("Traceback", "Exception ignored", "Broken pipe", "BrokenPipe", "error:"):
        assert noise not in done.stderr


@pytest.mark.parametrize("arguments, code", [(["--help"], 0), (["grad"], 2), (["grade", "no.py"], 2)])
def test_help_and_errors_without_a_reader_end_as_usual(arguments: list[str], code: int) -> None:
    assert without_reader(arguments, errors_too=True).returncode == code


def test_a_watch_ends_when_its_reader_has_gone(folders: dict[str, Path]) -> None:
    process = subprocess.Popen(
        [str(warm.GRADER), "check", "--watch", "assignment/gradients.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folders["COURSE"],
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        process.stdout.close()
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert errors == b""
