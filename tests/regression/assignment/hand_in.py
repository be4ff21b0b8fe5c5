"""Your gradients."""


def dE_dp(s):
    raise NotImplementedError("dE_dp is not written yet")


def dE_dv(s):
    raise NotImplementedError("dE_dv is not written yet")


def dE_da(s):
    raise NotImplementedError("dE_da is not written yet")


def dE_dW(s):
    raise NotImplementedError("dE_dW is not written yet")


def dE_dc(s):
    raise NotImplementedError("dE_dc is not written yet")
