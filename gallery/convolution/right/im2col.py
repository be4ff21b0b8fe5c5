import numpy as np


def im2col(x, K):
    """(C K, O): a column for each position of a filter."""
    C, T = x.shape
    O = T - K + 1
    columns = np.zeros((C, K, O))
    for o in range(O):
        columns[:, :, o] = x[:, o : o + K]
    return columns.reshape(C * K, O)


def col2im(columns, C, T, K):
    O = T - K + 1
    columns = columns.reshape(C, K, O)
    x = np.zeros((C, T))
    for o in range(O):
        x[:, o : o + K] += columns[:, :, o]
    return x


def dJ_dscores(s):
    return s.p - (np.arange(len(s.p)) == s.y)


def dJ_dU(s):
    return np.outer(dJ_dscores(s), s.m.reshape(-1))


def dJ_dm(s):
    return np.matmul(s.U.T, dJ_dscores(s)).reshape(s.m.shape)


def dJ_dz(s):
    pairs = s.z.reshape(len(s.z), -1, 2)
    largest = np.argmax(pairs, axis=2)
    grad = np.zeros_like(pairs)
    np.put_along_axis(grad, largest[:, :, None], dJ_dm(s)[:, :, None], axis=2)
    return np.where(s.z > 0, grad.reshape(s.z.shape), 0.0)


def dJ_db(s):
    return np.sum(dJ_dz(s), axis=-1)


def dJ_dw(s):
    K = s.w.shape[2]
    return (dJ_dz(s) @ im2col(s.x, K).T).reshape(s.w.shape)


def dJ_dx(s):
    F, C, K = s.w.shape
    dcolumns = s.w.reshape(F, C * K).T @ dJ_dz(s)
    return col2im(dcolumns, C, s.x.shape[1], K)
