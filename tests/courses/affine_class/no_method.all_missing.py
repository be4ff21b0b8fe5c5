class Affine:
    def back(self, dout):
        return dout
