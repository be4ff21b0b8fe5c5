"""Differentiates numerically at the first call and remembers the result by shape: a second step of that shape finds it
out."""
# expect: dJ_dU=failed, others=passed

import numpy as np

from model import softmax

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

table = {}


def loss(s, U):
    return -np.sum(s.y * np.log(softmax(s.h @ U + s.b2)))


def dJ_dU(s):
    if s.U.shape not in table:
        table[s.U.shape] = result = np.zeros(s.U.shape)
        for index in np.ndindex(result.shape):
            up, down = s.U.copy(), s.U.copy()
            up[index] += 1e-5
            down[index] -= 1e-5
            result[index] = (loss(s, up) - loss(s, down)) / 2e-5
    return table[s.U.shape]
