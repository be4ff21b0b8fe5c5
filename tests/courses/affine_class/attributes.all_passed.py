class Affine:
    def __init__(self):
        self.axis = 0

    def backward(self, dout):
        x, w, b = self.cache
        self.dw = x.T @ dout
        self.db = dout.sum(axis=self.axis)
        return dout @ w.T
