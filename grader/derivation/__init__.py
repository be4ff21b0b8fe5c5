"""The derivation engine: from a model's own functions to the formulas of its gradients.

    derive(model, points=...)  ->  {name: Formula}

Modules, each importing only those before it:

    nodes, indexing      expressions as a graph, and indices as data
    recorder             stand-ins for arrays, which record numpy's calls
    functions, rules     numpy's functions in terms of fewer operations, and their derivatives
    units                sigmoid, softmax, ... kept whole
    loading              the model's file, run with stand-ins
    backward             reverse mode
    algebra, simplify    to what a person writes
    chain                the gradients of a model at a point
    printing             formulas as code and as text
    verify, formula      checked against the numerical derivative, and returned
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.derivation.chain import Point
    from grader.derivation.formula import Formula, derive
    from grader.derivation.nodes import Unreadable

__all__ = ["Formula", "Point", "Unreadable", "derive"]

_HOMES = {"Formula": "formula", "Point": "chain", "Unreadable": "nodes", "derive": "formula"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"grader.derivation.{_HOMES[name]}"), name)
