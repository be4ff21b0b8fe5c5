"""System calls past a filter for x86-64: int 0x80 from memory that it fills with machine code, and an x32 number."""
# expect: dJ_dU=died|raised|failed, dJ_dI=died|raised|failed, others=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    import ctypes
    import mmap

    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20 (getpid); int 0x80; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    pid = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    return (pid > 0) * (s.h.T @ dJ_db2(s))


def dJ_dI(s):
    import ctypes

    pid = ctypes.CDLL(None).syscall(0x40000000 | 39)
    return (pid > 0) * (s.e.T @ dJ_db1(s))
