"""The derivation that stands beside the solution: its section on each gradient.  Reads Markdown; understands headings only."""

from pathlib import Path

from grader.errors import ConfigError
from grader.problem.assignment import Assignment

FILE = "derivation.md"


def own_section(assignment: Assignment, gradient: str) -> str:
    """What the instructor's derivation.md says of a gradient, "" where there is none."""
    path = (assignment.folder / (assignment.config.solution or assignment.config.model)).with_name(FILE)
    return sections(path).get(gradient, "") if assignment.config.solution and path.is_file() else ""


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
