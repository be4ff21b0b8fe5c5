"""Left-over debugging: a breakpoint, which is passed by, input(), and exit(); nobody answers."""
# expect: dJ_dI=raised, dJ_dH=raised, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    breakpoint()
    return s.h.T @ dJ_db2(s)


def dJ_dI(s):
    if input("continue? [y/n] ") == "y":
        return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    print(s.h_prev.T @ dJ_db1(s))
    exit()
