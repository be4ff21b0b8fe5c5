"""dJ_db2 changes s.y_hat in place, and dJ_dU calls it twice: y is subtracted twice, which is no mistake of dJ_dU."""
# expect: dJ_dU=followed_through, others=passed

def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    d = s.y_hat
    d -= s.y
    return d


def dJ_dU(s):
    assert dJ_db2(s).shape == s.b2.shape
    return s.h.T @ dJ_db2(s)
