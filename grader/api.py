"""Grading in one call, and reading what a batch graded.  Parts of the public API; see docs/api.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.config.find import find_config_for
from grader.grading.grader import Grader
from grader.records.result import Grade


@dataclass(frozen=True)
class Student:
    """One student of a results folder.

    Attributes:
        key: identifies the student within the folder.
        score: in marks; None where nothing is graded.
        grade: the current grade; None where there is none.
    """

    key: str
    name: str
    score: float | None
    grade: Grade | None


def grade(file: str | Path, config: str | Path | None = None) -> Grade:
    """Grade one submission as `grader grade` does: a file, or a folder or archive that holds it.

    To grade several, keep a `Grader` open: it starts the sandbox once.

    Args:
        config: the path of config.yaml; None for the nearest, from the current folder upwards.

    Raises:
        UsageError: there is no such file, or several that could be meant.
        ConfigError: the assignment cannot be used.
    """
    path = Path(file)
    with Grader(find_config_for(path, None if config is None else Path(config))) as opened:
        return opened.grade(path)


def check(file: str | Path | None = None, config: str | Path | None = None) -> Grade:
    """Check your own file as `grader check` does: without the solution.

    Args:
        file: None for the file to submit in the current folder.
        config: as for `grade`.

    Raises:
        UsageError: there is no such file, or several that could be meant.
        ConfigError: the assignment cannot be used.
    """
    path = Path(file) if file is not None else None
    named = None if config is None else Path(config)
    with Grader(find_config_for(path or Path(), named, own=True), at_home=True) as opened:
        return opened.check(path)


def results(folder: str | Path) -> Iterator[Student]:
    """Every student in the results folder of `grader batch`, by key.

    Raises:
        GraderError: there are no results, or they cannot be read.
    """
    from grader.classroom.store.query import Results

    with Results(Path(folder)) as stored:
        for row in stored.students():
            yield Student(row.student, row.name, row.score, row.grade)
