"""The derivation engine: from a model's own functions to the formulas of its gradients.

    derive(model)  ->  {name: Formula}        with .text, .code, .latex, .steps, .upstream, .value_at(point)

Packages, each importing only those before it:

    graph                reading by running: expressions as a graph, recorded by stand-ins for arrays
    rules                numpy's functions in terms of fewer operations, their derivatives, reverse mode
    simplify             to what a person writes
    chain, numerical     the gradients of a model at a point; the numerical derivative that they must equal
    writing              formulas as code, as text, as LaTeX; loops written back as loops
    index_notation       the derivation, entry by entry
    formula              all of it for one gradient
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.derivation.chain import Point
    from grader.derivation.formula import Formula, derive
    from grader.derivation.graph.loading import Model
    from grader.derivation.graph.nodes import Unreadable
    from grader.derivation.index_notation.indices import explain, why_transposes
    from grader.derivation.writing.solution import write_solution

__all__ = ["Formula", "Model", "Point", "Unreadable", "derive", "explain", "why_transposes", "write_solution"]

_HOMES = {
    "Formula": "formula",
    "Model": "graph.loading",
    "Point": "chain",
    "Unreadable": "graph.nodes",
    "derive": "formula",
}
_HOMES |= {
    "explain": "index_notation.indices",
    "why_transposes": "index_notation.indices",
    "write_solution": "writing.solution",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"grader.derivation.{_HOMES[name]}"), name)
