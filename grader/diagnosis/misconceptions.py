"""Named misconceptions: formulas with the instructor's own words, recognised by value before anything else.

The file is the staff's: its formulas are evaluated here, with the student's own upstream gradients as numbers.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from grader.config.yamlfile import YamlFile, require_file
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

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$")]
    gradients: Annotated[list[str], Meta(min_length=1)]
    formula: Text
    kind: Text
    where: Text
    says: Text
    objective: Literal["cross_entropy", "log_likelihood"] | None = None
    hints: Annotated[list[str], Meta(min_length=3, max_length=3)] | None = None

    @property
    def edit(self) -> Edit:
        """As an edit of a story; its name stands for an operator's."""
        return Edit(self.name, self.kind, self.where, self.says, COST)


def misconceptions(assignment: Assignment) -> tuple[Misconception, ...]:
    """Those of an assignment, in the order of the file; none without a solution.

    Raises:
        ConfigError: the file that config.yaml names cannot be used.
    """
    objective = assignment.config.objective
    return tuple(entry for entry in all_misconceptions(assignment) if entry.objective in (None, objective))


def all_misconceptions(assignment: Assignment) -> tuple[Misconception, ...]:
    """The whole file, also what is for another objective."""
    named = assignment.config.hints.mistakes
    if not named or assignment.reference is None:
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
                if all(_same(v, c, tolerance) for v, c in zip(values, candidate, strict=True)):
                    return Hypothesis((entry.edit,), entry.formula, COST, LAYER)
    return None


def evaluate(
    assignment: Assignment, entry: Misconception, gradient: str, own: Mapping[str, Sequence[Array]]
) -> list[Array]:
    """The values of a misconception at every step, in the direction of the loss; the formula says what a student returns.

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
                value = eval(code, {**space, "s": SimpleNamespace(**point.values)})  # noqa: S307, the staff's own formula
                results.append(sign * np.asarray(value, dtype=float))
        except Exception as error:
            path = assignment.folder / assignment.config.hints.mistakes
            raise ConfigError(f"{path}: {entry.name}: its formula does not run for {gradient}: {error}") from error
    return results


def _same(value: Array, candidate: Array, tolerance: float) -> bool:
    return value.shape == candidate.shape and relative_error(value, candidate) <= tolerance


@lru_cache(maxsize=256)
def _compiled(formula: str) -> CodeType:
    return compile(formula.strip(), "<formula>", "eval")


@lru_cache(maxsize=16)
def _load(path: Path, gradients: tuple[str, ...]) -> tuple[Misconception, ...]:
    file = YamlFile(path)
    entries = []
    for number, data in enumerate(file.data or ()):
        try:
            entry = msgspec.convert(data, Misconception)
        except msgspec.ValidationError as error:
            text, _, place = str(error).replace("`", "").partition(" - at ")
            inner = list(re.findall(r"\w+", place))
            raise ConfigError(f"{file.where([number, *inner])}: {text[:1].lower()}{text[1:]}") from error
        _check(file, number, entry, gradients)
        entries.append(entry)
    return tuple(entries)


def _check(file: YamlFile, number: int, entry: Misconception, gradients: Sequence[str]) -> None:
    kinds = sorted({operator.kind for operator in OPERATORS.values()})
    for key, names, known in (("gradients", entry.gradients, list(gradients)), ("kind", [entry.kind], kinds)):
        for name in names:
            if name not in known:
                near = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
                raise ConfigError(f"{file.where([number, key])}: there is no {name}{near}")
    try:
        _compiled(entry.formula)
    except (SyntaxError, ValueError) as error:
        raise ConfigError(
            f"{file.where([number, 'formula'])}: expected a Python expression, found {entry.formula!r}"
        ) from error
