"""No function calls another: each formula is written out from y_hat - y on, as on paper."""
# expect: all=passed

dJ_db2 = lambda s: s.y_hat - s.y
dJ_dU = lambda s: s.h.T @ (s.y_hat - s.y)
dJ_dh = lambda s: (s.y_hat - s.y) @ s.U.T
dJ_db1 = lambda s: ((s.y_hat - s.y) @ s.U.T) * s.h * (1 - s.h)
dJ_dL_x = lambda s: (((s.y_hat - s.y) @ s.U.T) * s.h * (1 - s.h)) @ s.I.T
dJ_dI = lambda s: s.e.T @ (((s.y_hat - s.y) @ s.U.T) * s.h * (1 - s.h))
dJ_dH = lambda s: s.h_prev.T @ (((s.y_hat - s.y) @ s.U.T) * s.h * (1 - s.h))
dJ_dh_prev = lambda s: (((s.y_hat - s.y) @ s.U.T) * s.h * (1 - s.h)) @ s.H.T
