"""Arrays that a model makes and then fills: `out = np.zeros((N, F))`, `out[:, f] = ...`.

What is put into them may be a stack, or complex.  So where a model runs on stacks, numpy makes stacks of one value, which become
as many values as those that are put into them; for complex steps it makes complex arrays.
"""

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from grader.problem.kinks import watched
from grader.problem.model import Array
from grader.problem.stacked import Stack, behind

_MADE = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
_LISTS = ("array", "asarray")


def for_stacks(value: Any) -> Any:
    """What replaces numpy, and functions imported from it, in a model that runs on stacks."""
    return _replaced(value, _FOR_STACKS)


def for_complex_steps(value: Any) -> Any:
    """The same in a model that runs on complex numbers."""
    return _replaced(value, _FOR_COMPLEX_STEPS)


def with_values_side_by_side(stack: Array) -> Array:
    """The same stack, in memory all first entries, then all second ones: a model's loops over small windows become long ones."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(stack, 0, -1)), -1, 0)


class Fillable(Stack):
    """A stack of one value, until more are put into it."""

    def __getitem__(self, key: Any) -> Stack:
        parts = key if isinstance(key, tuple) else (key,)
        if all(part is None or part is ... or isinstance(part, int | np.integer | slice) for part in parts):
            return _Part(self, key)
        return super().__getitem__(key)  # a copy, as in numpy

    def make_room(self, values: Array) -> None:
        if len(self._values) == 1 < len(values):
            self._values = with_values_side_by_side(np.repeat(self._values, len(values), axis=0))
        if np.iscomplexobj(values):
            self._values = self._values.astype(complex, copy=False)


class _Part(Fillable):
    """A view of a fillable array: what is put into it is put into the whole."""

    def __init__(self, whole: Fillable, key: Any) -> None:
        self._whole, self._key = whole, key

    @property
    def values(self) -> Array:
        return np.asarray(self._whole.values[behind(self._key)])

    def make_room(self, values: Array) -> None:
        self._whole.make_room(values)


class _Numpy:
    def __init__(self, module: ModuleType, replaced: Mapping[int, Any]) -> None:
        self._module, self._replaced = module, replaced

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        return self._replaced.get(id(found), found)


def _replaced(value: Any, replaced: Mapping[int, Any]) -> Any:
    return _Numpy(value, replaced) if value is np else replaced.get(id(value), value)


def _making(make: Callable[..., Array], of: Callable[[Array], Any]) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        found: Any = make(*args, **kwargs)
        return of(found) if isinstance(found, np.ndarray) and found.dtype.kind in "fc" else found  # no indices

    return made


def _of_lists(make: Callable[..., Array]) -> Callable[..., Any]:
    def made(value: Any, *args: Any, **kwargs: Any) -> Any:
        return _stacked(value) if _has_stack(value) and not args else make(value, *args, **kwargs)

    return made


def _has_stack(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, Stack) or _has_stack(each) for each in value)


def _stacked(value: Any) -> Any:
    return np.stack([_stacked(each) for each in value]) if isinstance(value, list | tuple) else value


def _of_two(builtin: Callable[..., Any], larger: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Python's `max`, or `min`, of numbers that may be stacks."""

    def extreme(*values: Any, **options: Any) -> Any:
        stacked = len(values) > 1 and not options and any(isinstance(each, Stack) for each in values)
        return functools.reduce(larger, values) if stacked else builtin(*values, **options)

    return extreme


_MAKERS = [getattr(np, name) for name in _MADE]
_FOR_STACKS = {id(make): _making(make, lambda array: Fillable(array[None])) for make in _MAKERS}
_FOR_STACKS |= {id(getattr(np, name)): _of_lists(getattr(np, name)) for name in _LISTS}
_FOR_STACKS |= {id(max): _of_two(max, np.maximum), id(min): _of_two(min, np.minimum)}
_FOR_COMPLEX_STEPS = {id(make): _making(make, lambda array: watched(array.astype(complex))) for make in _MAKERS}
