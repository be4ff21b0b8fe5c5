"""All vectors are 1-D, (n,) for (1, n): the right numbers, not the shape that the handout asks for.

One axis is lost; the products that follow are right on 1-D arrays or, where they are not, on rows.
"""
# expect: dJ_db2=failed, dJ_dU=passed, dJ_dI=passed, dJ_dH=passed, others=followed_through

import numpy as np


def dJ_db2(s):
    return (s.y_hat - s.y)[0]


def dJ_dU(s):
    return np.outer(s.h, dJ_db2(s))


def dJ_dh(s):
    return s.U @ dJ_db2(s)


def dJ_db1(s):
    return dJ_dh(s) * s.h[0] * (1 - s.h[0])


def dJ_dL_x(s):
    return s.I @ dJ_db1(s)


def dJ_dI(s):
    return np.outer(s.e, dJ_db1(s))


def dJ_dH(s):
    return np.outer(s.h_prev, dJ_db1(s))


def dJ_dh_prev(s):
    return s.H @ dJ_db1(s)
