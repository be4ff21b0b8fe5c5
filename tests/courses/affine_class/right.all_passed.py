class Affine:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, dout):
        return dout @ self.w.T, self.x.T @ dout, dout.sum(axis=0)
