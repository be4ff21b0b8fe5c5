"""The commands `grader` and `pytest` without the second in which they load: forked from a process that has loaded them.

`GRADER` and `PYTEST` are called like the installed commands, and run the same `main` in a process of their own, with the caller's
folder, environment, pipes and signals.  What is about starting, loading or being killed uses `INSTALLED`.

    process with the tests ── starts ──► server: has loaded grader, runs nothing
    GRADER (a small script) ── its descriptors, arguments ──► server ── forks ──► supervisor ── forks ──► the command
"""

import array
import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

INSTALLED = Path(sys.executable).with_name("grader")
# Loaded by few commands, and by none quickly; and what is not loaded in the grader's own process at all.
_LEFT_OUT = ("grader.sandbox.inside", "grader.notebooks", "grader.magic", "grader.__main__")

_CLIENT = """\
import array, json, os, signal, socket
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
what = json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
descriptors = array.array("i", [0, 1, 2]).tobytes()
server.sendmsg([len(what).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
server.sendall(what)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: server.send(bytes([number])))
status = int(server.recv(20) or -9)
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


def _start() -> Path:
    """Start a server; what is returned is the folder with its commands."""
    if sys.platform != "linux":  # elsewhere a process that has loaded numpy must not fork
        return INSTALLED.parent
    folder = Path(tempfile.mkdtemp(prefix="grader-warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = str(folder / "socket")
    for name in ("grader", "pytest"):
        # The first line leaves out site-packages, which take longer than the rest.
        (folder / name).write_text(f"#!{sys.executable} -ISB\nimport sys\n{_CLIENT.format(path=path)}")
        (folder / name).chmod(0o755)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    server = subprocess.Popen(
        [sys.executable, __file__, str(listening.fileno())],
        stdin=subprocess.PIPE,  # its end is the sign to leave
        stdout=subprocess.DEVNULL,
        pass_fds=[listening.fileno()],
    )
    listening.close()
    atexit.register(server.wait)
    assert server.stdin is not None
    atexit.register(server.stdin.close)
    return folder


# ---------------------------------------------------------------------------------------------------------- the server


def _load() -> None:
    """Load all that a command may need, as far as it is installed."""
    import grader

    for module in pkgutil.walk_packages(grader.__path__, "grader."):
        if not module.name.startswith(_LEFT_OUT):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def _serve(listening: socket.socket) -> None:
    """Fork a supervisor for each call until the tests have ended."""
    _load()
    gc.collect()
    gc.freeze()  # or else the first collection of each command would copy all of this process
    signal.signal(signal.SIGCHLD, _reap)
    while listening not in (ready := select.select([listening, 0], [], [])[0]) or 0 not in ready:
        if listening not in ready:
            return
        call, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _supervise(call)
        call.close()


def _reap(number: int, frame: FrameType | None) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _supervise(call: socket.socket) -> NoReturn:
    """Run one command: pass on signals, and report how it ended."""
    size, ancillary, _, _ = call.recvmsg(4, socket.CMSG_SPACE(12))
    descriptors = array.array("i", ancillary[0][2])
    left, text = int.from_bytes(size, "big"), b""
    while len(text) < left:
        text += call.recv(left - len(text))
    pid = os.fork()
    if pid == 0:
        call.close()
        name, *place = json.loads(text)
        _become(descriptors, name, *place)
        _end(_status(name))
    for number in (0, 1, 2, *descriptors):
        os.close(number)
    ended = os.pidfd_open(pid)
    waiting = [ended, call.fileno()]
    while ended not in (ready := select.select(waiting, [], [])[0]):
        assert ready
        os.kill(pid, (call.recv(1) or b"\x09")[0])  # a caller that was killed takes the command with it
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        call.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(
    descriptors: "array.array[int]", name: str, arguments: list[str], folder: str, environment: dict[str, str]
) -> None:
    """Be the process that the caller started."""
    os.setsid()
    os.chdir(folder)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [name, *arguments]
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout = _stream(1, "strict")
    sys.stderr = _stream(2, "backslashreplace")


def _status(name: str) -> int:
    from grader.cli.main import main

    try:
        if name == "pytest":
            return pytest.console_main()
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _end(status: int) -> NoReturn:
    """As at the end of a Python, but without tearing down what the server has loaded, which takes longer than a command."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def _stream(descriptor: int, errors: str) -> io.TextIOWrapper:
    binary = io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False))
    return io.TextIOWrapper(binary, "utf-8", errors, line_buffering=descriptor == 2 or os.isatty(descriptor))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
else:
    GRADER = _start() / "grader"
    PYTEST = GRADER.with_name("pytest")
