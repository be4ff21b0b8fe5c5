"""Inside the zygote and its children: which protections this machine offers, and putting them on.

Each child puts them on itself, the irreversible ones last.  What a layer is for is said in docs/sandbox.md.
"""

import os
import platform
import resource
import socket
import struct
import sys

from grader.sandbox.inside.confine import landlock, limits, seccomp

UID_BASE = 60000
EMPTY = "/proc/tty/ldisc"


class RestrictionError(Exception):
    """A protection that could not be put on: `layer` and the system's error."""

    def __init__(self, layer, error):
        super().__init__(f"{layer}: {error}")
        self.layer = layer


class Restrictions:
    """The protections of one zygote.

    Attributes:
        parent: the process with which each child dies.
        uid: each child gets a user of its own.
        landlock: the version of Landlock in force, 0 for none.
        seccomp: system calls are filtered, and no file can be found or opened.
        reports: the kernel reports calls that no honest file makes to a supervisor.
        chroot: each child sees an empty folder as its root.
        fds: descriptors that must stay open until `enter`.
    """

    def __init__(self, memory_mb, cpu_seconds, parent, reporting=None, without=()):
        """Find out what there is.

        Args:
            reporting: the socket on which a child passes the listener for its calls to the supervisor, if there is one.
        """
        linux = sys.platform == "linux"
        root = linux and os.geteuid() == 0
        self._without = tuple(without)
        self.linux = linux
        self.memory_mb = memory_mb
        self.cpu_seconds = cpu_seconds
        self.parent = parent
        self.uid = root and "uid" not in without
        self.landlock = landlock.abi() if linux and "landlock" not in without else 0
        machine = seccomp.supported_machine() if linux and "seccomp" not in without else None
        self.seccomp = machine is not None
        self.limits = "limits" not in without
        self._reporting = reporting if self.seccomp and "reports" not in without else None
        self.reports = self._reporting is not None
        self._ruleset = landlock.ruleset() if self.landlock else None
        self._program = seccomp.program(machine, listened=self.reports) if machine else b""
        self._empty = _empty_folder() if root and "chroot" not in without else None
        self.chroot = self._empty is not None
        self._given_up = [fd for fd in (self._ruleset, self._empty) if fd is not None]
        self.fds = [*self._given_up, *([self._reporting.fileno()] if self.reports else [])]
        self._slot = 0
        self.prepare()

    def prepare(self):
        """Work out what `enter` has to do.  To be called again when this process has grown: a child's memory comes on top.

        A child that works it out itself copies a hundred pages to do so.
        """
        self._steps = list(self._in_order())

    def enter(self, slot):
        """Give up everything that a student's code does not need.  Cannot be undone.

        Raises:
            LayerError: a layer could not be put on; the process must not go on to run anything untrusted.
        """
        self._slot = slot
        for layer, put_on, arguments in self._steps:
            try:
                put_on(*arguments)
            except OSError as error:
                raise RestrictionError(layer, error) from error

    def _in_order(self):
        """(layer, function, arguments) in the order in which they must be done."""
        yield "session", os.setsid, ()
        if self.limits:
            budget = self.memory_mb * 2**20
            for limit in limits.limits_to_set(budget, self.cpu_seconds, nproc=self.linux):
                yield "limits", resource.setrlimit, limit
        if not self.linux:
            return
        if self.chroot:
            yield "chroot", self._change_root, ()
        if self.uid:
            yield "uid", self._drop_identity, ()
        # A change of user clears the request to die with the parent: it comes after.
        yield "parent", limits.die_with_parent, (self.parent,)
        yield "dumpable", limits.undumpable, ()
        yield "privileges", limits.no_new_privileges, ()
        if self.landlock:
            yield "landlock", landlock.restrict, (self._ruleset,)
        for fd in self._given_up:
            yield "descriptors", os.close, (fd,)
        if self.reports:
            yield "reports", self._install_and_hand_over, ()
        elif self.seccomp:
            yield "seccomp", seccomp.install, (self._program,)

    def _drop_identity(self):
        limits.drop_identity(UID_BASE + self._slot)

    def _change_root(self):
        os.fchdir(self._empty)
        os.chroot(".")
        os.chdir("/")

    def _install_and_hand_over(self):
        listener = seccomp.install(self._program, listened=True)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", listener))
        self._reporting.sendmsg([b"%d" % self._slot], [rights])
        os.close(listener)
        os.close(self._reporting.fileno())

    def without(self, layer):
        """The same protections, once this machine has refused `layer`."""
        for fd in self._given_up:
            os.close(fd)
        return Restrictions(self.memory_mb, self.cpu_seconds, self.parent, self._reporting, (*self._without, layer))

    def report(self):
        return {
            "platform": f"{platform.system()} {platform.machine()}",
            "uid": self.uid,
            "landlock": self.landlock,
            "seccomp": self.seccomp,
            "chroot": self.chroot,
            "reports": self.reports,
        }


def _empty_folder():
    """A descriptor of an empty folder in which nothing can be created; None if there is none.

    Not one made and deleted for the purpose: in that os.getcwd() fails.
    """
    try:
        fd = os.open(EMPTY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    if os.listdir(fd):
        os.close(fd)
        return None
    return fd
