"""A recursive chain rule and tables filled from a generator, with a raised recursion limit."""
# expect: all=passed

import sys

import numpy as np

sys.setrecursionlimit(5000)
SLOPES = {"z": "h", "h": "logits"}


def back(node, s):
    """dJ/d(node), by recursion to the loss."""
    if node == "logits":
        return s.y_hat - s.y
    upstream = back(SLOPES[node], s)
    return upstream @ s.U.T if node == "h" else upstream * s.h * (1 - s.h)


def entries(row, delta):
    for a in row.flat:
        yield from (a * b for b in delta.flat)


def table(row, delta):
    return np.fromiter(entries(row, delta), dtype=float).reshape(row.size, delta.size)


def add_up(numbers):
    return numbers[0] + add_up(numbers[1:]) if len(numbers) > 1 else numbers[0]


def dJ_db2(s): return back("logits", s)
def dJ_dU(s): return table(s.h, back("logits", s))
def dJ_dh(s): return back("h", s)
def dJ_db1(s): return back("z", s)
def dJ_dL_x(s): return np.array([[add_up(list(row * back("z", s)[0])) for row in s.I]])
def dJ_dI(s): return table(s.e, back("z", s))
def dJ_dH(s): return table(s.h_prev, back("z", s))
def dJ_dh_prev(s): return np.array([[add_up(list(row * back("z", s)[0])) for row in s.H]])
