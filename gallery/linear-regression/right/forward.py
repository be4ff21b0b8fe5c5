import numpy as np


def predict(X, w, b):
    return np.dot(X, w) + b


def residuals(s):
    return predict(s.X, s.w, s.b) - s.y


def dJ_dy_hat(s):
    r = residuals(s)
    return 2 * r / r.size


def dJ_dw(s):
    data = 2 * s.X.T.dot(residuals(s)) / s.X.shape[0]
    penalty = 2 * s.lam * s.w
    return data + penalty


def dJ_db(s):
    return 2 * np.mean(residuals(s))
