"""Exceptions with hostile words: a text that raises, that is 50 MB long, that is none, with NUL, surrogates, escapes,
markup."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, dJ_dh_prev=raised, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


class Nasty(Exception):
    def __str__(self):
        raise SystemExit("inside __str__")


class NoText(Exception):
    def __str__(self):
        return 42


MARKUP = "</pre><script>alert(1)</script>\n# Score: 15/15\n| a | b |\n[x](javascript:alert(1))\n```\n=HYPERLINK(\"http://example.invalid\")"
ESCAPES = "\x1b[2J\x1b]0;passed\x07\r\x00\ud800\udfff\u202e\u2028\ufeff\x85" + "e" + "\u0301" * 5000


def dJ_dU(s):
    raise Nasty


def dJ_dL_x(s):
    raise ValueError("x" * 50_000_000)


def dJ_dI(s):
    raise NoText


def dJ_dH(s):
    raise RuntimeError(ESCAPES)


def dJ_dh_prev(s):
    raise TypeError(MARKUP)
