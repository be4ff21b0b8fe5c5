import numpy as np


def dJ_dc(s):
    tanh_c = np.tanh(s.c)
    dtanh_c = s.dh * s.o
    dc = dtanh_c * (1 - tanh_c**2)
    dc += s.dc_next
    return dc


def dJ_db_f(s):
    df = dJ_dc(s) * s.c_prev
    da_f = df * s.f * (1 - s.f)
    return da_f


def dJ_db_i(s):
    di = dJ_dc(s) * s.g
    da_i = di * s.i * (1 - s.i)
    return da_i


def dJ_db_o(s):
    do = s.dh * np.tanh(s.c)
    da_o = do * s.o * (1 - s.o)
    return da_o


def dJ_db_g(s):
    dg = dJ_dc(s) * s.i
    da_g = dg * (1 - s.g * s.g)
    return da_g


def dJ_dW_f(s):
    return np.dot(s.x.T, dJ_db_f(s))


def dJ_dU_g(s):
    return np.dot(s.h_prev.T, dJ_db_g(s))


def dJ_dc_prev(s):
    return s.f * dJ_dc(s)


def dJ_dh_prev(s):
    dh_prev = np.dot(dJ_db_f(s), s.U_f.T)
    dh_prev += np.dot(dJ_db_i(s), s.U_i.T)
    dh_prev += np.dot(dJ_db_o(s), s.U_o.T)
    dh_prev += np.dot(dJ_db_g(s), s.U_g.T)
    return dh_prev


def dJ_dx(s):
    dx = np.dot(dJ_db_f(s), s.W_f.T)
    dx += np.dot(dJ_db_i(s), s.W_i.T)
    dx += np.dot(dJ_db_o(s), s.W_o.T)
    dx += np.dot(dJ_db_g(s), s.W_g.T)
    return dx
