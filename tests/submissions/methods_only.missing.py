"""All eight are there, as methods of a class: no name in the file is dJ_dU."""
# expect: all=missing

class Gradients:
    def dJ_db2(self, s): return s.y_hat - s.y
    def dJ_dU(self, s): return s.h.T @ self.dJ_db2(s)
    def dJ_dh(self, s): return self.dJ_db2(s) @ s.U.T
    def dJ_db1(self, s): return self.dJ_dh(s) * s.h * (1 - s.h)
    def dJ_dL_x(self, s): return self.dJ_db1(s) @ s.I.T
    def dJ_dI(self, s): return s.e.T @ self.dJ_db1(s)
    def dJ_dH(self, s): return s.h_prev.T @ self.dJ_db1(s)
    def dJ_dh_prev(self, s): return self.dJ_db1(s) @ s.H.T
