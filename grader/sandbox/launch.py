"""Start the processes in which students' code will run: with a clean environment, and as early as possible.

Imports next to nothing: the command line calls `prestart` before it loads anything else, because a zygote takes
longer to get ready than all the rest of a command.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from typing import Any

Launched = tuple["subprocess.Popen[bytes]", socket.socket]

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # sets of words have the same order in every zygote, so that marks are the same
    "PYTHONBREAKPOINT": "0",  # a forgotten breakpoint() does nothing, whether pdb is available or not
    "LD_BIND_NOW": "1",  # symbols are looked up once, here, and not in each child
    # A second BLAS thread could not start in a child, which would wait for it forever.
    **{f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")},
}
_KEPT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_prestarted: list[Launched] = []


def prestart() -> None:
    """Start a zygote for the first caller of `take_zygote`."""
    if sys.platform == "linux" and importlib.util.find_spec("numpy") is not None:
        _prestarted.append(launch_zygote())


def take_zygote() -> Launched:
    """The zygote that was started ahead, or a new one."""
    return _prestarted.pop() if _prestarted else launch_zygote()


def launch_zygote() -> Launched:
    """Start a zygote; it loads numpy, then waits for its settings on the control socket."""
    grader_end, zygote_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with zygote_end:
        process = execute({"control": zygote_end.fileno(), "parent": os.getpid()}, (zygote_end.fileno(),))
    return process, grader_end


def execute(settings: dict[str, Any], fds: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    """Run bootstrap.py in a fresh Python that knows only where this package and numpy are.

    Raises:
        ModuleNotFoundError: numpy is not installed.
    """
    numpy = importlib.util.find_spec("numpy")
    if numpy is None or numpy.origin is None:
        raise ModuleNotFoundError("numpy is not installed for this Python")
    here = os.path.dirname(os.path.abspath(__file__))
    package, site = (os.path.dirname(os.path.dirname(path)) for path in (here, numpy.origin))
    arguments = json.dumps({"package": package, "numpy": site, **settings})
    return subprocess.Popen(
        [sys.executable, "-s", "-S", "-B", os.path.join(here, "inside", "bootstrap.py"), arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT | {name: os.environ[name] for name in _KEPT if name in os.environ},
        pass_fds=fds,
        cwd="/",
        start_new_session=not settings.get("fresh"),  # a child makes a session of its own
    )
