"""The zygote: a process with numpy loaded and no secrets, which forks one sandboxed child per submission.

Run as `python -I -S -B zygote.py SETTINGS` with a clean environment, never imported by the grader.  It takes orders on
a control socket, one JSON object a message:

    {"start": slot} and two descriptors, the job to read and the results to write     {"kill": slot}

and says what happens:

    {"ready": report}     {"started": slot, "pid": pid}     {"ended": slot, "status": wait status, "cpu": seconds}

With "fresh" in its settings it is a child itself: it reads one job, does it and ends (where forking is not safe).
"""

import gc
import json
import os
import signal
import sys

# What a student may import even where nothing can be opened any more.
PRELOAD = (
    "abc bisect calendar cmath collections.abc colorsys contextlib copy copyreg dataclasses datetime decimal difflib enum "
    "fractions functools graphlib hashlib heapq inspect io itertools json keyword linecache locale logging math numbers operator "
    "pathlib platform pprint queue random re reprlib secrets shutil statistics string struct sys tempfile textwrap "
    "threading time timeit token tokenize traceback types typing unicodedata unittest uuid warnings weakref zlib "
    "encodings.ascii encodings.idna encodings.latin_1 encodings.utf_16 encodings.utf_8 encodings.utf_8_sig encodings.cp1252 "
    "numpy.fft numpy.linalg numpy.ma numpy.matlib numpy.polynomial numpy.random numpy.testing numpy.typing"
).split()
# Python itself imports these in the middle of ordinary code.
ALWAYS = "json linecache re traceback unicodedata warnings encodings.latin_1 encodings.utf_8_sig numpy.random numpy.linalg numpy.ma".split()


def main():
    settings = json.loads(sys.argv[1])
    sys.path[0:0] = [settings["package"]]
    sys.path.append(settings["numpy"])
    import numpy  # noqa: F401, children must find it loaded

    from grader.sandbox import child, imports, layers, limits

    stack = layers.Layers(settings["memory_mb"], settings["cpu_seconds"], settings["without"])
    if settings.get("fresh"):
        _prepare(settings, stack, imports, layers)
        _close_all_but(settings["job"], settings["result"])
        stack.enter(0)
        imports.seal(stack.open)
        child.serve(settings["job"], settings["result"])
        os._exit(0)
    Zygote(settings, stack, child, imports, layers, limits).run()


def _prepare(settings, stack, imports, layers):
    """Import what children may need, and the model, then forget where anything else could be imported from."""
    names = [*ALWAYS, *PRELOAD] if layers.imports_need_preload(stack) else ALWAYS
    imports.preload(names)
    imports.load_model(settings["model"])
    sys.path[:] = [entry for entry in sys.path if entry not in (settings["package"], settings["numpy"])]


class Zygote:
    """The loop of the zygote, and its children by slot."""

    def __init__(self, settings, stack, child, imports, layers, limits):
        import socket

        self.settings = settings
        self.stack = stack
        self.child = child
        self.imports = imports
        self.layers = layers
        self.limits = limits
        self.control = socket.socket(fileno=settings["control"])
        self.pids = {}
        self.woken, self._wake = os.pipe()
        for fd in (self.woken, self._wake):
            os.set_blocking(fd, False)

    def run(self):
        _prepare(self.settings, self.stack, self.imports, self.layers)
        if self.stack.linux:
            self.limits.become_subreaper()
            self.limits.undumpable()
            self.limits.die_with_parent(self.settings["parent"])
        breaches = self._probe()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()
        self._say({"ready": {**self.stack.report(), "breaches": breaches}})
        self._loop()

    def _loop(self):
        import select

        poll = select.poll()
        poll.register(self.control.fileno(), select.POLLIN)
        poll.register(self.woken, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self.woken:
                    os.read(self.woken, 4096)
                    self._reap()
                elif not self._obey():
                    return

    def _obey(self):
        """Take one order; false when the grader has gone."""
        import socket

        message, fds, _, _ = socket.recv_fds(self.control, 4096, 2)
        if not message:
            return False
        order = json.loads(message)
        if "kill" in order:
            pid = self.pids.get(order["kill"])
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            return True
        slot = order["start"]
        pid = self._fork(lambda: self._become_child(slot, *fds))
        self.pids[slot] = pid
        self._say({"started": slot, "pid": pid})
        for fd in fds:
            os.close(fd)
        return True

    def _fork(self, what):
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                what()
                os._exit(0)
            except MemoryError:
                os._exit(72)
            except BaseException:
                os._exit(71)
        return pid

    def _become_child(self, slot, job, result):
        _close_all_but(job, result, *self.stack.keep_fds())
        self.stack.enter(slot)
        self.imports.seal(self.stack.open)
        self.child.serve(job, result)

    def _reap(self):
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for slot, known in list(self.pids.items()):
                if known == pid:
                    del self.pids[slot]
                    self._sweep()
                    self._say({"ended": slot, "status": status, "cpu": usage.ru_utime + usage.ru_stime})

    def _sweep(self):
        """Kill what a child left behind: orphans come to this process, the nearest subreaper."""
        if self.stack.linux:
            for pid in set(self.limits.children_of_this_process()) - set(self.pids.values()):
                os.kill(pid, signal.SIGKILL)

    def _probe(self):
        """Try forbidden acts in a child; leave out layers that this machine refuses, and try again.

        Returns:
            What succeeded, in words; nothing if the sandbox is strong.
        """
        while True:
            reading, writing = os.pipe()
            pid = self._fork(lambda writing=writing: self._probe_child(writing))
            os.close(writing)
            with open(reading, encoding="ascii") as lines:
                said = lines.read().splitlines()
            os.waitpid(pid, 0)
            self._sweep()
            if said and said[0].startswith("refused "):
                layer = said[0].split()[1]
                if layer not in ("uid", "chroot", "landlock", "seccomp"):
                    raise SystemExit(said[0])
                stack = self.stack
                self.stack = self.layers.Layers(stack.memory_mb, stack.cpu_seconds, stack.without(layer))
            elif "done" in said:
                return said[:-1]
            else:
                return [*said, "run a program"]

    def _probe_child(self, writing):
        from grader.sandbox import probe

        def write(text):
            os.write(writing, text.encode("ascii"))

        parent = os.getppid()
        try:
            _close_all_but(writing, *self.stack.keep_fds())
            self.stack.enter(0)
        except self.layers.LayerError as error:
            write(f"refused {error.layer} {error}\n")
            return
        probe.breaches(parent, write)

    def _say(self, event):
        self.control.send(json.dumps(event).encode("ascii"))


def _close_all_but(*keep):
    """Only `keep` stays open, and 0, 1 and 2, which lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    kept = sorted({0, 1, 2, *keep})
    for low, high in zip(kept, [*kept[1:], 4096], strict=True):
        os.closerange(low + 1, high)


if __name__ == "__main__":
    main()
