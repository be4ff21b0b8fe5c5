"""Answers that say nothing about the derivation: zero, one number, or the same at every sample point."""

from collections.abc import Sequence

import numpy as np

from grader.problem.model import Array

SAME = 1e-9


def find_trivial(values: Sequence[Array]) -> str:
    """Why an answer says nothing about the derivation, or "": zero, constant, or the same at every sample point."""
    if not any(np.isfinite(value).any() for value in values):
        return "no entry is a finite number at any sample point: this earns nothing, not even for its shape"
    if not any(np.any(value) for value in values):
        return "every entry is zero at every sample point: this earns nothing, not even for its shape"
    if all(value.size > 1 and np.all(value == value.flat[0]) for value in values) and is_one_number(values):
        return "all entries are equal: a constant earns nothing, not even for its shape"
    same_shape = [
        (a, b) for i, a in enumerate(values) for b in values[:i] if a.shape == b.shape and (np.any(a) or np.any(b))
    ]
    if same_shape and all(np.array_equal(a, b) for a, b in same_shape):
        if any(value.shape != values[0].shape for value in values):
            return (
                "the answer is the same at all sample points of the same sizes, although their numbers differ:"
                " this earns nothing, not even for its shape"
            )
        return "the answer is the same at every sample point: it uses no quantity, and earns nothing, not even for its shape"
    return ""


def is_one_number(values: Sequence[Array]) -> bool:
    """Whether arrays of equal entries hold the same number, or zero up to rounding, at every sample point; a sum does not."""
    numbers = np.array([value.flat[0] for value in values], dtype=complex)
    with np.errstate(invalid="ignore"):
        return bool(np.max(np.abs(numbers - numbers[0])) <= SAME * max(np.abs(numbers[0]), 1e-4))
