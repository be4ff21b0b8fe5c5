"""Exits and exceptions that `except Exception` does not catch."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, dJ_dh_prev=raised, others=passed

import sys

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


class Escape(BaseException):
    pass


def dJ_dU(s):
    sys.exit(0)


def dJ_dL_x(s):
    raise KeyboardInterrupt


def dJ_dI(s):
    raise Escape("not an Exception")


def dJ_dH(s):
    raise GeneratorExit


def dJ_dh_prev(s):
    raise SystemExit({"score": 100})
