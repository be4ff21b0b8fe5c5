"""Inside the zygote: wait for what happens, and refuse the calls that children's filters report (see reported.py).

The kernel holds such a call until it is answered, so that none is missed.  A child can neither keep a report back nor make
one up.
"""

import contextlib
import errno
import fcntl
import os
import select
import socket
import struct

from grader.sandbox.inside.confine import seccomp

PATIENCE = 1000  # calls of one child; after these it gets no answer, and waits until its time is up

_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # ioctls
_NOTIFICATION = struct.Struct("=QII iIQ 6Q")  # id, pid, flags, then the call: number, architecture, address, arguments
_DESCRIPTOR = struct.Struct("i")
_ANSWER = struct.Struct("=QqiI")  # id, value, error, flags
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")


class Watch:
    """The descriptors that a zygote waits for, and what the child in each slot has tried."""

    def __init__(self):
        self._inbox, self.reporting = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._inbox.setblocking(False)
        self._poll = select.poll()
        self._slots = {}  # by listener
        self._calls = {}  # by slot: how often, and which
        self._names = seccomp.names(seccomp.supported_machine() or "x86_64")
        self.add(self._inbox.fileno())

    def add(self, fd):
        self._poll.register(fd, select.POLLIN)

    def remove(self, fd):
        self._poll.unregister(fd)

    def wait(self):
        """Answer children until one of the other descriptors is ready; those that are."""
        while True:
            others = []
            for fd, event in self._poll.poll():
                if fd == self._inbox.fileno():
                    self._take_in()
                elif fd in self._slots:
                    if event & select.POLLIN:
                        self._answer(fd)
                    else:  # its child has ended
                        self._poll.unregister(fd)
                else:
                    others.append(fd)
            if others:
                return others

    def forget(self, slot):
        """The names of the reported calls that the child in `slot` made, once it is gone."""
        self._take_in()
        for listener in [fd for fd, known in self._slots.items() if known == slot]:
            del self._slots[listener]
            with contextlib.suppress(KeyError):
                self._poll.unregister(listener)
            os.close(listener)
        return sorted(self._calls.pop(slot, (0, ()))[1])

    def _take_in(self):
        """The listeners of children that have just put their filters on."""
        with contextlib.suppress(BlockingIOError):
            while True:
                slot, rights, _, _ = self._inbox.recvmsg(
                    16, socket.CMSG_SPACE(_DESCRIPTOR.size), socket.MSG_CMSG_CLOEXEC
                )
                (listener,) = _DESCRIPTOR.unpack(rights[0][2])
                self._slots[listener] = int(slot)
                self.add(listener)

    def _answer(self, listener):
        call = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, call, True)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR, errno.ENOTCONN):
                raise
            return  # it was killed before it could be answered
        identity, pid, _, number, _, _, *arguments = _NOTIFICATION.unpack(call)
        times, names = self._calls.get(self._slots[listener], (0, set()))
        name = self._names.get(number, str(number))
        if not (name in _SIGNALS and arguments[0] == pid):  # as abort() does
            names.add(name)
        self._calls[self._slots[listener]] = times + 1, names
        if times < PATIENCE:
            with contextlib.suppress(FileNotFoundError):
                fcntl.ioctl(listener, _SEND, _ANSWER.pack(identity, 0, -errno.EPERM, 0))
