import numpy as np


def dloss_dlogprobs(s):
    return -np.eye(len(s.C))[s.y] / len(s.X)


def dloss_dprobs(s):
    return dloss_dlogprobs(s) / s.probs


def dloss_dcounts_sum_inv(s):
    return np.sum(dloss_dprobs(s) * s.counts, axis=1, keepdims=True)


def dloss_dcounts_sum(s):
    return -dloss_dcounts_sum_inv(s) / s.counts_sum**2


def dloss_dcounts(s):
    return dloss_dprobs(s) * s.counts_sum_inv + dloss_dcounts_sum(s)


def dloss_dnorm_logits(s):
    return dloss_dcounts(s) * np.exp(s.norm_logits)


def dloss_dlogit_maxes(s):
    return -np.sum(dloss_dnorm_logits(s), axis=1, keepdims=True)


def dloss_dlogits(s):
    is_max = s.logits == s.logit_maxes
    return dloss_dnorm_logits(s) + is_max * dloss_dlogit_maxes(s)


def dloss_dh(s):
    return np.dot(dloss_dlogits(s), s.W2.T)


def dloss_dW2(s):
    return np.dot(s.h.T, dloss_dlogits(s))


def dloss_dhpreact(s):
    return dloss_dh(s) * (1 - np.tanh(s.hpreact) ** 2)


def dloss_dbngain(s):
    return np.sum(dloss_dhpreact(s) * s.bnraw, axis=0)


def dloss_dbnbias(s):
    return np.sum(dloss_dhpreact(s), axis=0)


def dloss_dbnraw(s):
    return dloss_dhpreact(s) * s.bngain


def dloss_dbnvar_inv(s):
    return np.sum(dloss_dbnraw(s) * s.bndiff, axis=0, keepdims=True)


def dloss_dbnvar(s):
    return dloss_dbnvar_inv(s) * -0.5 * s.bnvar_inv**3


def dloss_dbndiff2(s):
    N = s.X.shape[0]
    return np.repeat(dloss_dbnvar(s) / (N - 1), N, axis=0)


def dloss_dbndiff(s):
    return dloss_dbnraw(s) * s.bnvar_inv + 2 * s.bndiff * dloss_dbndiff2(s)


def dloss_dbnmeani(s):
    return -np.sum(dloss_dbndiff(s), axis=0, keepdims=True)


def dloss_dhprebn(s):
    return dloss_dbndiff(s) + dloss_dbnmeani(s) / s.X.shape[0]


def dloss_dW1(s):
    return np.dot(s.embcat.T, dloss_dhprebn(s))


def dloss_dC(s):
    N, T = s.X.shape
    demb = np.dot(dloss_dhprebn(s), s.W1.T).reshape(N, T, -1)
    dC = np.zeros(s.C.shape)
    np.add.at(dC, s.X, demb)
    return dC
