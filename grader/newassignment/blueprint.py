"""The assignment that a model makes: quantities, sizes, gradients and marks, as the data of a config.yaml.  Writes no file."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from grader.config.keys import Config
from grader.derivation.writing.signatures import CannotBeWritten
from grader.errors import ConfigError
from grader.newassignment.described_model import Ask, ModelFile, read_model
from grader.newassignment.dimension_sizes import Sizes
from grader.newassignment.measured_model import Measured, measure_in_range, shape_in
from grader.newassignment.sampling import Drawn, drawn_quantities
from grader.newassignment.solution_text import write_solution
from grader.newassignment.worth_asking import Chosen, choose_gradients
from grader.problem.assignment import Assignment
from grader.problem.derived import as_submitted
from grader.problem.model import Graph
from grader.problem.points import Point, make_points
from grader.problem.reference import Reference
from grader.validation.numbers import MARGIN, check_margins, check_points, check_solution

CHECKS = {
    "shape": {"share": 0.2},
    "finite_difference": {"share": 0.4, "tolerance": 1e-6},
    "reference": {"share": 0.4, "tolerance": 5e-14},
}
POINTS = 4
_LONG_TITLE = 60
_SENTENCE = re.compile(r"(?<!\bet al)(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)\. ")
_TRIED_SEEDS = 3
_MOST_SEEDS = 12


@dataclass(frozen=True)
class Blueprint:
    """All that the files of an assignment are written from.

    Attributes:
        fixed: dimensions with one size everywhere, because the solution is written out for it.
        method: how the numerical derivatives are computed.
        interface: how functions are called, as in config.yaml.
        function: one that returns all gradients, or "".
        count: how many sample points there are.
    """

    read: ModelFile
    title: str
    drawn: Mapping[str, Drawn]
    measured: Measured
    chosen: Chosen
    source: str = ""
    seed: str = ""
    method: str = "central"
    interface: str = "step"
    function: str = ""
    count: int = POINTS

    @property
    def sizes(self) -> Sizes:
        return self.measured.sizes

    @property
    def notes(self) -> list[str]:
        """What the instructor should know."""
        return list(self.chosen.notes)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The config, as it would be read from YAML."""
        checks: dict[str, dict[str, Any]] = {name: dict(check) for name, check in CHECKS.items()}
        if self.method != "central":
            checks["finite_difference"]["method"] = self.method
        return {
            "title": self.title,
            "model": "assignment/model.py",
            "solution": "solutions/gradients.py",
            "submission": "gradients.py",
            "loss": self.read.loss,
            "objective": "cross_entropy",
            **self._calling(),
            "dimensions": {**self.sizes, **self.measured.relations},
            "steps": {"count": self.count, "seed": self.seed},
            "quantities": {
                **{
                    name: each.entry_with(shape_in(each.shape, self.measured.relations))
                    for name, each in self.drawn.items()
                },
                **{name: {"sample": "model", "shape": list(shape)} for name, shape in self.measured.computed.items()},
            },
            "gradients": [
                {"name": name, "of": formula.of, "max_score": self.chosen.marks[name]}
                for name, formula in self.chosen.formulas.items()
            ],
            "checks": checks,
            "follow_through": {"share": 1.0},
        }

    def _calling(self) -> dict[str, Any]:
        """The keys of functions that are not called with a sample point, or return several gradients."""
        found: dict[str, Any] = {"interface": self.interface} if self.interface != "step" else {}
        if self.function:
            taken = {*self.drawn, *self.measured.computed, *self.chosen.formulas}
            parts = {"inputs": list(self.drawn), "cache": list(self.measured.computed)}
            groups = {name + "_" * (name in taken): members for name, members in parts.items() if members}
            returns = list(self.chosen.formulas)
            found["functions"] = [{"name": self.function, "parameters": list(groups), "returns": returns}]
            found["groups"] = groups
        return found

    @cached_property
    def solution(self) -> str:
        """The source of `solutions/gradients.py`, called as students' functions are.

        Raises:
            ConfigError: it cannot be written so.
        """
        if self.config.is_plain:
            return self.source
        try:
            return as_submitted(self.config, self.source)
        except CannotBeWritten as error:
            raise ConfigError(
                f"{self.read.path}: the solution is more than a list of formulas: leave out --interface and --function"
            ) from error

    @cached_property
    def config(self) -> Config:
        return msgspec.convert(self.data, Config)

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.read.path, self.config.quantities, self.measured.computed, self.read.loss)

    @cached_property
    def points(self) -> list[Point]:
        return make_points(self.config, self.graph)

    def assignment(self) -> Assignment:
        """The assignment as it would be loaded from its files."""
        names = [gradient.name for gradient in self.config.gradients]
        reference = Reference(self.read.path, names, self.source.encode(), self.graph)
        return Assignment(self.read.path.parent, self.config, self.graph, self.points, reference)


def make_blueprint(
    path: Path,
    ask: Ask,
    interface: str = "step",
    function: str = "",
    begins: Callable[[str], None] = lambda step: None,
) -> Blueprint:
    """Plan the assignment of the model file at `path`.

    Args:
        interface, function: as in `Blueprint`.
        begins: told of each step that may take a while, such as "finding sizes".

    Raises:
        ConfigError: the model cannot be used; the message has file and line, and what to add.
    """
    with np.errstate(all="ignore"):
        read = read_model(path, ask)
        inputs = drawn_quantities(read, ask)
        begins("finding sizes")
        drawn, measured = measure_in_range(read, inputs)
        begins("deriving gradients")
        chosen, measured = choose_gradients(read, drawn, measured)
        source = write_solution(read, chosen, calls=interface == "step" and not function)
        title = title_of(read, ask)
        blueprint = Blueprint(read, title, drawn, measured, chosen, source, interface=interface, function=function)
        begins("trying sample points")
        return _with_seed(blueprint)


def redrawn(blueprint: Blueprint, *, many: bool = False) -> Blueprint:
    """The same with another seed, and twice as many sample points if there are to be `many`."""
    return replace(_at(blueprint, blueprint.method), count=2 * POINTS if many else POINTS)


def title_of(read: ModelFile, ask: Ask) -> str:
    """From the first sentence of the model's docstring."""
    first = " ".join(read.model.doc.strip().split("\n\n")[0].split())
    words = _SENTENCE.split(first.removeprefix("The model: "))[0].split(": ")[0].split(", one function")[0].rstrip(".")
    if len(words) > _LONG_TITLE:
        words = words.split(", ")[0]
    if not 3 <= len(words) <= 80 or re.match(rf"(?:{'|'.join(read.inputs)})\b,? (?:is|are|and) ", words):
        return ask("Title", f"Gradients of {read.path.stem.replace('_', ' ')}", ())
    start = words.split()[0].split("-")[0]
    if start in ("A", "An") or (start[1:].islower() and start.isalpha()):
        words = words[0].lower() + words[1:]
    return f"Gradients of {words}"


def _with_seed(blueprint: Blueprint) -> Blueprint:
    """With a seed whose sample points suit the checks.

    Difference quotients fail near kinks, and where a loss is steep.  If they do at one of the first few seeds they would fail
    for some students, too: then complex steps take their place.
    """
    tried = [_at(blueprint, "central") for _ in range(_TRIED_SEEDS)]
    method = "central" if all(map(_is_reliable, tried)) else "complex_step"
    others = (_at(blueprint, method) for _ in range(_MOST_SEEDS))
    for candidate in others if method != "central" else chain(tried, others):
        blueprint = candidate
        if _suits(blueprint):
            break
    return blueprint


def _at(blueprint: Blueprint, method: str) -> Blueprint:
    return replace(blueprint, seed=secrets.token_hex(16), method=method)


def _is_reliable(blueprint: Blueprint) -> bool:
    assignment = blueprint.assignment()
    limit = CHECKS["finite_difference"]["tolerance"] / MARGIN
    return all(error <= limit for errors in assignment.numeric_errors.values() for error in errors)


def _suits(blueprint: Blueprint) -> bool:
    assignment = blueprint.assignment()
    checks: Sequence[Any] = (check_points, check_solution, check_margins)
    return all(check(assignment).outcome == "passed" for check in checks)
