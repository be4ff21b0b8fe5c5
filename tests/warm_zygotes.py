"""Forks zygotes from a process that has loaded what a zygote loads: `python -s -S -B warm_zygotes.py SETTINGS`, as bootstrap.py.

See warm.py, which starts it.  It imports nothing that a zygote does not, so that students' code finds the same.
"""

import sys

if __name__ == "__main__":
    del sys.path[0]

    import json
    import os
    import signal
    import socket

    settings = json.loads(sys.argv[1])
    sys.path.insert(0, settings["package"])
    sys.path.append(settings["numpy"])

    from grader.sandbox.inside.confine.limits import die_with_parent
    from grader.sandbox.inside.zygote import main

    HIGH = 100  # above all descriptors of a process that has just started

    def become(call):
        """Be the zygote that the caller started: its descriptors, and its settings but for the parent."""
        text, given, _, _ = socket.recv_fds(call, 65536, 4)
        job = json.loads(text)
        for number, descriptor in enumerate(
            (call.detach(), *given)
        ):  # the first tells the caller when this process ends
            os.dup2(descriptor, HIGH + number)
            os.close(descriptor)
        for number, descriptor in enumerate((0, 1, 2, job["control"])):
            os.dup2(HIGH + 1 + number, descriptor)
            os.close(HIGH + 1 + number)
        os.setsid()
        main({**job, "parent": os.getppid()})
        os._exit(0)

    def reap(number, frame):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    die_with_parent(settings["parent"])
    signal.signal(signal.SIGCHLD, reap)
    listening = socket.socket(fileno=settings["listening"])
    while True:
        call, _ = listening.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            become(call)
        call.close()
