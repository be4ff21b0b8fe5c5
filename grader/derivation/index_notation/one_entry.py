"""A number for a derivation: one entry of a gradient, by its formula and by moving that entry of the quantity."""

import numpy as np

from grader.derivation.derivation import Derivation
from grader.derivation.numerical import slope
from grader.derivation.simplify.reuse import Gradient

STEP = 1e-3  # of the entry that is moved


def example(derivation: Derivation, gradient: Gradient) -> str:
    """`For one entry: dJ_dU[2, 3] = -0.0682. Moving U[2, 3] a little changes J at the rate -0.0682.`"""
    array = gradient.value
    index = tuple(int(k) for k in np.unravel_index(np.argmax(np.abs(array)), array.shape)) if array.ndim else ()
    plain = derivation.plain[0]
    start = np.asarray(plain.values[gradient.of], dtype=float)
    direction = np.zeros(array.shape)
    direction[index] = 1
    step = STEP * (abs(float(start[index])) or 1)
    rate = derivation.sign * slope(lambda t: plain.loss_with(gradient.of, start + t * direction), step)
    place = f"[{', '.join(map(str, index))}]" if index else ""
    loss = derivation.loss if derivation.sign == 1 else f"-{derivation.loss}"
    return (
        f"In numbers: {gradient.name}{place} = {array[index]:.4g}."
        f" Moving {gradient.of}{place} a little changes {loss} at the rate {rate:.4g}."
    )
