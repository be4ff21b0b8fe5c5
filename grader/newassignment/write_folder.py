"""The folder of a new assignment: all of its files, none of which was there before."""

from collections.abc import Mapping
from pathlib import Path

from grader.errors import UsageError, reason_of
from grader.newassignment.blueprint import Blueprint
from grader.newassignment.config_text import config_text
from grader.newassignment.solution_text import write_derivation
from grader.newassignment.student_pages import handout_page, shapes_page, student_file


def refuse_existing(folder: Path) -> None:
    """Refuse a folder that has anything in it.

    Raises:
        UsageError: it has, or it is not a folder.
    """
    if folder.is_file():
        raise UsageError(f"{folder}: this is a file; name the folder to make: -o FOLDER")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder}: this folder is not empty, and nothing is overwritten; name another one: -o FOLDER")


def assignment_files(blueprint: Blueprint) -> Mapping[str, str]:
    """All files by their paths."""
    config, read = blueprint.config, blueprint.read
    return {
        "config.yaml": config_text(blueprint),
        "assignment/model.py": read.source,
        "assignment/gradients.py": student_file(config, read),
        "assignment/README.md": handout_page(config, read, blueprint.measured.relations),
        "assignment/shapes.md": shapes_page(config),
        "solutions/gradients.py": blueprint.solution,
        "solutions/derivation.md": write_derivation(read, blueprint.chosen.formulas),
    }


def write_files(folder: Path, contents: Mapping[str, str]) -> None:
    """Write them.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        for name, text in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {reason_of(error)}") from error
