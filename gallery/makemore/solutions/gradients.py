"""The gradients of `loss`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dloss_dlogprobs(s):
    """dloss/dlogprobs = -1 / N at the targets, 0 elsewhere, shape (N, V)."""
    return -np.eye(len(s.C))[s.y] / len(s.X)


def dloss_dprobs(s):
    """dloss/dprobs = dloss/dlogprobs / probs, shape (N, V)."""
    return dloss_dlogprobs(s) / s.probs


def dloss_dcounts_sum_inv(s):
    """dloss/dcounts_sum_inv, the sum of dloss/dprobs * counts over each row, shape (N, 1)."""
    return np.sum(dloss_dprobs(s) * s.counts, axis=1, keepdims=True)


def dloss_dcounts_sum(s):
    """dloss/dcounts_sum = -dloss/dcounts_sum_inv / counts_sum**2, shape (N, 1)."""
    return -dloss_dcounts_sum_inv(s) / s.counts_sum**2


def dloss_dcounts(s):
    """dloss/dcounts = dloss/dprobs * counts_sum_inv + dloss/dcounts_sum, shape (N, V): used twice."""
    return dloss_dprobs(s) * s.counts_sum_inv + dloss_dcounts_sum(s)


def dloss_dnorm_logits(s):
    """dloss/dnorm_logits = dloss/dcounts * counts, shape (N, V)."""
    return dloss_dcounts(s) * s.counts


def dloss_dlogit_maxes(s):
    """dloss/dlogit_maxes, minus the sum of each row of dloss/dnorm_logits, shape (N, 1).

    It is zero but for rounding: a shift of all logits of an example changes no probability.
    """
    return -np.sum(dloss_dnorm_logits(s), axis=1, keepdims=True)


def dloss_dlogits(s):
    """dloss/dlogits = dloss/dnorm_logits + dloss/dlogit_maxes * (logits == logit_maxes), shape (N, V)."""
    return dloss_dnorm_logits(s) + dloss_dlogit_maxes(s) * (s.logits == s.logit_maxes)


def dloss_dh(s):
    """dloss/dh = dloss/dlogits W2^T, shape (N, H)."""
    return dloss_dlogits(s) @ s.W2.T


def dloss_dW2(s):
    """dloss/dW2 = h^T dloss/dlogits, shape (H, V)."""
    return s.h.T @ dloss_dlogits(s)


def dloss_dhpreact(s):
    """dloss/dhpreact = dloss/dh * (1 - h**2), shape (N, H)."""
    return dloss_dh(s) * (1 - s.h**2)


def dloss_dbngain(s):
    """dloss/dbngain, the sum of dloss/dhpreact * bnraw over the examples, shape (H,)."""
    return np.sum(dloss_dhpreact(s) * s.bnraw, axis=0)


def dloss_dbnbias(s):
    """dloss/dbnbias, the sum of dloss/dhpreact over the examples, shape (H,)."""
    return np.sum(dloss_dhpreact(s), axis=0)


def dloss_dbnraw(s):
    """dloss/dbnraw = dloss/dhpreact * bngain, shape (N, H)."""
    return dloss_dhpreact(s) * s.bngain


def dloss_dbnvar_inv(s):
    """dloss/dbnvar_inv, the sum of dloss/dbnraw * bndiff over the examples, shape (1, H)."""
    return np.sum(dloss_dbnraw(s) * s.bndiff, axis=0, keepdims=True)


def dloss_dbnvar(s):
    """dloss/dbnvar = -0.5 * dloss/dbnvar_inv / (bnvar + 1e-5)**1.5, shape (1, H)."""
    return -0.5 * dloss_dbnvar_inv(s) / (s.bnvar + 1e-5) ** 1.5


def dloss_dbndiff2(s):
    """dloss/dbndiff2 = dloss/dbnvar / (N - 1) in every row, shape (N, H)."""
    return dloss_dbnvar(s) / (len(s.X) - 1) * np.ones_like(s.bndiff2)


def dloss_dbndiff(s):
    """dloss/dbndiff = dloss/dbnraw * bnvar_inv + dloss/dbndiff2 * 2 bndiff, shape (N, H): used twice."""
    return dloss_dbnraw(s) * s.bnvar_inv + dloss_dbndiff2(s) * 2 * s.bndiff


def dloss_dbnmeani(s):
    """dloss/dbnmeani, minus the sum of dloss/dbndiff over the examples, shape (1, H)."""
    return -np.sum(dloss_dbndiff(s), axis=0, keepdims=True)


def dloss_dhprebn(s):
    """dloss/dhprebn = dloss/dbndiff + dloss/dbnmeani / N, shape (N, H)."""
    return dloss_dbndiff(s) + dloss_dbnmeani(s) / len(s.X)


def dloss_dW1(s):
    """dloss/dW1 = embcat^T dloss/dhprebn, shape (Td, H)."""
    return s.embcat.T @ dloss_dhprebn(s)


def dloss_dC(s):
    """dloss/dC, shape (V, d): row v is the sum of dloss/demb over all places with character v."""
    dembcat = dloss_dhprebn(s) @ s.W1.T
    dC = np.zeros_like(s.C)
    np.add.at(dC, s.X, dembcat.reshape(s.emb.shape))
    return dC
