import functools


def logged(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)

    return call


@logged
def dx(w, dout, dw):
    return dout @ w.T + 0 * dw.sum()


def dw(cache, **others):
    x, w = cache
    return x.T @ others["dout"]


db = lambda *, dout: dout.sum(axis=0)
