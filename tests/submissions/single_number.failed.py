"""A single number for dJ/db2: its product with h is right given it, the products with a matrix stop, and are
right on a row."""
# expect: dJ_db2=failed, others=followed_through


def dJ_db2(s):
    back = s.y_hat * (1 - s.y_hat)
    return (-s.y / s.y_hat) @ back.T


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
