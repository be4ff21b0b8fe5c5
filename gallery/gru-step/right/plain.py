def dJ_dz(s):
    return s.dh * (s.h_prev - s.n)


def dJ_dn(s):
    return s.dh * (1 - s.z)


def dJ_db_z(s):
    return dJ_dz(s) * s.z * (1 - s.z)


def dJ_db_n(s):
    return dJ_dn(s) * (1 - s.n**2)


def dJ_dr(s):
    return (dJ_db_n(s) @ s.U_n.T) * s.h_prev


def dJ_db_r(s):
    return dJ_dr(s) * s.r * (1 - s.r)


def dJ_dW_r(s):
    return s.x.T @ dJ_db_r(s)


def dJ_dU_z(s):
    return s.h_prev.T @ dJ_db_z(s)


def dJ_dU_n(s):
    return (s.r * s.h_prev).T @ dJ_db_n(s)


def dJ_dx(s):
    return dJ_db_z(s) @ s.W_z.T + dJ_db_r(s) @ s.W_r.T + dJ_db_n(s) @ s.W_n.T


def dJ_dh_prev(s):
    return s.dh * s.z + dJ_db_z(s) @ s.U_z.T + dJ_db_r(s) @ s.U_r.T + (dJ_db_n(s) @ s.U_n.T) * s.r
