"""Sizes for the dimensions of a model: all different at a sample point, so that a size names its axis; three sets of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, combinations, islice, permutations
from math import prod
from random import Random

from grader.derivation.docstrings import length
from grader.newassignment.described_model import dimensions_in

SETS = 3
_POOL = (5, 7, 4, 9, 6, 8, 11, 10, 13, 12, 14, 15, 16, 17, 18, 19)
_SMALL = (3, *_POOL)  # a loop is written out: few rounds keep its formulas short
_SPARE_NAMES = "OPQRSTUVWXYZ"

_LARGEST = 1000  # a config has no larger ones
_MOST_TRIED = 5000
_MOST_MIXED = 3000
_MOST_FITTING = 300
_MOST_RUN = 100
_EACH_POOL = 200
_MOST_VISITED = 3000
_ENOUGH = 5  # sets of sizes at which the model runs
_OLD = 2  # how much larger a size counts that a dimension has had before

Sizes = dict[str, list[int]]


def choose_sizes(
    names: Sequence[str],
    relations: Mapping[str, str],
    literals: Iterable[int],
    fixed: Sequence[str] = (),
    runs: Callable[[Mapping[str, int]], bool] = lambda sizes: True,
) -> Sizes | None:
    """Three sizes for each dimension; None where no sizes fit.

    Args:
        names: the dimensions, those of `relations` included.
        relations: dimensions that are computed from others: `{"O": "W - K + 1"}`.
        literals: numbers that occur in shapes; no dimension has their size.
        fixed: dimensions that keep one size.
        runs: whether the model runs at these sizes; if it runs at none, they are chosen without it.
    """
    taken = set(literals) | {1, 2}
    free = [name for name in [*fixed, *names] if name not in relations]
    free = list(dict.fromkeys(free))  # a fixed dimension gets a small size
    ordered = _in_order(relations, free)
    if ordered is None:
        return None
    pool = [size for size in (_SMALL if fixed else _POOL) if size not in taken]
    chosen: list[dict[str, int]] = []
    for k in range(SETS):
        constant = {name: chosen[0][name] for name in fixed if name not in relations} if chosen else {}
        others = [name for name in free if name not in constant]
        left = [size for size in pool[k:] + pool[:k] if size not in constant.values()]
        fitting = [
            sizes
            for each in _tuples(left, len(others))
            if (sizes := _complete(constant | dict(zip(others, each, strict=True)), ordered, taken))
        ]
        usual = _newest(fitting, free, chosen)
        found = usual
        if not (usual and runs(usual)):
            small = _smallest(_mixed(constant, others, ordered, taken, k), constant, others, ordered, taken, chosen)
            found = _newest(islice(filter(runs, small[:_MOST_RUN]), _ENOUGH), free, chosen)
            found = found or usual or _newest(small, free, chosen)
        if not found:
            return None
        chosen.append(found)
    return {name: [sizes[name] for sizes in chosen] for name in names}


def _newest(
    found: Iterable[dict[str, int]], free: Iterable[str], before: Sequence[Mapping[str, int]]
) -> dict[str, int]:
    """The one with the most sizes that were not chosen before; {} if nothing was found."""
    return max(found, key=lambda sizes: sum(_is_new(sizes, name, before) for name in free), default={})


def _is_new(sizes: Mapping[str, int], name: str, before: Iterable[Mapping[str, int]]) -> bool:
    return all(sizes[name] != other[name] for other in before)


def _tuples(pool: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """The first `count` sizes, then others, not endlessly many."""
    for number, sizes in enumerate(permutations(pool[: count + 5], count)):
        if number == _MOST_TRIED:
            return
        yield sizes


def _mixed(
    constant: Mapping[str, int], names: Sequence[str], relations: Mapping[str, str], taken: set[int], seed: int
) -> Iterator[dict[str, int]]:
    """Sizes in any order, for models in which some must be smaller than others: a kernel must fit into its image.

    The small ones come first: loops over them are short.  A size is drawn among those that fit the ones before it, since of many
    dimensions that follow from one another hardly any sizes fit by chance.
    """
    pool = [size for size in _SMALL if size not in taken]
    random = Random(seed)  # noqa: S311
    found: set[tuple[int, ...]] = set()
    for number in range(_MOST_MIXED):
        several = pool[: len(names) + 2 + number // _EACH_POOL]
        sizes = dict(constant)
        for name in names:
            shuffled = random.sample(several, len(several))
            more = (_complete({**sizes, name: size}, relations, taken) for size in shuffled)
            sizes = next(filter(None, more), {})
            if not sizes:
                break
        if sizes and (numbers := tuple(sizes.values())) not in found:
            found.add(numbers)
            yield sizes
        if len(found) == _MOST_FITTING:
            return


def _smallest(
    found: Iterable[dict[str, int]],
    constant: Mapping[str, int],
    names: Sequence[str],
    relations: Mapping[str, str],
    taken: set[int],
    before: Sequence[Mapping[str, int]],
) -> list[dict[str, int]]:
    """Those that cost least come first, and smaller ones before them that a search finds: a model's loops are slow."""

    def cost(sizes: Mapping[str, int]) -> int:
        return prod(sizes[name] * (1 if _is_new(sizes, name, before) else _OLD) for name in sizes)

    ordered = sorted(found, key=cost)
    best = [cost(ordered[0])] if ordered and relations else [0]
    smallest = sorted(size for size in _SMALL if size not in taken)
    visits = iter(range(_MOST_VISITED))

    def search(sizes: dict[str, int], left: Sequence[str]) -> None:
        unused = [size for size in smallest if size not in sizes.values()]
        if cost(sizes) * prod(unused[: len(left)]) >= best[0]:
            return
        if not left:
            best[0] = cost(sizes)
            ordered.insert(0, sizes)
            return
        for size in unused:
            if next(visits, None) is not None:
                more = _complete({**sizes, left[0]: size}, relations, taken)
                if more:
                    search(more, left[1:])

    related = dimensions_in(relations.values())
    search(dict(constant), sorted(names, key=lambda name: related.index(name) if name in related else len(related)))
    return ordered


def _complete(sizes: dict[str, int], relations: Mapping[str, str], taken: set[int]) -> dict[str, int] | None:
    """The sizes with those that follow from them, if all are different."""
    sizes = dict(sizes)
    for name, formula in relations.items():
        if name not in sizes and _needed(formula) <= sizes.keys():
            sizes[name] = length(formula, sizes)
            if not 1 < sizes[name] <= _LARGEST or not _divides(formula, sizes):
                return None
    distinct = len(set(sizes.values())) == len(sizes)
    return sizes if distinct and taken.isdisjoint(sizes.values()) else None


@lru_cache(maxsize=256)
def _needed(formula: str) -> frozenset[str]:
    return frozenset(dimensions_in([formula]))


def _divides(formula: str, sizes: Mapping[str, int]) -> bool:
    """Whether a quotient such as `P // 2` has no remainder: pooling windows cover all entries, and formulas are the same."""
    dividend, _, divisor = formula.rpartition("//")
    if not dividend or dividend.count("(") != dividend.count(")"):  # a quotient within parentheses
        return True
    try:
        return length(dividend.strip(), sizes) % length(divisor.strip(), sizes) == 0
    except (SyntaxError, ZeroDivisionError):
        return True


def _in_order(relations: Mapping[str, str], known: Iterable[str]) -> dict[str, str] | None:
    """The relations, none before one that it follows from; None where one follows from something else."""
    found: dict[str, str] = {}
    open_ = dict(relations)
    while open_:
        names = {*known, *found}
        ready = {name: formula for name, formula in open_.items() if names.issuperset(dimensions_in([formula]))}
        if not ready:
            return None
        found |= ready
        open_ = {name: formula for name, formula in open_.items() if name not in ready}
    return found


def formula_for(lengths: Sequence[int], sizes: Mapping[str, Sequence[int]], written: Iterable[str] = ()) -> str | None:
    """How an axis with these lengths follows from the dimensions, such as `T * d`; None if in no simple way.

    Args:
        written: formulas that docstrings use; these come first.
    """
    for name, formula in chain((("", formula) for formula in written), _formulas(sizes)):
        if all(length(formula, {n: size[k] for n, size in sizes.items()}) == lengths[k] for k in range(SETS)):
            return name or formula
    return None


def _formulas(sizes: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, str]]:
    for name in sizes:
        yield name, name
    for a, b in combinations(sizes, 2):
        yield from (("", formula) for formula in (f"{a} * {b}", f"{a} + {b}", f"{a} - {b} + 1", f"{b} - {a} + 1"))
    for name in sizes:
        yield from (("", formula) for formula in (f"{name} - 1", f"{name} + 1", f"2 * {name}", f"3 * {name}"))
        yield "", f"4 * {name}"
        yield from (("", f"{name} - {k} + 1") for k in (3, 4, 5))
    for name in sizes:  # the heads of an attention, the groups of a normalization
        yield from (("", f"{name} // {k}") for k in (2, 3, 4, 8))


def name_for(formula: str, taken: Iterable[str]) -> str:
    """A name for a dimension that follows from others: `Td` for `T * d`, else a free letter."""
    used = set(taken)
    joined = "".join(dimensions_in([formula])) if "*" in formula and not formula[0].isdigit() else ""
    choices = [joined, *_SPARE_NAMES, *(f"n{k}" for k in range(1, 100))]
    return str(next(name for name in choices if name and name not in used))
