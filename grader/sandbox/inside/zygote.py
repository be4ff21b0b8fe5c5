"""The zygote: a process with numpy loaded and no secrets, which forks sandboxed children.

Started by bootstrap.py in a process of its own.  It takes orders on a control socket, one JSON object a message; the first
has the settings of `spawner.py`, then come

    {"start": slot, "words": [...], "explains": bool} and two descriptors, the job to read and the results to write
    {"kill": slot}

and reports what happens:

    the report of spawner.py, once it is ready
    {"kind": "started", "slot": slot, "pid": pid}
    {"kind": "ended", "slot": slot, "status": wait status, "cpu_seconds": seconds, "violations": reported calls}
"""

import gc
import json
import os
import signal
import socket

import numpy  # noqa: F401, children must find it loaded

from grader.sandbox.inside import child, imports, warmup
from grader.sandbox.inside.confine import limits, probe
from grader.sandbox.inside.confine.restrictions import RestrictionError, Restrictions
from grader.sandbox.inside.confine.watch import Watch
from grader.sandbox.shared import processes
from grader.sandbox.shared.importable import ALWAYS

FAILED_EXIT, OUT_OF_MEMORY_EXIT = 71, 72
PROBE = 0  # its slot
WARM_UP_AFTER = 3  # children: one file, even one that fails, is done sooner without


def main(settings):
    """Be a zygote until the grader has gone."""
    gc.disable()
    control = socket.socket(fileno=settings["control"])
    first = control.recv(65536)
    if not first:
        return  # the grader has gone, or has no use for this process
    settings = {**settings, **json.loads(first), "control": control}
    watch = Watch()
    restrictions = Restrictions(
        settings["memory_mb"], settings["cpu_seconds"], os.getpid(), watch.reporting, settings["without"]
    )
    imports.preload(ALWAYS)
    imports.load_model(settings["model"])
    imports.forget_paths(settings["package"], settings["numpy"])
    Zygote(settings, restrictions, watch).run()


def serve(restrictions, slot, job, result, explaining, load=None):
    """Become a child for good: `load` what the file may import, apply the restrictions, then do the job."""
    imports.close_all_but(job, result, *restrictions.fds)
    if load is not None:
        load()
        restrictions.prepare()
    restrictions.enter(slot)
    imports.seal()
    imports.forget_machine()
    gc.enable()
    child.serve(job, result, explaining)


class Zygote:
    """A zygote and its children by slot."""

    def __init__(self, settings, restrictions, watch):
        self.settings = settings
        self.restrictions = restrictions
        self.watch = watch
        self.control = settings["control"]
        self.pids = {}
        self.own = imports.forget_own()
        self.explaining = None
        self.started = 0
        self.woken, self._wake = os.pipe()
        for fd in (self.woken, self._wake):
            os.set_blocking(fd, False)

    def run(self):
        processes.become_subreaper()
        limits.undumpable()
        limits.die_with_parent(self.settings["parent"])
        breaches = self._probe()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._settle()
        self._report(json.dumps({**self.restrictions.report(), "breaches": breaches}))
        self.watch.add(self.control.fileno())
        self.watch.add(self.woken)
        while True:
            for fd in self.watch.wait():
                if fd == self.woken:
                    os.read(self.woken, 4096)
                    self._reap()
                elif not self._obey():
                    return

    def _obey(self):
        """Take one order; false when the grader has gone."""
        message, fds, _, _ = socket.recv_fds(self.control, 65536, 2)
        if not message:
            return False
        order = json.loads(message)
        if "kill" in order:
            pid = self.pids.get(order["kill"])
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            return True
        slot, load = order["start"], imports.loader(order["words"], self.settings["numpy"])
        if order.get("explains") and self.explaining is None:
            self.explaining = imports.load_explaining(self.own, self.settings["package"], self.settings["numpy"])
            self._settle()
        self.started += 1
        if self.started == WARM_UP_AFTER:
            warmup.warm_up()
            self._settle()
        explaining = self.explaining if order.get("explains") else None
        pid = self._fork(lambda: serve(self.restrictions, slot, *fds, explaining, load))
        self.pids[slot] = pid
        self._report(f'{{"kind": "started", "slot": {slot}, "pid": {pid}}}')
        for fd in fds:
            os.close(fd)
        return True

    def _settle(self):
        """Note what children will find."""
        self.restrictions.prepare()
        gc.freeze()  # a collection in a child would touch, and so copy, every page

    def _fork(self, what):
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                what()
                os._exit(0)
            except MemoryError:
                os._exit(OUT_OF_MEMORY_EXIT)
            except BaseException:
                os._exit(FAILED_EXIT)
        return pid

    def _reap(self):
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for slot in [slot for slot, known in self.pids.items() if known == pid]:
                del self.pids[slot]
                if not self.restrictions.seccomp:  # which lets no child start another process
                    self._sweep()
                cpu, calls = usage.ru_utime + usage.ru_stime, json.dumps(self.watch.forget(slot))
                end = f'"status": {status}, "cpu_seconds": {cpu}, "violations": {calls}'
                self._report(f'{{"kind": "ended", "slot": {slot}, {end}}}')

    def _sweep(self):
        """Kill what a child left behind: orphans come to this process, the nearest subreaper."""
        for pid in set(processes.children_of_this_process()) - set(self.pids.values()):
            os.kill(pid, signal.SIGKILL)

    def _probe(self):
        """The forbidden acts that succeed in a child, once restrictions that this machine refuses are left out."""
        while True:
            reading, writing = os.pipe()
            pid = self._fork(lambda writing=writing: self._probe_child(writing))
            os.close(writing)
            lines, answered = self._read_probe(reading)
            if not answered:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._sweep()
            reported = self.watch.forget(PROBE)
            if lines and lines[0].startswith("refused "):
                name = lines[0].split()[1]
                if name not in ("uid", "chroot", "landlock", "seccomp", "reports"):
                    raise SystemExit(lines[0])
                self.restrictions = self.restrictions.without(name)
            elif self.restrictions.reports and not reported:  # a kernel that only seems to have them
                self.restrictions = self.restrictions.without("reports")
            else:
                return lines[:-1] if "done" in lines else [*lines, "run a program"]

    def _read_probe(self, reading):
        """The lines that a probe wrote, and whether its reported calls could be answered."""
        written, answered = b"", True
        self.watch.add(reading)
        try:
            while self.watch.wait() and (part := os.read(reading, 4096)):
                written += part
        except OSError:
            answered = False
        self.watch.remove(reading)
        os.close(reading)
        return written.decode("ascii").splitlines(), answered

    def _probe_child(self, writing):
        def write(text):
            os.write(writing, text.encode("ascii"))

        parent = os.getppid()
        try:
            imports.close_all_but(writing, *self.restrictions.fds)
            self.restrictions.enter(PROBE)
        except RestrictionError as error:
            write(f"refused {error.name} {error}\n")
            return
        probe.breaches(parent, write)

    def _report(self, event):
        self.control.send(event.encode("ascii"))
