"""One pair of brackets lost in dJ/db2: (V,) for (1, V).  What runs on it follows, and the outer product stops."""
# expect: dJ_db2=failed, dJ_dU=followed_through, dJ_dh=followed_through, others=passed


def dJ_db2(s):
    return s.y_hat.flatten() - s.y.flatten()


def dJ_dU(s):
    return s.h.T @ dJ_db2(s)


def dJ_dh(s):
    return dJ_db2(s) @ s.U.T


def dJ_db1(s):
    return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dL_x(s):
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T
