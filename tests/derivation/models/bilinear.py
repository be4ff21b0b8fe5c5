"""A bilinear score and a logistic loss.

a is (N, D), M is (D, E), b is (N, E), y is (N,), probabilities.
"""

import numpy as np


def s(a, M, b):
    return np.einsum("nd,de,ne->n", a, M, b)


def J(s, y):
    return np.mean(np.logaddexp(0, s) - y * s)
