"""What students get, unpacked into a temporary folder and used there: the stubs, the solution, and a wrong file."""

import tempfile
from pathlib import Path

from grader.config.load import load_config
from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.packaging.handout.handout import handout_files
from grader.records.result import Grade
from grader.validation.finding import Finding
from grader.validation.submissions import rewritings


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
        right = _solution(grader)
        submission.write_text(right, encoding="utf-8")
        solved = home.check(submission)
        problems += [f"solution: {one}" for one in _lost(solved)]
        first = next((one for one in grader.assignment.names if one not in grader.assignment.zero), "")
        if not first:
            return problems
        doubled = f"{right}\n\n_right = {first}\n\n\ndef {first}(s):\n    return 2 * _right(s)\n"
        submission.write_text(doubled, encoding="utf-8")
        wrong = next(one for one in home.check(submission).gradients if one.name == first)
        if wrong.status != "failed":
            problems.append(f"twice the right numbers: {first}: expected failed, found {wrong.status}")
    return problems


def _solution(grader: Grader) -> str:
    """The solution as a student's file."""
    reference = grader.assignment.reference
    assert reference is not None
    source = reference.source.decode()
    ways = rewritings(source, grader.assignment.names, negative=grader.config.sign < 0, float32=False)
    return next(ways)[1]


def _lost(grade: Grade) -> list[str]:
    if grade.status != "graded":
        return [grade.message]
    return [
        f"{one.name}: {next(filter(None, [one.message, *(check.message for check in one.checks), one.status]))}"
        for one in grade.gradients
        if one.status != "passed"
    ]
