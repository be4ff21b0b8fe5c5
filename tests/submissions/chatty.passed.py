"""Prints, logs, pretty-prints and writes to stderr all the time, and changes numpy's print options: noise, no mistake."""
# expect: all=passed

import contextlib
import io
import logging
import pprint
import sys

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

print("loading", __name__)
np.set_printoptions(precision=1, suppress=True, threshold=3)
logging.basicConfig(level=logging.DEBUG)


def show(name, value):
    print(name, value.shape, value, sep="\t", flush=True)
    pprint.pprint({name: value.tolist()})
    sys.stderr.write(f"debug: {name}\n")
    logging.debug("%s: %s", name, value)
    return value


def dJ_dU(s):
    for k in range(200):
        print("iteration", k, s.h)
    return show("dJ_dU", s.h.T @ dJ_db2(s))


def dJ_dH(s):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print(s, vars)
    assert text.getvalue()
    return show("dJ_dH", s.h_prev.T @ dJ_db1(s))
