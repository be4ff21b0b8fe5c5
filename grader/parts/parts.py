"""Read the config.yaml of a homework of several parts, and those of its parts.  All their errors are reported at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import msgspec

from grader.config.find import has_parts
from grader.config.keys import Config
from grader.config.load import load_config
from grader.config.problems import Problem, problems_in
from grader.config.yamlfile import YamlFile
from grader.errors import ConfigError, UsageError
from grader.inputs.chooser import is_named
from grader.inputs.kinds import CODE
from grader.parts.declared import DeclaredPart, DeclaredParts

_RESERVED = ("feedback",)  # a folder among the results
_ATTEMPTS = ("graded_attempts", "period_hours", "leaderboard")  # on Gradescope: of an upload, which has all parts in it


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        path: its config.yaml.
        beside: the files to submit for the other parts, which are never taken for that of this one.
    """

    name: str
    path: Path
    config: Config
    beside: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.path.resolve().parent


@dataclass(frozen=True)
class Parts:
    """A homework of several parts.

    Attributes:
        path: its config.yaml.
    """

    title: str
    path: Path
    parts: tuple[Part, ...]

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    @property
    def max_score(self) -> float:
        return sum(part.config.max_score for part in self.parts)

    def of_file(self, file: Path) -> list[Part]:
        """The parts that a file is for: one by its name; all of them for a folder or an archive.

        Raises:
            UsageError: it is a Python file or notebook of another name.
        """
        if file.suffix.lower() not in CODE or file.is_dir():
            return list(self.parts)
        found = [part for part in self.parts if is_named(file.name, part.config.submission)]
        if not found:
            expected = ", ".join(f"{part.config.submission} ({part.name})" for part in self.parts)
            raise UsageError(f"{file}: its name says no part; expected {expected}")
        return found


def parts_at(path: Path) -> Parts | None:
    """The homework at `path`, None where it is one assignment.

    Raises:
        ConfigError: its config.yaml, or that of a part, cannot be used; a line for each mistake.
    """
    if not has_parts(path):
        return None
    file = YamlFile(path)
    if not isinstance(file.data, dict) or "parts" not in file.data:
        return None
    if problems := list(problems_in(DeclaredParts, file.data, [])):
        raise ConfigError(_listed(file, problems))
    declared = msgspec.convert(file.data, DeclaredParts)
    found, errors = _loaded(path, declared.parts)
    problems = [*_problems(declared.parts), *_between(found)]
    if errors or problems:
        raise ConfigError("\n".join(filter(None, [_listed(file, problems), *errors])))
    submissions = [part.config.submission for part in found]
    parts = [
        Part(one.name, one.path, one.config, (*submissions[:i], *submissions[i + 1 :])) for i, one in enumerate(found)
    ]
    return Parts(declared.title, path, tuple(parts))


def _loaded(path: Path, declared: Sequence[DeclaredPart]) -> tuple[list[Part], list[str]]:
    """Those parts that can be read, and what is wrong with the others."""
    found, errors = [], []
    for one in declared:
        at = path.parent / one.config
        try:
            found.append(Part(one.name, at, load_config(at)))
        except ConfigError as error:
            errors.append(str(error))
    return found, errors


def _problems(declared: Sequence[DeclaredPart]) -> Iterator[Problem]:
    """Names that say the same, or mean something else."""
    for i, one in enumerate(declared):
        if one.name.casefold() in [other.name.casefold() for other in declared[:i]]:
            yield Problem(["parts", i, "name"], f"expected a name of its own, found {one.name} again")
        if one.name.casefold() in _RESERVED:
            yield Problem(["parts", i, "name"], f"expected another name, found {one.name}, a folder among the results")


def _between(found: Sequence[Part]) -> Iterator[Problem]:
    """What parts may not have in common, and what they must."""
    for one, other in combinations(found, 2):
        mine, its = one.config.submission, other.config.submission
        if is_named(its, mine) or is_named(mine, its):
            expected = "expected a file of its own for each part, since all are submitted together"
            yield Problem(["parts"], f"{expected}; found submission: {mine} in {one.path} and {its} in {other.path}")
        for key in _ATTEMPTS:
            here, there = (getattr(part.config.gradescope, key) for part in (one, other))
            if here != there:
                expected = f"expected the same gradescope.{key} in every part, since all are submitted together"
                yield Problem(["parts"], f"{expected}; found {here} in {one.path} and {there} in {other.path}")


def _listed(file: YamlFile, problems: Sequence[Problem]) -> str:
    return "\n".join(f"{file.where(problem.keys)}: {problem.message}" for problem in problems)
