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

Process = subprocess.Popen[bytes]
Launched = tuple[Process, socket.socket]

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

# Windows finds its own libraries, and those of numpy in Anaconda, by these.
_WINDOWS = ("SYSTEMROOT", "WINDIR", "PATH", "TEMP", "TMP", "CONDA_DLL_SEARCH_MODIFICATION_ENABLE")

_prestarted: list[Launched] = []
_prestarted_alone: list[Process] = []


def prestart() -> None:
    """Start a zygote for the first caller of `take_zygote` or, where there are none, a process for that of `take_alone`."""
    if importlib.util.find_spec("numpy") is None:
        return
    if forks():
        _prestarted.append(launch_zygote())
    else:
        _prestarted_alone.append(launch_alone())


def forks() -> bool:
    """Whether children are forked: elsewhere, on macOS above all, a process that has loaded numpy's BLAS must not fork."""
    return sys.platform == "linux"


def take_zygote() -> Launched:
    """The zygote that was started ahead, or a new one."""
    return _prestarted.pop() if _prestarted else launch_zygote()


def launch_zygote() -> Launched:
    """Start a zygote; it loads numpy, then waits for its settings on the control socket."""
    grader_end, zygote_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with zygote_end:
        process = _execute(
            {"control": zygote_end.fileno(), "parent": os.getpid()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(zygote_end.fileno(),),
            start_new_session=True,
        )
    return process, grader_end


def take_alone() -> Process:
    """The process for one file that was started ahead, or a new one."""
    return _prestarted_alone.pop() if _prestarted_alone else launch_alone()


def launch_alone() -> Process:
    """Start a process for one file; it loads numpy, then waits for its settings on standard input."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # nor does Ctrl-C reach a process without a window
    return _execute({"alone": True}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=hidden)


def end_unused() -> None:
    """End what was started ahead for one file and not used."""
    while _prestarted_alone:
        process = _prestarted_alone.pop()
        process.kill()
        process.communicate()


def _execute(settings: dict[str, Any], **how: Any) -> Process:
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
    kept = _KEPT + _WINDOWS * (sys.platform == "win32")
    return subprocess.Popen(
        [sys.executable, "-s", "-S", "-B", os.path.join(here, "inside", "bootstrap.py"), arguments],
        stderr=subprocess.PIPE,
        env=_ENVIRONMENT | {name: os.environ[name] for name in kept if name in os.environ},
        cwd=os.path.abspath(os.sep),
        **how,
    )
