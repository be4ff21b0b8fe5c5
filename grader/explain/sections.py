"""The derivation that stands beside the solution: its section on each gradient.  Reads Markdown; understands headings only."""

from pathlib import Path

from grader.errors import ConfigError
from grader.problem.assignment import Assignment

FILE = "derivation.md"


def derivation_path(assignment: Assignment) -> Path:
    """Where the derivation is looked for: beside the solution."""
    return (assignment.folder / assignment.config.solution).with_name(FILE)


def sections(path: Path) -> dict[str, str]:
    """The text under each heading of the second level, by heading.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("## "):
            lines = found.setdefault(line.removeprefix("## ").strip(), [])
        else:
            lines.append(line)
    return {heading: "\n".join(lines).strip() for heading, lines in found.items()}
