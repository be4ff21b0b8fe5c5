"""What goes wrong at products of 1-D arrays: a matrix times a vector, and the outer product of two vectors."""

from collections.abc import Iterator

from grader.diagnosis.formulas.expression import Node, mul, q, text, transposed
from grader.diagnosis.formulas.formula_nodes import call, inside
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.arrays import WRONG_AXIS, short
from grader.diagnosis.mutations.leaves import Mutant, wrong


def vector_product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mm", a, b) where one of them is a matrix and the other one a vector: the sum is missing, or another one."""
    a, b = node[1], node[2]
    axes = [_axes(part, world) for part in (a, b)]
    if sorted(axes) != [1, 2]:
        return
    matrix, vector = (a, b) if axes[0] == 2 else (transposed(b), a)
    terms = mul(matrix, vector)  # an entry of the result in each row
    shown = f"the sum with {short(matrix[1] if matrix[0] == 'T' else matrix)}"
    yield wrong(("T", terms), "sum-missing", shown)
    yield wrong(terms, "sum-missing", shown, extra=0.1)
    yield wrong(call("sum", terms, axis=(0,), keepdims=False), "sum-axis", shown, new=WRONG_AXIS)
    yield wrong(call("mean", terms, axis=(1,), keepdims=False), "mean-for-sum", shown)


def vector_outer_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("outer", x, y): rows in place of a vector."""
    x, y = node[1], node[2]
    right = world.evaluator(node)
    for rows in _tables(world) if right is not None else ():
        found = world.evaluator(rows)
        if found is not None and all(a.shape == b.shape for a, b in zip(found, right or [], strict=True)):
            yield wrong(("T", mul(("T", rows), x)), "wrong-variable-shape", short(y), new=text(rows))
            yield wrong(mul(rows, y), "wrong-variable-shape", short(x), new=text(rows))


def _tables(world: World) -> list[Node]:
    """Matrices, and rows that the model picks from them."""
    picked = [part for tree in world.model.values() for part in inside(tree) if part[:2] == ("np", "getitem")]
    return list(dict.fromkeys([*map(q, world.matrices), *picked]))


def _axes(node: Node, world: World) -> int:
    values = world.evaluator(node)
    return values[0].ndim if values is not None else 0
