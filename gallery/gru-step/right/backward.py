"""One backward pass, from which each gradient takes its part."""


def backward(s):
    dz = s.dh * (s.h_prev - s.n)
    dn = s.dh * (1 - s.z)
    da_n = dn * (1 - s.n**2)
    d_reset = da_n @ s.U_n.T
    dr = d_reset * s.h_prev
    da_r = dr * s.r * (1 - s.r)
    da_z = dz * s.z * (1 - s.z)
    dh_prev = s.dh * s.z
    dh_prev = dh_prev + d_reset * s.r
    dh_prev = dh_prev + da_r @ s.U_r.T
    dh_prev = dh_prev + da_z @ s.U_z.T
    dx = da_z @ s.W_z.T + da_r @ s.W_r.T + da_n @ s.W_n.T
    return {"z": dz, "n": dn, "r": dr, "a_z": da_z, "a_r": da_r, "a_n": da_n, "h_prev": dh_prev, "x": dx}


def dJ_dz(s):
    return backward(s)["z"]


def dJ_dn(s):
    return backward(s)["n"]


def dJ_db_z(s):
    return backward(s)["a_z"]


def dJ_db_n(s):
    return backward(s)["a_n"]


def dJ_dr(s):
    return backward(s)["r"]


def dJ_db_r(s):
    return backward(s)["a_r"]


def dJ_dW_r(s):
    return s.x.T @ backward(s)["a_r"]


def dJ_dU_z(s):
    return s.h_prev.T @ backward(s)["a_z"]


def dJ_dU_n(s):
    return (s.r * s.h_prev).T @ backward(s)["a_n"]


def dJ_dx(s):
    return backward(s)["x"]


def dJ_dh_prev(s):
    return backward(s)["h_prev"]
