"""Do the tables of the students' texts say what the config says?  Rows that begin with the name of a quantity or a gradient."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.checks.check import show
from grader.config.keys import Config
from grader.errors import ConfigError
from grader.packaging.handout.readme import outdated_parts
from grader.validation.finding import Finding

SHOWN = 8
_NAME = re.compile(r"`(\w+)(\(s\))?`")
_SHAPE = re.compile(r"`?(\([^()]*\))`?(?: int)?")


def check_tables(config: Config, folder: Path) -> Finding | None:
    """The tables in Markdown files beside the model; None where there are none."""
    problems, rows = [], 0
    for path in sorted((folder / config.model).parent.glob("*.md")):
        problems += [f"{path.name}: {what}" for what in _outdated(path, config)]
        for line, cells, header in _rows(path.read_text(encoding="utf-8", errors="replace")):
            if name := _NAME.fullmatch(cells[0]):
                rows += 1
                problems += [f"{path.name}:{line}: {what}" for what in _differences(config, name[1], cells, header)]
    if not rows and not problems:
        return None
    if problems:
        message = "tables in students' texts differ from config.yaml"
        return Finding("tables in texts", "warning", message, problems[:SHOWN])
    return Finding("tables in texts", "passed", f"{rows} rows of tables agree with config.yaml")


def _outdated(path: Path, config: Config) -> Iterator[str]:
    """The marked parts that say something else than the config, or are no parts."""
    try:
        for name, line in outdated_parts(path.read_text(encoding="utf-8", errors="replace"), config):
            expected = f"; expected there: {line}" if line else ""
            yield f"the part {name} is not as config.yaml has it, until `grader handout` writes it{expected}"
    except ConfigError as error:
        yield str(error)


def _rows(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """The rows of all Markdown tables, each with its line and the table's header."""
    header: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not header:
            header = [cell.lower() for cell in cells]
        elif not set(line) <= set("|:- "):
            yield number, cells, header


def _differences(config: Config, name: str, cells: list[str], header: list[str]) -> Iterator[str]:
    gradients = {gradient.name: gradient for gradient in config.gradients}
    of = gradients[name].of if name in gradients else name
    if of not in config.quantities:
        if "shape" in header and name != config.loss:
            yield f"{name} is no quantity or gradient of config.yaml"
        return
    expected = show(config.shape_of(of))
    for cell in cells[1:]:
        found = _SHAPE.fullmatch(cell)
        if found and _dense(found[1]) != _dense(expected):
            yield f"{name}: expected shape {expected}, as in config.yaml, found {found[1]}"
    if name in gradients:
        marks = [cells[i] for i, title in enumerate(header) if title in ("marks", "points") and i < len(cells)]
        right = f"{gradients[name].max_score:g}"
        yield from (f"{name}: expected {right} marks, as in config.yaml, found {one}" for one in marks if one != right)


def _dense(shape: str) -> str:
    return re.sub(r"[\s`]|,(?=\)$)", "", shape)
