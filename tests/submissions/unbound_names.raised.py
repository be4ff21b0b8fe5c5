"""Writes h, U and y_hat for s.h, s.U and s.y_hat, and s.W for a quantity that s does not have."""
# expect: dJ_dU=raised, dJ_dI=raised, dJ_dL_x=raised, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    return h.T @ (y_hat - y)


def dJ_dL_x(s):
    return dJ_db1(s) @ s.W.T


def dJ_dI(s):
    delta *= s.h
    return s.e.T @ delta
