"""Sets the encoding of standard output, as on Windows, wraps it, and asks for its number."""
# expect: all=passed

import io
import sys

sys.stdout.reconfigure(encoding="utf-8")
try:
    sys.stdout.fileno()
except io.UnsupportedOperation:
    pass
with sys.stdout:
    sys.stdout.writelines(["π", "\n"])
sys.stdout.buffer.write("σ\n".encode())
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", line_buffering=True)
print("wrapped", sys.stdout.isatty(), file=sys.stderr)


def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): print("called"); return dJ_db1(s) @ s.H.T
