"""With the closed forms of the softmax and the batch normalization, where the chain leaves a choice."""

import numpy as np


def one_hot(labels, size):
    return np.eye(size)[labels]


def dloss_dlogprobs(s):
    return -one_hot(s.y, s.b2.size) / s.y.size


def dloss_dprobs(s):
    return -one_hot(s.y, s.b2.size) / (s.y.size * s.probs)


def dloss_dcounts_sum_inv(s):
    rows = np.arange(s.y.size)
    return -(s.counts[rows, s.y] / s.probs[rows, s.y])[:, None] / s.y.size


def dloss_dcounts_sum(s):
    return np.ones((s.y.size, 1)) * s.counts_sum_inv / s.y.size


def dloss_dcounts(s):
    return (s.counts_sum_inv - one_hot(s.y, s.b2.size) / s.counts) / s.y.size


def dloss_dnorm_logits(s):
    return (s.probs - one_hot(s.y, s.b2.size)) / s.y.size


def dloss_dlogit_maxes(s):
    return -dloss_dnorm_logits(s).sum(axis=1)[:, None]


def dloss_dlogits(s):
    dlogits = np.array(s.probs)
    dlogits[np.arange(s.y.size), s.y] -= 1
    return dlogits / s.y.size


def dloss_dh(s):
    return (s.W2 @ dloss_dlogits(s).T).T


def dloss_dW2(s):
    return (dloss_dlogits(s).T @ s.h).T


def dloss_dhpreact(s):
    return dloss_dh(s) * (1 + s.h) * (1 - s.h)


def dloss_dbngain(s):
    return np.diag(s.bnraw.T @ dloss_dhpreact(s)).copy()


def dloss_dbnbias(s):
    return np.ones(s.y.size) @ dloss_dhpreact(s)


def dloss_dbnraw(s):
    return dloss_dhpreact(s) @ np.diag(s.bngain)


def dloss_dbnvar_inv(s):
    return (dloss_dbnraw(s) * s.bndiff).sum(axis=0).reshape(1, -1)


def dloss_dbnvar(s):
    return -dloss_dbnvar_inv(s) * s.bnvar_inv**3 / 2


def dloss_dbndiff2(s):
    return np.ones((s.y.size, 1)) @ dloss_dbnvar(s) / (s.y.size - 1)


def dloss_dbndiff(s):
    return dloss_dbnraw(s) * s.bnvar_inv + s.bndiff * dloss_dbnvar(s) * 2 / (s.y.size - 1)


def dloss_dbnmeani(s):
    return -(np.ones((1, s.y.size)) @ dloss_dbndiff(s))


def dloss_dhprebn(s):
    dbndiff = dloss_dbndiff(s)
    return dbndiff - dbndiff.mean(axis=0)


def dloss_dW1(s):
    return (dloss_dhprebn(s).T @ s.embcat).T


def dloss_dC(s):
    per_character = (dloss_dhprebn(s) @ s.W1.T).reshape(-1, s.C.shape[1])
    return one_hot(s.X.ravel(), len(s.C)).T @ per_character
