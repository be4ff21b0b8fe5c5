"""Changes s.y_hat and s.h in place and returns them: right, as each is used once, but worth a hint; undoing it must not
undo the answer."""
# expect: all=passed

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    d = s.y_hat
    d -= s.y
    return d


def dJ_db1(s):
    upstream = dJ_dh(s)
    s.h *= 1 - s.h
    s.h *= upstream
    return s.h
