"""Ridge regression: a linear model, the mean squared error, and an L2 penalty on the weights.

X is (N, D), the features, an example in each row.  y is (N,), the targets.
w is (D,), the weights, and b is a number, the intercept.
lam is a positive number, the strength of the penalty.
"""

import numpy as np


def y_hat(X, w, b):
    """y_hat = X w + b, the predictions: (N,)."""
    return X @ w + b


def J(y_hat, y, w, lam):
    """The mean of (y_hat - y)^2, plus lam times the sum of the squared weights: a number."""
    return np.mean((y_hat - y) ** 2) + lam * np.sum(w**2)
