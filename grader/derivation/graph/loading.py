"""The model's file, run once with a stand-in for numpy in its namespace.  Only instructors' files are ever run.

numpy dispatches most calls on stand-ins by itself.  What it does not (`np.zeros` that is filled later, `np.array([a, b])`,
`float(loss)`) goes through the stand-in.  Numbers that the module names (`EPS = 1e-5`) keep their names.
"""

import ast
import builtins
import functools
import inspect
import math
import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from grader.derivation.graph.double import in_double
from grader.derivation.graph.naming import targets
from grader.derivation.graph.nodes import Graph, Unreadable
from grader.derivation.graph.recorder import Tracer, call, contains_tracer, lift, new_graph
from grader.derivation.graph.windows import HELPERS, in_windows
from grader.derivation.rules.units import recognized

Functions = dict[str, Callable[..., Any]]

_TAKE_SEQUENCES = set("concatenate concat stack hstack vstack row_stack column_stack einsum where".split())


class Model:
    """The functions of a model file, to be called with stand-ins."""

    def __init__(self, path: Path, source: str | None = None) -> None:
        """Execute it; `source` is what it says, for a caller that has read it."""
        self.path = path
        self._module = ModuleType(path.stem)
        self._module.__file__ = str(path)
        namespace = vars(self._module)
        self.source = path.read_text(encoding="utf-8") if source is None else source
        code = in_double(self.source, str(path))
        exec(compile(code, str(path), "exec", dont_inherit=True), namespace)  # noqa: S102
        self._parameters: dict[str, tuple[str, ...]] = {}
        self.targets = targets(self.source)
        self.doc = self._module.__doc__ or ""
        self.functions: Functions = {
            name: value
            for name, value in namespace.items()
            if isinstance(value, FunctionType) and value.__code__.co_filename == str(path)
        }
        self._recorded = self.functions | self._in_windows(code)
        self.constants = {name: value for name, value in namespace.items() if _is_constant(name, value)}
        self.units: dict[str, Callable[[Tracer], Tracer]] = {}
        self.helpers: dict[str, str] = {}  # what each of them is
        self._find_units(new_graph({}))

    def parameters(self, name: str) -> tuple[str, ...]:
        """The quantities that a function takes; a parameter with a default is a setting, unless the model computes it."""
        if name not in self._parameters:
            all_of_them = inspect.signature(self.functions[name]).parameters.values()
            required = [p.name for p in all_of_them if p.default is p.empty or p.name in self.functions]
            self._parameters[name] = tuple(required)
        return self._parameters[name]

    @contextmanager
    def on(self, graph: Graph) -> Iterator[Functions]:
        """The functions, computing on `graph` as long as the context lasts."""
        namespace = vars(self._module)
        before = dict(namespace)
        for name, value in before.items():
            if value is np or value is np.linalg:
                namespace[name] = Numpy(graph, value)
            elif value is math:
                namespace[name] = Math()
        namespace |= {name: Tracer(graph.leaf(name, value)) for name, value in self.constants.items()}
        replaced = {"float": _Float, "len": _length, "max": _extreme(max), "min": _extreme(min)}
        namespace |= {"__derivation__": True, **HELPERS, **replaced}
        whole = {name: self._whole(name, function) for name, function in self._recorded.items()}
        namespace |= whole
        try:
            yield whole
        finally:
            namespace.clear()
            namespace.update(before)

    def _in_windows(self, tree: ast.Module) -> Functions:
        """The functions for stand-ins: those with loops that are sums over windows."""
        found: Functions = {}
        for node in tree.body:
            function = self.functions.get(node.name) if isinstance(node, ast.FunctionDef) else None
            if isinstance(node, ast.FunctionDef) and function and not node.decorator_list and in_windows(node):
                defined: dict[str, Any] = {}
                alone = compile(ast.Module([node], []), str(self.path), "exec", dont_inherit=True)
                exec(alone, {**vars(self._module)}, defined)  # noqa: S102
                code, defaults = defined[node.name].__code__, function.__defaults__
                found[node.name] = FunctionType(code, vars(self._module), node.name, defaults)
                found[node.name].__kwdefaults__ = function.__kwdefaults__
        return found

    def _find_units(self, graph: Graph) -> None:
        """Which of the functions of one argument are a sigmoid, a softmax, ..."""
        with self.on(graph):
            for name, function in self.functions.items():
                required = [
                    each for each in inspect.signature(function).parameters.values() if each.default is each.empty
                ]
                unit = recognized(function, graph) if len(required) == 1 else None
                if unit:
                    self.units[name] = unit
                    self.helpers[name] = unit(Tracer(graph.constant([[1.0, 2.0, 4.0], [3.0, -5.0, -6.0]]))).node.op

    def _whole(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function; where it is a unit, it is recorded as one operation."""
        unit = self.units.get(name)
        if unit is None:
            return function

        @functools.wraps(function)
        def whole(x: Any, *rest: Any, **options: Any) -> Any:
            return unit(x) if isinstance(x, Tracer) and not rest and not options else function(x, *rest, **options)

        return whole


def _is_constant(name: str, value: Any) -> bool:
    if name.startswith("_") or isinstance(value, bool):
        return False
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def trace(function: Callable[..., Any], arguments: list[Tracer]) -> Tracer:
    """Call one of the model's functions on stand-ins; whatever goes wrong is reported at the model's line."""
    try:
        result = function(*[Tracer(argument.node) for argument in arguments])
        return lift(result, arguments[0].node.graph)
    except Unreadable:
        raise
    except Exception as error:
        raise _located(error, inspect.unwrap(function).__code__.co_filename) from error


def _located(error: Exception, file: str) -> Unreadable:
    line, place = 0, error.__traceback__
    while place is not None:
        if place.tb_frame.f_code.co_filename == file:
            line = place.tb_lineno
        place = place.tb_next
    return Unreadable(f"{type(error).__name__}: {error}", file, line)


class _FloatType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, builtins.float)

    def __call__(cls, value: Any = 0.0) -> Any:
        return value if isinstance(value, Tracer) else builtins.float(value)


class _Float(metaclass=_FloatType):
    """`float` in the model: a stand-in stays one."""


def _length(value: Any) -> Any:
    """`len` in the model: the number of rows keeps its name."""
    return value.shape[0] if isinstance(value, Tracer) and value.ndim else builtins.len(value)


def _extreme(builtin: Callable[..., Any]) -> Callable[..., Any]:
    """`max` or `min` in the model: of numbers that depend on the quantities it has a derivative, whichever it is here."""
    of_two = np.maximum if builtin is max else np.minimum

    def extreme(*values: Any, **options: Any) -> Any:
        numbers = [each for each in values if isinstance(each, Tracer) and each.dtype.kind == "f"]
        if len(values) < 2 or not numbers or options or any(np.ndim(each) for each in values):
            return builtin(*values, **options)
        return functools.reduce(of_two, values)

    return extreme


class Math:
    """`math` in the model: for stand-ins, numpy's function of the same name."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        same = getattr(np, {"pow": "power", "fabs": "abs"}.get(name, name), None)
        if same is None or not callable(found):
            return found
        return lambda *args: same(*args) if any(isinstance(each, Tracer) for each in args) else found(*args)


class Numpy:
    """`np` in the model."""

    def __init__(self, graph: Graph, module: Any = np) -> None:
        self._graph = graph
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name in _CREATORS and self._module is np:
            return lambda *args, **kwargs: self._create(name, *args, **kwargs)
        found = getattr(self._module, name)
        if isinstance(found, ModuleType):
            return Numpy(self._graph, found)
        if isinstance(found, type) and issubclass(found, np.floating):
            return lambda value=0.0: value if isinstance(value, Tracer) else found(value)
        if isinstance(found, type) or not callable(found):
            return found
        return found if isinstance(found, np.ufunc) or name in _TAKE_SEQUENCES else self._wrapped(found)

    def _wrapped(self, found: Callable[..., Any]) -> Callable[..., Any]:
        def called(first: Any = None, *args: Any, **kwargs: Any) -> Any:
            listed = isinstance(first, list | tuple) and contains_tracer(first)
            return found(lift(first, self._graph) if listed else first, *args, **kwargs)

        return called

    def _create(self, name: str, *args: Any, **kwargs: Any) -> Any:
        kwargs = {key: value for key, value in kwargs.items() if key not in ("dtype", "copy", "order")} | (
            {"dtype": kwargs["dtype"]} if _is_whole(kwargs.get("dtype")) else {}
        )
        return _CREATORS[name](self._graph, name, *args, **kwargs)


def _is_whole(dtype: Any) -> bool:
    return dtype is not None and not isinstance(dtype, Tracer) and np.dtype(dtype).kind in "iub"


def _filled(graph: Graph, name: str, shape: Any, *args: Any, **kwargs: Any) -> Tracer:
    whole = tuple(map(operator.index, shape)) if isinstance(shape, tuple | list) else (operator.index(shape),)
    if name == "full":
        result: Tracer = call("broadcast_to", (lift(args[0], graph), whole), {})
        return result
    array = np.ones(whole, **kwargs) if name == "ones" else np.zeros(whole, **kwargs)
    return Tracer(graph.constant(array))


def _converted(graph: Graph, name: str, value: Any, *_: Any, **kwargs: Any) -> Any:
    if contains_tracer(value) or isinstance(value, Tracer):
        return Tracer(lift(value, graph).node)
    return np.array(value, **kwargs)


def _plain(graph: Graph, name: str, *args: Any, **kwargs: Any) -> Any:
    """A function of whole numbers: sizes, ranges."""
    whole = [operator.index(value) if isinstance(value, Tracer) else value for value in args]
    return getattr(np, name)(*whole, **kwargs)


_CREATORS: dict[str, Callable[..., Any]] = dict.fromkeys(("zeros", "ones", "empty", "full"), _filled)
_CREATORS |= dict.fromkeys(("array", "asarray", "asanyarray", "ascontiguousarray"), _converted)
_CREATORS |= dict.fromkeys(("arange", "eye", "identity", "tri"), _plain)
_CREATORS["result_type"] = lambda *_, **__: np.dtype(float)
