"""Whether a model keeps complex numbers: the checks differentiate it by complex steps, which are exact."""

import warnings
from typing import Any

import numpy as np

from grader.newassignment.described_model import ModelFile
from grader.problem.fillable import for_complex_steps
from grader.problem.kinks import watched
from grader.problem.model import Graph, line_in
from grader.problem.points import Point

_STEP = 1e-20
_REMEDY = "the grader differentiates the model by complex steps, so its functions must not lose the imaginary part"


def check_complex(read: ModelFile, graph: Graph, point: Point) -> None:
    """Run each function of the model, of which this is the graph, on complex numbers: in arrays that keep them in np.abs, too.

    Raises:
        ConfigError: one of them loses the imaginary part; the message has its line.
    """
    random = np.random.default_rng(0)
    functions = graph.functions_with(for_complex_steps)
    for name in read.order:
        values = {each: _without_ties(point.values[each], random) for each in read.model.parameters(name)}
        real = {each: np.asarray(value) for each, value in values.items() if np.asarray(value).dtype.kind == "f"}
        direction = {each: value * random.standard_normal(value.shape) for each, value in real.items()}
        moved = {each: watched(value + 1j * _STEP * direction[each]) for each, value in real.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("error", getattr(np, "exceptions", np).ComplexWarning)
            try:
                result = np.asarray(functions[name](**{**values, **moved})).view(np.ndarray)
            except Exception as error:
                raise read.wrong_at(line_in(error, read.path), f"{name}: {_REMEDY}: {_advice(error)}") from error
        if not _agrees(read, name, values, real, direction, result):
            raise read.wrong(
                name,
                f"{name}: {_REMEDY}, as .real, .imag and np.real do: write |a| as np.abs(a)",
            )


def _without_ties(value: Any, random: np.random.Generator) -> Any:
    """The zeros of a ReLU, moved apart: a maximum of equal numbers has no derivative."""
    array = np.asarray(value)
    return np.where(array == 0, random.uniform(0.01, 0.02, array.shape), array) if array.dtype.kind == "f" else value


def _advice(error: Exception) -> str:
    if isinstance(error, Warning):
        return "leave out the conversion to real numbers, such as `.astype(float)`"
    return f"{type(error).__name__}: {error}"


def _agrees(read: ModelFile, name: str, values: dict, real: dict, direction: dict, result: np.ndarray) -> bool:  # type: ignore[type-arg]
    """Whether the complex step is near the difference quotient, in which large numbers, such as -1e9, leave rounding."""
    function, h = read.model.functions[name], 1e-6
    up, down = (
        np.asarray(function(**{**values, **{each: value + sign * h * direction[each] for each, value in real.items()}}))
        for sign in (1, -1)
    )
    quotient = (up - down) / (2 * h)
    exact = result.imag / _STEP
    rounding = np.finfo(float).eps * np.maximum(np.abs(up), np.abs(down)) / h
    apart = np.maximum(np.abs(quotient - exact) - rounding, 0)
    return bool(np.linalg.norm(apart) <= 1e-3 * max(np.linalg.norm(exact), np.linalg.norm(quotient)) + 1e-6)
