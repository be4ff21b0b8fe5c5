"""Entries picked from an array and put into one: by index arrays, by numbers, by slices."""

from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.graph.indexing import Slice, Slot
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import (
    Delta,
    Expression,
    Letters,
    Namer,
    Product,
    fit,
    sum_over,
)
from grader.derivation.index_notation.places import moved


def picked(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    """Entries at index arrays, z[words] at t is z at words[t], or at numbers and slices: x[2:8] at k is x at k + 2."""
    if any(isinstance(entry, Slot) for entry in node.get("index")):
        return _at_arrays(node, letters, at)
    x, left = node.args[0], list(letters)
    places = []
    for entry, size in zip(_in_full(node.get("index"), len(x.shape)), _axes(node, x), strict=True):
        if entry is None:
            left.pop(0)
        elif isinstance(entry, int):
            places.append(namer.number(entry % size) if size > 1 else "")
        else:
            letter, step = left.pop(0), entry.step or 1
            start = entry.start if entry.start is not None else 0 if step > 0 else size - 1
            numbered = namer.number(start % size) if not letter and size > 1 else ""
            places.append(numbered or (moved(letter, start % size, step) if letter else ""))
    result: Expression = at(x, tuple(places))
    return result


def _axes(node: Node, x: Node) -> list[int]:
    """The length of the axis that each entry of the full index is about; any for a new one."""
    lengths = iter(x.shape)
    return [0 if entry is None else next(lengths) for entry in _in_full(node.get("index"), len(x.shape))]


def _in_full(index: tuple[Any, ...], axes: int) -> list[Any]:
    """An index with an entry for each axis."""
    missing = [Slice(None, None, None)] * (axes - sum(entry is not None and entry is not Ellipsis for entry in index))
    if Ellipsis not in index:
        return [*index, *missing]
    middle = index.index(Ellipsis)
    return [*index[:middle], *missing, *index[middle + 1 :]]


def _at_arrays(node: Node, letters: Letters, at: Any) -> Expression | None:
    """z[words] at t is z at words[t], p[np.arange(N), y] at n is p at (n, y[n])."""
    x, arrays, index = node.args[0], node.args[1:], [entry for entry in node.get("index") if entry is not Ellipsis]
    axis = len(x.shape) - len(index) if Ellipsis in node.get("index") else 0
    slots = [entry for entry in index if isinstance(entry, Slot)]
    kept = index[: index.index(slots[0])] if slots else index
    if not slots or index != [*kept, *slots, *index[len(kept) + len(slots) :]]:
        return None
    if any(entry != Slice(None, None, None) for entry in index if entry not in slots):
        return None
    axis += len(kept)
    count = len(node.shape) - len(x.shape) + len(slots)
    places = [_picked(array, letters[axis : axis + count]) for array in arrays]
    if None in places:
        return None
    result: Expression = at(x, (*letters[:axis], *places, *letters[axis + count :]))
    return result


def placed(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    """Values added up where they belong: the sum over t of value[t] · [words[t] = i]."""
    value, arrays = node.args[0], node.args[1:]
    index = [entry for entry in node.get("index") if entry is not Ellipsis]
    slots = [entry for entry in index if isinstance(entry, Slot)]
    axis = len(node.shape) - len(index) if Ellipsis in node.get("index") else 0
    axis += next((k for k, entry in enumerate(index) if entry in slots), 0)
    if not slots:
        return in_slices(node, value, letters, at, namer)
    if any(entry != Slice(None, None, None) for entry in index if entry not in slots):
        return None
    if index[index.index(slots[0]) :][: len(slots)] != slots:
        return None
    own = letters[axis : axis + len(slots)]
    count = len(value.shape) - len(node.shape) + len(slots)
    inner, made = _inner_letters(value.shape[axis : axis + count], arrays, own, node, namer)
    places = [_picked(array, inner) for array in arrays]
    if None in places:
        return None
    brackets = [Delta(str(p), letter) for p, letter in zip(places, own, strict=True) if p != letter]
    body = at(value, fit(value, (*letters[:axis], *inner, *letters[axis + len(slots) :])))
    product = Product(tuple((factor, Fraction(1)) for factor in (body, *brackets)))
    return sum_over(made, product) if made else product


def in_slices(node: Node, value: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    """Values put at numbers and slices of zeros: x[j] · [j + 1 = i] is x from place 1 on."""
    lengths, inner, brackets = list(value.shape), [], []
    axes = iter(zip(letters, node.shape, strict=True))
    for entry in _in_full(node.get("index"), len(node.shape)):
        if entry is None:
            inner.append(("", lengths.pop(0), False))
            continue
        letter, size = next(axes)
        if isinstance(entry, int):
            brackets += [Delta(namer.number(entry % size), letter)] if letter else []
        elif entry.step in (None, 1) and lengths[0] == size:
            inner.append((letter, lengths.pop(0), False))
        else:
            length, step = lengths.pop(0), entry.step or 1
            own = namer.letter(node, length) if length > 1 else ""
            inner.append((own, length, bool(own)))
            start = (entry.start if entry.start is not None else 0 if step > 0 else size - 1) % size
            brackets += [Delta(moved(own, start, step) if own else namer.number(start), letter)] if letter else []
    body = at(value, fit(value, tuple(each for each, _, _ in inner)))
    made = tuple((each, length) for each, length, new in inner if new)
    product = Product(tuple((factor, Fraction(1)) for factor in (body, *brackets)))
    return sum_over(made, product) if made else product


def _inner_letters(
    lengths: tuple[int, ...], arrays: tuple[Node, ...], own: Letters, node: Node, namer: Namer
) -> tuple[Letters, tuple[tuple[str, int], ...]]:
    """Letters for the places of the index arrays: the row's own letter where one of them counts the rows, else new ones."""
    for array, letter in zip(arrays, own, strict=True):
        if len(lengths) == 1 and len(array.shape) == 1 and np.array_equal(array.value, np.arange(lengths[0])):
            return (letter,), ()
    made = tuple((namer.letter(node, n), n) if n > 1 else ("", n) for n in lengths)
    return tuple(letter for letter, _ in made), tuple(pair for pair in made if pair[0])


def _picked(array: Node, letters: Letters) -> str | None:
    """What an index array is at the given letters: words[t], or t itself where it counts the rows."""
    if len(array.shape) == 1 and np.array_equal(array.value, np.arange(len(array.value))):
        return letters[0]
    leaf, inside = index_leaf(array), [letter for letter in letters if letter]
    if leaf is None or len(inside) != len([size for size in leaf.shape if size > 1]):
        return None
    return f"{leaf.name}[{', '.join(inside)}]" if inside else leaf.name


def index_leaf(node: Node) -> Node | None:
    """The quantity that an index array is, also within a list: [x]."""
    leaves = [each for each in node.walk() if each.op == "leaf"]
    plain = all(each.op in ("leaf", "reshape", "concatenate", "broadcast_to") for each in node.walk())
    return leaves[0] if plain and len(leaves) == 1 else None
