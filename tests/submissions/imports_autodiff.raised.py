"""Lets a library differentiate, which is not to be had here: nothing of the file can be loaded."""
# expect: all=raised

import torch

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    b2 = torch.tensor(s.b2, requires_grad=True)
    logits = torch.tensor(s.h @ s.U) + b2
    torch.nn.functional.cross_entropy(logits, torch.tensor(s.y)).backward()
    return b2.grad.numpy()
