"""Formulas as data: nested tuples.  Knows no gradient, no mistake, and no values.

    ("q", "h")  a quantity     ("g", "dJ_db1")  a gradient     ("d", "y_hat", "J")  dJ/d(quantity), numerically
    ("c", 2.0)  a number       ("k", "EPS")  a constant of the model           ("size", "N")  the size of a dimension
    (operation, *operands and parameters)        operands are tuples, parameters are names and numbers
    ("np", name, parameters, *operands)          an operation of `derivation.rules`, its parameters as JSON

    ("series", count, which, term)               the sum of a term over steps 0, 1, ..., count - 1
                                                 a term may be a series itself: a loop in a loop
    ("scan", count, which, state, back, term)    the same back in time: ("state",) is a step's gradient, made with ("carry",),
                                                 what the later step hands back

Sums and products have any number of operands; a difference is a sum with a `neg`.  Tuples compare and hash by value, so a
formula is its own key in the memory of an `Evaluator`.  A whole number in a parameter may be an expression of sizes and of the
step: "N", "#+1", "W-K+1".
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from grader.derivation.graph.indexing import Slice, Slot

Node = tuple[Any, ...]

LEAVES = ("q", "g", "d", "c", "k", "size", "array", "carry", "state")
STEP, OUTER = STEPS = "#", "~"  # of a sum over steps, and of a sum around one


def q(name: str) -> Node:
    return ("q", name)


def number(value: float) -> Node:
    return ("c", float(value))


ONE = number(1)
CARRY: Node = ("carry",)
STATE: Node = ("state",)


def add(*terms: Node) -> Node:
    flat = [inner for term in terms for inner in (term[1:] if term[0] == "add" else (term,))]
    return flat[0] if len(flat) == 1 else ("add", *flat)


def mul(*factors: Node) -> Node:
    flat = [inner for factor in factors for inner in (factor[1:] if factor[0] == "mul" else (factor,))]
    return flat[0] if len(flat) == 1 else ("mul", *flat)


def neg(node: Node) -> Node:
    if node[0] == "neg":
        return tuple(node[1])
    return number(-node[1]) if node[0] == "c" else ("neg", node)


def transposed(node: Node) -> Node:
    return tuple(node[1]) if node[0] == "T" else ("T", node)


def one_minus(node: Node) -> Node:
    return add(ONE, neg(node))


def call(name: str, *operands: Node, **parameters: Any) -> Node:
    """An operation of `derivation.rules`."""
    return ("np", name, encoded(parameters), *operands)


def leaves(node: Node) -> list[Node]:
    """All quantities, gradients and numbers in it, as often as they occur."""
    if node[0] in LEAVES:
        return [node]
    return [leaf for part in node[1:] if isinstance(part, tuple) for leaf in leaves(part)]


def holds(node: Node, part: Node) -> bool:
    """Whether `part` is in it."""
    waiting = [node]
    while waiting:  # thousands at a time
        one = waiting.pop()
        if one == part:
            return True
        waiting += [inner for inner in one if type(inner) is tuple]
    return False


def inside(node: Node) -> Iterator[Node]:
    """The formula and all its parts."""
    yield node
    for part in node:
        if isinstance(part, tuple):
            yield from inside(part)


def labels_of(node: Node) -> Node | None:
    """The labels whose one-hot rows a formula is: ones at the places [0, 1, ...], [labels]."""
    match node:
        case ("np", "scatter", _, ("np", "broadcast_to", _, ("c", 1.0)), ("array", counted), labels):
            return labels if counted.startswith("arange") else None
        case _:
            return None


def summand(total: Node) -> Node | None:
    """What a loss sums over all entries, with what is done with the sum done to each term; None where it is no sum."""
    if total[0] == "neg":
        inner = summand(total[1])
        return None if inner is None else neg(inner)
    if total[0] == "div":
        inner = summand(total[1])
        return None if inner is None else ("div", inner, total[2])
    return tuple(total[3]) if total[:2] in (("np", "sum"), ("np", "mean")) else None


def replaced(node: Node, old: Node, new: Node) -> Node:
    """`node` with every occurrence of `old` replaced."""
    if node == old:
        return new
    return tuple(replaced(part, old, new) if isinstance(part, tuple) else part for part in node)


# Parameters


def encoded(parameters: Mapping[str, Any]) -> str:
    return msgspec.json.encode({key: _plain(value) for key, value in parameters.items()}).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, Slot):
        return {"slot": value.number}
    if value is Ellipsis:
        return "..."
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


@lru_cache(maxsize=8192)
def parameters_of(text: str) -> dict[str, Any]:
    """The parameters with their expressions as they are."""
    found = msgspec.json.decode(text)
    return {key: _rich(value) for key, value in found.items()}


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return Slot(value["slot"]) if "slot" in value else Slice(*value["slice"])
    if isinstance(value, list):
        return tuple(map(_rich, value))
    return Ellipsis if value == "..." else value


def step_of(series: Node) -> str:
    """The sign for the step of a series: a sum around another one has its own."""
    return OUTER if any(part[0] == "series" for part in inside(series[3])) else STEP


@lru_cache(maxsize=4096)
def depends_on_step(node: Node) -> bool:
    own = step_of(node) if node[0] == "series" else ""
    others = [sign for sign in STEPS if sign != own]
    return any(
        part[0] in ("carry", "state", "before") or (part[0] == "np" and any(sign in part[2] for sign in others))
        for part in inside(node)
    )


_TERM = re.compile(r"([+-]?)([#~]|\w+)")
TEXTS = {"subscripts", "name"}  # parameters that are words, not numbers


@lru_cache(maxsize=4096)
def _terms(expression: str) -> tuple[tuple[int, str], ...]:
    return tuple((-1 if sign == "-" else 1, name) for sign, name in _TERM.findall(expression))


def whole_number(expression: str | int, sizes: Mapping[str, int]) -> int:
    """The value of "W-K+1" or "#+1"; `sizes` has the steps, too."""
    if isinstance(expression, int):
        return expression
    return sum(sign * (int(name) if name.isdigit() else sizes[name]) for sign, name in _terms(expression))


def resolved(text: str, sizes: Mapping[str, int]) -> dict[str, Any]:
    """The parameters at a sample point and, with the steps among the sizes, at a step of a sum."""
    return _resolved(text, tuple(sizes.items()))


@lru_cache(maxsize=8192)
def _resolved(text: str, items: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    sizes = dict(items)

    def value(each: Any) -> Any:
        if isinstance(each, tuple):
            return tuple(map(value, each))
        if isinstance(each, Slice):
            return Slice(value(each.start), value(each.stop), value(each.step))
        return whole_number(each, sizes) if isinstance(each, str) else each

    return {key: each if key in TEXTS else value(each) for key, each in parameters_of(text).items()}
