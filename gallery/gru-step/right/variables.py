import numpy as np


def dJ_dz(s):
    dz = np.multiply(s.dh, s.h_prev) - np.multiply(s.dh, s.n)
    return dz


def dJ_dn(s):
    one_minus_z = 1 - s.z
    return np.multiply(s.dh, one_minus_z)


def dJ_db_z(s):
    dz = dJ_dz(s)
    return dz * (s.z - s.z**2)


def dJ_db_n(s):
    dn = dJ_dn(s)
    return dn - dn * np.square(s.n)


def dJ_dr(s):
    d_reset = np.dot(dJ_db_n(s), s.U_n.T)
    return d_reset * s.h_prev


def dJ_db_r(s):
    dr = dJ_dr(s)
    return dr * (s.r - s.r**2)


def dJ_dW_r(s):
    return np.dot(s.x.T, dJ_db_r(s))


def dJ_dU_z(s):
    return np.dot(s.h_prev.T, dJ_db_z(s))


def dJ_dU_n(s):
    reset = s.r * s.h_prev
    return np.dot(reset.T, dJ_db_n(s))


def dJ_dx(s):
    dx = np.dot(dJ_db_z(s), s.W_z.T)
    dx += np.dot(dJ_db_r(s), s.W_r.T)
    dx += np.dot(dJ_db_n(s), s.W_n.T)
    return dx


def dJ_dh_prev(s):
    dh_prev = s.z * s.dh
    dh_prev += np.dot(dJ_db_n(s), s.U_n.T) * s.r
    dh_prev += np.dot(dJ_db_r(s), s.U_r.T)
    dh_prev += np.dot(dJ_db_z(s), s.U_z.T)
    return dh_prev
