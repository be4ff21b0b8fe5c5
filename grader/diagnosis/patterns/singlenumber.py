"""One number per sample point: an answer that is a single number everywhere, and a single factor; and what that number is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.pattern import Case, Edits, Pattern
from grader.problem.model import Array

RIGHT = "the right ones"
MOST_PAIRS = 4096

REDUCED: tuple[tuple[str, Callable[[Array], float]], ...] = (
    ("the sum of", lambda a: float(a.sum())),
    ("the mean of", lambda a: float(a.mean())),
    ("the largest absolute value of", lambda a: float(np.abs(a).max())),
    ("the sum of the absolute values of", lambda a: float(np.abs(a).sum())),
    ("the norm of", lambda a: float(np.linalg.norm(a))),
    ("the standard deviation of", lambda a: float(a.std())),
    ("the product of", lambda a: float(a.prod())),
)
# One entry may be another one at the same time: these come last.
PICKED: tuple[tuple[str, Callable[[Array], float]], ...] = (
    ("the largest of", lambda a: float(a.max())),
    ("the smallest of", lambda a: float(a.min())),
    ("the first of", lambda a: float(a.flat[0])),
    ("the last of", lambda a: float(a.flat[-1])),
)


def numbers(case: Case) -> Iterator[tuple[str, list[float]]]:
    """Single numbers that a student may have computed: what they are, and one per sample point.  The plainest first."""
    arrays: dict[str, Values] = {RIGHT: case.right, **case.upstream, **case.known}
    yield from _reduced(arrays, REDUCED)
    for name, values in arrays.items():
        if all(value.ndim == 2 and value.shape[0] == value.shape[1] > 1 for value in values):
            yield f"the trace of {name}", [float(np.trace(value)) for value in values]
    flat = {name: [value.reshape(-1) for value in values] for name, values in arrays.items()}
    pairs = [
        (one, other)
        for one, other in combinations_with_replacement(flat, 2)
        if all(a.size == b.size > 1 for a, b in zip(flat[one], flat[other], strict=True))
    ]
    for one, other in pairs[:MOST_PAIRS]:
        dots = [float(a @ b) for a, b in zip(flat[one], flat[other], strict=True)]
        what = f"the sum of squares of {one}" if one == other else f"the inner product of {one} and {other}"
        yield what, dots
    yield from _reduced(arrays, PICKED)


def _reduced(
    arrays: Mapping[str, Values], ways: Sequence[tuple[str, Callable[[Array], float]]]
) -> Iterator[tuple[str, list[float]]]:
    for name, values in arrays.items():
        for what, reduce in ways if min(value.size for value in values) > 1 else ():
            yield f"{what} {name}", [reduce(value) for value in values]


def named_number(case: Case, wanted: Sequence[float]) -> tuple[str, int] | None:
    """What these numbers are, one per sample point, and with which sign; None where they are nothing known."""
    goal = np.array(wanted)
    known = list(numbers(case))
    for sign in (1, -1):
        for what, found in known:
            if np.all(np.abs(sign * np.array(found) - goal) <= 10 * case.tolerance * np.abs(goal)):
                return what, sign
    return None


def one_number(case: Case) -> list[float] | None:
    """The number that fills the answer at each sample point; None where entries differ, or the gradient is one number too."""
    if all(right.size == 1 for right in case.right) or not all(value.size for value in case.values):
        return None
    if any(np.ptp(value) > case.tolerance * np.max(np.abs(value)) for value in case.values):
        return None
    found = [float(value.flat[0]) for value in case.values]
    return found if any(found) else None


def _everywhere(case: Case) -> Iterator[Edits]:
    found = one_number(case)
    if found is None or (named := named_number(case, found)) is None:
        return
    what, sign = named
    places = ", in every place" if case.values[0].size > 1 else ""
    edit = OPERATORS["one-number"].edit("the result", new=f"{what}{places}")
    yield (edit,) if sign > 0 else (edit, OPERATORS["sign-result"].edit("the result"))


def factors(case: Case) -> list[float] | None:
    """The factor of the right numbers at each sample point; None where the answer is no multiple of them."""
    if not case.same_shape() or any(right.size < 2 or not right.any() for right in case.right):
        return None
    found = [float(np.vdot(g, v) / np.vdot(g, g)) for v, g in zip(case.values, case.right, strict=True)]
    made = [factor * right for factor, right in zip(found, case.right, strict=True)]
    return found if all(found) and not case.is_constant(found) and case.matches(made) else None


def _possessive(what: str) -> str:
    """`the norm of the right ones` as `their norm`."""
    own = what.removesuffix(f" of {RIGHT}")
    return what if own == what else f"their {own.removeprefix('the ')}"


def _scaled(case: Case) -> Iterator[Edits]:
    """Right up to a factor that is a number known at each sample point, or one over it."""
    found = factors(case)
    if found is None:
        return
    for word, wanted in (("times", found), ("divided by", [1 / factor for factor in found])):
        if (named := named_number(case, wanted)) is not None:
            what, sign = named
            edit = OPERATORS["scale-known"].edit("the result", new=f"{word} {_possessive(what)}")
            yield (edit,) if sign > 0 else (edit, OPERATORS["sign-result"].edit("the result"))


def _offset(case: Case) -> Iterator[Edits]:
    """The right numbers plus one number: the same in every entry, whatever it is at the other sample points."""
    if case.same_shape() and _shows_offsets(case):
        added = [float(np.mean(value - right)) for value, right in zip(case.values, case.right, strict=True)]
        if any(added) and case.matches(right + number for right, number in zip(case.right, added, strict=True)):
            yield (OPERATORS["offset"].edit("the result"),)


def _shows_offsets(case: Case) -> bool:
    """Whether no number can be the same in all entries by chance: a single one always is, two everywhere may be."""
    sizes = [right.size for right in case.right]
    return min(sizes) > 1 and max(sizes) > 2


def _varies(case: Case) -> bool:
    """Whether there are entries to reduce."""
    return min(right.size for right in case.right) > 1


PATTERNS = (
    Pattern(
        "one-number",
        _everywhere,
        lambda case: [np.full_like(right, np.linalg.norm(right)) for right in case.right] if _varies(case) else None,
    ),
    Pattern(
        "offset",
        _offset,
        lambda case: [right + 0.5 for right in case.right] if _shows_offsets(case) else None,
    ),
    Pattern(
        "scale-known",
        _scaled,
        lambda case: [right / np.linalg.norm(right) for right in case.right] if _varies(case) else None,
    ),
)
