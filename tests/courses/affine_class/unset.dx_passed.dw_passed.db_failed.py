class Affine:
    def backward(self, dout):
        self.dw = self.x.T @ dout
        return dout @ self.w.T
