"""Windows line ends throughout."""
# expect: all=passed

def delta2(s): return s.y_hat - s.y
def delta1(s): return delta2(s) @ s.U.T * s.h * (1 - s.h)
def dJ_db2(s): return delta2(s)
def dJ_dU(s): return s.h.T @ delta2(s)
def dJ_dh(s): return delta2(s) @ s.U.T
def dJ_db1(s): return delta1(s)
def dJ_dL_x(s): return delta1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ delta1(s)
def dJ_dH(s): return s.h_prev.T @ delta1(s)
def dJ_dh_prev(s): return delta1(s) @ s.H.T
