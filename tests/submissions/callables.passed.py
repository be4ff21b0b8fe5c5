"""No `def` for a graded name: lambdas, functools.partial, operator calls and objects with __call__."""
# expect: all=passed

from functools import partial
from operator import attrgetter


class Product:
    """The product of what two functions of s give."""

    def __init__(self, left, right):
        self.left, self.right = left, right

    def __call__(self, s):
        return self.left(s) @ self.right(s)


def transposed(name, s):
    return attrgetter(name)(s).T


def times(slope, upstream, s):
    return upstream(s) * slope(s)


dJ_db2 = lambda s: s.y_hat - s.y
dJ_dU = Product(partial(transposed, "h"), dJ_db2)
dJ_dh = Product(dJ_db2, partial(transposed, "U"))
dJ_db1 = partial(times, lambda s: s.h * (1 - s.h), dJ_dh)
dJ_dL_x = Product(dJ_db1, partial(transposed, "I"))
dJ_dI = Product(partial(transposed, "e"), dJ_db1)
dJ_dH = Product(partial(transposed, "h_prev"), dJ_db1)
dJ_dh_prev = Product(dJ_db1, partial(transposed, "H"))
