"""The zip in a private copy of Gradescope's folders, run as Gradescope's own harness runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from grader.errors import GraderError, UsageError
from grader.packaging.archive import ZIP_ERRORS
from grader.packaging.gradescope.dryrun.submitted import copy_submission

_FAILED = "The autograder failed to execute correctly. Please ensure that your submission is valid."
_MAX_TEXT = 100_000
_SCRIPTS = ("setup.sh", "run_autograder")
_EXPECTED = "expected a zip from `grader gradescope build`"


@dataclass(frozen=True)
class Outcome:
    """What Gradescope would have after a run.

    Attributes:
        results: the content of results.json as its harness reads it, or what it uses instead.
        error: why it used something else, or "".
        stdout: what the autograder printed, for instructors only.
    """

    results: dict[str, Any]
    error: str
    stdout: str
    seconds: float


class Platform:
    """One image on Gradescope: the folder that is /autograder there."""

    def __init__(self, root: Path, zip_path: Path) -> None:
        """Unpack the zip into the new folder `root`, as when the image is built.

        Raises:
            UsageError: it isn't a zip, or not one for Gradescope.
        """
        self.root = root
        source = root / "source"
        source.mkdir(parents=True)
        try:
            with zipfile.ZipFile(zip_path) as archive:
                archive.extractall(source)
        except ZIP_ERRORS as error:
            raise UsageError(f"{zip_path}: cannot be unpacked: {error}; {_EXPECTED}") from error
        for name in _SCRIPTS:
            if not (source / name).is_file():
                raise UsageError(f"{zip_path}: found no {name} at the root of the zip; {_EXPECTED}")
            (source / name).write_bytes((source / name).read_bytes().replace(b"\r\n", b"\n"))
        shutil.copyfile(source / "run_autograder", root / "run_autograder")
        (root / "run_autograder").chmod(0o755)
        self.venv = root / "venv"

    def set_up(self) -> str:
        """Run setup.sh for real; returns what it printed.

        Raises:
            GraderError: it failed.
        """
        with tempfile.TemporaryFile() as printed:
            code = self._start(["bash", "source/setup.sh"], printed)
            printed.seek(0)
            output = printed.read().decode("utf-8", "replace")
        if code != 0:
            raise GraderError(f"setup.sh failed with exit code {code}:\n{output.rstrip()}")
        return output

    def borrow_python(self) -> None:
        """Instead of setup.sh, without downloads: an environment with the zip's grader and the libraries of this Python."""
        venv.EnvBuilder(with_pip=False, symlinks=True).create(self.venv)
        [site] = self.venv.glob("lib/python*/site-packages")
        for wheel in (self.root / "source").glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
        libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
        (site / "libraries.pth").write_text("".join(f"{path}\n" for path in libraries), encoding="utf-8")

    def run(self, submission: Path, metadata: Mapping[str, Any] | None, timeout: float) -> Outcome:
        """Run one submission in new folders, and read the results.

        As on Gradescope, a timeout ends the program, but not what it started.
        """
        folder, results = self.root / "submission", self.root / "results"
        for path in (folder, results):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        metadata_path = self.root / "submission_metadata.json"
        metadata_path.unlink(missing_ok=True)
        if metadata is not None:
            metadata_path.write_text(json.dumps(metadata), encoding="utf-8")
        copy_submission(submission, folder)
        started = time.monotonic()
        with (results / "stdout").open("wb") as printed:
            try:
                self._start(["./run_autograder"], printed, timeout)
                error = ""
            except subprocess.TimeoutExpired:
                error = "timed out"
        seconds = time.monotonic() - started
        stdout = _cut((results / "stdout").read_bytes().decode("utf-8", "replace"))
        if error:
            output = f"Your submission timed out. It took longer than {timeout:g} seconds to run."
            return Outcome({"score": 0, "output": output}, error, stdout, seconds)
        return Outcome(*read_as_gradescope(results / "results.json"), stdout, seconds)

    def _start(self, command: list[str], stdout: BinaryIO, timeout: float | None = None) -> int:
        """Run a script, which finds things here instead of under /autograder and /opt; returns its exit code."""
        environment = {
            **os.environ,
            "AUTOGRADER_ROOT": str(self.root),
            "GRADER_VENV": str(self.venv),
            "GRADER_PYTHON": str(self.venv / "bin" / "python"),
            "GRADER_BASE_PYTHON": sys.executable,
            "TIMEOUT_SECONDS": "" if timeout is None else f"{timeout:g}",
        }
        return subprocess.run(
            command, cwd=self.root, env=environment, timeout=timeout,
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT, check=False,
        ).returncode  # fmt: skip


def read_as_gradescope(path: Path) -> tuple[dict[str, Any], str]:
    """results.json as Gradescope's harness reads it: (content, what was wrong with it)."""
    try:
        text = path.read_bytes().replace(b"\0", b"\xef\xbf\xbd").decode("utf-8", "replace")
    except OSError:
        return {"output": _FAILED}, "there is no results.json"
    try:
        data = json.loads(text)
        json.dumps(data, allow_nan=False)
    except (ValueError, RecursionError) as error:
        return {"score": 0, "output": _FAILED}, f"results.json is not valid: {error}"
    if not isinstance(data, dict) or not ("score" in data or "tests" in data):
        return {"score": 0, "output": _FAILED}, "results.json has neither a score nor tests"
    return data, ""


def _cut(text: str) -> str:
    """As Gradescope cuts long texts: in the middle."""
    half = _MAX_TEXT // 2
    return text if len(text) <= _MAX_TEXT else f"{text[:half]}[...(truncated)...]{text[-half:]}"
