"""In a zygote that serves a class: do once what each child is going to do, which saves a child a seventh of its time.

What a process does for the first time costs it most: symbols are bound, bytecode is specialized, caches are filled, and
in a forked child each page on which any of this is written must be copied first.
"""

import ctypes
import linecache
import marshal
import os
import struct
import sys

from grader.sandbox.inside import child

TIMES = 3  # bytecode is specialized when it has run a few times
CHUNKS = (32768, 8192, 2048, 1024, 512, 256, 128, 64, 24)  # bytes

# The operations that gradients are made of, on meaningless arrays.
SOURCE = b'''"""A file like a student's."""
import numpy as np
from numpy import exp


def first(s):
    """Entry by entry."""
    a = s.row * (1 - s.row) + exp(-s.row) / 2
    return np.tanh(a) ** 2 - np.log(np.abs(s.row))


def second(s):
    b = first(s)
    return s.row.T @ b @ s.matrix.T


def third(s):
    c = np.dot(s.row, s.matrix)
    d = np.zeros_like(c)
    d[0, s.k] -= 1.0
    return np.outer(c, d) + np.sum(c, axis=1, keepdims=True).reshape(-1, 1)
'''
FUNCTIONS = ("first", "second", "third")


def warm_up():
    """Serve a job like a student's in this process.  Leaves nothing behind that a child could see."""
    outputs = sys.stdout, sys.stderr
    lines = dict(linecache.cache)
    for _ in range(TIMES):
        job_read, job_write = os.pipe()
        result_read, result_write = os.pipe()
        try:
            os.write(job_write, _job())
            child.serve(job_read, result_write)  # a reply is small enough for the pipe to hold them all
        finally:
            sys.stdout, sys.stderr = outputs
            sys.modules.pop("gradients", None)
            linecache.cache.clear()
            linecache.cache.update(lines)
            for fd in (job_read, job_write, result_read, result_write):
                os.close(fd)
    _fill_gaps()


def _job():
    row = struct.pack("=5d", 0.5, 0.25, 0.75, 0.125, 0.375)
    matrix = row * 5
    data = row + matrix + SOURCE
    end = len(row + matrix)
    arrays = {"row": (0, len(row), (1, 5), "<f8"), "matrix": (len(row), end, (5, 5), "<f8")}
    header = {
        "points": [{"numbers": {"k": 2}, "arrays": arrays, "sizes": {}}],
        "source": end,
        "calls": [(name, 0) for name in FUNCTIONS * 2],
        "trace": False,
        "output_bytes": 1000,
        "asked": FUNCTIONS,
        "interface": {"by_name": False, "of": dict.fromkeys(FUNCTIONS, "row"), "groups": {}, "functions": []},
    }
    head = marshal.dumps(header)
    return struct.pack("!II", len(head), len(data)) + head + data


class _MallInfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def _fill_gaps():
    """Use up the free memory between what is allocated: a child then gets all of its own from one end, on few pages."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):  # not the GNU library, or one before 2.33
        return
    libc.mallinfo2.restype = _MallInfo
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    for size in CHUNKS:
        free_at_end = libc.mallinfo2().keepcost
        while libc.mallinfo2().keepcost == free_at_end:  # never freed, on purpose
            if not libc.malloc(size):
                return
