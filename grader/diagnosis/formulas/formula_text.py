"""Formulas as written on paper: `h_prev^T @ dJ/db1`.  For instructors, and the names of single factors for students."""

import re
from collections.abc import Sequence
from typing import Any

from grader.derivation.graph.indexing import Slice, Slot
from grader.diagnosis.formulas.formula_nodes import OUTER, STEP, Node, labels_of, parameters_of

_BINDING = {"add": 1, "neg": 1, "mul": 2, "div": 2, "mm": 3, "pow": 4, "T": 4}
_WORDS = {
    "running": "cumsum", "spread": "diag", "diagonal": "diag", "total": "sum", "average": "mean", "hot-like": "hot",
    "all": "sum", "hot-rows": "one_hot",
    "carry": "what the later step hands back", "state": "the gradient of the step",
}  # fmt: skip
_COMPARISONS = {
    "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="
}  # fmt: skip
_REPEATED = re.compile(r"\b([A-Za-z]\w*)(?:\+\1\b)+")  # H+H, which is 2*H
_SHAPES = ("broadcast_to", "reshape")  # what is not written: numpy does it by itself


def text(node: Node) -> str:
    return _text(node, 0)


def gradient_text(name: str) -> str:
    """`dJ_db1` as `dJ/db1`; a name of another form, such as `grad_W`, stays as it is."""
    head, _, tail = name.partition("_")
    return f"{head}/{tail}" if head.startswith("d") and tail.startswith("d") else name


def _text(node: Node, binding: int) -> str:
    """In parentheses where what is around it binds more tightly."""
    if node[0] == "np" and node[1] in _SHAPES:
        return _text(node[3], binding)
    shown = _leaf(node) or _operation(node) or _numpy(node) or _call(node)
    own = 0 if node[0] == "np" and node[1] in _COMPARISONS else _BINDING.get(node[0], 9)
    return f"({shown})" if own < binding else shown


def _leaf(node: Node) -> str:
    match node:
        case ("g", name):
            return gradient_text(name)
        case ("c", value):
            return f"{value:g}"
        case ("d", quantity, loss):
            return f"d{loss}/d{quantity}"
        case ("q" | "k" | "size" | "array", name):
            return str(name)
        case ("carry" | "state",):
            return _WORDS[node[0]]
        case _:
            return ""


def _operation(node: Node) -> str:
    match node:
        case ("add", first, *rest):
            return _text(first, 1) + _rest(rest)
        case ("neg", inner):
            return f"-{_text(inner, 2)}"
        case ("mul", *factors):
            return " * ".join(_text(factor, 2) for factor in factors)
        case ("div", a, b):
            return f"{_text(a, 2)} / {_text(b, 3)}"
        case ("mm", a, b):
            return f"{_text(a, 3)} @ {_text(b, 4)}"
        case ("T", a):
            return f"{_text(a, 5)}^T"
        case ("pow", a, n):
            return f"sqrt({_text(a, 0)})" if n == 0.5 else f"{_text(a, 5)}^{n:g}"
        case _:
            return _over_steps(node)


def _over_steps(node: Node) -> str:
    match node:
        case ("before", a, _):
            return _text(a, 5)
        case ("series", _, _, term):
            return f"the sum over t of {_text(term, 1)}"
        case ("scan", _, _, state, back, *_):
            return f"back in time, {_text(back, 0)} with {_WORDS['state']} {_text(state, 0)}"
        case _:
            return ""


def _rest(terms: Sequence[Node]) -> str:
    return "".join(f" - {_text(term[1], 2)}" if term[0] == "neg" else f" + {_text(term, 1)}" for term in terms)


def _numpy(node: Node) -> str:
    match node:
        case ("np", name, _, a, b) if name in _COMPARISONS:
            return f"{_text(a, 1)} {_COMPARISONS[name]} {_text(b, 1)}"
        case ("np", "getitem", given, a, *arrays):
            return f"{_text(a, 5)}[{index_text(parameters_of(given)['index'], arrays)}]"
        case ("np", "transpose", _, a):
            return f"{_text(a, 5)}^T"
        case ("np", "scatter", *_) if (labels := labels_of(node)) is not None:
            return f"one_hot({_text(labels, 0)})"
        case ("np", name, _, *operands):
            return f"{name}({', '.join(_text(each, 0) for each in operands)})"
        case _:
            return ""


def index_text(index: Sequence[Any], arrays: Sequence[Node] = ()) -> str:
    return ", ".join(_entry(entry, arrays) for entry in index)


def _entry(entry: object, arrays: Sequence[Node]) -> str:
    if isinstance(entry, Slice):
        start, stop = entry.start, entry.stop
        if isinstance(start, str) and STEP in start and stop == f"{start}+1":
            return start.replace(STEP, "t")
        shown = ":".join("" if part is None else str(part) for part in (start, stop))
    elif isinstance(entry, Slot):
        shown = text(arrays[entry.number])
    else:
        shown = "..." if entry is Ellipsis else str(entry)
    named = shown.replace(STEP, "t").replace(OUTER, "u")
    return _REPEATED.sub(lambda found: f"{found[0].count(found[1])}*{found[1]}", named)


def _call(node: Node) -> str:
    match node:
        case ("fn", name, a):
            return f"{name}({_text(a, 0)})"
        case ("derivative", name, a):
            return f"{name}'({_text(a, 0)})"
        case _:
            parts = [_text(part, 0) if isinstance(part, tuple) else str(part) for part in node[1:]]
            return f"{_WORDS.get(node[0], node[0])}({', '.join(parts)})"
