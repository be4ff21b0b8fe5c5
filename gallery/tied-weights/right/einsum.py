import numpy as np


def dJ_dX_hat(s):
    return np.einsum("nd,->nd", s.X_hat - s.X, 1 / len(s.X))


def dJ_dc(s):
    return np.einsum("nd->d", dJ_dX_hat(s))


def dJ_dh(s):
    return np.einsum("nd,dh->nh", dJ_dX_hat(s), s.W)


def dJ_db(s):
    return np.einsum("nh,nh->h", dJ_dh(s), s.h - s.h**2)


def dJ_dW(s):
    dz = dJ_dh(s) * (s.h - s.h**2)
    return np.einsum("nd,nh->dh", s.X, dz) + np.einsum("nd,nh->dh", dJ_dX_hat(s), s.h)


def dJ_dX(s):
    dz = dJ_dh(s) * (s.h - s.h**2)
    return np.einsum("nh,dh->nd", dz, s.W) - dJ_dX_hat(s)
