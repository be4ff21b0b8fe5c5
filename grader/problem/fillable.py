"""Arrays that a model makes and then fills: `out = np.zeros((N, F))`, `out[:, f] = ...`.

What is put into them may be a stack.  So where a model runs on stacks, numpy makes stacks of one value, which become as many
values as those that are put into them.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from grader.problem.kinks import ANALYTIC
from grader.problem.model import Array
from grader.problem.stacked import Stack, behind

_MADE = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
_LISTS = ("array", "asarray")


class Fillable(Stack):
    """A stack of one value, until more are put into it."""

    def __getitem__(self, key: Any) -> Stack:
        parts = key if isinstance(key, tuple) else (key,)
        if all(part is None or part is ... or isinstance(part, int | np.integer | slice) for part in parts):
            return _Part(self, key)
        return super().__getitem__(key)  # a copy, as in numpy

    def make_room(self, count: int) -> None:
        if len(self._values) == 1 < count:
            self._values = np.repeat(self._values, count, axis=0)


class _Part(Fillable):
    """A view of a fillable array: what is put into it is put into the whole."""

    def __init__(self, whole: Fillable, key: Any) -> None:
        self._whole, self._key, self._analytic = whole, key, whole._analytic

    @property
    def values(self) -> Array:
        return np.asarray(self._whole.values[behind(self._key)])

    def make_room(self, count: int) -> None:
        self._whole.make_room(count)


class _Numpy:
    """`np` in a model that runs on stacks."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return fillable(getattr(self._module, name))


def fillable(value: Any) -> Any:
    """What stands for something in the namespace of a model that runs on stacks: for numpy, and functions imported from it."""
    return _Numpy(value) if value is np else _REPLACED.get(id(value), value)


def _made(make: Callable[..., Array]) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        found: Any = make(*args, **kwargs)
        if isinstance(found, np.ndarray) and found.dtype.kind in "fc":
            return Fillable(found[None], ANALYTIC)
        return found  # whole numbers are indices

    return made


def _of_lists(make: Callable[..., Array]) -> Callable[..., Any]:
    def made(value: Any, *args: Any, **kwargs: Any) -> Any:
        return _stacked(value) if _has_stack(value) and not args else make(value, *args, **kwargs)

    return made


def _has_stack(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, Stack) or _has_stack(each) for each in value)


def _stacked(value: Any) -> Any:
    return np.stack([_stacked(each) for each in value]) if isinstance(value, list | tuple) else value


_REPLACED = {id(getattr(np, name)): _made(getattr(np, name)) for name in _MADE}
_REPLACED |= {id(getattr(np, name)): _of_lists(getattr(np, name)) for name in _LISTS}
