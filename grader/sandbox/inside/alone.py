"""A process for one file, where forking is not safe or not possible: it does one job and ends.

Started by bootstrap.py, perhaps before its file is known: it loads numpy, then reads its settings and the job from standard
input, and replies on standard output.  Protects against accidents, not against malice.
"""

import gc
import json
import os
import struct
import sys

import numpy  # noqa: F401, what takes longest is done before the settings are read

from grader.sandbox.inside import child, imports
from grader.sandbox.inside.frames import read_exactly
from grader.sandbox.shared.importable import ALWAYS


def main(settings):
    """Be the process: never returns."""
    gc.disable()
    job, result = _take_pipes()
    imports.preload(ALWAYS)
    try:
        (size,) = struct.unpack("!I", read_exactly(job, 4))
    except EOFError:  # the grader had no use for this process
        os._exit(0)
    settings = {**settings, **json.loads(read_exactly(job, size))}
    folders = settings["package"], settings["numpy"]
    imports.load_model(settings["model"])
    apply = _restrictions(settings, (job, result))
    imports.forget_paths(*folders)
    own = imports.forget_own()
    explaining = imports.load_explaining(own, *folders) if settings["explains"] else None
    if load := imports.loader(settings["words"], settings["numpy"]):
        load()
    apply()
    imports.seal()
    imports.forget_machine()
    gc.enable()
    child.serve(job, result, explaining)
    os._exit(0)


def _take_pipes():
    """Descriptors of standard input and output, which lead nowhere from here on: what a file prints is no reply."""
    pipes = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for fd in pipes:
            msvcrt.setmode(fd, os.O_BINARY)
        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)  # no window about a crash
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    return pipes


def _restrictions(settings, pipes):
    """A function that applies what this system offers."""
    if sys.platform != "linux":
        _end_after(settings["wall_seconds"])
    if sys.platform == "win32":
        return lambda: os.dup2(1, 2)

    from grader.sandbox.inside.confine.restrictions import Restrictions

    restrictions = Restrictions(settings["memory_mb"], settings["cpu_seconds"], os.getppid(), None, settings["without"])

    def apply():
        imports.close_all_but(*pipes, *restrictions.fds)
        restrictions.prepare()
        restrictions.enter(0)

    return apply


def _end_after(seconds):
    """End this process even if the grader is no longer there to do it; the thread that waits needs no interpreter."""
    import faulthandler

    faulthandler.dump_traceback_later(seconds, exit=True, file=1)
    del sys.modules["faulthandler"]
