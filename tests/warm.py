"""The commands `grader` and `pytest` without the second in which they load: forked from a process that has loaded them.

`GRADER` and `PYTEST` are called like the installed commands, and run the same `main` in a process of their own, with the caller's
folder, environment, pipes and signals.  The Python by which they start zygotes and the workers of a batch is a script, too, which
has these forked: `PYTHON`, by which tests start zygotes as well (conftest.py).  What is about starting, loading or being killed
uses `INSTALLED`; the sandbox itself is tested as it is.

    process with the tests ── starts ──► server: has loaded grader, runs nothing
    GRADER (a small script) ── its descriptors, arguments ──► server ── forks ──► supervisor ── forks ──► the command
"""

import array
import atexit
import contextlib
import gc
import importlib
import importlib.util
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

HERE = Path(__file__).parent
INSTALLED = Path(sys.executable).with_name("grader")
# Loaded by few commands, and by none quickly; and what is not loaded in the grader's own process at all.
_LEFT_OUT = ("grader.sandbox.inside", "grader.notebooks", "grader.magic", "grader.__main__")
_HIGH = 100  # above all descriptors of a process that has just started

# The first line leaves out site-packages, which take longer than the rest.
_CLIENT = """\
#!{python} -ISB
import json, os, signal, socket, sys

def connected(name):
    server = socket.socket(socket.AF_UNIX)
    server.connect(os.path.join({folder!r}, name))
    return server

def call(numbers):
    server = connected("commands")
    what = [os.path.basename(sys.argv[0]), numbers, sys.argv[1:], os.getcwd(), dict(os.environ)]
    what = json.dumps(what).encode()
    socket.send_fds(server, [len(what).to_bytes(4, "big")], numbers)
    server.sendall(what)
    for number in numbers[3:]:
        os.close(number)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: server.send(bytes([number])))
    status = int(server.recv(20) or -9)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)
"""
_COMMAND = "call([0, 1, 2])\n"
_PYTHON = """
if "classroom.batch.worker" in " ".join(sys.argv[3:4]):
    call([0, 1, 2, json.loads(sys.argv[4])["fd"]])
if '"control"' in sys.argv[-1]:
    server, control = connected("zygotes"), json.loads(sys.argv[-1])["control"]
    socket.send_fds(server, [sys.argv[-1].encode()], [0, 1, 2, control])
    os.close(control)
    server.recv(1)  # until the zygote has ended
    os._exit(1)
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


def _start() -> Path:
    """Start the servers; what is returned is the folder with the commands."""
    if sys.platform != "linux":  # elsewhere a process that has loaded numpy must not fork
        return INSTALLED.parent
    from grader.sandbox import launch

    folder = Path(tempfile.mkdtemp(prefix="grader-warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, body in (("grader", _COMMAND), ("pytest", _COMMAND), ("python", _PYTHON)):
        (folder / name).write_text((_CLIENT + body).format(python=sys.executable, folder=str(folder)))
        (folder / name).chmod(0o755)

    with _listening(folder / "commands") as commands:
        server = subprocess.Popen(
            [sys.executable, __file__, str(commands.fileno()), str(folder)],
            stdin=subprocess.PIPE,  # its end is the sign to leave
            stdout=subprocess.DEVNULL,
            pass_fds=[commands.fileno()],
        )
    assert server.stdin is not None
    atexit.register(server.wait)
    atexit.register(server.stdin.close)

    numpy = importlib.util.find_spec("numpy")
    assert numpy is not None
    assert numpy.origin is not None
    with _listening(folder / "zygotes") as zygotes:
        settings = {
            "package": str(HERE.parent),
            "numpy": str(Path(numpy.origin).parents[1]),
            "listening": zygotes.fileno(),
            "parent": os.getpid(),
        }
        nursery = subprocess.Popen(
            [sys.executable, "-s", "-S", "-B", str(HERE / "warm_zygotes.py"), json.dumps(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=launch._ENVIRONMENT | {name: os.environ[name] for name in launch._KEPT if name in os.environ},
            cwd=os.path.abspath(os.sep),
            pass_fds=[zygotes.fileno()],
        )
    atexit.register(nursery.wait)
    atexit.register(nursery.kill)
    return folder


def _listening(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(64)
    return listening


# ---------------------------------------------------------------------------------------------------------- the server


def _load() -> None:
    """Load all that a command may need, as far as it is installed."""
    import pytest  # noqa: F401

    import grader

    for module in pkgutil.walk_packages(grader.__path__, "grader."):
        if not module.name.startswith(_LEFT_OUT):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def _serve(listening: socket.socket, folder: Path) -> None:
    """Fork a supervisor for each call until the tests have ended."""
    _load()
    gc.collect()
    gc.freeze()  # or else the first collection of each command would copy all of this process
    signal.signal(signal.SIGCHLD, _reap)
    while listening in select.select([listening, 0], [], [])[0]:
        call, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _supervise(call, folder)
        call.close()


def _reap(number: int, frame: FrameType | None) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _supervise(call: socket.socket, folder: Path) -> NoReturn:
    """Run one command: pass on signals, and report how it ended."""
    size, ancillary, _, _ = call.recvmsg(4, socket.CMSG_SPACE(16))
    descriptors = array.array("i", ancillary[0][2])
    left, text = int.from_bytes(size, "big"), b""
    while len(text) < left:
        text += call.recv(left - len(text))
    pid = os.fork()
    if pid == 0:
        call.close()
        name, numbers, arguments, *place = json.loads(text)
        _become(dict(zip(numbers, descriptors, strict=True)), *place)
        sys.argv = [name, *arguments]
        sys.executable = str(folder / "python")
        _end(_status(name, arguments))
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


def _become(descriptors: dict[int, int], folder: str, environment: dict[str, str]) -> None:
    """Be the process that the caller started: the descriptors under its numbers, its folder and its environment."""
    os.setsid()
    for number, descriptor in descriptors.items():
        os.dup2(descriptor, _HIGH + number)
        os.close(descriptor)
    for number in descriptors:
        os.dup2(_HIGH + number, number)
        os.close(_HIGH + number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout = _stream(1, "strict")
    sys.stderr = _stream(2, "backslashreplace")


def _status(name: str, arguments: list[str]) -> int:
    from grader.cli.main import main

    try:
        if name == "pytest":
            import pytest

            return pytest.console_main()
        if name == "python":  # -I -c CODE ...
            sys.argv = arguments[1:2] + arguments[3:]
            exec(arguments[2], {"__name__": "__main__"})
            return 0
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
    _serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]))
else:
    GRADER = _start() / "grader"
    PYTEST = GRADER.with_name("pytest")
    PYTHON = GRADER.with_name("python") if sys.platform == "linux" else Path(sys.executable)
