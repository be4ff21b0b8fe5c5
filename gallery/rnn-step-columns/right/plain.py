def dJ_dby(s):
    return s.p - s.y


def dJ_dWhy(s):
    return dJ_dby(s) @ s.h.T


def dJ_dh(s):
    return s.Why.T @ dJ_dby(s)


def dJ_dbh(s):
    return (1 - s.h**2) * dJ_dh(s)


def dJ_dWxh(s):
    return dJ_dbh(s) @ s.x.T


def dJ_dWhh(s):
    return dJ_dbh(s) @ s.h_prev.T


def dJ_dh_prev(s):
    return s.Whh.T @ dJ_dbh(s)
