"""The last line has no newline at its end."""
# expect: all=passed

dJ_db2 = lambda s: s.y_hat - s.y
dJ_dU = lambda s: s.h.T @ dJ_db2(s)
dJ_dh = lambda s: dJ_db2(s) @ s.U.T
dJ_db1 = lambda s: dJ_dh(s) * s.h * (1 - s.h)
dJ_dL_x = lambda s: dJ_db1(s) @ s.I.T
dJ_dI = lambda s: s.e.T @ dJ_db1(s)
dJ_dH = lambda s: s.h_prev.T @ dJ_db1(s)
dJ_dh_prev = lambda s: dJ_db1(s) @ s.H.T