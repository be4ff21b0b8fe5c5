"""Weight decay in dJ/dU, a second path in dJ/dh_prev, a learning step in dJ/dH: terms that J does not have."""
# expect: dJ_dU=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)


def dJ_dU(s):
    return s.h.T @ dJ_db2(s) + 0.01 * s.U


def dJ_dH(s):
    return s.H - 0.1 * (s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T + dJ_dh(s)
