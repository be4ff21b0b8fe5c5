class Affine:
    def backward(self, dout):
        self.dw = self.x.T @ dout
        self.db = dout.mean(axis=0)
        return dout @ self.w
