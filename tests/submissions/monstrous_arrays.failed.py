"""Arrays that are cheap to make and dear to copy or to describe: 1e8 entries of one, 30 dimensions, a record, times,
0-d objects."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    return np.broadcast_to(np.float64(0.5), (10_000, 10_000))


def dJ_dL_x(s):
    return np.full((1,) * 30, 0.5)


def dJ_dI(s):
    return np.zeros(s.I.shape, dtype=[("value", "f8"), ("verdict", "U6")])


def dJ_dH(s):
    return np.array({"verdict": "passed"}, dtype=object)


def dJ_dh_prev(s):
    return np.zeros(s.h_prev.shape, dtype="datetime64[s]")
