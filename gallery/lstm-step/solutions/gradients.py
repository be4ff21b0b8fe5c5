"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dc(s):
    """dJ/dc = dh * o * (1 - tanh(c)**2) + dc_next, shape (1, H): through h, and through the next time step."""
    return s.dh * s.o * (1 - np.tanh(s.c) ** 2) + s.dc_next


def dJ_db_f(s):
    """dJ/db_f = dJ/dc * c_prev * f * (1 - f), shape (1, H)."""
    return dJ_dc(s) * s.c_prev * s.f * (1 - s.f)


def dJ_db_i(s):
    """dJ/db_i = dJ/dc * g * i * (1 - i), shape (1, H)."""
    return dJ_dc(s) * s.g * s.i * (1 - s.i)


def dJ_db_o(s):
    """dJ/db_o = dh * tanh(c) * o * (1 - o), shape (1, H): the output gate acts on h alone."""
    return s.dh * np.tanh(s.c) * s.o * (1 - s.o)


def dJ_db_g(s):
    """dJ/db_g = dJ/dc * i * (1 - g**2), shape (1, H)."""
    return dJ_dc(s) * s.i * (1 - s.g**2)


def dJ_dW_f(s):
    """dJ/dW_f = x^T dJ/db_f, shape (d, H)."""
    return s.x.T @ dJ_db_f(s)


def dJ_dU_g(s):
    """dJ/dU_g = h_prev^T dJ/db_g, shape (H, H)."""
    return s.h_prev.T @ dJ_db_g(s)


def dJ_dc_prev(s):
    """dJ/dc_prev = dJ/dc * f, shape (1, H)."""
    return dJ_dc(s) * s.f


def dJ_dh_prev(s):
    """dJ/dh_prev = dJ/db_f U_f^T + dJ/db_i U_i^T + dJ/db_o U_o^T + dJ/db_g U_g^T, shape (1, H)."""
    return dJ_db_f(s) @ s.U_f.T + dJ_db_i(s) @ s.U_i.T + dJ_db_o(s) @ s.U_o.T + dJ_db_g(s) @ s.U_g.T


def dJ_dx(s):
    """dJ/dx = dJ/db_f W_f^T + dJ/db_i W_i^T + dJ/db_o W_o^T + dJ/db_g W_g^T, shape (1, d)."""
    return dJ_db_f(s) @ s.W_f.T + dJ_db_i(s) @ s.W_i.T + dJ_db_o(s) @ s.W_o.T + dJ_db_g(s) @ s.W_g.T
