"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

Derived from the model by `grader new`.  Please review it before you use it.
A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""


def dJ_dh3(s):
    """dJ/dh3 = (p3 - y3) Why^T, shape (1, m)."""
    return (s.p3 - s.y3) @ s.Why.T


def dJ_dWhy(s):
    """dJ/dWhy = h1^T (p1 - y1) + h2^T (p2 - y2) + h3^T (p3 - y3), shape (m, k)."""
    return s.h1.T @ (s.p1 - s.y1) + s.h2.T @ (s.p2 - s.y2) + s.h3.T @ (s.p3 - s.y3)


def dJ_dby(s):
    """dJ/dby = p1 + p2 + p3 - y1 - y2 - y3, shape (1, k)."""
    return s.p1 + s.p2 + s.p3 - s.y1 - s.y2 - s.y3


def dJ_dh2(s):
    """dJ/dh2 = (p2 - y2) Why^T + (dJ/dh3 * (1 - h3**2)) Whh^T, shape (1, m)."""
    return (s.p2 - s.y2) @ s.Why.T + (dJ_dh3(s) * (1 - s.h3**2)) @ s.Whh.T


def dJ_dh1(s):
    """dJ/dh1 = (p1 - y1) Why^T + (dJ/dh2 * (1 - h2**2)) Whh^T, shape (1, m)."""
    return (s.p1 - s.y1) @ s.Why.T + (dJ_dh2(s) * (1 - s.h2**2)) @ s.Whh.T


def dJ_dWxh(s):
    """dJ/dWxh, shape (d, m).

    dJ/dWxh = x1^T (dJ/dh1 * (1 - h1**2))
            + x2^T (dJ/dh2 * (1 - h2**2))
            + x3^T (dJ/dh3 * (1 - h3**2))
    """
    return (
        s.x1.T @ (dJ_dh1(s) * (1 - s.h1**2))
        + s.x2.T @ (dJ_dh2(s) * (1 - s.h2**2))
        + s.x3.T @ (dJ_dh3(s) * (1 - s.h3**2))
    )


def dJ_dWhh(s):
    """dJ/dWhh, shape (m, m).

    dJ/dWhh = h0^T (dJ/dh1 * (1 - h1**2))
            + h1^T (dJ/dh2 * (1 - h2**2))
            + h2^T (dJ/dh3 * (1 - h3**2))
    """
    return (
        s.h0.T @ (dJ_dh1(s) * (1 - s.h1**2))
        + s.h1.T @ (dJ_dh2(s) * (1 - s.h2**2))
        + s.h2.T @ (dJ_dh3(s) * (1 - s.h3**2))
    )


def dJ_dbh(s):
    """dJ/dbh = dJ/dh1 * (1 - h1**2) + dJ/dh2 * (1 - h2**2) + dJ/dh3 * (1 - h3**2), shape (1, m)."""
    return dJ_dh1(s) * (1 - s.h1**2) + dJ_dh2(s) * (1 - s.h2**2) + dJ_dh3(s) * (1 - s.h3**2)


def dJ_dh0(s):
    """dJ/dh0 = (dJ/dh1 * (1 - h1**2)) Whh^T, shape (1, m)."""
    return (dJ_dh1(s) * (1 - s.h1**2)) @ s.Whh.T
