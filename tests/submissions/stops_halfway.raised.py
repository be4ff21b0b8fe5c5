"""The file stops between its functions: what is defined before that is called, what comes after it is reported with that line."""
# expect: dJ_dI=raised, dJ_dH=raised, dJ_dh_prev=missing, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T

weights = open("weights.txt").read()

def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
