"""What run_autograder starts: grade one submission on Gradescope, and always leave a results.json.

Standard output is for instructors: Gradescope shows it to nobody else.
"""

import io
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from grader.config.keys import Config
from grader.config.keys import Sandbox as Limits
from grader.config.load import load_config
from grader.errors import GraderError, SandboxError
from grader.grading.grade import not_graded
from grader.grading.grader import Grader
from grader.grading.pipeline import grade_run, located, noted
from grader.grading.running import run_submission
from grader.output.terminal import print_grade
from grader.packaging.gradescope import attempts, results_json
from grader.packaging.gradescope.emit import emit
from grader.packaging.gradescope.memory import Memory, Metadata, read_metadata, recall
from grader.packaging.gradescope.together import together
from grader.parts.parts import Part, parts_at
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Run
from grader.sandbox.shared.processes import become_subreaper, children_of_this_process

_DEFAULT_TIMEOUT_SECONDS = 600.0
_LEFTOVER_SECONDS = 5.0
_WIDTH = 80  # characters: Gradescope would break wider lines again
_PRIVATE = {
    "source": 0o700,
    "results": 0o700,
    "submission": 0o700,
    "submission_metadata.json": 0o600,
    "run_autograder": 0o700,
}


class OutOfTimeError(Exception):
    """Gradescope's time limit is near: write what there is."""


def main(root: Path) -> None:
    """Grade what is in `root`, laid out as Gradescope does."""
    started = time.monotonic()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # names of files may be anything
    seconds = own_seconds(os.environ.get("TIMEOUT_SECONDS", ""))
    protect(root)
    if sys.platform == "linux":
        become_subreaper()
    metadata = read_metadata(root / "submission_metadata.json")
    memory, data = Memory(), None
    try:
        with _alarm(seconds):
            source = root / "source" / "config.yaml"
            parts = parts_at(source)
            graded = [Part("", source, load_config(source))] if parts is None else list(parts)
            memory = recall(metadata, [_qualified(part, one.name) for part in graded for one in part.config.gradients])
            data = _results(root, graded, metadata, memory, started + 0.8 * seconds)
    except GraderError as error:
        print(f"NOT GRADED: {error}")
    except OutOfTimeError:
        print(f"NOT GRADED: the grader itself needed more than {seconds:.0f} s; set a longer timeout in Gradescope")
    except Exception:
        print("NOT GRADED: the grader failed; please report this:")
        traceback.print_exc(file=sys.stdout)
    end_leftovers()
    if problem := results_json.write_results(root / "results" / "results.json", data or _nothing(memory)):
        print(f"NOT GRADED: the grader made an invalid result; please report this: {problem}")


def own_seconds(timeout: str) -> float:
    """How long this program may take: well within Gradescope's timeout, which ends it and shows nothing."""
    try:
        seconds = float(timeout)
    except ValueError:
        seconds = math.nan
    seconds = seconds if 0 < seconds < math.inf else _DEFAULT_TIMEOUT_SECONDS
    return seconds - min(max(5.0, 0.1 * seconds), 0.5 * seconds)


def protect(root: Path) -> None:
    """Close everything to students' code; Gradescope creates some of it for each run, readable by all."""
    for name, mode in _PRIVATE.items():
        try:
            os.chmod(root / name, mode)
        except OSError as error:
            if (root / name).exists():
                print(f"warning: cannot make {root / name} private: {error.strerror}")


def fit(limits: Limits, seconds: float) -> Limits:
    """The limits of the student's code, lowered so that all of it ends within `seconds` on the clock.

    Rounded down: students read these numbers, and the same file must give the same text each time.
    """
    seconds = math.floor(seconds) if seconds >= 5 else math.floor(10 * seconds) / 10
    cpu = min(limits.submission_cpu_seconds, max(0.1, seconds))
    factor = max(1.0, min(limits.wall_factor, seconds / cpu))
    return msgspec.structs.replace(
        limits, submission_cpu_seconds=cpu, call_cpu_seconds=min(limits.call_cpu_seconds, cpu), wall_factor=factor
    )


def end_leftovers() -> None:
    """Kill every process below this one: orphans come here, so nothing of the student's outlives the run."""
    if sys.platform != "linux":
        return
    until = time.monotonic() + _LEFTOVER_SECONDS
    while (children := children_of_this_process()) and time.monotonic() < until:
        for pid in children:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.005)


def _results(root: Path, parts: Sequence[Part], metadata: Metadata, memory: Memory, deadline: float) -> dict[str, Any]:
    again = attempts.repeated(parts[0].config.gradescope, metadata, memory)
    if again is not None:
        print("not graded again: over the limit of graded submissions per period; the latest result is repeated")
        return again
    found: list[tuple[str, dict[str, Any]]] = []
    wrong: dict[str, list[str]] = {}
    times = memory.graded
    for k, part in enumerate(parts):
        if part.name:
            print(f"{part.name}: {part.config.title}")
        share = time.monotonic() + (deadline - time.monotonic()) / (len(parts) - k)
        assignment, run, graded = _run(root, part, share)
        own = {
            name.removeprefix(_qualified(part, "")): answers
            for name, answers in memory.wrong.items()
            if name.startswith(_qualified(part, ""))
        }
        data, left = _result(assignment, graded, run, metadata, replace(memory, wrong=own))
        if left is None:
            return _nothing(memory)
        found.append((part.name, data))
        wrong |= {_qualified(part, name): answers for name, answers in left.wrong.items()}
        times = left.graded
    if not parts[0].name:
        return found[0][1]
    return together(found, Memory(wrong, times).extra_data())


def _qualified(part: Part, gradient: str) -> str:
    """The name of a gradient in what is remembered; that of an assignment without parts is its own."""
    return f"{part.name}.{gradient}" if part.name else gradient


def first_page(grader: Grader, path: Path) -> tuple[dict[str, Any], Grade]:
    """What Gradescope would show of the first submission of what is at `path`, run on this machine; and its grade."""
    assignment = grader.assignment
    try:
        grader.sandbox.require(grader.config.sandbox.require)
        run, graded = _grade(grader, path, math.inf)
    except SandboxError as error:
        return _nothing(Memory()), not_graded(assignment, path.name, str(error))
    if graded.status == "not_graded":
        return _nothing(Memory()), graded
    wrong, shown = _hints(assignment, graded, run, Memory())
    return emit(graded, assignment.config, shown, Memory(wrong).extra_data()), graded


def results_of(assignment: Assignment, graded: Grade, run: Run, metadata: Metadata, memory: Memory) -> dict[str, Any]:
    """The content of results.json for a grade; instructors' part is printed."""
    return _result(assignment, graded, run, metadata, memory)[0]


def _result(
    assignment: Assignment, graded: Grade, run: Run, metadata: Metadata, memory: Memory
) -> tuple[dict[str, Any], Memory | None]:
    """The same, and what is to be remembered; None where it was not graded."""
    config = assignment.config
    if graded.status == "not_graded":
        print(f"NOT GRADED: {graded.message}")
        return _nothing(memory), None
    wrong, shown = _hints(assignment, graded, run, memory)
    _print_for_instructors(graded, config, wrong, shown)
    times = memory.graded if metadata.created_at is None else [*memory.graded, metadata.created_at]
    left = Memory(wrong, times)
    return emit(graded, config, shown, left.extra_data()), left


def _hints(
    assignment: Assignment, graded: Grade, run: Run, memory: Memory
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """For each gradient the different wrong answers so far, and the hints that the student sees."""
    loaded = run.loading.outcome == "returned"  # what never ran is no answer to any of the gradients
    found = attempts.wrong_answers(assignment, graded.gradients, run.answers) if loaded else {}
    wrong = memory.with_wrong(found)
    settings = assignment.config.gradescope
    shown = {
        result.name: attempts.hints_shown(settings, result.hints, len(wrong.get(result.name, [])))
        for result in graded.gradients
    }
    return wrong, shown


def _print_for_instructors(
    grade: Grade, config: Config, wrong: Mapping[str, Sequence[str]], shown: Mapping[str, Sequence[str]]
) -> None:
    """Print the report of `grader grade`, and how many hints the student sees of each gradient."""
    console = Console(file=sys.stdout, width=_WIDTH, color_system=None, highlight=False, markup=False)
    print_grade(console, grade, config, staff=True)
    for result in grade.gradients:
        count = len(wrong.get(result.name, []))
        if result.hints or count:
            line = f"{result.name}: {count} different wrong {'answer' if count == 1 else 'answers'} so far"
            line += f", the student sees {len(shown[result.name])} of {len(result.hints)} hints" if result.hints else ""
            console.print(Text(line))
    sys.stdout.flush()


def _run(root: Path, part: Part, deadline: float) -> tuple[Assignment, Run, Grade]:
    """Run and grade the submission.

    Raises:
        GraderError: this cannot be done here, or not safely.
    """
    limits = fit(part.config.sandbox, deadline - time.monotonic())
    with Grader(part.path, limits=limits, beside=part.beside) as grader:
        grader.sandbox.require(limits.require)
        run, graded = _grade(grader, root / "submission", deadline)
        return grader.assignment, run, graded


def _grade(grader: Grader, path: Path, deadline: float) -> tuple[Run, Grade]:
    assignment, sandbox = grader.assignment, grader.sandbox
    submission = grader.read(path, submitted=True)
    run = run_submission(sandbox, submission, assignment.prepare_checks)
    graded = noted(grade_run(assignment, run, submission.name, str(sandbox.report)), submission)
    limit = grader.config.sandbox.submission_wall_seconds - run.wall_seconds
    if time.monotonic() + limit < deadline:  # enough to run it again
        graded = located(assignment, sandbox, submission.source, run, graded)
    return run, graded


def _nothing(memory: Memory) -> dict[str, Any]:
    return results_json.not_graded_results(replace(memory, notice="").extra_data())


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError after `seconds`."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise OutOfTimeError

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
