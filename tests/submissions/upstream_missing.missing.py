"""dJ_db1 was never written, but is called: one gap, not four NameErrors."""
# expect: dJ_db1=missing, dJ_db2=passed, dJ_dU=passed, dJ_dh=passed, others=followed_through

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T
