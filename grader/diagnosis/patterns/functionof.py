"""A function of the right numbers, of the upstream gradient, or of a quantity in place of a derivative."""

from collections.abc import Callable, Iterator

import numpy as np
from msgspec.structs import replace

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.pattern import Case, Edits, Pattern
from grader.problem.model import Array

Change = Callable[[Array], Array]


def _softmax(a: Array) -> Array:
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


_INNER: tuple[tuple[str, Change], ...] = (
    ("{}", lambda a: a),
    ("sigmoid({})", lambda a: 1 / (1 + np.exp(-a))),
    ("tanh({})", np.tanh),
    ("relu({})", lambda a: np.maximum(a, 0)),
    ("exp({})", np.exp),
    ("softmax({})", _softmax),
    ("sigmoid(sigmoid({}))", lambda a: 1 / (1 + np.exp(-1 / (1 + np.exp(-a))))),
    ("sigmoid(1 - sigmoid({}))", lambda a: 1 / (1 + np.exp(-1 / (1 + np.exp(a))))),
)
_OUTER: tuple[tuple[str, Change], ...] = (
    ("{}", lambda u: u),
    ("1 - {}", lambda u: 1 - u),
    ("{0} * (1 - {0})", lambda u: u * (1 - u)),
    ("1 - {}^2", lambda u: 1 - u * u),
    ("(1 - {})^2", lambda u: (1 - u) ** 2),
    ("{}^2", lambda u: u * u),
    ("1 / {}", lambda u: 1 / u),
    ("{0}^(1 - {0})", lambda u: u ** (1 - u)),
)
_OF_RESULT: tuple[tuple[str, Change], ...] = (
    ("the absolute values of {}, under a square root", lambda g: np.sqrt(np.abs(g))),
    ("1 divided by {}", lambda g: 1 / g),
    ("1 minus {}", lambda g: 1 - g),
    ("the sigmoid of {}", lambda g: 1 / (1 + np.exp(-g))),
    ("tanh of {}", np.tanh),
    ("exp of {}", np.exp),
    ("the softmax of {}", _softmax),
    ("{} minus their mean", lambda g: g - g.mean()),
    ("{} minus their mean, divided by their standard deviation", lambda g: (g - g.mean()) / g.std()),
)
# In a formula, of a gradient that it builds on.
OF_GRADIENT: tuple[tuple[str, Change], ...] = (
    *((shown, f) for shown, f in _INNER[1:6]),
    ("{}^2", lambda g: g * g),
    ("1 - {}", lambda g: 1 - g),
    ("1 / {}", lambda g: 1 / g),
    ("the absolute values of {}", np.abs),
    ("the signs of {}", np.sign),
    ("{} divided by its norm", lambda g: g / np.linalg.norm(g)),
    ("{} divided by its largest entry", lambda g: g / np.max(np.abs(g))),
    ("{} minus its mean", lambda g: g - g.mean()),
)
_RIGHT = "the right ones"
# Formulas of one array with a place for its name, and what they compute; the plainest first.
_FUNCTIONS = [(outer.format(inner), f, p) for inner, f in _INNER for outer, p in _OUTER]


def _signs(case: Case) -> Iterator[Edits]:
    # Where all that is not zero has one size, it is a matter of scale.
    sizes = [np.abs(right[right != 0]) for right in case.right]
    differ = any(size.size and np.ptp(size) > 1e-9 * np.max(size) for size in sizes)
    if differ and case.same_shape() and case.matches(map(np.sign, case.right)):
        yield (OPERATORS["sign-only"].edit("the result"),)


def _squared(case: Case) -> Iterator[Edits]:
    if case.same_shape() and case.matches(right * right for right in case.right):
        yield (OPERATORS["squared"].edit("the result"),)


def _of_result(case: Case) -> Iterator[Edits]:
    for what, change in _OF_RESULT if case.same_shape() else ():
        if case.matches(map(change, case.right)):
            yield (OPERATORS["function-of-result"].edit("the result", new=what.format(_RIGHT)),)


def _of_upstream(case: Case) -> Iterator[Edits]:
    """f(D), or f(D) times D, of an upstream gradient D of the same shape."""
    for name, gradient in _entrywise(case):
        for shown, f, p in _FUNCTIONS[1:]:
            text = shown.replace("{}", name)
            times = case.matches(D * p(f(D)) for D in gradient)
            if times or case.matches(p(f(D)) for D in gradient):
                yield (OPERATORS["function-of-upstream"].edit(name, new=f"{name} * ({text})" if times else text),)
                return


def _for_slope(case: Case) -> Iterator[Edits]:
    """D f(q) with a function of a quantity q where a derivative belongs."""
    for name, gradient in _entrywise(case):
        right, found = _quotient(case.right, gradient), _quotient(case.values, gradient)
        new = found and _function_of_quantity(case, found)
        if new and right and _function_of_quantity(case, right):  # otherwise it is no entry-by-entry multiple of D
            yield (OPERATORS["function-for-slope"].edit(name, new=new),)
            return


def _quotient(values: Values, gradient: Values) -> Values | None:
    if not all(np.all(D) for D in gradient):
        return None
    return [value / D for value, D in zip(values, gradient, strict=True)]


def _function_of_quantity(case: Case, values: Values) -> str | None:
    """The function of a quantity that has these values, with the quantity in it; None where there is none."""
    wanted = replace(case, values=values)
    first = values[0]
    like = [name for name in case.quantities if case.known[name][0].shape == first.shape]
    if not like or not first.size:
        return None
    # All quantities at once at one sample point, and what is near there at all of them.
    stack = np.array([np.atleast_1d(case.known[name][0]) for name in like], dtype=float)
    apart = np.abs(first).max() * case.tolerance
    for shown, f, p in _FUNCTIONS:
        distances = np.abs(p(f(stack)) - first).reshape(len(like), -1).max(axis=1)
        for i in np.flatnonzero(distances <= apart):
            if wanted.matches(p(f(array)) for array in case.known[like[i]]):
                return shown.replace("{}", like[i])
    return None


def _entrywise(case: Case) -> Iterator[tuple[str, Values]]:
    """The upstream gradients that the gradient is an entry-by-entry multiple of."""
    if not case.same_shape():
        return
    for name, gradient in case.upstream.items():
        if all(D.shape == right.shape for D, right in zip(gradient, case.right, strict=True)):
            yield name, gradient


def _upstream_example(case: Case, make: Callable[[Array], Array]) -> Values | None:
    found = next(_entrywise(case), None)
    return None if found is None else [make(D) for D in found[1]]


def _slope_example(case: Case) -> Values | None:
    found = next(_entrywise(case), None)
    slope = _quotient(case.right, found[1]) if found is not None else None
    if slope is None or _function_of_quantity(case, slope) is None:
        return None
    like = [
        values
        for name, values in case.known.items()
        if name in case.quantities and all(v.shape == g.shape for v, g in zip(values, case.right, strict=True))
    ]
    if found is None or not like:
        return None
    return [D * np.exp(v) for D, v in zip(found[1], like[0], strict=True)]


PATTERNS = (
    Pattern("sign-only", _signs, lambda case: [np.sign(right) for right in case.right]),
    Pattern("squared", _squared, lambda case: [right**2 for right in case.right]),
    Pattern("function-of-result", _of_result, lambda case: [np.tanh(right) for right in case.right]),
    Pattern("function-of-upstream", _of_upstream, lambda case: _upstream_example(case, lambda D: D * (1 - D))),
    Pattern("function-for-slope", _for_slope, _slope_example),
)
