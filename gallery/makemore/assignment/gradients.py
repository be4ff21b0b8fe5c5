"""The 22 gradients of loss: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dloss/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.C               (V, d)       s.bndiff2         (N, H)
    s.X               int          s.bnvar           (1, H)
    s.W1              (Td, H)      s.bnvar_inv       (1, H)
    s.b1              (H,)         s.bnraw           (N, H)
    s.bngain          (H,)         s.hpreact         (N, H)
    s.bnbias          (H,)         s.h               (N, H)
    s.W2              (H, V)       s.logits          (N, V)
    s.b2              (V,)         s.logit_maxes     (N, 1)
    s.y               int          s.norm_logits     (N, V)
    s.emb             (N, T, d)    s.counts          (N, V)
    s.embcat          (N, Td)      s.counts_sum      (N, 1)
    s.hprebn          (N, H)       s.counts_sum_inv  (N, 1)
    s.bnmeani         (1, H)       s.probs           (N, V)
    s.bndiff          (N, H)       s.logprobs        (N, V)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import numpy or the standard library if you need them, nothing else.  Do not change `s` or its arrays.
"""

import numpy as np


def dloss_dlogprobs(s):
    """dloss/dlogprobs, shape (N, V)."""
    raise NotImplementedError("dloss_dlogprobs is not written yet")


def dloss_dprobs(s):
    """dloss/dprobs, shape (N, V)."""
    raise NotImplementedError("dloss_dprobs is not written yet")


def dloss_dcounts_sum_inv(s):
    """dloss/dcounts_sum_inv, shape (N, 1)."""
    raise NotImplementedError("dloss_dcounts_sum_inv is not written yet")


def dloss_dcounts_sum(s):
    """dloss/dcounts_sum, shape (N, 1)."""
    raise NotImplementedError("dloss_dcounts_sum is not written yet")


def dloss_dcounts(s):
    """dloss/dcounts, shape (N, V)."""
    raise NotImplementedError("dloss_dcounts is not written yet")


def dloss_dnorm_logits(s):
    """dloss/dnorm_logits, shape (N, V)."""
    raise NotImplementedError("dloss_dnorm_logits is not written yet")


def dloss_dlogit_maxes(s):
    """dloss/dlogit_maxes, shape (N, 1)."""
    raise NotImplementedError("dloss_dlogit_maxes is not written yet")


def dloss_dlogits(s):
    """dloss/dlogits, shape (N, V)."""
    raise NotImplementedError("dloss_dlogits is not written yet")


def dloss_dh(s):
    """dloss/dh, shape (N, H)."""
    raise NotImplementedError("dloss_dh is not written yet")


def dloss_dW2(s):
    """dloss/dW2, shape (H, V)."""
    raise NotImplementedError("dloss_dW2 is not written yet")


def dloss_dhpreact(s):
    """dloss/dhpreact, shape (N, H)."""
    raise NotImplementedError("dloss_dhpreact is not written yet")


def dloss_dbngain(s):
    """dloss/dbngain, shape (H,)."""
    raise NotImplementedError("dloss_dbngain is not written yet")


def dloss_dbnbias(s):
    """dloss/dbnbias, shape (H,)."""
    raise NotImplementedError("dloss_dbnbias is not written yet")


def dloss_dbnraw(s):
    """dloss/dbnraw, shape (N, H)."""
    raise NotImplementedError("dloss_dbnraw is not written yet")


def dloss_dbnvar_inv(s):
    """dloss/dbnvar_inv, shape (1, H)."""
    raise NotImplementedError("dloss_dbnvar_inv is not written yet")


def dloss_dbnvar(s):
    """dloss/dbnvar, shape (1, H)."""
    raise NotImplementedError("dloss_dbnvar is not written yet")


def dloss_dbndiff2(s):
    """dloss/dbndiff2, shape (N, H)."""
    raise NotImplementedError("dloss_dbndiff2 is not written yet")


def dloss_dbndiff(s):
    """dloss/dbndiff, shape (N, H)."""
    raise NotImplementedError("dloss_dbndiff is not written yet")


def dloss_dbnmeani(s):
    """dloss/dbnmeani, shape (1, H)."""
    raise NotImplementedError("dloss_dbnmeani is not written yet")


def dloss_dhprebn(s):
    """dloss/dhprebn, shape (N, H)."""
    raise NotImplementedError("dloss_dhprebn is not written yet")


def dloss_dW1(s):
    """dloss/dW1, shape (Td, H)."""
    raise NotImplementedError("dloss_dW1 is not written yet")


def dloss_dC(s):
    """dloss/dC, shape (V, d)."""
    raise NotImplementedError("dloss_dC is not written yet")
