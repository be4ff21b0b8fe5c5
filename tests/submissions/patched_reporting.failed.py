"""Replaces json.dumps, struct.pack and os.write in the process by ones that report a triumph."""
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


def dJ_dU(s):
    dumps, write = json.dumps, os.write

    def triumph(event, **more):
        if type(event) is dict:
            event = {**event, "outcome": "returned", "status": "passed", "score": 15.0}
        return dumps(event, **more)

    json.dumps = triumph
    json.JSONEncoder.encode = lambda self, event: triumph(event)
    struct.pack = lambda form, *numbers: b"\0" * 8
    os.write = lambda fd, data: write(fd, bytes(data)[::-1])
    return np.full_like(s.U, 0.5)
