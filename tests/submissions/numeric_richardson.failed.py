"""No derivation: central differences, three times extrapolated; right to about twelve digits."""
# expect: all=failed

import numpy as np

from model import sigmoid, softmax


def loss(s, name, value):
    """J, where the quantity `name` has `value`."""
    part = lambda key: value if key == name else getattr(s, key)
    z = part("h_prev") @ part("H") + part("e") @ part("I") + part("b1")
    h = value if name == "h" else sigmoid(z)
    return -np.sum(s.y * np.log(softmax(h @ part("U") + part("b2"))))


def slope(f):
    """df(t)/dt at t = 0."""
    table = [[(f(t) - f(-t)) / (2 * t)] for t in (0.04, 0.02, 0.01)]
    for i in range(1, 3):
        for j in range(i):
            table[i].append(table[i][j] + (table[i][j] - table[i - 1][j]) / (4 ** (j + 1) - 1))
    return table[-1][-1]


def numeric(name):
    def gradient(s):
        at = getattr(s, name)
        result = np.zeros(at.shape)
        for index in np.ndindex(at.shape):
            along = np.zeros(at.shape)
            along[index] = 1
            result[index] = slope(lambda t: loss(s, name, at + t * along))
        return result

    return gradient


dJ_db2 = numeric("b2")
dJ_dU = numeric("U")
dJ_dh = numeric("h")
dJ_db1 = numeric("b1")
dJ_dL_x = numeric("e")
dJ_dI = numeric("I")
dJ_dH = numeric("H")
dJ_dh_prev = numeric("h_prev")
