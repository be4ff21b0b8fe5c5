"""What students get at home, next to what instructors get: how fast, and how many labelled mistakes have the same diagnosis.

    python benchmarks/home.py [times|diagnoses ...]

Packs the handout and works in it, as a student does.  Times are the shortest of several runs, as multiples of `import numpy`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import yaml
from diagnosis import ROOT, SETS, Bench
from msgspec.structs import replace

from grader.diagnosis.engine import explain
from grader.diagnosis.knowledge import knowledge_of
from grader.grading.grader import Grader
from grader.packaging.handout.handout import build_handout

RUNS = int(os.environ.get("RUNS", "7"))
COMMAND = Path(sys.executable).with_name("grader")
RIGHT = ROOT / "solutions" / "gradients.py"
WRONG = [ROOT / "tests" / "submissions" / name for name in ("seed.followed_through.py", "H_not_transposed.failed.py")]


def unpacked(folder):
    """The handout, as students unpack it."""
    (folder / "handout.zip").write_bytes(build_handout(Grader(ROOT / "config.yaml"), force=True))
    with zipfile.ZipFile(folder / "handout.zip") as archive:
        archive.extractall(folder / "handout")
    return folder / "handout"


def times(handout, cache):
    # As after any installation, modules are compiled once.
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPYCACHEPREFIX": str(handout.parent / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def seconds(*command):
        start = time.perf_counter()
        subprocess.run(command, cwd=handout, env=environment, capture_output=True, check=False)
        return time.perf_counter() - start

    def check(file):
        shutil.copyfile(file, handout / "gradients.py")
        return seconds(COMMAND, "check")

    found = {}
    for _ in range(RUNS):
        found.setdefault("import numpy", []).append(seconds(sys.executable, "-c", "import numpy"))
        found.setdefault("a right file", []).append(check(RIGHT))
        for file in WRONG:
            shutil.rmtree(cache, ignore_errors=True)
            found.setdefault(f"first, {file.name}", []).append(check(file))
            found.setdefault(f"later, {file.name}", []).append(check(file))
    unit, right = min(found["import numpy"]), min(found["a right file"])
    for what, runs in found.items():
        least = min(runs)
        print(f"{what:40} {least:6.2f} s   {least / unit:5.1f} x import numpy   {least / right:5.2f} x a right file")


def diagnoses(handout):
    staff, home = Bench(), Bench(handout, with_solution=False)
    for name in ("set_a", "set_b"):
        found = Counter()
        for item in yaml.safe_load((SETS / f"{name}.yaml").read_text()):
            one, other = (essence(bench, item) for bench in (staff, home))
            found["all"] += 1
            found["same"] += one == other
            found["alike"] += essence(staff, item, named=False) == essence(home, item, named=False)
        print(
            f"{name}: {found['all']} labelled mistakes, {found['same']} with the same diagnosis at home,"
            f" {found['alike']} without the instructor's own misconceptions"
        )


def essence(bench, item, *, named=True):
    """Certainty, kinds and places of a diagnosis."""
    knowledge = knowledge_of(bench.assignment)
    knowledge = knowledge if named else replace(knowledge, misconceptions=())
    found = explain(bench.assignment, knowledge, item["gradient"], bench.run(item["code"]), {}).diagnosis
    return found.certainty, sorted((mistake.kind, mistake.where) for mistake in found.mistakes)


def main():
    chosen = sys.argv[1:] or ["times", "diagnoses"]
    with tempfile.TemporaryDirectory() as folder:
        handout = unpacked(Path(folder))
        if "times" in chosen:
            times(handout, Path(folder) / "cache")
        if "diagnoses" in chosen:
            diagnoses(handout)


if __name__ == "__main__":
    main()
