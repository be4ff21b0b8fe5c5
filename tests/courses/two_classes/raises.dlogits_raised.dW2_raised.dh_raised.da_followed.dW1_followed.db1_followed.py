import numpy as np


class Output:
    def backward(self, shifted, y):
        d = np.exp(shiftd) / np.exp(shifted).sum(axis=1, keepdims=True)
        d[np.arange(len(y)), y] -= 1
        d = d / len(y)
        return d, self.h.T @ d + self.reg * self.W2, d @ self.W2.T


class Hidden:
    def backward(self, dh):
        da = dh * (self.a > 0)
        return da, self.X.T @ da + self.reg * self.W1, da.sum(axis=0)
