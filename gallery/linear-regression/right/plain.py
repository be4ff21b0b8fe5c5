def dJ_dy_hat(s):
    N = len(s.y)
    return 2 / N * (s.y_hat - s.y)


def dJ_dw(s):
    return s.X.T @ dJ_dy_hat(s) + 2 * s.lam * s.w


def dJ_db(s):
    return dJ_dy_hat(s).sum()
