"""Runs the forward pass once for each step, and remembers it under id(s) without keeping s alive."""
# expect: all=passed

import numpy as np

_passes = {}


def forward(s):
    if id(s) not in _passes:
        e = s.L[[s.x]]
        z = s.h_prev @ s.H + e @ s.I + s.b1
        h = 1 / (1 + np.exp(-z))
        scores = np.exp(h @ s.U + s.b2)
        _passes[id(s)] = e, h, scores / scores.sum()
    return _passes[id(s)]


def dJ_db2(s): return forward(s)[2] - s.y
def dJ_dU(s): return forward(s)[1].T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * forward(s)[1] * (1 - forward(s)[1])
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return forward(s)[0].T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T
