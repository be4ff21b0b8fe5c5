def dU(s):
    return (s.y_hat - s.y) @ s.h.T


def dh(s):
    return s.U.T @ (s.y_hat - s.y)


def dz(s):
    return dh(s)


def de(s):
    return s.I.T @ dz(s)


def dH(s):
    return dz(s) @ s.h_prev.T
