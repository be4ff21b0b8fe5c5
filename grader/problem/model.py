"""The model as a graph: one function per quantity, its parameters the quantities that it depends on.

Evaluates it, with any quantity replaced.  Knows nothing of what the quantities mean.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from grader.errors import ConfigError, did_you_mean, reason_of

Array = np.ndarray[Any, Any]
Values = Mapping[str, Any]
_SHORT = re.compile(rb"float(?:16|32)|half|single|\bf[24]\b")  # the names of floats in less than double precision


def read_source(path: Path) -> bytes:
    """The source of an instructor's file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason_of(error)}") from error


def load_module(source: bytes, path: Path, name: str) -> ModuleType:
    """Execute an instructor's file, never a student's, as a module called `name`.

    Raises:
        ConfigError: it does not run.
    """
    module = ModuleType(name)
    module.__file__ = str(path)
    try:
        code: Any = source
        if _SHORT.search(source):
            from grader.derivation.graph.double import in_double

            code = in_double(source, str(path))
        exec(compile(code, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102, an instructor's own file
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) or line_in(error, path)
        raise ConfigError(f"{path}:{line}: does not run: {type(error).__name__}: {error}") from error
    return module


class Graph:
    """The functions of a model, in an order in which they can be evaluated."""

    def __init__(self, path: Path, quantities: Iterable[str], computed: Iterable[str], loss: str) -> None:
        """Load the model file at `path`.

        Args:
            quantities: all names that a parameter may have.
            computed: those of them that the model must compute.
            loss: the function whose derivatives are asked for.

        Raises:
            ConfigError: a function is missing or one too many, a parameter is no quantity, or the functions need one another in a
                circle.
        """
        self.loss = loss
        self.path = path
        self.source = read_source(path)
        self._module = load_module(self.source, path, "model")
        self._variants: dict[Any, dict[str, Callable[..., Any]]] = {}
        self._downstream: dict[str, tuple[str, ...]] = {}
        known = set(quantities)
        self.functions: dict[str, Callable[..., Any]] = {}
        self.parameters: dict[str, tuple[str, ...]] = {}
        by_model = [*computed, loss]
        for name in by_model:
            self._add(name, known)
        for name in (known & set(self.helpers)) - set(by_model):
            raise ConfigError(
                f"{path}:{line_of(self.helpers[name])}: computes {name}, which config.yaml draws: expected `sample: model` there"
            )
        self.order = self._sorted()

    @property
    def helpers(self) -> dict[str, Callable[..., Any]]:
        """The functions of the model file by name, those included that are no quantities, such as a sigmoid."""
        return {name: value for name, value in vars(self._module).items() if isinstance(value, FunctionType)}

    @property
    def public(self) -> dict[str, Any]:
        """What `from model import ...` finds: functions and constants by name."""
        names = {name: value for name, value in vars(self._module).items() if not name.startswith("_")}
        return {name: value for name, value in names.items() if not isinstance(value, ModuleType)}

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Meanwhile `import model` finds this model, as it does in a student's file."""
        before = sys.modules.get("model")
        sys.modules["model"] = self._module
        try:
            yield
        finally:
            del sys.modules["model"]
            if before is not None:
                sys.modules["model"] = before

    def _add(self, name: str, known: set[str]) -> None:
        function = getattr(self._module, name, None)
        if not callable(function):
            raise ConfigError(f"{self.path}:{self._missing(name)}; config.yaml says the model computes it")
        parameters = tuple(inspect.signature(function).parameters)
        for parameter in parameters:
            if parameter not in known:
                raise ConfigError(
                    f"{self.path}:{line_of(function)}: {name}({', '.join(parameters)}): {parameter} is no quantity of"
                    f" config.yaml; expected among {', '.join(sorted(known))}{did_you_mean(parameter, sorted(known))}"
                )
        self.functions[name] = function
        self.parameters[name] = parameters

    def _missing(self, name: str) -> str:
        """`12: expected a function h(...), found none`, with the line of one that has nearly this name, or that needs it."""
        near = did_you_mean(name, list(self.helpers))
        named = next((one for one in self.helpers if near == f"; did you mean {one}?"), None)
        needs = (one for one, function in self.helpers.items() if name in inspect.signature(function).parameters)
        place = named or next(needs, None)
        line = line_of(self.helpers[place]) if place else max(1, len(self.source.splitlines()))
        needed = f" for {place}" if place and not named else ""
        return f"{line}: expected a function {name}(...){needed}, found none{near}"

    def _sorted(self) -> tuple[str, ...]:
        order: list[str] = []

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                line, circle = line_of(self.functions[name]), " needs ".join([*path[path.index(name) :], name])
                raise ConfigError(f"{self.path}:{line}: {circle}: quantities cannot need themselves")
            for parameter in self.parameters[name]:
                if parameter in self.functions:
                    visit(parameter, (*path, name))
            if name not in order:
                order.append(name)

        for name in self.functions:
            visit(name, ())
        return tuple(order)

    def downstream(self, node: str) -> tuple[str, ...]:
        """The functions whose value changes with `node`, in order of evaluation, `node` itself left out."""
        if node not in self._downstream:
            self._downstream[node] = self._changed_with(node)
        return self._downstream[node]

    def _changed_with(self, node: str) -> tuple[str, ...]:
        changed = {node}
        for name in self.order:
            if name != node and changed.intersection(self.parameters[name]):
                changed.add(name)
        return tuple(name for name in self.order if name in changed and name != node)

    def evaluate(self, inputs: Values) -> dict[str, Any]:
        """All quantities from the inputs alone."""
        return self._run(self.order, inputs, self.functions)

    def loss_at(self, values: Values, node: str, replacement: Any, instead: Callable[[Any], Any] | None = None) -> Any:
        """The loss with `node` replaced, everything upstream of it kept: a number, or (N,) for a stack of N replacements.

        Replacing a quantity that the model computes cuts it off from what it is computed from,
        so the derivative with respect to it is the one with respect to that quantity as a free variable.

        Args:
            instead: what the model finds in place of numpy and whatever else its file names.
        """
        functions = self.functions_with(instead) if instead else self.functions
        changed = self._run(self.downstream(node), {**values, node: replacement}, functions)
        return changed[self.loss]

    def functions_with(self, instead: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
        """The functions of a second copy of the module, in which `instead` replaces what the file names, such as numpy."""
        if instead not in self._variants:
            names = vars(load_module(self.source, self.path, "model"))
            named = {"max": max, "min": min, **names}  # builtins that compare numbers: one of a stack has many
            names.update({name: instead(value) for name, value in named.items()})
            self._variants[instead] = {name: names[name] for name in self.functions}
        return self._variants[instead]

    def _run(self, names: Iterable[str], values: Values, functions: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
        known = dict(values)
        for name in names:
            known[name] = functions[name](*[known[parameter] for parameter in self.parameters[name]])
        return known


def line_of(function: Callable[..., Any]) -> int:
    """The line on which a function of the model begins."""
    code = getattr(function, "__code__", None)
    return int(code.co_firstlineno) if code is not None else 1


def line_in(error: BaseException, path: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
