"""A character model written out line by line, with batch norm.

C is (V, d), X is (N, T), indices below V, W1 is (T * d, H), b1, gain and shift are (1, H), W2 is (H, V), b2 is (V,),
and Y is (N,), labels below V.
"""

import numpy as np


def emb(C, X):
    return C[X]


def flat(emb):
    return emb.reshape(emb.shape[0], -1)


def pre(flat, W1, b1):
    return flat @ W1 + b1


def mean(pre):
    return pre.mean(0, keepdims=True)


def diff(pre, mean):
    return pre - mean


def var(diff):
    return np.sum(diff**2, axis=0, keepdims=True) / (len(diff) - 1)


def inv(var):
    return (var + 1e-5) ** -0.5


def raw(diff, inv):
    return diff * inv


def act(gain, raw, shift):
    return gain * raw + shift


def h(act):
    return np.tanh(act)


def logits(h, W2, b2):
    return h @ W2 + b2


def top(logits):
    return logits.max(axis=1, keepdims=True)


def shifted(logits, top):
    return logits - top


def counts(shifted):
    return np.exp(shifted)


def total(counts):
    return counts.sum(axis=1, keepdims=True)


def inverse(total):
    return total**-1.0


def probs(counts, inverse):
    return counts * inverse


def logp(probs):
    return np.log(probs)


def J(logp, Y):
    return -logp[range(len(Y)), Y].mean()
