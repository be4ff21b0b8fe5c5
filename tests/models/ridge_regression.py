# ruff: noqa: F722  (jaxtyping's way of writing shapes)
"""Linear regression with an L2 penalty."""

import numpy as np

LAMBDA = 0.3


def y_hat(X: "N D", w: "D 1"):
    """y_hat = X w, the predictions."""
    return X @ w


def r(y_hat, y: "N 1"):
    """r = y_hat - y, the residuals."""
    return y_hat - y


def J(r, w):
    """Half the mean of the squared residuals, plus the penalty."""
    return 0.5 * np.mean(r**2) + 0.5 * LAMBDA * np.sum(w**2)
