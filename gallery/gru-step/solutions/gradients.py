"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""


def dJ_dz(s):
    """dJ/dz = dh * (h_prev - n), shape (1, H)."""
    return s.dh * (s.h_prev - s.n)


def dJ_dn(s):
    """dJ/dn = dh * (1 - z), shape (1, H)."""
    return s.dh * (1 - s.z)


def dJ_db_z(s):
    """dJ/db_z = dJ/dz * z * (1 - z), shape (1, H)."""
    return dJ_dz(s) * s.z * (1 - s.z)


def dJ_db_n(s):
    """dJ/db_n = dJ/dn * (1 - n**2), shape (1, H)."""
    return dJ_dn(s) * (1 - s.n**2)


def dJ_dr(s):
    """dJ/dr = (dJ/db_n U_n^T) * h_prev, shape (1, H): back through U_n first, then through r * h_prev."""
    return (dJ_db_n(s) @ s.U_n.T) * s.h_prev


def dJ_db_r(s):
    """dJ/db_r = dJ/dr * r * (1 - r), shape (1, H)."""
    return dJ_dr(s) * s.r * (1 - s.r)


def dJ_dW_r(s):
    """dJ/dW_r = x^T dJ/db_r, shape (d, H)."""
    return s.x.T @ dJ_db_r(s)


def dJ_dU_z(s):
    """dJ/dU_z = h_prev^T dJ/db_z, shape (H, H)."""
    return s.h_prev.T @ dJ_db_z(s)


def dJ_dU_n(s):
    """dJ/dU_n = (r * h_prev)^T dJ/db_n, shape (H, H): the candidate sees what the reset gate leaves of h_prev."""
    return (s.r * s.h_prev).T @ dJ_db_n(s)


def dJ_dx(s):
    """dJ/dx = dJ/db_z W_z^T + dJ/db_r W_r^T + dJ/db_n W_n^T, shape (1, d)."""
    return dJ_db_z(s) @ s.W_z.T + dJ_db_r(s) @ s.W_r.T + dJ_db_n(s) @ s.W_n.T


def dJ_dh_prev(s):
    """dJ/dh_prev, shape (1, H), by four paths: directly, through either gate, and through the candidate.

    dJ/dh_prev = dh * z
               + dJ/db_z U_z^T
               + dJ/db_r U_r^T
               + (dJ/db_n U_n^T) * r
    """
    return s.dh * s.z + dJ_db_z(s) @ s.U_z.T + dJ_db_r(s) @ s.U_r.T + (dJ_db_n(s) @ s.U_n.T) * s.r
