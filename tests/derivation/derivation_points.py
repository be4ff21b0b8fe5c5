"""Sample points for the bundled model, and the other models derived once for all tests."""

from functools import cache
from pathlib import Path

import numpy as np

from grader.derivation import Formula, Point, derive


@cache
def derived(path: Path) -> dict[str, Formula]:
    return derive(path)


def bundled_points() -> list[Point]:
    return [_bundled(11, 5, 7, 0), _bundled(13, 6, 8, 1)]


def _bundled(V: int, d: int, Dh: int, seed: int) -> Point:
    random = np.random.default_rng(seed)
    shapes = {"L": (V, d), "h_prev": (1, Dh), "H": (Dh, Dh), "I": (d, Dh), "b1": (1, Dh), "U": (Dh, V), "b2": (1, V)}
    inputs = {name: random.normal(size=shape) for name, shape in shapes.items()}
    inputs |= {"x": np.asarray(3), "y": np.eye(V)[[5]]}
    return Point(inputs, {"V": V, "d": d, "Dh": Dh})
