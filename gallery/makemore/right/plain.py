import numpy as np


def dloss_dlogprobs(s):
    n = len(s.y)
    dlogprobs = np.zeros_like(s.logprobs)
    dlogprobs[range(n), s.y] = -1.0 / n
    return dlogprobs


def dloss_dprobs(s):
    return (1.0 / s.probs) * dloss_dlogprobs(s)


def dloss_dcounts_sum_inv(s):
    return (s.counts * dloss_dprobs(s)).sum(1, keepdims=True)


def dloss_dcounts_sum(s):
    return (-(s.counts_sum**-2)) * dloss_dcounts_sum_inv(s)


def dloss_dcounts(s):
    dcounts = s.counts_sum_inv * dloss_dprobs(s)
    dcounts += np.ones_like(s.counts) * dloss_dcounts_sum(s)
    return dcounts


def dloss_dnorm_logits(s):
    return s.counts * dloss_dcounts(s)


def dloss_dlogit_maxes(s):
    return (-dloss_dnorm_logits(s)).sum(1, keepdims=True)


def dloss_dlogits(s):
    dlogits = dloss_dnorm_logits(s).copy()
    one_hot = np.eye(s.logits.shape[1])[s.logits.argmax(axis=1)]
    dlogits += one_hot * dloss_dlogit_maxes(s)
    return dlogits


def dloss_dh(s):
    return dloss_dlogits(s) @ s.W2.T


def dloss_dW2(s):
    return s.h.T @ dloss_dlogits(s)


def dloss_dhpreact(s):
    return (1.0 - s.h**2) * dloss_dh(s)


def dloss_dbngain(s):
    return (s.bnraw * dloss_dhpreact(s)).sum(0)


def dloss_dbnbias(s):
    return dloss_dhpreact(s).sum(0)


def dloss_dbnraw(s):
    return s.bngain * dloss_dhpreact(s)


def dloss_dbnvar_inv(s):
    return (s.bndiff * dloss_dbnraw(s)).sum(0, keepdims=True)


def dloss_dbnvar(s):
    return (-0.5 * (s.bnvar + 1e-5) ** -1.5) * dloss_dbnvar_inv(s)


def dloss_dbndiff2(s):
    n = len(s.bndiff2)
    return (1.0 / (n - 1)) * np.ones_like(s.bndiff2) * dloss_dbnvar(s)


def dloss_dbndiff(s):
    dbndiff = s.bnvar_inv * dloss_dbnraw(s)
    dbndiff += (2 * s.bndiff) * dloss_dbndiff2(s)
    return dbndiff


def dloss_dbnmeani(s):
    return (-dloss_dbndiff(s)).sum(0, keepdims=True)


def dloss_dhprebn(s):
    n = len(s.hprebn)
    dhprebn = dloss_dbndiff(s).copy()
    dhprebn += 1.0 / n * (np.ones_like(s.hprebn) * dloss_dbnmeani(s))
    return dhprebn


def dloss_dW1(s):
    return s.embcat.T @ dloss_dhprebn(s)


def dloss_dC(s):
    dembcat = dloss_dhprebn(s) @ s.W1.T
    demb = dembcat.reshape(s.emb.shape)
    dC = np.zeros_like(s.C)
    for k in range(s.X.shape[0]):
        for j in range(s.X.shape[1]):
            dC[s.X[k, j]] += demb[k, j]
    return dC
