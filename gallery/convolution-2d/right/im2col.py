import numpy as np


def im2col(x, K, L):
    """(K L, P Q): a column for each place of the filter."""
    P, Q = x.shape[0] - K + 1, x.shape[1] - L + 1
    columns = [x[i : i + K, j : j + L].ravel() for i in range(P) for j in range(Q)]
    return np.array(columns).T


def col2im(columns, shape, K, L):
    x = np.zeros(shape)
    Q = shape[1] - L + 1
    for place, column in enumerate(columns.T):
        i, j = divmod(place, Q)
        x[i : i + K, j : j + L] += column.reshape(K, L)
    return x


def dJ_dscores(s):
    return s.p - (np.arange(len(s.p)) == s.y)


def dJ_dm(s):
    return (dJ_dscores(s) @ s.U).reshape(s.m.shape)


def dJ_dU(s):
    return np.outer(dJ_dscores(s), s.m.reshape(-1))


def dJ_dz(s):
    dm = np.kron(dJ_dm(s), np.ones((2, 2)))
    m = np.kron(s.m, np.ones((2, 2)))
    return dm * (s.a == m) * (s.z > 0)


def dJ_dx(s):
    K, L = s.w.shape
    return col2im(np.outer(s.w.ravel(), dJ_dz(s).ravel()), s.x.shape, K, L)


def dJ_dw(s):
    K, L = s.w.shape
    return (im2col(s.x, K, L) @ dJ_dz(s).ravel()).reshape(K, L)


def dJ_db(s):
    return dJ_dz(s).ravel() @ np.ones(s.z.size)
