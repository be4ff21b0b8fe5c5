"""The derivation engine: from a model's own functions to the formulas of its gradients.

    derive(model)  ->  {name: Formula}        with .text, .code, .latex, .steps, .upstream, .value_at(point)

Modules, each importing only those before it:

    nodes, indexing          expressions as a graph, and indices as data
    recorder                 stand-ins for arrays, which record numpy's calls
    functions, shapes        numpy's functions in terms of fewer operations
    rules, array_rules       the table of derivatives
    units                    sigmoid, softmax, ... kept whole
    naming, loading          the model's file, run with stand-ins; the author's names
    backward                 reverse mode
    algebra, simplify        to what a person writes
    reuse, chain             the gradients of a model at a point, each by the names of those before it
    style, printing, code, latex    formulas as text, as code and as LaTeX
    verify, derivation       the numerical derivative; what was asked for, and at which points
    docstrings               sample points from the shapes that docstrings give
    expressions, entries, entry_text    one entry of a formula, in index notation
    kronecker                derivatives of entries
    transposes               why a transpose is where it is
    context, paths, steps, indices    the derivation of a gradient, line by line
    example                  a derivation's entry in numbers
    loops, filling           loops of the model as loops of the solution
    formula, solution        what `derive` returns, and a whole solution file of it

To differentiate another function of numpy, add one entry to `rules`, with an example; the tests try it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.derivation.chain import Point
    from grader.derivation.formula import Formula, derive
    from grader.derivation.indices import explain, why_transposes
    from grader.derivation.loading import Model
    from grader.derivation.nodes import Unreadable
    from grader.derivation.solution import write_solution

__all__ = ["Formula", "Model", "Point", "Unreadable", "derive", "explain", "why_transposes", "write_solution"]

_HOMES = {"Formula": "formula", "Model": "loading", "Point": "chain", "Unreadable": "nodes", "derive": "formula"}
_HOMES |= {"explain": "indices", "why_transposes": "indices", "write_solution": "solution"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"grader.derivation.{_HOMES[name]}"), name)
