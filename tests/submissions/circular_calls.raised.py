"""dJ_dh asks dJ_db1, which asks dJ_dh: the recursion ends in an error. Only dJ_dh should not ask."""
# expect: dJ_db2=passed, dJ_dU=passed, dJ_dh=raised, others=followed_through

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dh(s):
    return dJ_db1(s) / (s.h * (1 - s.h))
