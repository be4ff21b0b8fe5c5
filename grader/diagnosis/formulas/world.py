"""What mutators may use: the formulas of solution and model, the shapes, and which function is applied where.

Read from the assignment; knows no mistake.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from grader.config.quantities import Constant, Index, OneHot
from grader.diagnosis.formulas.expression import (
    Evaluator,
    Node,
    leaves,
    q,
    text,
)
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.functions import COMMON, Functions
from grader.diagnosis.formulas.repetition import closed_forms
from grader.diagnosis.formulas.sequences import following
from grader.diagnosis.formulas.sources import Sources
from grader.problem.assignment import Assignment

PROBES = 3


class Application(Struct, frozen=True):
    """What the model computes as `function(argument)`: a quantity, or with "" for it a part of one."""

    quantity: str
    function: str
    argument: Node

    @property
    def output(self) -> Node:
        return q(self.quantity) if self.quantity else ("fn", self.function, self.argument)

    @property
    def name(self) -> str:
        return self.quantity or text(self.output)

    @property
    def derivative(self) -> Node:
        return ("derivative", self.function, self.argument)

    @property
    def jacobian(self) -> Node:
        return ("jacobian", self.function, self.argument)


class World(Struct, dict=True):
    """One assignment, as the mutators see it.

    Attributes:
        local: for each gradient its formula, with other gradients as leaves; None where none could be derived or read.
        model: for each quantity that the model computes, its formula.
        applications: those that are quantities; `inner`: those within the formula of one.
        others: the solution's own formula of a gradient, where it is another one.
        starts: for a result whose rows are the states of a loop, the quantity that stands before its first row.
        problems: why what is missing could not be read.
        evaluator: values at the probed sample points, with the right gradients.
        sources: where the formulas come from.
    """

    assignment: Assignment
    functions: Functions
    evaluator: Evaluator
    sources: Sources
    local: dict[str, Node | None]
    model: dict[str, Node]
    shapes: dict[str, tuple[str | int, ...]]
    applications: list[Application] = []
    others: dict[str, list[Node]] = {}
    inner: list[Application] = []
    problems: dict[str, str] = {}
    starts: dict[str, str] = {}
    _by: dict[str, Node | None] = {}

    def first(self, formulas: Iterator[Node], of: Node) -> Node | None:
        """The first formula that has the right values at every probed sample point."""
        return next((formula for formula in formulas if self.equal(formula, of)), None)

    @property
    def one_hots(self) -> list[str]:
        return [name for name, quantity in self.assignment.config.quantities.items() if isinstance(quantity, OneHot)]

    @property
    def indices(self) -> list[str]:
        every = self.assignment.config.quantities
        return [name for name, one in every.items() if isinstance(one, Index) and not one.shape]

    def counts_like(self, index: str) -> list[str]:
        """The other indices of the same shape, below the same size."""
        found = self.assignment.config.quantities
        indices = [(name, one.of, one.shape) for name, one in found.items() if isinstance(one, Index)]
        own = next(rest for name, *rest in indices if name == index)
        return [name for name, *rest in indices if name != index and rest == own]

    @property
    def matrices(self) -> list[str]:
        return [name for name, shape in self.shapes.items() if len(shape) == 2 and 1 not in shape]

    @property
    def rows(self) -> list[str]:
        """What is one row an example: (1, n), or (N, n) where the model computes such rows for N examples."""
        return [name for name, shape in self.shapes.items() if self.is_rows(shape)]

    def is_rows(self, shape: Sequence[str | int]) -> bool:
        return len(shape) == 2 and shape[0] in self._examples

    @cached_property
    def _examples(self) -> set[str | int]:
        computed = [self.shapes[name] for name in self.assignment.graph.functions if name in self.shapes]
        return {1} | {shape[0] for shape in computed if len(shape) == 2 and shape[1] != 1}

    def is_constant(self, leaf: Node) -> bool:
        """Whether it is a quantity that is one number at all sample points."""
        quantity = self.assignment.config.quantities.get(leaf[1]) if leaf[0] == "q" else None
        return isinstance(quantity, Constant) and not quantity.shape

    def axis_names(self, shape: Sequence[str | int]) -> list[tuple[int, str]]:
        """Each axis that is longer than 1, and what it runs over."""
        axes = [axis for axis, length in enumerate(shape) if length != 1]
        if len(shape) != 2:
            many = len(shape) > 1
            return [(axis, f"over axis {axis} ({shape[axis]})" if many else "over all entries") for axis in axes]
        return [(axis, ("over the rows", "over the columns")[axis]) for axis in axes]

    @property
    def all_applications(self) -> list[Application]:
        return [*self.applications, *self.inner]

    @cached_property
    def constants(self) -> list[str]:
        """The constants that the formulas name."""
        formulas = [*self.model.values(), *(tree for tree in self.local.values() if tree is not None)]
        return list(dict.fromkeys(leaf[1] for tree in formulas for leaf in leaves(tree) if leaf[0] == "k"))

    def named_like(self, function: str) -> str:
        """The model's name for one of the usual functions."""
        if function in self.functions.names:
            return "the logistic function" if function == "logistic" else function
        probe = np.linspace(-1, 1.5, 6)[None, :]
        same = (
            own for own in self.functions.own if np.allclose(self.functions.value(own, probe), COMMON[function](probe))
        )
        return next(same, function)

    def like(self, name: str) -> list[str]:
        """The other quantities of the same symbolic shape."""
        return [other for other, shape in self.shapes.items() if other != name and shape == self.shapes[name]]

    def gradient_shape(self, name: str) -> tuple[str | int, ...]:
        of = next(gradient.of for gradient in self.assignment.config.gradients if gradient.name == name)
        return self.assignment.config.shape_of(of)

    def upstream(self, name: str) -> list[str]:
        """The gradients that the solution of `name` calls."""
        tree = self.local[name]
        return [] if tree is None else list(dict.fromkeys(leaf[1] for leaf in leaves(tree) if leaf[0] == "g"))

    def equal(self, a: Node, b: Node) -> bool:
        """The same values at every probed sample point."""
        left, right = self.evaluator(a), self.evaluator(b)
        if left is None or right is None:
            return False
        return all(
            x.shape == y.shape and np.allclose(x, y, rtol=1e-9, atol=1e-12) for x, y in zip(left, right, strict=True)
        )

    def applied(self, quantity: str) -> Application | None:
        return next((one for one in self.applications if one.quantity == quantity), None)

    def application(self, function: str, argument: Node) -> Application | None:
        return next((one for one in self.applications if (one.function, one.argument) == (function, argument)), None)

    @cached_property
    def later(self) -> dict[Node, Node]:
        """What stands one step later in sums over steps that are written out."""
        return following(self.local.values(), self.shapes)

    @cached_property
    def earlier(self) -> dict[Node, Node]:
        return {b: a for a, b in self.later.items()}

    @cached_property
    def loss(self) -> Node | None:
        """The formula of the loss."""
        return next(self.sources.model_formulas(self.assignment.config.loss), None)

    def by(self, quantity: str) -> Node | None:
        """The formula of the gradient by a quantity, which need not be asked for."""
        if quantity not in self._by:
            leaf = ("d", quantity, self.assignment.config.loss)
            self._by[quantity] = self.first(self.sources.formulas_by(quantity), leaf)
        return self._by[quantity]

    def normalizes(self, function: str) -> bool:
        """Whether the entries of the result always add up to 1, and are in proportion to exp."""
        exp = np.exp(probe := np.linspace(-1, 1.5, 6)[None, :])
        return bool(np.allclose(self.functions.value(function, probe), exp / exp.sum()))


def make_world(assignment: Assignment) -> World:
    """Read solution and model; the assignment must have a solution."""
    config, graph = assignment.config, assignment.graph
    functions = Functions(graph.functions[graph.loss].__globals__, {*config.quantities, graph.loss})
    count = min(PROBES, len(assignment.points))
    exact = {name: values[:count] for name, values in assignment.exact.items()}
    evaluator = Evaluator(graph, functions, assignment.points[:count], exact)
    sources = Sources(assignment, functions)
    arrays = {name: config.shape_of(name) for name, one in config.quantities.items() if not isinstance(one, Index)}
    shapes = {name: shape for name, shape in arrays.items() if shape}  # a single number has no axis to go wrong
    world = World(
        assignment, functions, evaluator, sources, {}, {}, shapes, problems=sources.problems, starts=sources.starts
    )
    for quantity in graph.functions:
        if quantity != graph.loss and (tree := world.first(sources.model_formulas(quantity), q(quantity))) is not None:
            world.model[quantity] = tree
    for name in assignment.names:
        derived = world.first(sources.derived_formulas(name), ("g", name))
        solved = world.first(sources.solution_formulas(name), ("g", name))
        world.local[name] = solved if derived is None else derived
        world.others[name] = [form for form in (solved,) if form is not None and not _alike(form, world.local[name])]
        world.others[name] += _without_loops(name, world)
    world.applications = [Application(name, tree[1], tree[2]) for name, tree in world.model.items() if tree[0] == "fn"]
    trees = filter(None, (*world.model.values(), *world.local.values()))
    parts = dict.fromkeys(part for tree in trees for part in inside(tree) if part[0] == "fn")
    world.inner = [Application("", *part[1:]) for part in parts if world.application(*part[1:]) is None]
    return world


def _without_loops(name: str, world: World) -> list[Node]:
    """The formula of a gradient as a sum over axes or a matrix product, where its loop is one."""
    tree = world.local[name]
    shapes = {q(each): shape for each, shape in world.shapes.items()}
    shapes |= {("g", each): world.gradient_shape(each) for each in world.assignment.names}
    found = None if tree is None else world.first(closed_forms(tree, shapes), ("g", name))
    return [] if found is None else [found]


def _alike(form: Node, other: Node | None) -> bool:
    """Whether two formulas have the same ingredients: then they are the same but for order and signs, and go wrong alike."""
    return other is not None and sorted(map(str, leaves(form))) == sorted(map(str, leaves(other)))
