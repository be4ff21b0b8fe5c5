"""Functions that cannot be called with one step: no parameter, three, a keyword only; `self` is only a name."""
# expect: dJ_dU=raised, dJ_dI=raised, dJ_dH=raised, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T


def dJ_dU():
    return s.h.T @ dJ_db2(s)


def dJ_dI(e, y_hat, y):
    return e.T @ (y_hat - y)


def dJ_dH(*, s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(self):
    return dJ_db1(self) @ self.H.T
