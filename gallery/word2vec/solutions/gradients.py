"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dJ_dpos(s):
    """dJ/dpos = sigmoid(pos) - 1, a number."""
    return sigmoid(s.pos) - 1


def dJ_dneg(s):
    """dJ/dneg = sigmoid(neg), shape (K,)."""
    return sigmoid(s.neg)


def dJ_dv(s):
    """dJ/dv = dJ/dpos U[outside] + sum over k of dJ/dneg_k U[negatives_k], shape (d,)."""
    return dJ_dpos(s) * s.U[s.outside] + dJ_dneg(s) @ s.U[s.negatives]


def dJ_dU(s):
    """dJ/dU, shape (V, d): v times dJ/dpos in the row of the outside word, v times dJ/dneg_k added to those of the negatives.

    `dU[s.negatives] += ...` would count a word once, however often it was drawn.
    """
    dU = np.zeros_like(s.U)
    dU[s.outside] += dJ_dpos(s) * s.v
    np.add.at(dU, s.negatives, np.outer(dJ_dneg(s), s.v))
    return dU


def dJ_dC(s):
    """dJ/dC, shape (V, d): dJ/dv in the row of the center word, 0 elsewhere."""
    dC = np.zeros_like(s.C)
    dC[s.center] = dJ_dv(s)
    return dC
