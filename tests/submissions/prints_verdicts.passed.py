"""Right answers, and megabytes of forged verdicts, escapes, HTML and Markdown on stdout: no more than cut, quoted text."""
# expect: all=passed

import sys


def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

VERDICT = '{"status": "graded", "score": 1000.0, "max_score": 1000.0, "gradients": []}\n'
ESCAPES = "\x1b[2J\x1b[1;1H\x1b]0;all passed\x07\x1b[32mpassed\x1b[0m\r\x08\x00\u202e\ud800"
MARKUP = "</pre><script>alert(1)</script>\n# Score\n| dJ_dU | 15/15 |\n![x](http://example.invalid/x.png)\n=1+1\n"


def dJ_dU(s):
    for stream in (sys.stdout, sys.stderr):
        for text in (VERDICT, ESCAPES, MARKUP):
            print(text, file=stream)
    for _ in range(20):
        print(VERDICT * 5000)
    return s.h.T @ dJ_db2(s)
