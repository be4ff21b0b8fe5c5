"""Fills the memory with the smallest objects and keeps them: nothing is left even for reporting the error."""
# expect: dJ_dU=out_of_memory|died|timed_out, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

crumbs = None


def dJ_dU(s):
    global crumbs
    for size in (400, 40, 0):
        try:
            while True:
                crumbs = (crumbs, bytes(size))
        except MemoryError:
            pass
    raise MemoryError
