"""A character-level language model with batch normalization, written out in small steps.

X is (N, T), indices below V: the T characters before each of the N targets.
y is (N,), labels, indices below V: the character that follows.
C is (V, d), the vectors of the characters.
W1 is (T * d, H), the weights of the hidden layer.
b1 is (H,), the bias of the hidden layer.
bngain is (H,), the gain of the batch normalization.
bnbias is (H,), the bias of the batch normalization.
W2 is (H, V), the weights of the output.
b2 is (V,), the bias of the output.
"""

import numpy as np


def emb(C, X):
    """emb = C[X], the vectors of the characters: (N, T, d)."""
    return C[X]


def embcat(emb):
    """The T vectors of each example, one after another in a row: (N, T * d)."""
    return emb.reshape(emb.shape[0], -1)


def hprebn(embcat, W1, b1):
    """hprebn = embcat W1 + b1, the hidden layer before batch normalization: (N, H)."""
    return embcat @ W1 + b1


def bnmeani(hprebn):
    """The mean of each unit over the batch: (1, H)."""
    return hprebn.sum(axis=0, keepdims=True) / len(hprebn)


def bndiff(hprebn, bnmeani):
    """bndiff = hprebn - bnmeani, the deviations from the mean: (N, H)."""
    return hprebn - bnmeani


def bndiff2(bndiff):
    """bndiff2 = bndiff**2, the squared deviations: (N, H)."""
    return bndiff**2


def bnvar(bndiff2):
    """The variance of each unit, divided by N - 1 as Bessel proposed: (1, H)."""
    return bndiff2.sum(axis=0, keepdims=True) / (len(bndiff2) - 1)


def bnvar_inv(bnvar):
    """bnvar_inv = (bnvar + 1e-5)**-0.5, one over the standard deviation: (1, H)."""
    return (bnvar + 1e-5) ** -0.5


def bnraw(bndiff, bnvar_inv):
    """bnraw = bndiff * bnvar_inv, the normalized hidden layer: (N, H)."""
    return bndiff * bnvar_inv


def hpreact(bngain, bnraw, bnbias):
    """hpreact = bngain * bnraw + bnbias, the input of the tanh: (N, H)."""
    return bngain * bnraw + bnbias


def h(hpreact):
    """h = tanh(hpreact), the hidden layer: (N, H)."""
    return np.tanh(hpreact)


def logits(h, W2, b2):
    """logits = h W2 + b2: (N, V)."""
    return h @ W2 + b2


def logit_maxes(logits):
    """The largest logit of each example: (N, 1)."""
    return logits.max(axis=1, keepdims=True)


def norm_logits(logits, logit_maxes):
    """norm_logits = logits - logit_maxes, the logits shifted so that no exponential overflows: (N, V)."""
    return logits - logit_maxes


def counts(norm_logits):
    """counts = exp(norm_logits): (N, V)."""
    return np.exp(norm_logits)


def counts_sum(counts):
    """The sum of the counts of each example: (N, 1)."""
    return counts.sum(axis=1, keepdims=True)


def counts_sum_inv(counts_sum):
    """counts_sum_inv = 1 / counts_sum: (N, 1)."""
    return counts_sum**-1


def probs(counts, counts_sum_inv):
    """probs = counts * counts_sum_inv, the predicted probabilities: (N, V)."""
    return counts * counts_sum_inv


def logprobs(probs):
    """logprobs = log(probs): (N, V)."""
    return np.log(probs)


def loss(logprobs, y):
    """The cross entropy, averaged over the examples."""
    return -logprobs[np.arange(len(y)), y].mean()
