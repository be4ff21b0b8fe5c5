"""The work is done in a class; the names that are graded are bound, static and class methods of it."""
# expect: all=passed

class Backward:
    def __init__(self, word=lambda s: s.e):
        self.word = word

    @staticmethod
    def logits(s):
        return s.y_hat - s.y

    def U(self, s):
        return s.h.T @ self.logits(s)

    def h(self, s):
        return self.logits(s) @ s.U.T

    def z(self, s):
        return self.h(s) * s.h * (1 - s.h)

    def L_x(self, s):
        return self.z(s) @ s.I.T

    def I(self, s):
        return self.word(s).T @ self.z(s)

    def H(self, s):
        return s.h_prev.T @ self.z(s)

    @classmethod
    def h_prev(cls, s):
        return cls().z(s) @ s.H.T


backward = Backward()
dJ_db2 = Backward.logits
dJ_dU = backward.U
dJ_dh = backward.h
dJ_db1 = backward.z
dJ_dL_x = backward.L_x
dJ_dI = backward.I
dJ_dH = backward.H
dJ_dh_prev = Backward.h_prev
