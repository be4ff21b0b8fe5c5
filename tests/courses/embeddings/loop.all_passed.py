import numpy as np


def de(s):
    return (1 - np.tanh(s.e @ s.v) ** 2)[:, None] * s.v


def dE(s):
    g = np.zeros_like(s.E)
    for n in range(s.words.shape[0]):
        for w in s.words[n]:
            g[w] += de(s)[n] / s.words.shape[1]
    return g
