"""Inside the zygote and its children: which restrictions this machine offers, and applying them (see docs/sandbox.md)."""

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
    """A restriction that could not be applied: its name and the system's error."""

    def __init__(self, name, error):
        super().__init__(f"{name}: {error}")
        self.name = name


class Restrictions:
    """The restrictions of one zygote.

    Attributes:
        uid: each child gets a user of its own.
        landlock: the version of Landlock, 0 for none.
        seccomp: system calls are filtered, and no file can be found or opened.
        reports: the kernel reports calls that no honest file makes to a supervisor.
        chroot: each child sees an empty folder as its root.
        fds: descriptors that must stay open until `enter`.
    """

    def __init__(self, memory_mb, cpu_seconds, parent, reporting=None, without=()):
        """Find out what this machine offers.

        Args:
            parent: the process with which each child dies.
            reporting: the socket on which a child passes the listener for its calls to the supervisor, if there is one.
            without: the names of restrictions to leave out.
        """
        linux = sys.platform == "linux"
        root = linux and os.geteuid() == 0
        self._without = tuple(without)
        self.linux, self.parent = linux, parent
        self.memory_mb, self.cpu_seconds = memory_mb, cpu_seconds
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
        """Work out what `enter` has to do, which in a child would copy a hundred pages.

        Call it again when this process has grown: a child's memory comes on top.
        """
        self._steps = list(self._in_order())

    def enter(self, slot):
        """Give up everything that a student's code does not need.  Cannot be undone.

        Raises:
            RestrictionError: one could not be applied; the process must not go on to run anything untrusted.
        """
        self._slot = slot
        for name, apply, arguments in self._steps:
            try:
                apply(*arguments)
            except OSError as error:
                raise RestrictionError(name, error) from error

    def _in_order(self):
        """(name, function, arguments) in the order in which they must be done: the irreversible ones last."""
        yield "session", os.setsid, ()
        if self.limits:
            for limit in limits.limits_to_set(self.memory_mb * 2**20, self.cpu_seconds, nproc=self.linux):
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

    def without(self, name):
        """The others, once this machine has refused one."""
        for fd in self._given_up:
            os.close(fd)
        return Restrictions(self.memory_mb, self.cpu_seconds, self.parent, self._reporting, (*self._without, name))

    def report(self):
        found = {name: getattr(self, name) for name in ("uid", "landlock", "seccomp", "chroot", "reports")}
        return {"platform": f"{platform.system()} {platform.machine()}", **found}


def _empty_folder():
    """A descriptor of an empty folder in which nothing can be created, if any: in one that is deleted os.getcwd() fails."""
    try:
        fd = os.open(EMPTY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    if os.listdir(fd):
        os.close(fd)
        return None
    return fd
