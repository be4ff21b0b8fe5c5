"""A loop that only adds up is a sum over axes or a matrix product, and goes wrong as one, too: say, along the wrong axis."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from grader.diagnosis.formulas.expression import Node, leaves, mul, transposed
from grader.diagnosis.formulas.formula_nodes import call, inside

_MOST_FACTORS = 3


def closed_forms(tree: Node, shapes: Mapping[Node, tuple[str | int, ...]]) -> Iterator[Node]:
    """What a formula with loops may be without them; which of these it is, if any, its values tell.

    Args:
        shapes: of the quantities and gradients.
    """
    factors = list(dict.fromkeys(leaf for leaf in leaves(tree) if leaf[0] in ("q", "g")))
    loops = any(part[0] == "series" for part in inside(tree))
    if not loops or not 0 < len(factors) <= _MOST_FACTORS or not all(factor in shapes for factor in factors):
        return
    ndim = len(shapes[factors[0]])
    if all(shapes[factor] == shapes[factors[0]] for factor in factors):
        terms = factors[0] if len(factors) == 1 else mul(*factors)
        for count in range(1, ndim + 1):
            for axes in combinations(range(ndim), count):
                yield call("sum", terms, axis=axes, keepdims=False)
                yield ("sum", terms, axes[0]) if count == 1 else call("sum", terms, axis=axes, keepdims=True)
    if len(factors) == 2 and all(len(shapes[factor]) == 2 for factor in factors):
        ways = [(factor, transposed(factor)) for factor in factors]
        for first, second in (ways, ways[::-1]):
            yield from (("mm", left, right) for left, right in product(first, second))
