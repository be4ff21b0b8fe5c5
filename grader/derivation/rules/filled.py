"""Arrays that loops fill entry by entry, as operations on whole arrays: pooling and convolution.

    out[i, j] = np.max(a[2*i:2*i+2, 2*j:2*j+2])       is   a.reshape(R, 2, S, 2).max(axis=(1, 3))
    out[i, j] = max(a[2*i, 2*j], a[2*i, 2*j+1], ...)      is   the same
    out[i, j] = np.sum(x[i:i+K, j:j+L] * w) + b       is   the sum of w[k, l] * x[k:k+P, l:l+Q] for all k and l, plus b

The formula of a gradient is then one for all sizes, and has a term for each entry of a filter, not for each of the result.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from grader.derivation.graph.nodes import Node
from grader.derivation.graph.recorder import Tracer
from grader.derivation.rules.axes import Axis, Parts, Position, Unlike, axes_of, filled_up

_REDUCTIONS = ("max", "min", "sum", "prod")
_OF_TWO = {"maximum": "max", "minimum": "min"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vectorized(root: Node) -> Node:
    """The same value by operations on whole arrays, where loops have filled an array; otherwise the same node."""
    for read in (_pooled, _convolved):
        try:
            found = read(root)
        except Unlike:
            continue
        if found.shape == root.shape and np.allclose(found.value, root.value, rtol=1e-12, atol=1e-14):
            return found
    return root


def _parts(root: Node) -> dict[Position, list[Node]]:
    """What was added up at each position, where loops have filled them all."""
    placed: list[Node] = []
    node = root
    while node.op == "setitem" and len(node.args) == 2:
        placed.append(node)
        node = node.args[0]
    if not placed or node.op != "constant" or node.value.any():
        raise Unlike
    counted = [
        axis for axis, entry in enumerate(filled_up(placed[0].get("index"), root.shape)) if isinstance(entry, int)
    ]
    found: dict[Position, list[Node]] = {}
    for each in reversed(placed):
        if each.args[0].op == "setitem" and (each.args[1:], each.params) == (
            each.args[0].args[1:],
            each.args[0].params,
        ):
            continue  # `out[i] += ...` assigns twice, the view and the array
        index = filled_up(each.get("index"), root.shape)
        if any(isinstance(entry, int) != (axis in counted) for axis, entry in enumerate(index)):
            raise Unlike
        position = tuple(entry for entry in index if isinstance(entry, int))
        terms = _terms(each.args[1])
        before = [term for term in terms if term.op == "getitem" and term.args == each.args[:1]]
        if before and (len(before) > 1 or before[0].get("index") != each.get("index")):
            raise Unlike
        new = [term for term in terms if term not in before]
        found[position] = [*found.get(position, []), *new] if before else new
    if not counted or set(found) != set(product(*(range(root.shape[axis]) for axis in counted))):
        raise Unlike
    return found


def _terms(node: Node) -> list[Node]:
    """What was added up, without the zero that a sum begins with."""
    terms = _flat(node, "add")
    return [term for term in terms if not (term.is_number() and term.value == 0)] or terms[:1]


def _flat(node: Node, op: str) -> list[Node]:
    return [part for arg in node.args for part in _flat(arg, op)] if node.op == op else [node]


# Pooling


def _pooled(root: Node) -> Node:
    parts = {position: _of_window(_only(terms)) for position, terms in _parts(root).items()}
    first = next(iter(parts.values()))
    if first.op not in _REDUCTIONS or first.get("keepdims"):
        raise Unlike
    if any(part.op != first.op or part.params != first.params for part in parts.values()):
        raise Unlike
    source, axes = axes_of({position: part.args[0] for position, part in parts.items()})
    shape: list[int] = []
    reduced: list[int] = []
    read = iter(range(len(axes)))  # the axes of one window
    for axis in axes:
        taken = axis.width > 0 and next(read) in first.get("axis")
        if axis.counter is not None and (axis.offset or axis.stride != max(axis.width, 1) or taken != (axis.width > 0)):
            raise Unlike
        shape += [axis.length] if axis.counter is None else [axis.count, axis.width][: 1 + (axis.width > 0)]
        reduced += [len(shape) - 1] * taken
    counters = [axis.counter for axis in axes if axis.counter is not None]
    if counters != list(range(len(counters))) or len(counters) != len(next(iter(parts))):
        raise Unlike
    kept = tuple(
        slice(0, axis.width * axis.count) if axis.width and axis.counter is not None else slice(None) for axis in axes
    )
    used = Tracer(source)
    if any(axis.length % axis.width for axis in axes if axis.width):
        used = used[kept]
    return getattr(np, first.op)(used.reshape(tuple(shape)), axis=tuple(reduced)).node  # type: ignore[no-any-return]


def _of_window(part: Node) -> Node:
    """The largest of entries that were named one by one, as the largest of the window that they are."""
    if part.op not in _OF_TWO:
        return part
    entries = [entry for entry in _flat(part, part.op) if not (entry.is_number() and np.isinf(entry.value))]
    source = entries[0].args[0] if entries and entries[0].op == "getitem" else None
    if source is None or any(entry.op != "getitem" or entry.args != (source,) for entry in entries):
        raise Unlike
    read = [filled_up(entry.get("index"), source.shape) for entry in entries]
    if not all(isinstance(each, int) for index in read for each in index):
        raise Unlike
    windows = [range(min(axis), max(axis) + 1) for axis in zip(*read, strict=True)]
    if set(read) != set(product(*windows)):
        raise Unlike
    index = tuple(slice(each.start, each.stop) if len(each) > 1 else each.start for each in windows)
    return getattr(np, _OF_TWO[part.op])(Tracer(source)[index]).node  # type: ignore[no-any-return]


def _only(terms: list[Node]) -> Node:
    if len(terms) != 1:
        raise Unlike
    return terms[0]


# Convolution


def _convolved(root: Node) -> Node:
    parts = _parts(root)
    count = len(next(iter(parts.values())))
    if any(len(terms) != count for terms in parts.values()) or len(next(iter(parts))) != len(root.shape):
        raise Unlike
    total: Any = None
    for number in range(count):
        for term in _moved_terms({position: terms[number] for position, terms in parts.items()}):
            total = term if total is None else total + term
    if total is None or total.shape != root.shape:
        raise Unlike
    return total.node  # type: ignore[no-any-return]


def _moved_terms(parts: Parts) -> list[Any]:
    """What one term is for all positions at once: several, where a window is a sum of shifted arrays."""
    first = next(iter(parts.values()))
    if any(part.op != first.op or part.params != first.params for part in parts.values() if first.op != "getitem"):
        raise Unlike
    if first.op == "sum" and first.get("axis") == tuple(range(len(first.args[0].shape))):
        return _moved_products({position: part.args[0] for position, part in parts.items()})
    if first.shape:
        raise Unlike
    if first.op == "multiply":
        return _moved_products(parts)
    source, axes = axes_of(parts)
    letters = [axis.counter for axis in axes if axis.counter is not None]
    index = tuple(axis.moved(0) for axis in axes)
    found: Any = Tracer(source) if all(entry == slice(None) for entry in index) else Tracer(source)[index]
    if letters != sorted(set(letters)):
        raise Unlike
    result = _LETTERS[: len(next(iter(parts)))]
    return [_spread(found, "".join(result[k] for k in letters), result)]


def _spread(array: Any, letters: str, result: str) -> Any:
    """An array with axes of length 1 where the result has another letter; in front numpy adds them itself."""
    behind = result[result.index(letters[0]) :] if letters else ""
    return array if behind == letters else array[tuple(slice(None) if each in letters else None for each in behind)]


def _moved_products(parts: Parts) -> list[Any]:
    """The sum of products of two arrays, or of windows of them."""
    if any(part.op != "multiply" or part.args[0].shape != part.args[1].shape for part in parts.values()):
        raise Unlike
    sides = [axes_of({position: part.args[k] for position, part in parts.items()}) for k in (0, 1)]
    pairs = list(zip(*([axis for axis in axes if axis.width] for _, axes in sides), strict=True))
    shifted = [any(axis.counter is not None for axis in pair) for pair in pairs]
    counters = len(next(iter(parts)))
    result = _LETTERS[:counters]
    summed = iter(_LETTERS[counters:])
    names = ["" if moves else next(summed) for moves in shifted]
    terms = []
    for starts in product(
        *(range(pair[0].width) if moves else (0,) for pair, moves in zip(pairs, shifted, strict=True))
    ):
        arrays, letters = zip(*(_shifted(source, axes, starts, names) for source, axes in sides), strict=True)
        terms.append(_product(arrays, letters, result))
    return terms


def _shifted(source: Node, axes: list[Axis], starts: Position, names: list[str]) -> tuple[Any, str]:
    """What a product takes from one array, and a letter for each of its axes."""
    index: list[Any] = []
    letters = ""
    windows = iter(zip(starts, names, strict=True))
    for axis in axes:
        start, name = next(windows) if axis.width else (0, "")
        index.append(slice(None) if name else axis.moved(start))
        letters += name or ("" if axis.counter is None else _LETTERS[axis.counter])
    everything = all(entry == slice(None) for entry in index)
    return Tracer(source) if everything else Tracer(source)[tuple(index)], letters


def _product(arrays: Sequence[Any], letters: Sequence[str], result: str) -> Any:
    """The sum of products in numpy's shortest way."""
    if not set(result) <= set("".join(letters)):
        raise Unlike
    for (a, b), (left, right) in ((arrays, letters), (arrays[::-1], letters[::-1])):
        if not left and right == result:
            return a * b
        if len(left) == len(right) == len(result) == 2 and left + right == result[0] + left[1] * 2 + result[1]:
            return a @ b
    if set("".join(letters)) == set(result) and all(each == "".join(sorted(each)) for each in letters):
        a, b = (_spread(array, each, result) for array, each in zip(arrays, letters, strict=True))
        return a * b
    (a, b), (left, right) = (arrays, letters) if letters[0] <= letters[1] else (arrays[::-1], letters[::-1])
    return np.einsum(f"{left},{right}->{result}", a, b)
