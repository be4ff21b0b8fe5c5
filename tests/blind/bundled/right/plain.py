"""Each gradient builds on the ones before it."""


def dJ_db2(s):
    """dJ/db2 = y_hat - y, shape (1, V)."""
    return s.y_hat - s.y


def dJ_dU(s):
    """dJ/dU = h^T dJ/db2, shape (Dh, V)."""
    return s.h.T @ dJ_db2(s)


def dJ_dh(s):
    """dJ/dh = dJ/db2 U^T, shape (1, Dh)."""
    return dJ_db2(s) @ s.U.T


def dJ_db1(s):
    """dJ/db1 = dJ/dh * h * (1 - h), shape (1, Dh)."""
    return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dL_x(s):
    """dJ/dL_x = dJ/db1 I^T, shape (1, d)."""
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    """dJ/dI = e^T dJ/db1, shape (d, Dh)."""
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    """dJ/dH = h_prev^T dJ/db1, shape (Dh, Dh)."""
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    """dJ/dh_prev = dJ/db1 H^T, shape (1, Dh)."""
    return dJ_db1(s) @ s.H.T
