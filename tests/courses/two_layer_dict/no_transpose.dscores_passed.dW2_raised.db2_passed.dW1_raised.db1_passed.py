import numpy as np


def backward(params, cache, X, y):
    W1, W2 = params["W1"], params["W2"]
    a, h, p = cache["a"], cache["h"], cache["p"]
    dscores = (p - y) / X.shape[0]
    da = dscores @ W2.T * (a > 0)
    return {
        "dscores": dscores,
        "W2": h @ dscores,
        "b2": np.sum(dscores, axis=0, keepdims=True),
        "W1": X @ da,
        "b1": np.sum(da, axis=0, keepdims=True),
    }
