def dU(s):
    return (s.y_hat - s.y) @ s.h.T


def dh(s):
    return s.U.T @ (s.y_hat - s.y)


def dz(s):
    return dh(s) * s.h * (1 - s.h)


def de(s):
    return s.I.T @ dz(s)


def dH(s):
    return s.h_prev @ dz(s).T
