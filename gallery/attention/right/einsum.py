import numpy as np


def dJ_dV(s):
    return np.einsum("ij,iv->jv", s.A, s.dO)


def dJ_dA(s):
    return np.einsum("iv,jv->ij", s.dO, s.V)


def dJ_dS(s):
    dA = dJ_dA(s)
    jacobians = np.einsum("ij,jk->ijk", s.A, np.eye(len(s.A))) - np.einsum("ij,ik->ijk", s.A, s.A)
    return np.einsum("ij,ijk->ik", dA, jacobians)


def dJ_dQ(s):
    return np.einsum("ij,jk->ik", dJ_dS(s), s.K) * s.Q.shape[1] ** -0.5


def dJ_dK(s):
    return np.einsum("ij,ik->jk", dJ_dS(s), s.Q) * s.Q.shape[1] ** -0.5


def dJ_dW_Q(s):
    return np.einsum("td,tk->dk", s.X, dJ_dQ(s))


def dJ_dW_K(s):
    return np.einsum("td,tk->dk", s.X, dJ_dK(s))


def dJ_dW_V(s):
    return np.einsum("td,tv->dv", s.X, dJ_dV(s))


def dJ_dX(s):
    return (
        np.einsum("tk,dk->td", dJ_dQ(s), s.W_Q)
        + np.einsum("tk,dk->td", dJ_dK(s), s.W_K)
        + np.einsum("tv,dv->td", dJ_dV(s), s.W_V)
    )
