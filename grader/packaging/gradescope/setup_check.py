"""The smoke test at the end of setup.sh: on this machine, the solution earns full marks and the empty stubs none."""

import sys
from collections.abc import Iterator
from pathlib import Path

from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.inputs.submission import Submission
from grader.packaging.soundness import stubs_path
from grader.records.result import Grade
from grader.validation.rewriting import rewritings


def main(source: Path) -> int:
    """Print the problems; the exit code says whether the image can be used."""
    try:
        with Grader(source / "config.yaml") as grader:
            print(f"gradient-grader: sandbox here: {grader.sandbox.report}")
            if not grader.sandbox.report.strong and grader.config.sandbox.require == "strong":
                # Not fatal: less may be allowed where images are built than where they run, and each run checks again.
                print("gradient-grader: WARNING: if it is as weak where submissions run, none will be graded")
            problems = smoke_test(grader)
    except GraderError as error:
        problems = [str(error)]
    for problem in problems:
        print(f"gradient-grader: {problem}")
    return 1 if problems else 0


def smoke_test(grader: Grader) -> list[str]:
    """Grade the solution and the stubs; returns what went wrong.

    Raises:
        GraderError: the assignment cannot be loaded.
    """
    stubs = stubs_path(grader.config, grader.folder)
    solved = grader.grade_submission(_solution(grader), "any")
    unsolved = grader.grade_submission(grader.read(stubs), "any")
    return [
        *(f"{grader.config.solution}: {problem}" for problem in _solution_problems(solved)),
        *(f"{stubs.relative_to(grader.folder)}: {problem}" for problem in _stub_problems(unsolved)),
    ]


def _solution(grader: Grader) -> Submission:
    """The solution as a student's file: it returns gradients of the loss, a student those of the objective."""
    config = grader.config
    source = (grader.folder / config.solution).read_text(encoding="utf-8")
    _, text = next(rewritings(source, grader.assignment.names, negative=config.sign < 0, float32=False))
    return Submission(config.submission, text.encode())


def _solution_problems(grade: Grade) -> Iterator[str]:
    if grade.status == "not_graded":
        yield f"not graded: {grade.message}"
        return
    for result in grade.gradients:
        if result.status != "passed":
            why = result.message or next((check.message for check in result.checks if check.message), result.status)
            yield f"{result.name}: expected full marks, got {result.score:g} of {result.max_score:g} ({why})"


def _stub_problems(grade: Grade) -> Iterator[str]:
    if grade.status == "not_graded":
        yield f"not graded: {grade.message}"
    elif grade.message:
        yield f"expected stubs that can be loaded: {grade.message}"
    else:
        for result in grade.gradients:
            if result.score > 0 or result.status == "passed":
                yield f"{result.name}: expected a stub that earns nothing, got {result.score:g} of {result.max_score:g}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
