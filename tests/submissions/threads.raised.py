"""Threads, a pool of them, a process and an event loop: none may start, so none brings an answer."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    import threading

    box = []
    thread = threading.Thread(target=lambda: box.append(s.h.T @ dJ_db2(s)))
    thread.start()
    thread.join()
    return box[0]


def dJ_dL_x(s):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        return pool.submit(lambda: dJ_db1(s) @ s.I.T).result()


def dJ_dI(s):
    import multiprocessing

    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    import asyncio

    async def gradient():
        return s.h_prev.T @ dJ_db1(s)

    return asyncio.run(gradient())
