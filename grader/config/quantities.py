"""What a sample point holds, as types: how each quantity is drawn, and its symbolic shape.

The docstrings here are descriptions in `docs/config.schema.json`.
"""

from typing import Annotated

from msgspec import Meta, Struct

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
Name = Annotated[str, Meta(pattern=f"^{NAME}$", description="a name of letters, digits and _")]
Positive = Annotated[float, Meta(gt=0, le=1e9)]
MAX_AXES = 6
Shape = Annotated[tuple[str | int, ...], Meta(max_length=MAX_AXES)]
Probability = Annotated[float, Meta(gt=0, lt=1)]


class _Quantity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="sample"):
    """The size of each axis is a dimension, a whole number or a formula such as `4 * H`; `[]` is a single number."""


class Normal(_Quantity, frozen=True, kw_only=True, tag="normal"):
    """Drawn from a normal distribution with mean 0."""

    shape: Shape
    scale: Positive = 1.0


class Uniform(_Quantity, frozen=True, kw_only=True, tag="uniform"):
    """Drawn uniformly between `low` and `high`."""

    shape: Shape
    low: float
    high: float


class Positives(_Quantity, frozen=True, kw_only=True, tag="positive"):
    """Positive numbers around `scale`, as for a variance."""

    shape: Shape
    scale: Positive = 1.0


class Probabilities(_Quantity, frozen=True, kw_only=True, tag="probability"):
    """Positive numbers that add up to 1 along `axis`, by default the last."""

    shape: Shape
    axis: int = -1


class Orthogonal(_Quantity, frozen=True, kw_only=True, tag="orthogonal"):
    """Matrices, along the last two axes, whose rows or columns, whichever are fewer, are orthonormal; times `scale`."""

    shape: Shape
    scale: Positive = 1.0


class Index(_Quantity, frozen=True, kw_only=True, tag="index"):
    """Whole numbers from 0 to the dimension `of` less one, a single one without `shape`.

    They never are the position of the 1 in the one-hot quantity `differs_from`.  At the first sample point an array of
    them repeats a number.
    """

    of: Name
    shape: Shape = ()
    differs_from: Name | None = None


class OneHot(_Quantity, frozen=True, kw_only=True, tag="one_hot"):
    """All zeros and a single one along `axis`: without it the last axis, or the only one that is longer than 1."""

    shape: Shape
    axis: int | None = None

    @property
    def along(self) -> int:
        """The axis along which there is a single one, as an index from the front."""
        if self.axis is not None:
            return self.axis % len(self.shape)
        long = [axis for axis, size in enumerate(self.shape) if size != 1]
        return long[0] if len(long) == 1 else len(self.shape) - 1


class Bernoulli(_Quantity, frozen=True, kw_only=True, tag="bernoulli"):
    """Zeros and ones, as for a dropout mask or binary labels: 1 with probability `p`.  An array has both."""

    shape: Shape
    p: Probability = 0.5


class Sign(_Quantity, frozen=True, kw_only=True, tag="sign"):
    """-1 or 1, as for the labels of a support vector machine: 1 with probability `p`.  An array has both."""

    shape: Shape
    p: Probability = 0.5


class Constant(_Quantity, frozen=True, kw_only=True, tag="constant"):
    """The same number at every sample point, or an array of it; a whole number stays one."""

    value: int | float
    shape: Shape = ()


class Computed(_Quantity, frozen=True, kw_only=True, tag="model"):
    """Computed by the function of this name in the model."""

    shape: Shape


Quantity = (
    Normal | Uniform | Positives | Probabilities | Orthogonal | Index | OneHot | Bernoulli | Sign | Constant | Computed
)
WHOLE = (Index, OneHot, Bernoulli, Sign)  # there is no gradient with respect to these
