"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

The gradient with respect to h_t has two parts: one from the prediction at t, and one from the state at t + 1, which the loop
hands back as `dh_next`.  A parameter is used at every time step, so its gradient is a sum over all of them.
"""

import numpy as np


def backward(s):
    """All gradients, back through time.

    Shapes: dby (1, V), dWhy (H, V), dbh (1, H), dWxh (d, H), dWhh (H, H), dX (T, d), dh0 (1, H).
    """
    dlogits = s.P - s.Y
    dby = np.sum(dlogits, axis=0, keepdims=True)
    dWhy = s.hs.T @ dlogits

    dbh, dWxh, dWhh, dX = map(np.zeros_like, (s.bh, s.Wxh, s.Whh, s.X))
    dh_next = np.zeros_like(s.h0)
    for t in reversed(range(len(s.X))):
        x, h = s.X[t : t + 1], s.hs[t : t + 1]
        h_prev = s.hs[t - 1 : t] if t > 0 else s.h0
        dh = dlogits[t : t + 1] @ s.Why.T + dh_next
        dz = dh * (1 - h**2)
        dbh += dz
        dWxh += x.T @ dz
        dWhh += h_prev.T @ dz
        dX[t : t + 1] = dz @ s.Wxh.T
        dh_next = dz @ s.Whh.T

    return {"dby": dby, "dWhy": dWhy, "dbh": dbh, "dWxh": dWxh, "dWhh": dWhh, "dX": dX, "dh0": dh_next}
