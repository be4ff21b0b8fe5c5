"""Has tests of its own under `if __name__ == '__main__'`, which end the program and must not run."""
# expect: all=passed

import numpy as np

def dJ_db2(s): return np.subtract(s.y_hat, s.y)
def dJ_dU(s): return np.outer(s.h, dJ_db2(s))
def dJ_dh(s): return np.dot(dJ_db2(s), s.U.T)
def dJ_db1(s): return np.multiply(dJ_dh(s), s.h - s.h**2)
def dJ_dL_x(s): return np.dot(dJ_db1(s), s.I.T)
def dJ_dI(s): return np.outer(s.e, dJ_db1(s))
def dJ_dH(s): return np.outer(s.h_prev, dJ_db1(s))
def dJ_dh_prev(s): return np.dot(dJ_db1(s), s.H.T)


def test_shapes(s):
    assert dJ_dU(s).shape == s.U.shape


if __name__ == "__main__":
    import pytest_that_nobody_has

    pytest_that_nobody_has.main()
    raise SystemExit(1)
