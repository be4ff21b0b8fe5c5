"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""


def dJ_dby(s):
    """dJ/dby = p - y, shape (V, 1)."""
    return s.p - s.y


def dJ_dWhy(s):
    """dJ/dWhy = dJ/dby h^T, shape (V, H)."""
    return dJ_dby(s) @ s.h.T


def dJ_dh(s):
    """dJ/dh = Why^T dJ/dby, shape (H, 1)."""
    return s.Why.T @ dJ_dby(s)


def dJ_dbh(s):
    """dJ/dbh = dJ/dh * (1 - h**2), shape (H, 1)."""
    return dJ_dh(s) * (1 - s.h**2)


def dJ_dWxh(s):
    """dJ/dWxh = dJ/dbh x^T, shape (H, V)."""
    return dJ_dbh(s) @ s.x.T


def dJ_dWhh(s):
    """dJ/dWhh = dJ/dbh h_prev^T, shape (H, H)."""
    return dJ_dbh(s) @ s.h_prev.T


def dJ_dh_prev(s):
    """dJ/dh_prev = Whh^T dJ/dbh, shape (H, 1)."""
    return s.Whh.T @ dJ_dbh(s)
