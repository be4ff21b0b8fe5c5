import numpy as np


def dloss_dlogprobs(s):
    n, v = s.logprobs.shape
    return np.where(np.arange(v) == s.y[:, None], -1 / n, 0.0)


def dloss_dprobs(s):
    return np.divide(dloss_dlogprobs(s), s.probs)


def dloss_dcounts_sum_inv(s):
    return np.einsum("nv,nv->n", dloss_dprobs(s), s.counts)[:, None]


def dloss_dcounts_sum(s):
    return -dloss_dcounts_sum_inv(s) * s.counts_sum_inv**2


def dloss_dcounts(s):
    return np.add(np.multiply(dloss_dprobs(s), s.counts_sum_inv), dloss_dcounts_sum(s))


def dloss_dnorm_logits(s):
    return np.multiply(dloss_dcounts(s), s.counts)


def dloss_dlogit_maxes(s):
    return -np.einsum("nv->n", dloss_dnorm_logits(s)).reshape(-1, 1)


def dloss_dlogits(s):
    through_the_maximum = np.where(s.norm_logits == 0, dloss_dlogit_maxes(s), 0)
    return dloss_dnorm_logits(s) + through_the_maximum


def dloss_dh(s):
    return np.einsum("nv,hv->nh", dloss_dlogits(s), s.W2)


def dloss_dW2(s):
    return np.einsum("nh,nv->hv", s.h, dloss_dlogits(s))


def dloss_dhpreact(s):
    return np.multiply(dloss_dh(s), 1 - np.square(s.h))


def dloss_dbngain(s):
    return np.einsum("nh,nh->h", dloss_dhpreact(s), s.bnraw)


def dloss_dbnbias(s):
    return np.einsum("nh->h", dloss_dhpreact(s))


def dloss_dbnraw(s):
    return np.einsum("nh,h->nh", dloss_dhpreact(s), s.bngain)


def dloss_dbnvar_inv(s):
    return np.einsum("nh,nh->h", dloss_dbnraw(s), s.bndiff)[None, :]


def dloss_dbnvar(s):
    return dloss_dbnvar_inv(s) * (-0.5) / np.power(s.bnvar + 1e-5, 1.5)


def dloss_dbndiff2(s):
    n = s.bndiff.shape[0]
    return np.tile(dloss_dbnvar(s), (n, 1)) / (n - 1)


def dloss_dbndiff(s):
    return 2 * np.multiply(dloss_dbndiff2(s), s.bndiff) + np.multiply(dloss_dbnraw(s), s.bnvar_inv)


def dloss_dbnmeani(s):
    return -np.einsum("nh->h", dloss_dbndiff(s))[np.newaxis]


def dloss_dhprebn(s):
    return dloss_dbndiff(s) + dloss_dbnmeani(s) / s.bndiff.shape[0]


def dloss_dW1(s):
    return np.einsum("nt,nh->th", s.embcat, dloss_dhprebn(s))


def dloss_dC(s):
    demb = np.einsum("nh,th->nt", dloss_dhprebn(s), s.W1).reshape(*s.X.shape, -1)
    one_hot = np.eye(s.C.shape[0])[s.X]
    return np.einsum("ntv,ntd->vd", one_hot, demb)
