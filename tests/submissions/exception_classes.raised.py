"""Exceptions of hostile make: class names with markup, a metaclass that raises, groups, cycles, a text that is a
subclass of str."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, dJ_dh_prev=raised|died|out_of_memory|timed_out, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


class Meta(type):
    def __getattribute__(cls, name):
        raise SystemExit(name)


class Nameless(Exception, metaclass=Meta):
    __module__ = property(lambda self: 1 / 0)


class Text(str):
    """Whoever cuts it gets more."""

    def __getitem__(self, index):
        return "x" * 50_000_000

    def __str__(self):
        return self

    def __len__(self):
        return 3


class Long(Exception):
    def __str__(self):
        return Text("cut me")


def dJ_dU(s):
    raise type("<script>alert(1)</script>\x1b[2J\n# passed" + "y" * 100_000, (Exception,), {})("x")


def dJ_dL_x(s):
    raise Nameless


def dJ_dI(s):
    error = ValueError("inner")
    for _ in range(500):
        error = ExceptionGroup("group", [error])  # a NameError before Python 3.11
    raise error


def dJ_dH(s):
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    one.__context__, two.__context__ = two, one
    one.__notes__ = [one, 42, "note\x1b[2J"]
    raise one


def dJ_dh_prev(s):
    raise Long
