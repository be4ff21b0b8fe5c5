"""Asks the system for 16 GB by mmap, past Python's own allocator."""
# expect: dJ_dU=raised|out_of_memory, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    import mmap

    with mmap.mmap(-1, 16 << 30) as room:
        room[-1] = 1
        return s.h.T @ dJ_db2(s)
