"""A real array of a million and one entries, and a list of half a million lists: more than may cross to the grader."""
# expect: dJ_dU=failed|out_of_memory, dJ_dI=failed|out_of_memory|timed_out, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    return np.random.rand(1, 2**20 + 1)


def dJ_dI(s):
    return [[1.0, 2.0, 3.0] for _ in range(500_000)]
