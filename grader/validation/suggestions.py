"""What would fix a problem that is due to the sample points: another seed, or other sizes.  Each is tried before it is named."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from grader.config.dimensions import MAX_SIZE, MIN_SIZE, Dimension, FormulaError
from grader.config.keys import Config
from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.points import make_points

SEEDS = 6
_LARGER = (1, 2, 4)  # added to all sizes
_HALVINGS = 12

Fine = Callable[[Assignment], bool]


def other_points(assignment: Assignment, fine: Fine, *, smaller: bool = False) -> str:
    """A seed, or else sizes, with which an assignment is fine; or that none was found.

    Args:
        smaller: it is small sizes that help, not large ones.
    """
    for number in range(SEEDS):
        # As secret as the one that they are made from, and the same each time
        seed = hashlib.sha256(f"{assignment.config.steps.seed} {number}".encode()).hexdigest()[:32]
        if _is_fine(lambda: with_seed(assignment, seed), fine):  # noqa: B023, called here
            return f'this seed has no such problem: steps.seed: "{seed}"'
    if smaller:
        return smaller_sizes(assignment, fine) or f"{SEEDS} other seeds do no better, nor do smaller sizes"
    for config in _larger(assignment.config):
        if _is_fine(lambda: _at(assignment, config), fine):  # noqa: B023, called here
            return f"these sizes have no such problem: {_shown(assignment.config, config)}"
    return f"{SEEDS} other seeds do no better, nor do sizes that are larger by up to {max(_LARGER)}"


def smaller_sizes(assignment: Assignment, fine: Fine) -> str:
    """Sizes with which an assignment is fine, the largest ones halved one after the other; "" where none are."""
    config = assignment.config
    for _ in range(_HALVINGS):
        smaller = _halved(config)
        if smaller is None:
            return ""
        config = smaller
        if _is_fine(lambda: _at(assignment, config), fine):  # noqa: B023, called here
            return f"these sizes would do: {_shown(assignment.config, config)}"
    return ""


def with_seed(assignment: Assignment, seed: str) -> Assignment:
    """The same assignment at the sample points of another seed.

    Raises:
        ConfigError: the model fails there.
    """
    steps = msgspec.structs.replace(assignment.config.steps, seed=seed)
    return _at(assignment, msgspec.structs.replace(assignment.config, steps=steps))


def _at(assignment: Assignment, config: Config) -> Assignment:
    return dataclasses.replace(assignment, config=config, points=make_points(config, assignment.graph))


def _is_fine(make: Callable[[], Assignment], fine: Fine) -> bool:
    try:
        with np.errstate(all="ignore"):
            return fine(make())
    except (ConfigError, FormulaError):
        return False


def _larger(config: Config) -> Iterator[Config]:
    for more in _LARGER:
        yield from _with_sizes(config, lambda size: size + more)  # noqa: B023, called here


def _halved(config: Config) -> Config | None:
    """With the largest dimension that no formula gives at half its sizes, or a little more, so that all still differ."""
    plain = {name: given for name, given in config.dimensions.items() if not isinstance(given, str)}
    for name in sorted(plain, key=lambda one: -_most(plain[one])):
        for more in range(len(plain) + 1):
            found = next(_with_sizes(config, lambda size: size // 2 + more, name), None)  # noqa: B023, called here
            if found is not None and _most(found.dimensions[name]) < _most(plain[name]):
                return found
    return None


def _with_sizes(config: Config, change: Callable[[int], int], only: str = "") -> Iterator[Config]:
    """The config with other sizes, if they are different from one another at every sample point."""
    dimensions: dict[str, Dimension] = {}
    for name, given in config.dimensions.items():
        if isinstance(given, str) or only not in ("", name):
            dimensions[name] = given
        else:
            dimensions[name] = [change(size) for size in given] if isinstance(given, list) else change(given)
    changed = msgspec.structs.replace(config, dimensions=dimensions)
    try:
        every = [list(changed.sizes(k).values()) for k in range(changed.size_sets)]
    except FormulaError:
        return
    if all(len(set(sizes)) == len(sizes) and min(sizes) >= MIN_SIZE and max(sizes) <= MAX_SIZE for sizes in every):
        yield changed


def _most(given: Dimension) -> int:
    return max(given) if isinstance(given, list) else int(given)


def _shown(before: Config, after: Config) -> str:
    changed = {name: given for name, given in after.dimensions.items() if given != before.dimensions[name]}
    return ", ".join(f"{name}: {given}" for name, given in changed.items())
