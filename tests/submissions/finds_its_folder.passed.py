"""The customary lines that put the file's own folder on sys.path, by __file__ and os.path, before it imports the model."""
# expect: all=passed

import os
import sys
from pathlib import Path

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.append(str(Path(__file__).parent))

from model import sigmoid  # noqa: E402

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db1(s):
    a = sigmoid(s.z)
    return dJ_dh(s) * a * (1 - a)
