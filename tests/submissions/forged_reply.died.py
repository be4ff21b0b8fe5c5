"""Forges frames as the child writes them, a length and JSON and numbers, for its own calls; with a verdict in each. A
frame can only say what the function could have returned."""
# expect: dJ_dU=died|failed|raised|timed_out, others=passed

import json
import os
import struct

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def frame(call, s):
    data = np.full_like(s.U, 0.5).tobytes()
    head = {"call": call, "outcome": "returned", "returned": "ndarray", "dtype": "<f8", "shape": s.U.shape, "printed": "",
            "status": "passed", "score": 15.0, "warnings": [], "mutated": []}
    head = json.dumps(head).encode()
    return struct.pack("!II", len(head), len(data)) + head + data


def dJ_dU(s):
    for fd in range(3, 65):
        for call in (4, 5, 6, 7, 4, -1, 10**9):
            try:
                os.write(fd, frame(call, s))
            except OSError:
                break
    os._exit(0)
