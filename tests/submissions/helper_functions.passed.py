"""Two helpers, `outer` and `through`, do all the work; the gradients only name what goes in."""
# expect: all=passed

def outer(row, delta):
    """How a loss moves with the matrix of row @ W."""
    return row.T @ delta


def through(delta, W):
    """How it moves with the row of row @ W."""
    return delta @ W.T


def sigmoid_prime(h):
    return h * (1.0 - h)


dJ_db2 = lambda s: s.y_hat - s.y
dJ_dU = lambda s: outer(s.h, dJ_db2(s))
dJ_dh = lambda s: through(dJ_db2(s), s.U)
dJ_db1 = lambda s: sigmoid_prime(s.h) * dJ_dh(s)
dJ_dL_x = lambda s: through(dJ_db1(s), s.I)
dJ_dI = lambda s: outer(s.e, dJ_db1(s))
dJ_dH = lambda s: outer(s.h_prev, dJ_db1(s))
dJ_dh_prev = lambda s: through(dJ_db1(s), s.H)
