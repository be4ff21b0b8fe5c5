"""Small sizes for the dimensions of an assignment, all different and related as its formulas say: for reading numbers by eye."""

from collections.abc import Mapping, Sequence
from itertools import combinations, islice

from grader.config.dimensions import MIN_SIZE, FormulaError, resolved
from grader.config.keys import Config

_SPARE = 6  # how many sizes more than dimensions are tried
_TRIED = 5000


def small_sizes(config: Config, k: int, order: Sequence[str], smallest: int) -> dict[str, int] | None:
    """The smallest sizes of the dimensions `order`, which have lists of sizes, that grow in this order; None where none fit.

    A dimension of one size keeps it, and one with a formula follows from the others.
    """
    fixed = {name: given for name, given in config.dimensions.items() if not isinstance(given, list)}
    pool = range(smallest, smallest + len(order) + _SPARE)
    for sizes in islice(combinations(pool, len(order)), _TRIED):
        found = _fitting({**fixed, **dict(zip(order, sizes, strict=True))}, k, config.whole_constants)
        if found is not None:
            return {name: found[name] for name in order}
    return None


def by_size(config: Config, k: int) -> list[str]:
    """The dimensions with lists of sizes, in the order of those at sample point `k`."""
    sizes = config.sizes(k)
    return sorted((name for name, given in config.dimensions.items() if isinstance(given, list)), key=sizes.__getitem__)


def with_sizes(config: Config, sizes: Sequence[Mapping[str, int]]) -> dict[str, int | list[int] | str]:
    """The dimensions of a config with other sizes in place of its lists."""
    return {
        name: [each[name] for each in sizes] if isinstance(given, list) else given
        for name, given in config.dimensions.items()
    }


def _fitting(
    dimensions: Mapping[str, int | list[int] | str], k: int, constants: Mapping[str, int]
) -> dict[str, int] | None:
    try:
        sizes = resolved(dimensions, k, constants)
    except FormulaError:
        return None
    distinct = len(set(sizes.values())) == len(sizes)
    return sizes if distinct and min(sizes.values(), default=MIN_SIZE) >= MIN_SIZE else None
