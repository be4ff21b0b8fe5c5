import numpy as np


def dloss_dlogprobs(s):
    grad = np.zeros(s.logprobs.shape)
    for n in range(len(s.y)):
        grad[n, s.y[n]] = -1 / len(s.y)
    return grad


def dloss_dprobs(s):
    grad = np.zeros(s.probs.shape)
    upstream = dloss_dlogprobs(s)
    for n in range(s.probs.shape[0]):
        for v in range(s.probs.shape[1]):
            grad[n, v] = upstream[n, v] / s.probs[n, v]
    return grad


def dloss_dcounts_sum_inv(s):
    upstream = dloss_dprobs(s)
    return np.array([[np.dot(upstream[n], s.counts[n])] for n in range(len(upstream))])


def dloss_dcounts_sum(s):
    upstream = dloss_dcounts_sum_inv(s)
    return np.array([[-up / total**2] for up, total in zip(upstream[:, 0], s.counts_sum[:, 0])])


def dloss_dcounts(s):
    dprobs, dcounts_sum = dloss_dprobs(s), dloss_dcounts_sum(s)
    grad = np.zeros(s.counts.shape)
    for n in range(len(grad)):
        grad[n] = dprobs[n] * s.counts_sum_inv[n] + dcounts_sum[n]
    return grad


def dloss_dnorm_logits(s):
    dcounts = dloss_dcounts(s)
    return np.array([dcounts[n] * s.counts[n] for n in range(len(dcounts))])


def dloss_dlogit_maxes(s):
    return np.array([[-row.sum()] for row in dloss_dnorm_logits(s)])


def dloss_dlogits(s):
    grad = dloss_dnorm_logits(s).copy()
    dmax = dloss_dlogit_maxes(s)
    for n in range(len(grad)):
        grad[n, np.argmax(s.logits[n])] += dmax[n, 0]
    return grad


def dloss_dh(s):
    return np.array([row @ s.W2.T for row in dloss_dlogits(s)])


def dloss_dW2(s):
    grad = np.zeros_like(s.W2)
    for h, up in zip(s.h, dloss_dlogits(s)):
        grad += np.outer(h, up)
    return grad


def dloss_dhpreact(s):
    grad = dloss_dh(s)
    for n in range(len(grad)):
        grad[n] = grad[n] * (1 - s.h[n] ** 2)
    return grad


def dloss_dbngain(s):
    grad = np.zeros_like(s.bngain)
    for raw, up in zip(s.bnraw, dloss_dhpreact(s)):
        grad += raw * up
    return grad


def dloss_dbnbias(s):
    grad = np.zeros_like(s.bnbias)
    for up in dloss_dhpreact(s):
        grad += up
    return grad


def dloss_dbnraw(s):
    return np.array([up * s.bngain for up in dloss_dhpreact(s)])


def dloss_dbnvar_inv(s):
    grad = np.zeros_like(s.bnvar_inv)
    for diff, up in zip(s.bndiff, dloss_dbnraw(s)):
        grad[0] += diff * up
    return grad


def dloss_dbnvar(s):
    upstream = dloss_dbnvar_inv(s)
    grad = np.zeros_like(upstream)
    for j in range(grad.shape[1]):
        grad[0, j] = -0.5 * upstream[0, j] * (s.bnvar[0, j] + 1e-5) ** -1.5
    return grad


def dloss_dbndiff2(s):
    upstream = dloss_dbnvar(s)
    grad = np.zeros_like(s.bndiff2)
    for n in range(len(grad)):
        grad[n] = upstream[0] / (len(grad) - 1)
    return grad


def dloss_dbndiff(s):
    dbnraw, dbndiff2 = dloss_dbnraw(s), dloss_dbndiff2(s)
    grad = np.zeros_like(s.bndiff)
    for n in range(len(grad)):
        grad[n] = dbnraw[n] * s.bnvar_inv[0] + 2 * s.bndiff[n] * dbndiff2[n]
    return grad


def dloss_dbnmeani(s):
    grad = np.zeros_like(s.bnmeani)
    for up in dloss_dbndiff(s):
        grad[0] -= up
    return grad


def dloss_dhprebn(s):
    dbndiff, dbnmeani = dloss_dbndiff(s), dloss_dbnmeani(s)
    return np.array([up + dbnmeani[0] / len(dbndiff) for up in dbndiff])


def dloss_dW1(s):
    grad = np.zeros_like(s.W1)
    for x, up in zip(s.embcat, dloss_dhprebn(s)):
        grad += np.outer(x, up)
    return grad


def dloss_dC(s):
    upstream = dloss_dhprebn(s)
    d = s.C.shape[1]
    grad = np.zeros_like(s.C)
    for n, word in np.ndindex(s.X.shape):
        grad[s.X[n, word]] += s.W1[word * d : (word + 1) * d] @ upstream[n]
    return grad
