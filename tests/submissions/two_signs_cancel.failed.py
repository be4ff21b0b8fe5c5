"""y - y_hat, and a minus in dJ/dh that mends it: dJ/dh and all after it are right, and only dJ/dU follows the mistake."""
# expect: dJ_db2=failed, dJ_dU=followed_through, others=passed

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    return s.y - s.y_hat


def dJ_dh(s):
    return -dJ_db2(s) @ s.U.T
