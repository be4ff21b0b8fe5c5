"""Large assignments: what the first wrong file costs, for which the tables are built, and what later ones do.

    python benchmarks/first_use.py

The bundled model with V = 150, d = 30 and Dh = 64, and a chain of 22 gradients.  Times are the shortest of several runs, as
multiples of `import numpy` in the same run; memory is that of the largest process.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from chain import ROOT, chain

RUNS = int(os.environ.get("RUNS", "3"))
COMMAND = str(Path(sys.executable).with_name("grader"))
_MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def large(folder):
    """The bundled assignment at sizes of a real network, and a file with three mistakes."""
    for name in ("assignment", "solutions"):
        shutil.copytree(ROOT / name, folder / name)
    lines = (ROOT / "config.yaml").read_text().splitlines()
    start = lines.index("dimensions:")
    lines[start : start + 4] = ["dimensions: {V: 150, d: 30, Dh: 64}"]
    (folder / "config.yaml").write_text("\n".join(lines) + "\n")
    right = (folder / "solutions" / "gradients.py").read_text()
    return right.replace("s.h * (1 - s.h)", "(1 - s.h**2)").replace("s.h_prev.T", "s.h.T").replace("s.H.T", "s.H")


def long(folder):
    chain(folder, 11)
    right = (folder / "solutions" / "gradients.py").read_text()
    wrong = right.replace("(s.h11 - s.t)", "(s.t - s.h11)").replace("s.h4.T @ dJ_dz5", "s.h5.T @ dJ_dz5")
    return wrong.replace("dJ_dz3(s) @ s.W3.T", "dJ_dz3(s) @ s.W3")


def measured(*command):
    """(seconds, seconds of processor time, MB)"""
    done = subprocess.run([sys.executable, "-c", _MEASURE, *command], capture_output=True, check=True)
    return json.loads(done.stdout)


def main():
    print(f"{'':32} {'s':>6} {'CPU s':>6} {'MB':>5}   CPU / import numpy")
    for title, make in (("V = 150, d = 30, Dh = 64", large), ("22 gradients", long)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "course"
            folder.mkdir() if make is large else None
            wrong = folder.parent / "gradients.py"
            wrong.write_text(make(folder))
            grade = (COMMAND, "grade", "--json", str(wrong), "--config", str(folder / "config.yaml"))
            found = {}
            for _ in range(RUNS):
                shutil.rmtree(folder / ".grader-cache", ignore_errors=True)
                found.setdefault("import numpy", []).append(measured(sys.executable, "-c", "import numpy"))
                found.setdefault("first wrong file", []).append(measured(*grade))
                found.setdefault("the same again", []).append(measured(*grade))
            base = min(cpu for _, cpu, _ in found["import numpy"])
            for what, all_of_it in found.items():
                seconds, cpu, memory = (min(one) for one in zip(*all_of_it, strict=True))
                print(f"{title + ': ' + what:32} {seconds:6.2f} {cpu:6.2f} {memory:5.0f}   {cpu / base:.1f}")


if __name__ == "__main__":
    main()
