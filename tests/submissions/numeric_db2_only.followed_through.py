"""Only dJ/db2 is numerical, the others build on it by their right rules: one gradient to fix."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np

from model import sigmoid, softmax

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def loss(s, name, value):
    """J, where the quantity `name` has `value`."""
    part = lambda key: value if key == name else getattr(s, key)
    z = part("h_prev") @ part("H") + part("e") @ part("I") + part("b1")
    h = value if name == "h" else sigmoid(z)
    return -np.sum(s.y * np.log(softmax(h @ part("U") + part("b2"))))


def slope(f):
    """df(t)/dt at t = 0."""
    t = 1e-4
    return (f(t) - f(-t)) / (2 * t)


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
