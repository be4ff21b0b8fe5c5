"""Sockets of every kind, and a name to look up: nothing may leave, not even to the same machine."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed
# reported: socket

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right


def opened(family, kind, address=None):
    import socket

    try:
        with socket.socket(getattr(socket, family), getattr(socket, kind)) as open_socket:
            if address is not None:
                open_socket.bind(address)
            return True
    except (OSError, AttributeError):
        return False


def pair():
    import socket

    try:
        for end in socket.socketpair():
            end.close()
        return True
    except OSError:
        return False


def resolved(name):
    import socket

    try:
        return bool(socket.getaddrinfo(name, 80))
    except (OSError, LookupError):
        return False


def tried(attack, *arguments):
    try:
        return attack(*arguments)
    except ImportError:  # not even the module
        return False


def dJ_dU(s):
    return won(tried(opened, "AF_INET", "SOCK_STREAM") or tried(opened, "AF_INET6", "SOCK_STREAM"), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(tried(opened, "AF_INET", "SOCK_DGRAM") or tried(opened, "AF_NETLINK", "SOCK_RAW"), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(tried(opened, "AF_UNIX", "SOCK_STREAM", "\0grader-corpus") or tried(opened, "AF_UNIX", "SOCK_DGRAM"), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(tried(pair) or tried(opened, "AF_VSOCK", "SOCK_STREAM"), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(tried(resolved, "example.com"), dJ_db1(s) @ s.H.T)
