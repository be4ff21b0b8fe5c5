import numpy as np


def dJ_dc(s):
    return s.dh * s.o * (1 - np.tanh(s.c) ** 2) + s.dc_next


def dJ_db_f(s):
    return dJ_dc(s) * s.c_prev * s.f * (1 - s.f)


def dJ_db_i(s):
    return dJ_dc(s) * s.g * s.i * (1 - s.i)


def dJ_db_o(s):
    return s.dh * np.tanh(s.c) * s.o * (1 - s.o)


def dJ_db_g(s):
    return dJ_dc(s) * s.i * (1 - s.g**2)


def dJ_dW_f(s):
    return s.x.T @ dJ_db_f(s)


def dJ_dU_g(s):
    return s.h_prev.T @ dJ_db_g(s)


def dJ_dc_prev(s):
    return dJ_dc(s) * s.f


def dJ_dh_prev(s):
    return dJ_db_f(s) @ s.U_f.T + dJ_db_i(s) @ s.U_i.T + dJ_db_o(s) @ s.U_o.T + dJ_db_g(s) @ s.U_g.T


def dJ_dx(s):
    return dJ_db_f(s) @ s.W_f.T + dJ_db_i(s) @ s.W_i.T + dJ_db_o(s) @ s.W_o.T + dJ_db_g(s) @ s.W_g.T
