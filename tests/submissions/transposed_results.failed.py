"""dU, dI and dH the other way round: two have a wrong shape, dH is square and silent."""
# expect: dJ_dU=failed, dJ_dI=failed, dJ_dH=failed, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    return dJ_db2(s).T @ s.h


def dJ_dI(s):
    return dJ_db1(s).T @ s.e


def dJ_dH(s):
    return dJ_db1(s).T @ s.h_prev
