"""Imports the model as a module and by name, and numpy by a star."""
# expect: all=passed

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

import model
from model import *
from model import J as loss, sigmoid
from numpy import *


def dJ_db2(s):
    assert isfinite(loss(s.y, s.y_hat))
    return model.softmax(s.h @ s.U + s.b2) - s.y


def dJ_db1(s):
    a = sigmoid(s.z)
    return multiply(dJ_dh(s), a * (1 - a))


def dJ_dI(s):
    return outer(model.e(s.L, s.x), dJ_db1(s))
