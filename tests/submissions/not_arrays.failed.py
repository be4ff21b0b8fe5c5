"""Returns None, a string, a dictionary, a function, a tuple of value and cache: nothing that can be compared."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    result = s.h.T @ dJ_db2(s)


def dJ_dL_x(s):
    return "dJ_db1 @ I.T"


def dJ_dI(s):
    return {"dI": s.e.T @ dJ_db1(s)}


def dJ_dH(s):
    return lambda: s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T, {"upstream": dJ_db1(s)}
