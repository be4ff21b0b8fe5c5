import numpy as np

EPS = 1e-5


def forward(s):
    xmu = s.x - np.mean(s.x, axis=0)
    sqrtvar = np.sqrt(np.mean(xmu**2, axis=0) + EPS)
    return xmu, sqrtvar, 1 / sqrtvar


def dJ_dbeta(s):
    return np.sum(s.dout, axis=0)


def dJ_dgamma(s):
    xmu, sqrtvar, ivar = forward(s)
    return np.sum(s.dout * xmu * ivar, axis=0)


def dJ_dx_hat(s):
    dgammax = s.dout
    return dgammax * s.gamma


def dJ_dvar(s):
    xmu, sqrtvar, ivar = forward(s)
    divar = np.sum(dJ_dx_hat(s) * xmu, axis=0)
    dsqrtvar = -1.0 / sqrtvar**2 * divar
    dvar = 0.5 / np.sqrt(s.var + EPS) * dsqrtvar
    return dvar


def dJ_dmu(s):
    xmu, sqrtvar, ivar = forward(s)
    dxmu1 = dJ_dx_hat(s) * ivar
    N = s.x.shape[0]
    dsq = 1.0 / N * np.ones(s.x.shape) * dJ_dvar(s)
    dxmu2 = 2 * xmu * dsq
    return -1 * np.sum(dxmu1 + dxmu2, axis=0)


def dJ_dx(s):
    N, D = s.x.shape
    xmu, sqrtvar, ivar = forward(s)
    dxmu1 = dJ_dx_hat(s) * ivar
    dsq = 1.0 / N * np.ones((N, D)) * dJ_dvar(s)
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = dJ_dmu(s)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    return dx1 + dx2
