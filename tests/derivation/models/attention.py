"""Causal self-attention with heads.

x is (N, T, 8), Wq, Wk and Wv are (8, 8), dout is (N, T, 8).
"""

import math

import numpy as np

HEADS = 2


def heads(a):
    N, T, D = a.shape
    return a.reshape(N, T, HEADS, D // HEADS).transpose(0, 2, 1, 3)


def softmax(a, axis=-1):
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def q(x, Wq):
    return heads(x @ Wq)


def k(x, Wk):
    return heads(x @ Wk)


def v(x, Wv):
    return heads(x @ Wv)


def s(q, k):
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])
    T = scores.shape[-1]
    mask = np.tril(np.ones((T, T))) == 0
    return np.where(mask, -1e9, scores)


def A(s):
    return softmax(s)


def out(A, v):
    o = np.einsum("nhts,nhsd->nthd", A, v)
    return o.reshape(o.shape[0], o.shape[1], -1)


def J(out, dout):
    return float(np.sum(out * dout))
