"""Structural pattern matching, the walrus operator and positional-only parameters: all of Python 3.10."""
# expect: all=passed

def gradient(name, s, /):
    d2 = s.y_hat - s.y
    match name:
        case "b2":
            return d2
        case "h":
            return d2 @ s.U.T
        case "b1" if (h := s.h) is not None:
            return gradient("h", s) * h * (1 - h)
        case ("U", row):
            return row.T @ d2
        case ("W", row):
            return row.T @ gradient("b1", s)
        case {"through": W}:
            return gradient("b1", s) @ W.T
        case _:
            raise KeyError(name)


dJ_db2 = lambda s, /: gradient("b2", s)
dJ_dU = lambda s, /: gradient(("U", s.h), s)
dJ_dh = lambda s, /: gradient("h", s)
dJ_db1 = lambda s, /: gradient("b1", s)
dJ_dL_x = lambda s, /: gradient({"through": s.I}, s)
dJ_dI = lambda s, /: gradient(("W", s.e), s)
dJ_dH = lambda s, /: gradient(("W", s.h_prev), s)
dJ_dh_prev = lambda s, /: gradient({"through": s.H}, s)
