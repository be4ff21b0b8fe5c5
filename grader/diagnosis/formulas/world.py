"""What mutators may use: the formulas of solution and model, the shapes, and which function is applied where.

Read from the assignment; knows no mistake.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from grader.config.quantities import Index, OneHot
from grader.diagnosis.formulas.expression import ONE, Evaluator, Node, add, leaves, mul, neg, one_minus, q, transposed
from grader.diagnosis.formulas.functions import Functions
from grader.diagnosis.formulas.reading import read_functions, read_gradient, read_quantity
from grader.problem.assignment import Assignment

PROBES = 3


@dataclass(frozen=True)
class Application:
    """A quantity that the model computes as `function(argument)`."""

    quantity: str
    function: str
    argument: Node

    @property
    def derivative(self) -> Node:
        return ("derivative", self.function, self.argument)

    @property
    def jacobian(self) -> Node:
        return ("jacobian", self.function, self.argument)


@dataclass
class World:
    """One assignment, as the mutators see it.

    Attributes:
        local: for each gradient the solution's formula with calls of other gradients as leaves; None where unreadable.
        model: for each quantity that the model computes, its formula.
        evaluator: values at the probed sample points, with the right gradients.
    """

    assignment: Assignment
    functions: Functions
    evaluator: Evaluator
    local: dict[str, Node | None]
    model: dict[str, Node]
    shapes: dict[str, tuple[str | int, ...]]
    applications: list[Application] = field(default_factory=list)

    @property
    def one_hots(self) -> list[str]:
        return [name for name, quantity in self.assignment.config.quantities.items() if isinstance(quantity, OneHot)]

    @property
    def indices(self) -> list[str]:
        return [
            name
            for name, quantity in self.assignment.config.quantities.items()
            if isinstance(quantity, Index) and not quantity.shape
        ]

    @property
    def matrices(self) -> list[str]:
        return [name for name, shape in self.shapes.items() if len(shape) == 2 and 1 not in shape]

    @property
    def rows(self) -> list[str]:
        return [name for name, shape in self.shapes.items() if len(shape) == 2 and shape[0] == 1]

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

    def normalizes(self, function: str) -> bool:
        """Whether the entries of the result always add up to 1, and are in proportion to exp."""
        probe = np.linspace(-1, 1.5, 6)[None, :]
        exp = np.exp(probe)
        return bool(np.allclose(self.functions.value(function, probe), exp / exp.sum()))


def make_world(assignment: Assignment) -> World:
    """Read solution and model; the assignment must have a solution."""
    config, graph = assignment.config, assignment.graph
    if assignment.reference is None:
        raise ValueError("without a solution there is nothing to mutate")
    functions = Functions(graph.functions[graph.loss].__globals__, {*config.quantities, graph.loss})
    count = min(PROBES, len(assignment.points))
    exact = {name: values[:count] for name, values in assignment.exact.items()}
    evaluator = Evaluator(graph, functions, assignment.points[:count], exact)
    solution = read_functions(assignment.reference.source)
    local: dict[str, Node | None] = {}
    for name in assignment.names:
        local[name] = read_gradient(solution[name], assignment.names, functions.own) if name in solution else None
    sources = read_functions(graph.source)
    model = {}
    for name in graph.functions:
        if name != graph.loss and name in sources and (tree := read_quantity(sources[name], functions.own)) is not None:
            model[name] = tree
    arrays = {name: one.shape for name, one in config.quantities.items() if not isinstance(one, Index)}
    shapes = {name: shape for name, shape in arrays.items() if shape}  # a single number has no axis to go wrong
    world = World(assignment, functions, evaluator, local, model, shapes)
    for name, tree in local.items():
        if tree is not None and not world.equal(tree, ("g", name)):
            local[name] = None  # misread
    for name in [name for name, tree in model.items() if not world.equal(tree, q(name))]:
        del model[name]
    world.applications = [Application(name, tree[1], tree[2]) for name, tree in model.items() if tree[0] == "fn"]
    return world


def derivative_forms(world: World, application: Application) -> list[Node]:
    """Ways to write f'(argument) that textbooks give and that hold for this function: f(1 - f), 1 - f^2, ..."""
    out = q(application.quantity)
    exp = ("fn", "exp", neg(application.argument))
    forms: list[Node] = [
        mul(out, one_minus(out)),
        ("div", exp, ("pow", add(ONE, exp), 2)),
        add(ONE, neg(("pow", out, 2))),
    ]
    return [form for form in forms if world.equal(form, application.derivative)]


def local_forms(world: World, name: str) -> Iterator[tuple[Node, float]]:
    """The solution's formula of a gradient, and equal ones, each with a cost: how unusual it is."""
    tree = world.local[name]
    if tree is None:
        return
    yield tree, 0.0
    for application in world.applications:
        for form in _with_derivative(world, tree, application.derivative):
            yield form, 0.0
            for written in derivative_forms(world, application):
                yield _substituted(form, application.derivative, written), 0.1
    if not world.upstream(name):
        yield from _root_forms(world, name)


def _with_derivative(world: World, tree: Node, derivative: Node) -> Iterator[Node]:
    """`tree` with the factors that make up this derivative put together."""
    if tree[0] == "mul":
        factors = tree[1:]
        for size in range(1, len(factors)):
            for chosen in combinations(range(len(factors)), size):
                if world.equal(mul(*(factors[i] for i in chosen)), derivative):
                    rest = [factor for i, factor in enumerate(factors) if i not in chosen]
                    yield mul(*rest, derivative)
                    return
    for i, part in enumerate(tree):
        if isinstance(part, tuple):
            for new in _with_derivative(world, part, derivative):
                yield (*tree[:i], new, *tree[i + 1 :])


def _substituted(tree: Node, old: Node, new: Node) -> Node:
    if tree[0] == "mul" and old in tree[1:]:
        return mul(*(new if factor == old else factor for factor in tree[1:]))
    return tuple(_substituted(part, old, new) if isinstance(part, tuple) else part for part in tree)


def _root_forms(world: World, name: str) -> Iterator[tuple[Node, float]]:
    """The gradient as dJ/d(output of a function) times the whole derivative of the function."""
    for application in world.applications:
        out: Node = ("d", application.quantity, world.assignment.config.loss)
        jacobian = application.jacobian
        if not world.equal(("mm", out, jacobian), ("g", name)):
            continue
        yield ("mm", out, jacobian), 0.1
        result = q(application.quantity)
        spelled = add(("spread", result), neg(("mm", transposed(result), result)))
        for target in world.one_hots:
            quotient = neg(("div", q(target), result))
            if world.equal(quotient, out):
                yield ("mm", quotient, jacobian), 0.2
                if world.equal(spelled, jacobian):
                    yield ("mm", quotient, spelled), 0.3
