"""The printed solution to the letter: y - y_hat throughout, and H^T dJ/db1 for dJ/dh(t-1), which row vectors refuse.
One flipped sign, six gradients that follow from it, one ValueError."""
# expect: dJ_db2=failed, dJ_dh_prev=raised, others=followed_through

from model import sigmoid


def dJ_dU(s):
    return s.h.T @ (s.y - s.y_hat)


def dJ_dh(s):
    return (s.y - s.y_hat) @ s.U.T


def dJ_db2(s):
    return s.y - s.y_hat


def dJ_db1(s):
    a = s.h_prev @ s.H + s.e @ s.I + s.b1
    return dJ_dh(s) * (sigmoid(a) * (1 - sigmoid(a)))


def dJ_dL_x(s):
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return s.H.T @ dJ_db1(s)
