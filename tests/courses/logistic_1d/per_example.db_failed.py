def dw(s):
    return s.X.T @ (s.p - s.y) / len(s.y)


def db(s):
    return s.p - s.y
