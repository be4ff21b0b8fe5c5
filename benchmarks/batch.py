"""`python benchmarks/batch.py [--quick]`: the grader beside what one would use instead, in one run on one machine.

Every figure comes with the ratio that matters, because machines differ and are shared: compare within a run, not between
runs.  Rounds are interleaved, so that a disturbance hits all alike; figures are medians over rounds.
"""

import argparse
import os
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import school

from grader.classroom.batch.pool import Pool
from grader.classroom.batch.protocol import Task
from grader.config.load import load_config
from grader.grading.running import make_sandbox
from grader.problem.assignment import load_assignment
from grader.problem.derivatives import differentiate
from grader.sandbox.zygotes import Zygote

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config.yaml"
PEERS = ROOT / "benchmarks" / "peers"
GRADER = [str(Path(sys.executable).with_name("grader"))]
CORES = os.cpu_count() or 1
COUNT = 600  # submissions in a round: enough for beginning and end not to count
SINGLE = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}


def timed(what, *arguments):
    start = time.perf_counter()
    result = what(*arguments)
    return time.perf_counter() - start, result


def say(text=""):
    print(text, flush=True)


# --- throughput ------------------------------------------------------------------------------------------------------


def grader_rate(pool, sources):
    seconds, results = timed(lambda: list(pool.run(iter([Task(i, "g.py", s) for i, s in enumerate(sources)]))))
    return len(results) / seconds


def peer_rate(command, folders):
    """So many processes at once as there are cores, one per submission."""

    def one(folder):
        environment = {**os.environ, **SINGLE, "PYTHONPATH": f"{folder}:{PEERS}"}
        subprocess.run(
            [part.format(folder) for part in command], env=environment, capture_output=True, check=False, cwd=PEERS
        )

    with ThreadPoolExecutor(CORES) as threads:
        seconds, _ = timed(lambda: list(threads.map(one, folders)))
    return len(folders) / seconds


def fork_rate(assignment, count, folder):
    """The limit: as many such processes as there are cores; right submissions only."""
    points = {
        f"{k}.{name}": value
        for k, point in enumerate(assignment.points)
        for name, value in point.values.items()
        if name != assignment.config.loss
    }
    np.savez(folder / "steps.npz", **points)
    (folder / "right.py").write_text(school.submission(0))
    command = [sys.executable, "bare_fork.py", folder / "steps.npz", folder / "right.py", str(count // CORES)]
    workers = [
        subprocess.Popen(
            command, cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **SINGLE}
        )
        for _ in range(CORES)
    ]
    time.sleep(1)  # all have loaded
    seconds = [float(worker.communicate()[0]) for worker in _told(workers)]
    return (count // CORES) * CORES / max(seconds)


def _told(workers):
    """Tell all to begin, then wait for each."""
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return workers


def throughput(assignment, rounds, folder):
    say(f"## Submissions a second, {CORES} cores, {rounds} interleaved rounds, median (least to most)")
    right = [f"# {i}\n{school.SOLUTION}".encode() for i in range(COUNT)]
    mixed = [school.submission(i).encode() for i in range(COUNT)]
    folders = [school.write(folder / "right", 1) / "s00000"] * 12
    rates = {name: [] for name in ("batch, right", "batch, mixed", "bare fork", "gradescope-utils", "pytest")}
    with Pool(CONFIG, CORES) as pool:
        pool.hello()
        grader_rate(pool, mixed[:200])  # warm: the tables of the diagnosis are made when first needed
        for _ in range(rounds):
            rates["batch, right"].append(grader_rate(pool, right))
            rates["bare fork"].append(fork_rate(assignment, COUNT, folder))
            rates["batch, mixed"].append(grader_rate(pool, mixed))
            rates["gradescope-utils"].append(peer_rate([sys.executable, "gradescope_tests.py", "{}"], folders))
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_pytest.py"]
            rates["pytest"].append(peer_rate(command, folders))
    table(rates)
    middle = {name: statistics.median(found) for name, found in rates.items()}
    say(
        f"batch / gradescope-utils, a process per submission   {middle['batch, right'] / middle['gradescope-utils']:.1f}"
    )
    say(f"batch / pytest, a process per submission             {middle['batch, right'] / middle['pytest']:.1f}")
    say(f"batch / bare-fork limit                              {middle['batch, right'] / middle['bare fork']:.2f}")
    say(f"batch of mixed / batch of right submissions          {middle['batch, mixed'] / middle['batch, right']:.2f}")
    say()
    return middle


def table(rates, unit="/s"):
    for name, found in rates.items():
        say(f"{name:34} {statistics.median(found):8.1f} {unit}   ({min(found):.1f} to {max(found):.1f})")


# --- cost per layer --------------------------------------------------------------------------------------------------


def restrictions(assignment, rounds):
    say("## One worker process, 3 in flight, sandbox layers left out one at a time, median rate")
    sets = {
        "everything": (), "without seccomp": ("seccomp",), "without reports": ("reports",), "without Landlock": ("landlock",), "without own user": ("uid",),
        "without resource limits": ("limits",), "without any": ("seccomp", "landlock", "uid", "limits", "chroot"),
    }  # fmt: skip
    sources = [school.submission(0).encode()] * 100
    model = ROOT / assignment.config.model
    boxes = {
        name: make_sandbox(assignment, lambda without=without: Zygote(model, assignment.config.sandbox, without))
        for name, without in sets.items()
    }
    rates = {name: [] for name in sets}
    for _ in range(rounds):
        for name, box in boxes.items():
            seconds, runs = timed(lambda box=box: list(box.run_many(sources)))
            rates[name].append(len(runs) / seconds)
    for box in boxes.values():
        box.close()
    table(rates)
    say(
        f"everything / without any   {statistics.median(rates['everything']) / statistics.median(rates['without any']):.2f}"
    )
    say()


# --- growth ----------------------------------------------------------------------------------------------------------


def growth(sizes, folder):
    say("## `grader batch` as a command, mixed class: seconds, rate and memory by number of submissions")
    for size in sizes:
        source = school.write(folder / f"class{size}", size)
        out = folder / f"results{size}"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen([*GRADER, "batch", str(source), "--out", str(out)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        peak, start = watch_memory(process), time.perf_counter()
        seconds = time.perf_counter() - start + peak[1]
        regrade, _ = timed(
            lambda out=out: subprocess.run([*GRADER, "regrade", str(out)], cwd=ROOT, capture_output=True, check=True)
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        say(
            f"{size:6}   batch {seconds:7.1f} s {size / seconds:6.0f} /s   peak {peak[0]:5.0f} MB (coordinator)"
            f"   regrade {regrade:6.1f} s {size / regrade:6.0f} /s   regrade/batch {seconds / regrade:4.1f}   CPU {cpu:.0f} s"
        )
        shutil.rmtree(source)
        shutil.rmtree(out)
    say()


def watch_memory(process):
    """(peak MB of the process, seconds until it ended)"""
    peak, start = 0.0, time.perf_counter()
    while process.poll() is None:
        try:
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]) / 1024)
        except OSError:
            break
        select.select([], [], [], 0.05)
    process.wait()
    return peak, time.perf_counter() - start


# --- finite differences ----------------------------------------------------------------------------------------------


def finite_differences(assignment, rounds):
    say("## All eight gradients at all steps by central differences, milliseconds")
    graph = assignment.graph
    loss = assignment.config.loss

    def ours():
        for gradient in assignment.config.gradients:
            for point in assignment.points:
                differentiate(graph, point, gradient.of)

    def loop():
        for gradient in assignment.config.gradients:
            for point in assignment.points:
                point = np.asarray(point.values[gradient.of], dtype=float)
                for index in np.ndindex(point.shape):
                    for sign in (1, -1):
                        moved = point.copy()
                        moved[index] += sign * 1e-5
                        float(graph.loss_at(point.values, gradient.of, moved))

    ways = {"vectorised, with error estimate": ours, "a loop over the entries": loop}
    try:
        from scipy.optimize import approx_fprime
    except ImportError:
        say("(scipy is not installed: left out)")
    else:

        def scipy():
            for gradient in assignment.config.gradients:
                for point in assignment.points:
                    point = np.asarray(point.values[gradient.of], dtype=float)
                    approx_fprime(point.ravel(), lambda p, g=gradient, s=point, n=point.shape: float(graph.loss_at(s.values, g.of, p.reshape(n))))  # fmt: skip

        ways["scipy approx_fprime (one-sided)"] = scipy
    times = {name: [timed(way)[0] * 1e3 for _ in range(rounds)] for name, way in ways.items()}
    table(times, "ms")
    first = statistics.median(next(iter(times.values())))
    for name, found in list(times.items())[1:]:
        say(f"{name} / vectorised   {statistics.median(found) / first:.1f}")
    say(f"(the loss is {loss}; the vectorised way takes two step sizes to estimate its own error)")
    say()


def latency(rounds):
    say("## One file, from the shell")
    commands = {
        "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
        "grader grade --json, right": [*GRADER, "grade", "--json", "solutions/gradients.py"],
        "grader grade, right": [*GRADER, "grade", "solutions/gradients.py"],
        "grader check, right": [*GRADER, "check", "solutions/gradients.py"],
    }
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(
                timed(lambda c=command: subprocess.run(c, cwd=ROOT, capture_output=True, check=True))[0] * 1e3
            )
    table(times, "ms")
    first = statistics.median(times["python -c 'import numpy'"])
    for name, found in list(times.items())[1:]:
        say(f"{name} / import numpy   {statistics.median(found) / first:.2f}")
    say()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="growth up to 1,000 submissions, and fewer rounds")
    full = not parser.parse_args().quick
    assignment = load_assignment(load_config(CONFIG), ROOT, with_solution=True)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    say(f"Python {sys.version.split()[0]}, numpy {np.__version__}, {CORES} cores, load before: {load}")
    say()
    folder = Path(tempfile.mkdtemp())
    try:
        latency(9 if full else 5)
        finite_differences(assignment, 9 if full else 5)
        throughput(assignment, 5 if full else 3, folder)
        restrictions(assignment, 5 if full else 3)
        growth((100, 1000, 10_000) if full else (100, 1000), folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
