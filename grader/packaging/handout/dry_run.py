"""What students get, unpacked into a temporary folder and used there: the stubs, the solution, and a wrong file."""

import tempfile
from pathlib import Path

from grader.config.load import load_config
from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.packaging.handout.handout import handout_files
from grader.records.result import Grade
from grader.validation.finding import Finding
from grader.validation.submissions import ways_of

# In whatever way a function is called, and whatever it returns.
_TWICE = """

import functools


def _twice(value):
    if isinstance(value, (tuple, list)):
        return type(value)(map(_twice, value))
    return {{key: _twice(one) for key, one in value.items()}} if isinstance(value, dict) else 2 * value


def _doubled(function):
    if isinstance(function, type):
        for name, method in list(vars(function).items()):
            if callable(method) and not name.startswith("__"):
                setattr(function, name, _doubled(method))
        return function
    return functools.wraps(function)(lambda *a, **k: _twice(function(*a, **k)))


{function} = _doubled({function})
"""


def check_handout(grader: Grader) -> Finding:
    """Whether students can work with the handout of an assignment that is sound."""
    try:
        files = handout_files(grader)
    except GraderError as error:
        return Finding("handout", "warning", "no handout can be built", [str(error)])
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            problems = _problems(grader, folder)
    except GraderError as error:
        problems = [str(error)]
    if problems:
        return Finding("handout", "failed", "students cannot work with the handout that is built", problems)
    return Finding(
        "handout", "passed", "in the handout the stubs, the solution and a wrong file come out as they should"
    )


def _problems(grader: Grader, folder: Path) -> list[str]:
    submission = folder / grader.config.submission
    problems = []
    with Grader.of(load_config(folder / "config.yaml"), folder, at_home=True) as home:
        stubs = home.check(submission)
        problems += [f"stubs: {one.name}: {one.status}" for one in stubs.gradients if one.status != "missing"]
        right = next((source for _, source in ways_of(grader.assignment)), "")
        if not right:
            return problems
        submission.write_text(right, encoding="utf-8")
        solved = home.check(submission)
        problems += [f"solution: {one}" for one in _lost(solved)]
        first = next((one for one in grader.assignment.names if one not in grader.assignment.zero), "")
        if not first:
            return problems
        twice = _TWICE.format(function=grader.config.function_of(first).owner)
        submission.write_text(f"{right}{twice}", encoding="utf-8")
        wrong = next(one for one in home.check(submission).gradients if one.name == first)
        if wrong.status != "failed":
            problems.append(f"twice the right numbers: {first}: expected failed, found {wrong.status}")
    return problems


def _lost(grade: Grade) -> list[str]:
    if grade.status != "graded":
        return [grade.message]
    return [
        f"{one.name}: {next(filter(None, [one.message, *(check.message for check in one.checks), one.status]))}"
        for one in grade.gradients
        if one.status != "passed"
    ]
