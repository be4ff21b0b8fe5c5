"""Named misconceptions: formulas with the instructor's own words, recognized by value before anything else.

The file is the instructors': its formulas are evaluated here, with the student's own upstream gradients as numbers.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from grader.config.problems import found_in, problems_in
from grader.config.yamlfile import Key, YamlFile, require_file
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.errors import ConfigError, did_you_mean
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array

COST = 0.5
LAYER = "named"
Text = Annotated[str, Meta(min_length=1)]


class Misconception(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the file; see solutions/mistakes.yaml."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="a name of lower-case letters, digits and hyphens")]
    gradients: Annotated[list[str], Meta(min_length=1)]
    formula: Text
    kind: Text
    where: Text
    says: Text
    objective: Literal["cross_entropy", "log_likelihood"] | None = None
    student: Text | None = None
    hints: Annotated[list[str], Meta(min_length=3, max_length=3)] | None = None

    @property
    def edit(self) -> Edit:
        """As an edit; its name takes the place of an operator's."""
        return Edit(self.name, self.kind, self.where, self.says, COST, student=self.for_students)

    @property
    def for_students(self) -> str:
        """What students read: `student`, or what `says` says."""
        text = self.student or self.says
        return text[:1].upper() + text[1:]


_REQUIRED = ", ".join(field.name for field in msgspec.structs.fields(Misconception) if field.required)


def misconceptions(assignment: Assignment) -> tuple[Misconception, ...]:
    """Those of an assignment, in the order of the file; none without a solution.

    Raises:
        ConfigError: the file that config.yaml names cannot be used.
    """
    objective = assignment.config.objective
    return tuple(entry for entry in all_misconceptions(assignment) if entry.objective in (None, objective))


def all_misconceptions(assignment: Assignment) -> tuple[Misconception, ...]:
    """The whole file, including entries for another objective."""
    named = assignment.config.hints.mistakes
    if not named or assignment.at_home:  # students do not have it
        return ()
    require_file(assignment.folder / named, "hints.mistakes")
    return _load(assignment.folder / named, tuple(assignment.names))


def named_hypothesis(
    entries: Sequence[Misconception],
    assignment: Assignment,
    gradient: str,
    values: Sequence[Array],
    own: Mapping[str, Sequence[Array]],
    tolerance: float,
) -> Hypothesis | None:
    """The first of `entries` with exactly these values, on the student's `own` upstream gradients or on the right ones."""
    for entry in entries:
        if gradient in entry.gradients:
            for upstream in [own, {}] if own else [{}]:
                candidate = evaluate(assignment, entry, gradient, upstream)
                if all(
                    value.shape == wrong.shape and relative_error(value, wrong) <= tolerance
                    for value, wrong in zip(values, candidate, strict=True)
                ):
                    return Hypothesis((entry.edit,), entry.formula, COST, LAYER)
    return None


def evaluate(
    assignment: Assignment, entry: Misconception, gradient: str, own: Mapping[str, Sequence[Array]]
) -> list[Array]:
    """The values of a misconception at every sample point, in the direction of the loss; its formula is in the student's.

    Raises:
        ConfigError: its formula does not run.
    """
    code, sign = _compiled(entry.formula), assignment.config.sign
    results = []
    for k, point in enumerate(assignment.points):
        space: dict[str, Any] = {"np": np, **assignment.graph.helpers}
        for name in assignment.names:
            given = sign * (own[name][k] if name in own else assignment.exact[name][k])
            space[name] = lambda _, given=given: given
        try:
            with np.errstate(all="ignore"):
                value = eval(code, {**space, "s": SimpleNamespace(**point.values)})  # noqa: S307, the instructors' own formula
                results.append(sign * np.asarray(value, dtype=float))
        except Exception as error:
            path = assignment.folder / assignment.config.hints.mistakes
            raise ConfigError(f"{path}: {entry.name}: its formula does not run for {gradient}: {error}") from error
    return results


@lru_cache(maxsize=256)
def _compiled(formula: str) -> CodeType:
    return compile(formula.strip(), "<formula>", "eval")


@lru_cache(maxsize=16)
def _load(path: Path, gradients: tuple[str, ...]) -> tuple[Misconception, ...]:
    file = YamlFile(path)
    if file.data is None:  # all of it is comments
        return ()
    if not isinstance(file.data, list):
        raise ConfigError(f"{path}: expected a list of mistakes, each with {_REQUIRED}; found {found_in(file.data)}")
    if problems := list(problems_in(list[Misconception], file.data, [])):
        raise ConfigError("\n".join(f"{file.where(problem.keys)}: {problem.message}" for problem in problems))
    entries = msgspec.convert(file.data, tuple[Misconception, ...])
    for number, entry in enumerate(entries):
        _check(file, number, entry, gradients)
    return entries


def _check(file: YamlFile, number: int, entry: Misconception, gradients: Sequence[str]) -> None:
    check_names(file, [number, "gradients"], entry.gradients, gradients)
    check_names(file, [number, "kind"], [entry.kind], sorted({operator.kind for operator in OPERATORS.values()}))
    try:
        _compiled(entry.formula)
    except (SyntaxError, ValueError) as error:
        where = file.where([number, "formula"])
        raise ConfigError(f"{where}: expected a Python expression, found {entry.formula!r}") from error


def check_names(file: YamlFile, keys: list[Key], names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that are not known; where nothing is known, any will do.

    Raises:
        ConfigError: with the place of the name in the file.
    """
    for name in names:
        if known and name not in known:
            near = did_you_mean(name, list(known)) or f"; expected one of {', '.join(known)}"
            raise ConfigError(f"{file.where(keys)}: there is no {name}{near}")
