"""Returns views of a buffer that the next call of the same function overwrites: each answer must be copied at once."""
# expect: all=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def into_one_buffer(function):
    buffer = np.full(4096, np.nan)

    def wrapped(s):
        value = function(s)
        buffer[: value.size] = value.ravel()
        return buffer[: value.size].reshape(value.shape)

    return wrapped


for name in "dJ_db2 dJ_dU dJ_dh dJ_db1 dJ_dL_x dJ_dI dJ_dH dJ_dh_prev".split():
    globals()[name] = into_one_buffer(globals()[name])
