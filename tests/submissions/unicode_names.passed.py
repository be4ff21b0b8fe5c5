"""Greek and accented identifiers: Python needs `unicodedata` to read them, even where no file can be opened any more."""
# expect: all=passed

def δ2(s):
    ŷ, y = s.y_hat, s.y
    return ŷ - y


def σʹ(h):
    return h * (1 - h)


def δ1(s):
    return δ2(s) @ s.U.T * σʹ(s.h)


def dJ_db2(s): return δ2(s)
def dJ_dU(s): return s.h.T @ δ2(s)
def dJ_dh(s): return δ2(s) @ s.U.T
def dJ_db1(s): return δ1(s)
def dJ_dL_x(s): return δ1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ δ1(s)
def dJ_dH(s): return s.h_prev.T @ δ1(s)
def dJ_dh_prev(s): return δ1(s) @ s.H.T
