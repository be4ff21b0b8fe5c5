"""A sign and a transpose in dJ/dH, on top of a wrong dJ/db1: three mistakes, two places."""
# expect: dJ_db1=failed, dJ_dH=failed, dJ_dL_x=followed_through, dJ_dI=followed_through, dJ_dh_prev=followed_through, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db1(s):
    return dJ_dh(s) * (1 - s.h) ** 2


def dJ_dH(s):
    return -dJ_db1(s).T @ s.h_prev
