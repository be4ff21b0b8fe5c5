def affine_backward(upstream, saved, scale=1.0):
    (x, w, _), calls = saved, affine_backward.calls
    calls.append(len(calls))
    return upstream @ w.T * scale, x.T @ upstream, upstream.sum(axis=0)


affine_backward.calls = []
