"""The handout's stubs as they were handed out."""
# expect: all=missing

def dJ_db2(s):
    raise NotImplementedError("dJ_db2 is not written yet")


def dJ_dU(s):
    raise NotImplementedError("dJ_dU is not written yet")


def dJ_dh(s):
    raise NotImplementedError("dJ_dh is not written yet")


def dJ_db1(s):
    raise NotImplementedError("dJ_db1 is not written yet")


def dJ_dL_x(s):
    raise NotImplementedError("dJ_dL_x is not written yet")


def dJ_dI(s):
    raise NotImplementedError("dJ_dI is not written yet")


def dJ_dH(s):
    raise NotImplementedError("dJ_dH is not written yet")


def dJ_dh_prev(s):
    raise NotImplementedError("dJ_dh_prev is not written yet")
