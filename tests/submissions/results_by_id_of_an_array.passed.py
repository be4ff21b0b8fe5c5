"""Remembers results under id(s.y_hat) without keeping the array alive."""
# expect: all=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

_memo = {}


def remembered(function):
    def wrapped(s):
        key = function.__name__, id(s.y_hat)
        if key not in _memo:
            _memo[key] = function(s)
        return _memo[key]

    return wrapped


for name in "dJ_db2 dJ_dU dJ_dh dJ_db1 dJ_dL_x dJ_dI dJ_dH dJ_dh_prev".split():
    globals()[name] = remembered(globals()[name])
