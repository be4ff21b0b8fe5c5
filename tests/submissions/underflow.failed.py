"""Numbers so small that their squares, or they themselves, come out as zero: nothing follows from anything here."""
# expect: all=failed

import numpy as np


def speck(value, size):
    """Waves that are hardly there, others at each step."""
    g = size * np.sin(1 + np.arange(value.size)).reshape(value.shape)
    return g * (1 + abs(value).sum())


def dJ_db2(s): return speck(s.b2, 1e-200)
def dJ_dU(s): return speck(s.U, 1e-200)
def dJ_dh(s): return speck(s.h, 1e-200)
def dJ_db1(s): return speck(s.b1, 1e-200)
def dJ_dL_x(s): return speck(s.e, 1e-200)
def dJ_dI(s): return speck(s.I, 1e-200)
def dJ_dH(s): return speck(s.H, 1e-200)
def dJ_dh_prev(s): return speck(s.h_prev, 1e-200)
