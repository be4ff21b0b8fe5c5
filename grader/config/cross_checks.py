"""What the types of a config cannot say: names that must exist, sizes that must differ, shares that must add up."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from grader.config.calling_checks import interface_problems
from grader.config.dimensions import MAX_SIZE, MIN_SIZE, FormulaError, length, names_in, resolved
from grader.config.keys import CHECKS, Config, Gradient
from grader.config.late import problems as late_problems
from grader.config.problems import Problem, no_such
from grader.config.quantities import (
    WHOLE,
    Constant,
    Index,
    OneHot,
    Orthogonal,
    Probabilities,
    Quantity,
    Uniform,
)
from grader.config.yamlfile import Key

_CODE = (".py", ".ipynb")  # no other file of a student's is run
_PLACEHOLDER = "none"  # of a gradient whose entry is wrong


def cross_checked(config: Config, data: Mapping[str, Any], known: set[tuple[Key, ...]]) -> Iterator[Problem]:
    """Every problem of a config that is left after those at the places `known` were taken out of it.

    Args:
        data: all of the file, for the names that are declared in it, rightly or not.
    """
    check = _Check(config, data)
    if PurePosixPath(config.submission).suffix.lower() not in _CODE:
        yield Problem(["submission"], f"expected the name of a .py or .ipynb file, found {config.submission}")
    yield from check.dimensions()
    for name, quantity in config.quantities.items():
        yield from check.quantity(name, quantity)
    broken = {keys[:2] for keys in known}
    for i, gradient in enumerate(config.gradients if isinstance(data.get("gradients"), list) else ()):
        if ("gradients", i) not in broken and ("gradients",) not in broken:
            yield from check.gradient(i, gradient)
    gradients = [str(one["name"]) for one in data.get("gradients") or () if isinstance(one, dict) and "name" in one]
    yield from interface_problems(config.functions, config.groups, check.quantities, gradients)
    if not any(keys[:1] == ("checks",) for keys in known):
        yield from check.shares()
    for key, message in late_problems(config.late) if config.late is not None else ():
        yield Problem(["late", key], message)


class _Check:
    def __init__(self, config: Config, data: Mapping[str, Any]) -> None:
        self.config = config
        self.quantities = _names(data, "quantities")
        self.dimension_names = _names(data, "dimensions")

    def dimensions(self) -> Iterator[Problem]:
        given = self.config.dimensions
        counts = {name: len(sizes) for name, sizes in given.items() if isinstance(sizes, list)}
        if len(set(counts.values())) > 1:
            found = ", ".join(f"{name} {count}" for name, count in counts.items())
            yield Problem(["dimensions"], f"expected equally many sizes for every dimension, found {found}")
            return
        wrong = list(self._formulas())
        yield from wrong
        if wrong or len(given) < len(self.dimension_names):
            return
        first: dict[tuple[Key, ...], Problem] = {}  # at each place
        for k in range(self.config.size_sets):
            for problem in self._sizes(k):
                first.setdefault(tuple(problem.keys), problem)
        yield from first.values()

    def _formulas(self) -> Iterator[Problem]:
        constants = self.config.whole_constants
        for name, formula in self.config.dimensions.items():
            if not isinstance(formula, str):
                continue
            try:
                used = names_in(formula)
            except FormulaError as error:
                yield Problem(["dimensions", name], str(error))
                continue
            unknown = [one for one in used if one not in self.dimension_names and one not in constants]
            for one in unknown:
                yield Problem(["dimensions", name], no_such("another dimension", one, self.dimension_names))

    def _sizes(self, k: int) -> Iterator[Problem]:
        try:
            sizes = self.config.sizes(k)
        except FormulaError as error:
            formulas = [name for name, given in self.config.dimensions.items() if isinstance(given, str)]
            yield Problem(["dimensions", next((n for n in formulas if n in str(error)), formulas[0])], str(error))
            return
        by_size: dict[int, str] = {}
        for name, size in sorted(sizes.items(), key=lambda item: isinstance(self.config.dimensions[item[0]], str)):
            given = self.config.dimensions[name]
            place: list[Key] = ["dimensions", name, k] if isinstance(given, list) else ["dimensions", name]
            if isinstance(given, str) and not MIN_SIZE <= size <= MAX_SIZE:
                yield Problem(
                    place,
                    f"expected a size from {MIN_SIZE} to {MAX_SIZE}, found {given} = {size} at sample point {k + 1}",
                )
            elif size in by_size:
                yield Problem(place, self._same(name, by_size[size], size, k))
            by_size[size] = name

    def _same(self, name: str, other: str, size: int, k: int) -> str:
        given = self.config.dimensions[name]
        found = f"{given} = {size}, the size of {other}," if isinstance(given, str) else f"{size} for both"
        where = f" at sample point {k + 1}" if isinstance(given, str) else ""
        fix = self._other_size(name, other, k)
        return f"expected a size different from {other}, found {found}{where}: a shape could not tell them apart" + (
            f"; {fix} would do" if fix else ""
        )

    def _other_size(self, name: str, other: str, k: int) -> str:
        """A dimension with a size near its own, at which all differ."""
        for changed in (name, other, *self.config.dimensions):
            given = self.config.dimensions[changed]
            if isinstance(given, str):
                continue
            own = given[k] if isinstance(given, list) else given
            for size in sorted(range(max(MIN_SIZE, own - 8), own + 9), key=lambda one: abs(one - own)):
                at_k = {
                    n: size if n == changed else g[k] if isinstance(g, list) else g
                    for n, g in self.config.dimensions.items()
                }
                if _all_differ(at_k, self.config.whole_constants):
                    return f"{changed} = {size}"
        return ""

    def quantity(self, name: str, quantity: Quantity) -> Iterator[Problem]:
        for axis, size in enumerate(quantity.shape):
            yield from self._axis(["quantities", name, "shape", axis], size)
        if isinstance(quantity, Index):
            yield from self._index(name, quantity)
        if isinstance(quantity, OneHot | Probabilities):
            axis_given, axes = getattr(quantity, "axis", None), len(quantity.shape)
            if not axes:
                yield Problem(["quantities", name, "shape"], "expected at least one axis, found none")
            elif axis_given is not None and not -axes <= axis_given < axes:
                expected = f"expected an axis from {-axes} to {axes - 1}"
                yield Problem(["quantities", name, "axis"], f"{expected}, found {axis_given}")
            elif quantity.shape[quantity.along if isinstance(quantity, OneHot) else quantity.axis] == 1:
                yield Problem(
                    ["quantities", name, "shape"],
                    "expected more than one entry along the axis that the one is chosen from, found 1: name the `axis`"
                    if isinstance(quantity, OneHot)
                    else "expected more than one entry along the axis that adds up to 1, found 1: name the `axis`",
                )
        if isinstance(quantity, Orthogonal) and len(quantity.shape) < 2:
            yield Problem(["quantities", name, "shape"], f"expected at least two axes, found {len(quantity.shape)}")
        if isinstance(quantity, Uniform) and not quantity.low < quantity.high:
            found = f"{quantity.low:g} and {quantity.high:g}"
            yield Problem(["quantities", name, "low"], f"expected low < high, found {found}")

    def _axis(self, place: list[Key], size: str | int) -> Iterator[Problem]:
        if isinstance(size, int):
            if size < 1:
                yield Problem(place, no_such("a dimension", str(size), self.dimension_names))
            return
        if size in self.dimension_names:
            return
        try:
            unknown = [one for one in names_in(size) if one not in self.dimension_names]
            if unknown or size.isidentifier():
                yield Problem(place, no_such("a dimension", (unknown or [size])[0], self.dimension_names))
            elif len(self.config.dimensions) == len(self.dimension_names):
                for k in range(self.config.size_sets):
                    if length(size, self.config.sizes(k)) < 1:
                        yield Problem(place, f"expected a size of 1 or more, found {size} at sample point {k + 1}")
                        return
        except FormulaError as error:
            yield Problem(place, str(error))

    def _index(self, name: str, quantity: Index) -> Iterator[Problem]:
        if quantity.of not in self.dimension_names:
            yield Problem(["quantities", name, "of"], no_such("a dimension", quantity.of, self.dimension_names))
        other = quantity.differs_from
        if other is not None and not isinstance(self.config.quantities.get(other), OneHot):
            one_hot = [n for n, q in self.config.quantities.items() if isinstance(q, OneHot)]
            yield Problem(["quantities", name, "differs_from"], no_such("a one_hot quantity", other, one_hot))

    def gradient(self, i: int, gradient: Gradient) -> Iterator[Problem]:
        if gradient.of not in self.quantities:
            yield Problem(["gradients", i, "of"], no_such("a quantity", gradient.of, self.quantities))
        quantity = self.config.quantities.get(gradient.of)
        whole = isinstance(quantity, Constant) and isinstance(quantity.value, int)
        if isinstance(quantity, WHOLE) or whole:
            message = f"expected a quantity of real numbers, found {gradient.of}, which takes only whole values"
            yield Problem(["gradients", i, "of"], message)
        if gradient.name in [other.name for other in self.config.gradients[:i]]:
            yield Problem(["gradients", i, "name"], f"expected a name of its own, found {gradient.name} again")
        if gradient.shares:
            yield from self._adds_up(gradient, ["gradients", i, "shares"])

    def shares(self) -> Iterator[Problem]:
        plain = Gradient(name=_PLACEHOLDER, of=_PLACEHOLDER, max_score=1.0)
        yield from self._adds_up(plain, ["checks"])

    def _adds_up(self, gradient: Gradient, place: list[Key]) -> Iterator[Problem]:
        total = sum(self.config.share(gradient, check) for check in CHECKS)
        if abs(total - 1) > 1e-9:
            yield Problem(place, f"expected shares that add up to 1, found {total:g}")


def _all_differ(given: Mapping[str, Any], constants: Mapping[str, int]) -> bool:
    try:
        sizes = list(resolved(given, 0, constants).values())
    except FormulaError:
        return False
    return len(set(sizes)) == len(sizes) and all(MIN_SIZE <= size <= MAX_SIZE for size in sizes)


def _names(data: Mapping[str, Any], section: str) -> list[str]:
    found = data.get(section)
    return [str(name) for name in found] if isinstance(found, dict) else []
