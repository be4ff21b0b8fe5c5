"""Values of a traced run are found among many as if each were compared."""

import numpy as np

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import equal
from grader.diagnosis.traced.lookup import Lookup

RANDOM = np.random.default_rng(0)


def values(*shapes: tuple[int, ...], scale: float = 1.0) -> Values:
    return [scale * RANDOM.standard_normal(shape) for shape in shapes]


def test_equal_values_are_found_in_any_orientation_and_no_others() -> None:
    known = [values((1, 3), (1, 4)), values((3, 4), (4, 3)), values((12,), (12,)), values((1, 3), (1, 4), scale=1e-200)]
    known += [[np.zeros(3), np.zeros(4)], [np.full(3, np.nan), np.zeros(4)], [np.arange(3), np.arange(4)]]
    asked = [*known, [value.T for value in known[0]], [np.squeeze(value) for value in known[0]]]
    asked += [[value.ravel() for value in known[1]], [value * (1 + 1e-11) for value in known[1]]]
    asked += [[value * (1 + 1e-7) for value in known[1]], [known[0][0], known[0][1] + 1], values((5,), (6,))]
    lookup = Lookup(known)
    for one in asked:
        assert lookup.positions(one) == [i for i, other in enumerate(known) if equal(one, other)], one
    assert known[0] in lookup
    assert [value + 1 for value in known[0]] not in lookup


def test_truth_values_and_complex_numbers_are_looked_up_like_any() -> None:
    known = [[np.array([True, False, True])], [np.array([1j, 2, 3])]]
    lookup = Lookup(known)
    assert lookup.positions([np.array([1j, 2, 3])]) == [1]
    assert lookup.positions([np.array([1.0, 0, 1])]) == [0]
