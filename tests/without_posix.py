"""A Python that lacks what Windows lacks: `python without_posix.py [-s -S -B -I] (SCRIPT | -m MODULE | -c CODE) ARGUMENTS`.

Not Windows: paths, text modes and consoles are still this system's.  Processes that it starts are of the same kind.
"""

import contextlib
import importlib
import os
import runpy
import sys
from typing import Any

HERE = os.path.abspath(__file__)
# They decide by the platform when they are imported.
FIRST = "ctypes socket subprocess selectors tempfile shutil pathlib platform uuid threading multiprocessing.connection"
THIRD = "click rich.console rich.progress rich.live numpy pytest _pytest.capture _pytest.pathlib _pytest.tmpdir"
NO_MODULES = "fcntl resource pwd grp termios tty pty syslog readline"
NOT_IN_OS = (
    "fork forkpty setsid killpg getpgid getuid geteuid getgid getegid setuid setgid setresuid setgroups wait wait3 wait4 "
    "WIFSIGNALED WTERMSIG WIFEXITED WEXITSTATUS WNOHANG uname chroot fchown chown lchown pread pwrite sched_getaffinity "
    "sched_setaffinity statvfs getloadavg openpty mkfifo nice set_blocking get_blocking posix_spawn fchdir sysconf getxattr "
    "pipe2 memfd_create register_at_fork O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY"
)
NOT_IN_SIGNAL = "SIGKILL SIGXCPU SIGALRM SIGPROF SIGCHLD SIGHUP SIGUSR1 SIGPIPE SIGSTOP setitimer alarm pthread_sigmask"


def lack() -> None:
    """Take it all away."""
    if sys.flags.no_site and "-S" not in sys.argv[1:4]:
        import site

        site.main()
    for name in FIRST.split() + THIRD.split() * ("-S" not in sys.argv[1:4]):
        importlib.import_module(name)
    if any("IPython" in argument for argument in sys.argv):
        importlib.import_module("IPython.core.interactiveshell")
    import fcntl
    import io
    import select
    import selectors
    import shutil
    import signal
    import socket
    import subprocess
    import sysconfig
    import threading
    import time
    import types

    sysconfig.get_config_vars()  # which are read from a file that is named by the platform
    signal_of = signal.SIGKILL
    flock, exclusive = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB
    own_socketpair, local = socket.socketpair, socket.AF_UNIX

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **how: Any) -> None:
            posix = {"pass_fds", "preexec_fn", "start_new_session", "user", "group", "umask", "process_group"}
            assert not posix.intersection(how), f"not on Windows: {posix.intersection(how)}"
            how.pop("creationflags", None)
            super().__init__(*arguments, **how)

        def kill(self) -> None:
            if self.poll() is None:
                os.kill(self.pid, signal_of)

        terminate = kill

        def wait(self, timeout: "float | None" = None) -> int:
            if timeout is None:
                return super().wait()
            until = time.monotonic() + timeout
            while (code := self.poll()) is None:
                if time.monotonic() > until:
                    raise subprocess.TimeoutExpired(self.args, timeout)
                time.sleep(0.01)
            return code

    class SocketsOnly(selectors.SelectSelector):
        def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
            import stat

            fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
            assert stat.S_ISSOCK(os.fstat(fd).st_mode), "Windows can wait for sockets only"
            return super().register(fileobj, events, data)

    def locking(fd: int, mode: int, count: int) -> None:
        try:
            flock(fd, exclusive)
        except BlockingIOError as error:
            raise PermissionError(13, "Permission denied") from error

    send_fds, recv_fds = socket.send_fds, socket.recv_fds

    def share(self: socket.socket, pid: int) -> bytes:
        """What the process makes the same socket of; a thread waits until it does."""
        name = f"\0without-posix-{pid}-{self.fileno()}-{time.monotonic_ns()}"
        offered = socket.socket(local)
        offered.bind(name)
        offered.listen()
        fd = os.dup(self.fileno())

        def hand_over() -> None:
            offered.settimeout(10)
            with offered, contextlib.suppress(TimeoutError), offered.accept()[0] as taker:
                send_fds(taker, [b"."], [fd])
            os.close(fd)

        threading.Thread(target=hand_over, daemon=True).start()
        return name.encode()

    def fromshare(info: bytes) -> socket.socket:
        with socket.socket(local) as taker:
            taker.connect(info.decode())
            return socket.socket(fileno=recv_fds(taker, 1, 1)[1][0])

    def socketpair(family: Any = None, *rest: Any) -> Any:
        assert family is None, "there are no local sockets"
        return own_socketpair(local)

    msvcrt: Any = types.ModuleType("msvcrt")
    msvcrt.locking, msvcrt.LK_NBLCK = locking, 2
    msvcrt.setmode = lambda fd, mode: os.fstat(fd) and mode
    msvcrt.SetErrorMode = lambda mode: mode
    msvcrt.SEM_FAILCRITICALERRORS, msvcrt.SEM_NOGPFAULTERRORBOX = 1, 2
    sys.modules["msvcrt"] = msvcrt
    for name in NO_MODULES.split():
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in (
        (os, NOT_IN_OS),
        (signal, NOT_IN_SIGNAL),
        (select, "poll epoll"),
        (socket, "AF_UNIX send_fds recv_fds"),
        (selectors, "PollSelector EpollSelector"),
    ):
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    # The standard library has decided by now that this system has them.
    decided: Any = (shutil, subprocess)
    decided[0]._use_fd_functions = decided[1]._USE_POSIX_SPAWN = False
    changed: Any = (os, subprocess, selectors, socket, io)
    changed[0].O_BINARY, changed[0].O_NOINHERIT = 0, 0
    changed[1].Popen, changed[1].CREATE_NO_WINDOW = Popen, 0x08000000
    changed[2].DefaultSelector = SocketsOnly
    changed[3].socketpair, changed[3].fromshare, changed[3].socket.share = socketpair, fromshare, share
    changed[4]._WindowsConsoleIO = type("_WindowsConsoleIO", (), {})
    sys.platform = "win32"
    sys.executable = _like_this()


def _like_this() -> str:
    """An interpreter like this one, as a program; those that it starts use it, too."""
    path = os.environ.get("WITHOUT_POSIX", "")
    if not path:
        import tempfile

        path = os.path.join(tempfile.mkdtemp(), "python")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nWITHOUT_POSIX="$0" exec "{sys.executable}" -S -s -B "{HERE}" "$@"\n')
        os.chmod(path, 0o700)
    return path


def main() -> None:
    arguments = sys.argv[1:]
    lack()
    while arguments[0] in ("-s", "-S", "-B", "-I"):
        del arguments[0]
    del sys.path[0]
    sys.argv = arguments
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        sys.argv = ["-c", *arguments[2:]]
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.path.insert(0, os.path.dirname(arguments[0]))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
