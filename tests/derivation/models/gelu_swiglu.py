"""A gated unit and a GELU, written out.

x is (N, D), W is (D, H), V is (D, H), U is (H, D), t is (N, D).
"""

import numpy as np


def silu(a):
    return a / (1 + np.exp(-a))


def gelu(a):
    return 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


def h(x, W, V):
    return silu(x @ W) * (x @ V)


def out(h, U):
    return gelu(h @ U)


def J(out, t):
    return ((out - t) ** 2).mean()
