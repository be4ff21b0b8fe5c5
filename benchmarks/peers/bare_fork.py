"""`python bare_fork.py STEPS.npz SOURCE COUNT`: fork, execute the file, call every function at every step, send the bytes, exit.

What no grader with a process per submission can beat: a warm process that holds numpy and nothing else, no protocol, no
protection, no checking.  Waits for a line on stdin, then prints how many seconds it took.
"""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def main(steps_path, source_path, count):
    loaded = np.load(steps_path)
    points = {}
    for key in loaded.files:
        number, name = key.split(".")
        points.setdefault(number, {})[name] = loaded[key]
    source = Path(source_path).read_text()
    names = [line[4:].split("(")[0] for line in source.splitlines() if line.startswith("def ")]
    sys.stdin.readline()
    start = time.perf_counter()
    for _ in range(int(count)):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            space = {}
            exec(compile(source, "g.py", "exec"), space)
            answers = [
                space[name](SimpleNamespace(**{k: np.copy(v) if v.ndim else int(v) for k, v in point.items()}))
                for name in names
                for point in points.values()
            ]
            os.write(writing, b"".join(np.asarray(a).tobytes() for a in answers)[:65536])
            os._exit(0)
        os.close(writing)
        while os.read(reading, 2**16):
            pass
        os.close(reading)
        _, status = os.waitpid(pid, 0)
        if status:
            sys.exit("a child failed")
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
