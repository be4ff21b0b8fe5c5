"""Answers that would end whoever unpickles or evaluates them, with exit code 0."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import os
import pickle

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


class Bomb:
    def __reduce__(self):
        return os._exit, (0,)

    def __repr__(self):
        return "__import__('os')._exit(0)"

    __str__ = __repr__


def dJ_dU(s):
    return Bomb()


def dJ_dL_x(s):
    return np.array([[Bomb()] * s.e.size], dtype=object)


def dJ_dI(s):
    return pickle.dumps(Bomb())


def dJ_dH(s):
    return repr(Bomb())


def dJ_dh_prev(s):
    return {"__class__": Bomb, "dtype": Bomb(), "shape": (Bomb(),)}
