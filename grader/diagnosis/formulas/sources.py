"""Where formulas come from: the model, differentiated, and the solution, run on stand-ins for arrays.  No text is read."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from msgspec import Struct

from grader.derivation.chain import Forward, derive_from, local_gradients, run
from grader.derivation.derivation import Derivation
from grader.derivation.graph.loading import Model
from grader.derivation.graph.nodes import Node as GraphNode
from grader.derivation.graph.nodes import Unreadable
from grader.derivation.graph.recorder import Tracer, lift, new_graph
from grader.derivation.rules.units import fold
from grader.derivation.simplify.reuse import reuse
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.loops import recurrence
from grader.diagnosis.formulas.conversion import Converter
from grader.diagnosis.formulas.formula_nodes import Node, inside
from grader.diagnosis.formulas.functions import Functions
from grader.diagnosis.formulas.repetition import Scan, SeriesConverter
from grader.problem.assignment import Assignment
from grader.problem.derived import Derived, discrete_of, inputs_of, largest_of
from grader.problem.points import Point


class Sources(Struct, dict=True):
    """The formulas of an assignment, each in one or two readings: with sizes by their names, and as numbers.

    Attributes:
        problems: what cannot be read, as told by the derivation: file, line, construct.
        starts: for a result whose rows are the states of a loop, the quantity that stands before its first row.
    """

    assignment: Assignment
    functions: Functions
    problems: dict[str, str] = {}
    starts: dict[str, str] = {}
    _scans: dict[str, Scan | None] = {}

    @cached_property
    def _largest(self) -> int:
        return largest_of(self.assignment.points)

    @property
    def point(self) -> Point:
        return self.assignment.points[self._largest]

    @cached_property
    def _derivation(self) -> Derivation | None:
        """What stands in for a solution was derived in the same way: at the same sizes it is not done twice."""
        reference = self.assignment.reference
        if not isinstance(reference, Derived):
            return None
        known = reference.derivation
        same = self._number < len(known.points) and known.points[self._number].dimensions == self.point.sizes
        return known if same else None

    @cached_property
    def _number(self) -> int:
        """Which of the points of that derivation is ours: it may be the only one."""
        reference = self.assignment.reference
        return self._largest if isinstance(reference, Derived) and len(reference.derivation.points) > 1 else 0

    @cached_property
    def model(self) -> Model | None:
        if self._derivation is not None:
            return self._derivation.model
        try:
            return Model(self.assignment.graph.path, self.assignment.graph.source.decode())
        except Exception as error:
            self.problems["model"] = str(error)
            return None

    @cached_property
    def forward(self) -> Forward | None:
        """The model's quantities as graphs."""
        if self._derivation is not None:
            return self._derivation.forward[self._number]
        if self.model is None:
            return None
        try:
            return run(self.model, inputs_of(self.assignment.config, self.point), self.assignment.config.loss)
        except Unreadable as error:
            self.problems["model"] = str(error)
            return None

    def model_formulas(self, quantity: str) -> Iterator[Node]:
        """A quantity in terms of those that it is computed from."""
        if self.forward is not None and quantity in self.forward.roots:
            yield from self._readings(Simplifier(self.forward.graph)(self.forward.roots[quantity]))

    def derived_formulas(self, gradient: str) -> Iterator[Node]:
        """A gradient as derived from the model, other gradients by name; loops as loops where that is possible."""
        found = self._derived.get(gradient)
        if found is None:
            return
        scan = self._scan(gradient)
        if scan is not None:
            yield scan
        yield from self._in_series(found)
        yield from self._readings(found)

    def formulas_by(self, quantity: str) -> Iterator[Node]:
        """The gradient by any quantity that the model computes, with those that are asked for by name."""
        if self.forward is not None and quantity in self.forward.leaves:
            try:
                yield from self._readings(self._gradient_by(quantity, self.forward))
            except Unreadable as error:
                self.problems["model"] = str(error)

    def solution_formulas(self, gradient: str) -> Iterator[Node]:
        """A gradient as the solution computes it, calls of other gradients as names."""
        found = self._solved.get(gradient)
        if found is not None:
            yield from self._in_series(found)
            yield from self._readings(found)

    @cached_property
    def _derived(self) -> dict[str, GraphNode]:
        if self.forward is None:
            return {}
        wanted = {gradient.name: gradient.of for gradient in self.assignment.config.gradients}
        try:
            known = self._derivation
            found = derive_from(self.forward, wanted) if known is None else known.at_points[self._number]
        except Unreadable as error:
            self.problems["model"] = str(error)
            return {}
        return {name: gradient.formula for name, gradient in found.items()}

    @cached_property
    def _solved(self) -> dict[str, GraphNode]:
        """The hand-written solution, where there is one."""
        reference = self.assignment.reference
        if reference is None or isinstance(reference, Derived) or not reference.source:
            return {}
        try:
            with self.assignment.graph.importable():
                solution = Model(reference.path, reference.source.decode())
        except Exception as error:
            self.problems["solution"] = str(error)
            return {}
        return {name: node for name in self.assignment.names if (node := self._run(solution, name)) is not None}

    def _run(self, solution: Model, name: str) -> GraphNode | None:
        graph = new_graph(dict(self.point.sizes), discrete_of(self.assignment.config))
        quantities = {each: Tracer(graph.leaf(each, value)) for each, value in self.point.values.items()}
        exact = self.assignment.exact
        of = {gradient.name: gradient.of for gradient in self.assignment.config.gradients}
        rank = {gradient: quantities[quantity].node.index for gradient, quantity in of.items()}
        try:
            with solution.on(graph) as functions:
                function = functions[name]
                namespace: dict[str, Any] = function.__globals__
                for other in of.keys() - {name}:
                    leaf = graph.gradient(other, exact[other][self._largest], of[other], rank[other])
                    namespace[other] = lambda *_, leaf=leaf: Tracer(leaf)
                result = lift(function(SimpleNamespace(**quantities)), graph)
            return Simplifier(graph)(fold(result.node))
        except Exception as error:  # an instructor's code, on arrays that are none
            self.problems[name] = str(error)
            return None

    # Conversion

    def _scan(self, gradient: str) -> Node | None:
        """The formula of a gradient by a quantity that one function uses, which is a recurrence."""
        assert self.forward is not None
        of = next(each.of for each in self.assignment.config.gradients if each.name == gradient)
        uses = [name for name in self.forward.order if of in self.forward.parameters[name]]
        scan = self._scan_of(uses[0]) if len(uses) == 1 else None
        return scan.formula(of) if scan is not None else None

    def _scan_of(self, function: str) -> Scan | None:
        if function not in self._scans:
            assert self.forward is not None
            found = recurrence(self.forward, function)
            start = found.start() if found is not None else None
            scan = None
            if found is not None and start is not None:
                self.starts[function] = start.name
                converter = self._converter(self._sizes, SeriesConverter)
                scan = Scan(self.forward, found, start, converter, self._upstream(function))
            self._scans[function] = scan
        return self._scans[function]

    def _upstream(self, result: str) -> GraphNode:
        """The gradient by a result of the model: by its name where it is asked for, else its formula."""
        assert self.forward is not None
        named = next((each for each in self.assignment.config.gradients if each.of == result), None)
        leaf = self.forward.leaves[result]
        if named is not None:
            return leaf.graph.gradient(named.name, self._derived[named.name].value, result, leaf.index)
        return self._gradient_by(result, self.forward)

    def _gradient_by(self, quantity: str, forward: Forward) -> GraphNode:
        """The formula of a gradient that is not asked for."""
        wanted = {gradient.name: gradient.of for gradient in self.assignment.config.gradients}
        graph, key = forward.leaves[quantity].graph, f"d/d{quantity}"  # in a graph a name stands for one gradient
        return reuse(graph, local_gradients(forward, {**wanted, key: quantity}))[key].formula

    def _in_series(self, node: GraphNode) -> Iterator[Node]:
        """Written-out loops as loops."""
        series = self._converter(self._sizes, SeriesConverter)(node)
        if any(part[0] == "series" for part in inside(series)):
            yield series

    def _readings(self, node: GraphNode) -> Iterator[Node]:
        for sizes in (self._sizes, {}):
            yield self._converter(sizes)(node)

    @property
    def _sizes(self) -> dict[int, str]:
        return {size: name for name, size in reversed(list(self.point.sizes.items()))}

    def _converter(self, sizes: Mapping[int, str], kind: type[Converter] = Converter) -> Converter:
        model = self.model
        quantities = self.assignment.graph.functions
        helpers = {op: name for name, op in model.helpers.items() if name not in quantities} if model else {}
        return kind(self.functions, helpers, set(model.constants) if model else set(), sizes)
