"""The model, run at sample points: the shape of each quantity that it computes, and sizes that fit together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import msgspec
import numpy as np

from grader.config.keys import Config
from grader.derivation import Point as Inputs
from grader.derivation import Unreadable
from grader.derivation.chain import run
from grader.derivation.docstrings import DIMENSION
from grader.errors import ConfigError
from grader.newassignment.complex_steps import check_complex
from grader.newassignment.described_model import ModelFile, dimensions_in, relations, written_lengths
from grader.newassignment.dimension_sizes import SETS, Sizes, choose_sizes, formula_for, name_for
from grader.newassignment.sampling import Drawn
from grader.problem.model import Graph
from grader.problem.points import Point, first_draw, make_points

_SEED = "0" * 32
_LARGE = 30.0  # numbers of order one, summed over many entries
_HALVINGS = 4
_PLACE = ("scatter", "setitem")


class _NotFinite(ConfigError):
    """What the model computes is not finite with these inputs."""


@dataclass(frozen=True)
class Measured:
    """Sizes, and what the model computes at them.

    Attributes:
        sizes: of each dimension, at each set of sizes.
        relations: dimensions that follow from others: `{"O": "W - K + 1"}`.
        computed: the shape of each quantity that the model computes.
        fixed: dimensions that keep one size.
    """

    sizes: Sizes
    relations: Mapping[str, str]
    computed: Mapping[str, tuple[str | int, ...]]
    points: Sequence[Point] = field(repr=False)
    fixed: tuple[str, ...] = ()


def measure_in_range(read: ModelFile, drawn: Mapping[str, Drawn]) -> tuple[Mapping[str, Drawn], Measured]:
    """The same with smaller inputs if what the model computes is too large: a softmax of large numbers hides mistakes.

    Raises:
        ConfigError: as `measure`.
    """
    smaller = drawn
    for _ in range(_HALVINGS):
        try:
            measured = measure(read, smaller)
            if all(np.max(np.abs(point.values[name])) <= _LARGE for point in measured.points for name in read.order):
                return smaller, measured
        except _NotFinite:
            pass
        smaller = {name: each.halved() for name, each in smaller.items()}
    return drawn, measure(read, drawn)


def measure(read: ModelFile, drawn: Mapping[str, Drawn], fixed: Sequence[str] = ()) -> Measured:
    """Run the model at three sets of sizes.

    Raises:
        ConfigError: it does not run with the shapes of its docstrings, or computes what the config cannot express.
    """
    known = _named_formulas(drawn, relations(read))
    written = _written(read, drawn, known)
    known |= written
    for _ in range(3):  # a shape may show one more dimension, and the sizes of all must differ
        names = list(dict.fromkeys([*dimensions_in(p for each in drawn.values() for p in each.shape), *known]))
        sizes = choose_sizes(names, known, _literals(drawn), fixed, partial(_runs, read, drawn, known))
        if sizes is None:
            raise ConfigError(f"{read.path}:1: no sizes of {', '.join(names)} fit all the shapes in the docstrings")
        points = _points(read, drawn, known, sizes)
        computed = {name: _shape(read, name, points, sizes) for name in read.order[:-1]}
        new = [part for shape in computed.values() for part in shape if isinstance(part, str) and part not in sizes]
        new = new or _padded(read, drawn, points, sizes)
        if not new:
            _check_repeatable(read, points[0])
            _check_values(read, points)
            check_complex(read, _graph(read, drawn), points[0])
            unused = written.keys() - {part for shape in computed.values() for part in shape}
            sizes = {name: size for name, size in sizes.items() if name not in unused}
            known = {name: formula for name, formula in known.items() if name not in unused}
            return Measured(sizes, known, computed, points, tuple(fixed))
        for formula in dict.fromkeys(new):
            known[name_for(formula, [*names, *known, *read.inputs, *read.order])] = formula
    raise ConfigError(f"{read.path}:1: the shapes do not settle")


def first_draws(read: ModelFile, drawn: Mapping[str, Drawn], measured: Measured, count: int) -> Iterator[Point]:
    """Sample points as they are drawn for single files: nothing keeps them away from kinks."""
    config, graph = _inputs_only(read, drawn, measured.relations, measured.sizes)
    for number in range(count):
        steps = msgspec.structs.replace(config.steps, seed=f"{number:032x}")
        yield first_draw(msgspec.structs.replace(config, steps=steps), graph, number % SETS)


def shape_in(shape: Sequence[str], known: Mapping[str, str]) -> list[str | int]:
    """A shape as the config has it: formulas by the names of their dimensions."""
    names = {formula: name for name, formula in known.items()}
    return [int(part) if part.isdigit() else names.get(part, part) for part in shape]


def _named_formulas(drawn: Mapping[str, Drawn], given: Mapping[str, str]) -> dict[str, str]:
    """The dimensions that follow from others: those that docstrings define, and formulas that stand in shapes."""
    known = dict(given)
    parts = [part for each in drawn.values() for part in each.shape]
    for part in parts:
        if not DIMENSION.fullmatch(part) and part not in known.values():
            known[name_for(part, [*dimensions_in(parts), *known])] = part
    return known


def _written(read: ModelFile, drawn: Mapping[str, Drawn], known: Mapping[str, str]) -> dict[str, str]:
    """Names for the other formulas in the shapes of docstrings: what the model computes may have such axes."""
    dimensions = [*dimensions_in(part for each in drawn.values() for part in each.shape), *known]
    found: dict[str, str] = {}
    for formula in written_lengths(read, dimensions):
        if not DIMENSION.fullmatch(formula) and formula not in known.values():
            found[name_for(formula, [*dimensions, *found, *read.inputs, *read.order])] = formula
    return found


def _literals(drawn: Mapping[str, Drawn]) -> set[int]:
    parts = [part for each in drawn.values() for part in each.shape]
    return {int(number) for part in parts for number in DIMENSION.findall(part) if number.isdigit()}


def _points(read: ModelFile, drawn: Mapping[str, Drawn], known: Mapping[str, str], sizes: Sizes) -> list[Point]:
    """A sample point for each set of sizes."""
    try:
        return make_points(*_inputs_only(read, drawn, known, sizes))
    except ConfigError as error:
        raise _located(read, drawn, error) from error


def _inputs_only(
    read: ModelFile, drawn: Mapping[str, Drawn], known: Mapping[str, str], sizes: Sizes
) -> tuple[Config, Graph]:
    """A config that knows the inputs only."""
    entries = {name: each.entry_with(shape_in(each.shape, known)) for name, each in drawn.items()}
    data = {
        "title": "",
        "model": "model.py",
        "submission": "gradients.py",
        "loss": read.loss,
        "objective": "cross_entropy",
        "dimensions": sizes,
        "steps": {"count": SETS, "seed": _SEED},
        "quantities": entries,
        "gradients": [{"name": "none", "of": next(iter(drawn)), "max_score": 1}],
        "checks": {name: {"share": 0.5, "tolerance": 1e-6} for name in ("shape", "finite_difference", "reference")},
        "follow_through": {"share": 1.0},
    }
    del data["checks"]["shape"]["tolerance"]  # type: ignore[index]
    return msgspec.convert(data, Config), _graph(read, drawn)


def _graph(read: ModelFile, drawn: Iterable[str]) -> Graph:
    return Graph(read.path, [*drawn, *read.order[:-1]], read.order[:-1], read.loss)


def _runs(read: ModelFile, drawn: Mapping[str, Drawn], known: Mapping[str, str], sizes: Mapping[str, int]) -> bool:
    try:
        first_draw(*_inputs_only(read, drawn, known, {name: [size] * SETS for name, size in sizes.items()}), 0)
    except ConfigError:
        return False
    return True


def _located(read: ModelFile, drawn: Mapping[str, Drawn], error: ConfigError) -> ConfigError:
    """The same error with the line of the model on which it occurred, and the shapes that its docstrings give."""
    cause, line, function = error.__cause__, 0, ""
    trace = cause.__traceback__ if cause else None
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == str(read.path):
            line = trace.tb_lineno
            function = code.co_name if code.co_name in read.order else function
        trace = trace.tb_next
    if not cause or not line:
        return error
    shapes = (
        [f"{name} is ({', '.join(drawn[name].shape)})" for name in read.model.parameters(function) if name in drawn]
        if function
        else []
    )
    given = f"; the docstrings say: {', '.join(shapes)} (a size may depend on others: `W - K + 1`)" if shapes else ""
    return ConfigError(f"{read.path}:{line}: {type(cause).__name__}: {cause}{given}")


def _shape(read: ModelFile, name: str, points: Sequence[Point], sizes: Sizes) -> tuple[str | int, ...]:
    shapes = [np.shape(point.values[name]) for point in points]
    if len({len(shape) for shape in shapes}) > 1:
        raise read.wrong(name, f"{name}: has another number of axes at other sizes")
    return tuple(_axis(read, name, lengths, sizes) for lengths in zip(*shapes, strict=True))


def _axis(read: ModelFile, name: str, lengths: tuple[int, ...], sizes: Sizes) -> str | int:
    same = next((dimension for dimension, known in sizes.items() if tuple(known) == lengths), None)
    if same:
        return same
    if len(set(lengths)) == 1:
        return lengths[0]
    formula = formula_for(lengths, sizes, written_lengths(read, sizes))
    if formula is None:
        shown = ", ".join(map(str, lengths))
        raise read.wrong(
            name, f"{name}: an axis has {shown} entries at the three sets of sizes: which dimension is that?"
        )
    return formula


def _padded(read: ModelFile, drawn: Iterable[str], points: Sequence[Point], sizes: Sizes) -> list[str]:
    """The sizes of arrays that only a function sees, such as that of a padded image: `H + 2`."""
    try:
        runs = [
            run(read.model, Inputs({n: point.values[n] for n in drawn}, point.sizes), read.loss) for point in points
        ]
    except Unreadable:
        return []  # which is an error of its own where gradients are derived
    found: dict[str, None] = {}
    for name in read.order:
        placed = [[node.shape for node in each.roots[name].walk() if node.op in _PLACE] for each in runs]
        if len(set(map(len, placed))) == 1:  # loops over entries have others at each size
            for lengths in zip(*(chain.from_iterable(shapes) for shapes in placed), strict=True):
                if list(lengths) not in sizes.values() and len(set(lengths)) > 1:
                    found |= dict.fromkeys(_longer(lengths, sizes)[:1])
    return list(found)


def _longer(lengths: Sequence[int], sizes: Sizes) -> list[str]:
    """Formulas of a dimension and what is added to it that give these lengths."""
    away = {name: {at - one for at, one in zip(lengths, known, strict=True)} for name, known in sizes.items()}
    return [f"{name} + {min(each)}" for name, each in away.items() if len(each) == 1 and min(each) > 0]


def _check_repeatable(read: ModelFile, point: Point) -> None:
    """A derivative compares runs of the model, so nothing but its parameters may change what it computes."""
    for name in read.order:
        again = read.model.functions[name](*[point.values[each] for each in read.model.parameters(name)])
        if not np.allclose(again, point.values[name], rtol=1e-9, atol=0, equal_nan=True):
            raise read.wrong(
                name,
                f"{name}: two runs of the model differ, so it must not draw random numbers: make them a parameter,"
                " with a shape in a docstring (`noise is (N, D)`); config.yaml then says how they are drawn (`sample: ...`)",
            )


def _check_values(read: ModelFile, points: Sequence[Point]) -> None:
    for name in read.order[:-1]:
        values = [np.asarray(point.values[name]) for point in points]
        if not all(np.isfinite(value).all() for value in values):
            raise _NotFinite(
                read.wrong(
                    name,
                    f"{name} is not finite everywhere: say in a docstring which inputs are positive, or between 0 and 1",
                )
            )
        if not any(np.any(value) for value in values):
            raise read.wrong(name, f"{name} is zero everywhere, which hides mistakes")
    for point in points:
        if not np.isfinite(point.values[read.loss]):
            raise _NotFinite(
                read.wrong(read.loss, f"{read.loss} is not finite everywhere: say which inputs are positive")
            )
