"""Stand-ins for arrays: numpy calls made with them are recorded as nodes, by numpy's own dispatch protocols.

    z = h @ H + b        with stand-ins h, H, b:      z.node is add(matmul(h, H), b), with its value

`RULES` says how each recorded operation is computed and differentiated (filled by `rules`), `FUNCTIONS` which
numpy functions are written in terms of fewer operations (filled by `functions`).
"""

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.lib.mixins import NDArrayOperatorsMixin

from grader.derivation.graph.indexing import Slot, is_basic, join_index, only_adds_axes, split_index
from grader.derivation.graph.nodes import Array, Graph, Node, Unreadable


class Rule(Struct, frozen=True):
    """One operation: its derivative, and how it is computed where numpy has no function of that name.

    `gradient(g, t, *arguments, **parameters)` gives the contribution to each argument (None: none), for the
    gradient `g` by the result `t`.  `examples` are what the property test differentiates.
    """

    gradient: Callable[..., Any] | None
    compute: Callable[..., Any]
    examples: tuple[str, ...] = ()


MOST_OPERATIONS = 20_000  # of one run, which takes seconds; its gradients would take minutes

RULES: dict[str, Rule] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}


RULES["gradient"] = Rule(None, lambda value, **_: value)


def evaluate(op: str, values: list[Array], params: dict[str, Any]) -> Any:
    return RULES[op].compute(*values, **params)


def new_graph(dimensions: dict[str, int], discrete: frozenset[str] = frozenset()) -> Graph:
    return Graph(evaluate, dimensions, discrete)


def record(op: str, *arguments: Any, **params: Any) -> "Tracer":
    """Apply an operation to stand-ins and plain arrays, at least one of them a stand-in."""
    if op not in RULES:
        raise unreadable(f"{op}(...): there is no rule for it")
    graph = next(argument.node.graph for argument in arguments if isinstance(argument, Tracer))
    nodes = [lift(argument, graph).node for argument in arguments]
    place = origin()
    if place[1] and graph.size_so_far > MOST_OPERATIONS:
        raise unreadable(_too_many(graph))
    return Tracer(graph.node(op, *nodes, origin=place, **params))


def _too_many(graph: Graph) -> str:
    sizes = ", ".join(f"{name} = {size}" for name, size in graph.dimensions.items())
    return (
        f"the model makes more than {MOST_OPERATIONS} operations{f' at the sizes {sizes}' if sizes else ''}, most of them in"
        " the loops around this line: write a sum over a window, np.sum(x[i:i+3, j:j+3] * w), in place of the inner loops, give"
        " smaller numbers in the shapes of the docstrings, or write config.yaml and the solution by hand (docs/assignment.md)"
    )


def lift(value: Any, graph: Graph) -> "Tracer":
    """A stand-in for any number, array, or nested list with stand-ins in it."""
    if isinstance(value, Tracer):
        return value
    if isinstance(value, list | tuple) and contains_tracer(value):
        stacked: Tracer = FUNCTIONS["stack"]([lift(entry, graph) for entry in value])
        return stacked
    array = np.asarray(value)
    if array.dtype == object:
        raise unreadable(f"{type(value).__name__} {value!r} as a number")
    return Tracer(graph.constant(array))


def contains_tracer(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(contains_tracer, value))
    return isinstance(value, Tracer)


def origin() -> tuple[str, int]:
    """The function and the line of the model from which numpy is being called."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__derivation__"):
            return frame.f_code.co_name, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0


def unreadable(construct: str) -> Unreadable:
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__derivation__"):
            return Unreadable(construct, frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return Unreadable(construct)


class Tracer(NDArrayOperatorsMixin):
    """A stand-in for an array.  Like an array it can be changed in place; its node then is another one."""

    __array_priority__ = 1000

    def __init__(self, node: Node, base: "tuple[Tracer, Any] | None" = None) -> None:
        self.node = node
        self._base = base

    # What numpy asks

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", (None,))[0]
        if method == "at":
            return _at(ufunc, *inputs)
        name = ufunc.__name__ if method == "__call__" else _METHODS.get((ufunc.__name__, method))
        if name is None:
            raise unreadable(f"np.{ufunc.__name__}.{method}")
        result = call(name, inputs, kwargs)
        return out._assign(result) if isinstance(out, Tracer) else result

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        module = getattr(func, "__module__", "") or ""
        name = f"linalg.{func.__name__}" if "linalg" in module else func.__name__
        return call(name, args, kwargs)

    # What the model asks

    @property
    def value(self) -> Array:
        return self.node.value

    @property
    def shape(self) -> tuple[Any, ...]:
        sizes = [self.node.graph.size(length) for length in self.node.shape]
        return tuple(Tracer(size) if size.op == "size" else int(size.value) for size in sizes)

    @property
    def size(self) -> Any:
        total: Any = 1
        for length in self.shape:
            total = total * length
        return total

    @property
    def ndim(self) -> int:
        return self.node.value.ndim

    @property
    def dtype(self) -> Any:
        return self.node.value.dtype

    @property
    def T(self) -> Any:
        return call("transpose", (self,), {})

    @property
    def mT(self) -> Any:
        return call("swapaxes", (self, -1, -2), {})

    @property
    def real(self) -> "Tracer":
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in _ARRAY_METHODS:
            raise unreadable(f".{name} of an array") if not name.startswith("_") else AttributeError(name)
        return lambda *args, **kwargs: call(_ARRAY_METHODS[name], (self, *args), kwargs)

    def astype(self, *_: Any, **__: Any) -> "Tracer":
        return Tracer(self.node)

    copy = astype

    def item(self) -> Any:
        return call("reshape", (self, ()), {})

    def fill(self, value: Any) -> None:
        self[...] = value

    def __len__(self) -> int:
        return len(self.node.value)

    def __iter__(self) -> "Iterator[Tracer]":
        return (self[position] for position in range(len(self)))

    def __getitem__(self, item: Any) -> "Tracer":
        index, arrays = split_index(item, contains_tracer)
        if only_adds_axes(index):
            result: Tracer = FUNCTIONS["reshape"](self, np.empty(self.node.shape, np.int8)[item].shape)
        else:
            result = record("getitem", self, *arrays, index=index)
        return Tracer(result.node, (self, item) if is_basic(index) else None)

    def __setitem__(self, item: Any, value: Any) -> None:
        index, arrays = split_index(item, contains_tracer)
        self._assign(record("setitem", self, value, *arrays, index=index))

    def _assign(self, new: "Tracer") -> "Tracer":
        if new.node.shape != self.node.shape:
            new = call("broadcast_to", (new, self.node.shape), {})
        self.node = new.node
        if self._base:
            base, item = self._base
            base[item] = Tracer(new.node)
        return self

    # Where a number is needed now

    def __bool__(self) -> bool:
        return bool(self.node.value)

    def __index__(self) -> int:
        return operator.index(self.node.value.item())

    def __int__(self) -> int:
        return int(self._number("int(...)"))

    def __float__(self) -> float:
        return float(self._number("float(...) or a function of math"))

    def __complex__(self) -> complex:
        return complex(self._number("complex(...)"))

    def __format__(self, spec: str) -> str:
        return format(self.node.value if self.ndim else self.node.value.item(), spec)

    def __repr__(self) -> str:
        return repr(self.node)

    def __array__(self, *_: Any, **__: Any) -> Array:
        if any(node.op == "leaf" and node.value.dtype.kind == "f" for node in self.node.walk()):
            raise unreadable("a numpy function that needs plain numbers")
        return self.node.value

    __hash__ = object.__hash__

    def _number(self, construct: str) -> Any:
        if any(node.op == "leaf" and node.value.dtype.kind == "f" for node in self.node.walk()):
            raise unreadable(f"{construct} of a value that depends on the quantities")
        return self.node.value


_ARRAY_METHODS = {
    name: name
    for name in "sum mean max min prod var std cumsum reshape ravel transpose swapaxes dot argmax argmin clip"
    " squeeze take repeat trace diagonal round any all argsort conj".split()
} | {"flatten": "ravel"}

_METHODS = {("add", "reduce"): "add_reduce", ("multiply", "reduce"): "multiply_reduce", ("add", "accumulate"): "cumsum"}
_METHODS |= {("maximum", "reduce"): "max_reduce", ("multiply", "outer"): "outer"}

_IGNORED = {"dtype", "casting", "order", "subok", "optimize", "copy"}


def call(name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Record a call of numpy's function `name`."""
    kwargs = {key: value for key, value in kwargs.items() if key not in _IGNORED}
    out = kwargs.pop("out", None)
    function = FUNCTIONS.get(name)
    if function is None and name not in RULES:
        raise unreadable(f"np.{name}: there is no rule for it")
    if function is None and kwargs:
        raise unreadable(f"np.{name} with {', '.join(kwargs)}")
    try:
        result = function(*args, **kwargs) if function else record(name, *args)
    except TypeError as error:
        raise unreadable(f"np.{name} with these arguments ({error})") from error
    return out._assign(result) if isinstance(out, Tracer) else result


def _at(ufunc: Any, target: Any, item: Any, value: Any = None) -> None:
    """`np.add.at(target, item, value)`: repeated indices add up."""
    signs = {"add": 1, "subtract": -1}
    if ufunc.__name__ not in signs or not isinstance(target, Tracer):
        raise unreadable(f"np.{ufunc.__name__}.at")
    index, arrays = split_index(item, contains_tracer)
    place = target[item]
    spread = call("broadcast_to", (lift(value, target.node.graph), place.node.shape), {})
    scattered = record("scatter", spread, *arrays, index=index, shape=target.node.shape)
    target._assign(target + signs[ufunc.__name__] * scattered)


def at_index(value: Array, *arrays: Array, index: Any) -> Array:
    result: Array = value[join_index(index, arrays)]
    return result


def slots(index: Any) -> int:
    return sum(isinstance(entry, Slot) for entry in index)
