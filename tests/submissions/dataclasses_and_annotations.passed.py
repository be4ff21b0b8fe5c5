"""Annotations kept as text, and dataclasses: Python looks the class's module up in sys.modules, so it must be there."""
# expect: all=passed

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Step(Protocol):
    h: Array
    y: Array
    y_hat: Array


@dataclass(frozen=True)
class Backward:
    """The two deltas of one step."""

    delta2: Array
    delta1: Array
    notes: list[str] = field(default_factory=list)
    count: ClassVar[int] = 0

    @classmethod
    def of(cls, s: Any) -> Backward:
        delta2 = s.y_hat - s.y
        return cls(delta2, (delta2 @ s.U.T) * s.h * (1 - s.h))


def dJ_db2(s: Step) -> Array: return Backward.of(s).delta2
def dJ_dU(s: Step) -> Array: return s.h.T @ Backward.of(s).delta2
def dJ_dh(s: Any) -> Array: return Backward.of(s).delta2 @ s.U.T
def dJ_db1(s: Any) -> Array: return Backward.of(s).delta1
def dJ_dL_x(s: Any) -> Array: return Backward.of(s).delta1 @ s.I.T
def dJ_dI(s: Any) -> Array: return s.e.T @ Backward.of(s).delta1
def dJ_dH(s: Any) -> Array: return s.h_prev.T @ Backward.of(s).delta1
def dJ_dh_prev(s: Any) -> Array: return Backward.of(s).delta1 @ s.H.T
