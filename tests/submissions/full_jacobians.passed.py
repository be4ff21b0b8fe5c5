"""The chain rule with every Jacobian written out as a matrix: softmax, sigmoid, and the linear maps."""
# expect: all=passed

import numpy as np


def dJ_dy_hat(s):
    return -s.y / s.y_hat


def softmax_jacobian(p):
    return np.diag(p[0]) - p.T @ p


def sigmoid_jacobian(h):
    return np.diag((h * (1 - h))[0])


def dJ_db2(s):
    return dJ_dy_hat(s) @ softmax_jacobian(s.y_hat)


def dJ_dU(s):
    d2, (Dh, V) = dJ_db2(s), s.U.shape
    dtheta_dU = np.einsum("i,jk->jik", s.h[0], np.eye(V))  # how the j-th logit moves with U_ik
    return np.einsum("j,jik->ik", d2[0], dtheta_dU).reshape(Dh, V)


def dJ_dh(s):
    return dJ_db2(s) @ s.U.T


def dJ_db1(s):
    return dJ_dh(s) @ sigmoid_jacobian(s.h)


def dJ_dL_x(s):
    return dJ_dh(s) @ sigmoid_jacobian(s.h) @ s.I.T


def dJ_dI(s):
    return s.e.T @ dJ_dh(s) @ sigmoid_jacobian(s.h)


def dJ_dH(s):
    return s.h_prev.T @ dJ_dh(s) @ sigmoid_jacobian(s.h)


def dJ_dh_prev(s):
    return dJ_dh(s) @ sigmoid_jacobian(s.h) @ s.H.T
