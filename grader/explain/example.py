"""Where a gradient comes from: its section of the derivation, and an example worked out in numbers small enough to print."""

import dataclasses
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import msgspec
import numpy as np

from grader.config.keys import Config, Gradient
from grader.diagnosis.formulas.expression import leaves, text
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.mutations.mutants import local_mutants
from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import STEP_SIZE, differentiate, relative_error
from grader.problem.model import Array
from grader.problem.points import Point, make_point

DERIVATION, SOLUTION = "derivation.md", "solutions/gradients.py"
SMALLEST = 2
TRIED = 200  # choices of small sizes
ACCURATE, VERY_ACCURATE = 1e-6, 1e-9  # the relative error of an example: at most, and good enough to look no further
MISTAKES = 12


@dataclass(frozen=True)
class Named:
    """A value in the example: its name, its symbolic shape, its numbers."""

    name: str
    shape: tuple[str | int, ...]
    value: Array


@dataclass(frozen=True)
class Quotient:
    """One entry by a central difference: the loss on both sides of it, and what the formula gives.

    Attributes:
        index: which entry.
        size: how far the entry is moved either way.
    """

    index: tuple[int, ...]
    size: float
    above: float
    below: float
    formula: float

    @property
    def value(self) -> float:
        return (self.above - self.below) / (2 * self.size)


@dataclass(frozen=True)
class Example:
    """One gradient at a small sample point.

    Attributes:
        sizes: the size of each dimension.
        formula: that of the solution as text, "" where it could not be read.
        ingredients: what the formula is made of, gradients that it builds on first.
        result: the gradient.
        quotient: one of its entries, by hand.
        error: the relative error between all of it and central differences.
        mistakes: what the diagnosis recognizes, the most common first.
    """

    sizes: dict[str, int]
    formula: str
    ingredients: list[Named]
    result: Named
    quotient: Quotient
    error: float
    mistakes: list[str]


def small(assignment: Assignment, gradient: Gradient) -> Assignment:
    """The same assignment at one sample point with the smallest sizes that all differ and that the model can have.

    A model may need a relation between sizes, such as O = W - K + 1.  Where no small sizes do, its own are taken.
    """
    config = assignment.config
    free = [name for name, sizes in sorted(config.dimensions.items()) if isinstance(sizes, list)]
    choices = sorted(
        permutations(range(SMALLEST, SMALLEST + len(free) + 1), len(free)), key=lambda each: (sum(each), each)
    )
    best: tuple[float, Assignment] | None = None
    for sizes in choices[:TRIED]:
        chosen = {**config.dimensions, **{name: [size] for name, size in zip(free, sizes, strict=True)}}
        tiny = _at(assignment, msgspec.structs.replace(config, dimensions=chosen), 0)
        error = _error(tiny, gradient) if tiny else float("inf")
        if tiny and error <= (best[0] if best else ACCURATE):
            best = error, tiny
        if best and best[0] <= VERY_ACCURATE:
            break
    if best:
        return best[1]
    sizes_there = [point.sizes for point in assignment.points]
    smallest = min(range(len(sizes_there)), key=lambda k: sum(sizes_there[k].values()))
    return dataclasses.replace(assignment, points=[assignment.points[smallest]])


def _at(assignment: Assignment, config: Config, number: int) -> Assignment | None:
    """The assignment at one sample point of this config; None where the model does not have these sizes."""
    try:
        sizes = list(config.sizes(number).values())
        if len(set(sizes)) < len(sizes):
            return None
        point = make_point(config, assignment.graph, number)
    except (ConfigError, ValueError, IndexError):
        return None
    return dataclasses.replace(assignment, config=config, points=[point])


def _error(tiny: Assignment, gradient: Gradient) -> float:
    """How far the gradient is from the numerical one; infinite where it is zero, large where, as for the batch norm of two
    rows, it is nothing but rounding."""
    try:
        (right,) = tiny.exact[gradient.name]
    except (ConfigError, ValueError, IndexError):
        return float("inf")
    numeric = differentiate(tiny.graph, tiny.points[0], gradient.of)
    error = relative_error(numeric.of(right), numeric.value) if np.any(right) else float("inf")
    return error if np.isfinite(error) else float("inf")


def worked_example(assignment: Assignment, gradient: Gradient) -> Example:
    """The gradient worked out at a small sample point; the assignment has its solution."""
    tiny = small(assignment, gradient)
    world = make_world(tiny)
    (point,), (right,) = tiny.points, tiny.exact[gradient.name]
    right = tiny.config.sign * right
    numeric = differentiate(tiny.graph, point, gradient.of)
    tree = world.local[gradient.name]
    return Example(
        sizes=point.sizes,
        formula="" if tree is None else text(tree),
        ingredients=_ingredients(tiny, world, gradient, point),
        result=Named(gradient.name, tiny.symbolic(gradient), right),
        quotient=_quotient(tiny, gradient, point, right),
        error=relative_error(numeric.of(right), tiny.config.sign * numeric.value),
        mistakes=_mistakes(world, gradient),
    )


def _ingredients(tiny: Assignment, world: World, gradient: Gradient, point: Point) -> list[Named]:
    tree = world.local[gradient.name]
    if tree is None:
        found = [("g", name) for name in world.upstream(gradient.name)]
    else:
        found = list(dict.fromkeys((leaf[0], leaf[1]) for leaf in leaves(tree) if leaf[0] in "gq"))
    by_name = {other.name: other for other in tiny.config.gradients}
    return [
        Named(name, tiny.symbolic(by_name[name]), tiny.config.sign * tiny.exact[name][0])
        if kind == "g"
        else Named(name, tiny.config.shape_of(name), np.asarray(point.values[name]))
        for kind, name in sorted(found)
    ]


def _quotient(tiny: Assignment, gradient: Gradient, point: Point, right: Array) -> Quotient:
    """The largest entry, moved up and down."""
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(right))), right.shape))
    size = STEP_SIZE["central"]
    sides = []
    for sign in (1, -1):
        moved = np.array(point.values[gradient.of], dtype=float)
        moved[index] += sign * size
        sides.append(tiny.config.sign * float(tiny.graph.loss_at(point.values, gradient.of, moved)))
    return Quotient(index, size, sides[0], sides[1], float(right[index]))


def _mistakes(world: World, gradient: Gradient) -> list[str]:
    """One sentence for each operator that has a mutant here, with numbers of its own."""
    cheapest: dict[str, tuple[float, str]] = {}
    for node, edit in local_mutants(gradient.name, world):
        known = cheapest.get(edit.operator)
        likelier = known is None or edit.cost < known[0]
        if likelier and world.evaluator(node) is not None and not world.equal(node, ("g", gradient.name)):
            cheapest[edit.operator] = (edit.cost, edit.statement)
    return [statement for _, statement in sorted(cheapest.values())[:MISTAKES]]


WRITTEN_BY_NEW = "`grader new` derived it"  # in a derivation.md that holds nothing but what `explain` prints anyway


def own_section(assignment: Assignment, gradient: str) -> str:
    """What the instructor's derivation.md says of a gradient, "" where there is none: beside the solution, or in solutions/."""
    path = (assignment.folder / (assignment.config.solution or SOLUTION)).with_name(DERIVATION)
    if not path.is_file() or WRITTEN_BY_NEW in path.read_text(encoding="utf-8", errors="replace"):
        return ""
    return sections(path).get(gradient, "")


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
