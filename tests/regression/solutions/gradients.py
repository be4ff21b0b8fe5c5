"""The five gradients of E, solved."""


def dE_dp(s):
    return (s.p - s.t) / s.p.shape[0]


def dE_dv(s):
    return s.g.T @ dE_dp(s)


def dE_da(s):
    return (dE_dp(s) @ s.v.T) * (1 - s.g**2)


def dE_dW(s):
    return s.X.T @ dE_da(s)


def dE_dc(s):
    return dE_da(s).sum(axis=0, keepdims=True)
