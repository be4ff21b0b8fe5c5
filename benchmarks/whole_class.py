"""`python benchmarks/whole_class.py [COUNT]`: everything that happens to a class, and the same grades by every way.

A class of COUNT (1,000) students, right, wrong and hostile mixed and one in a hundred hanging, as a Moodle download: graded
undisturbed, graded serially, killed twice and resumed, and graded on a Dask cluster with a worker killed; every way must
give the same bytes.  Then regraded under a changed rubric, reported and exported.  Says what each step took; ends with 1
where anything differs.
"""

import argparse
import contextlib
import csv
import io
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import school

ROOT = Path(__file__).resolve().parents[1]
GRADER = [str(Path(sys.executable).with_name("grader"))]
DASK = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
DASK_WORKER = [sys.executable, "-m", "distributed.cli.dask_worker"]


def say(text=""):
    print(text, flush=True)


def download(folder: Path, count: int) -> Path:
    """A Moodle download: NAME_NUMBER_assignsubmission_file/gradients.py."""
    for number in range(count):
        path = folder / f"Student {number:05}_{10000 + number}_assignsubmission_file" / "gradients.py"
        path.parent.mkdir(parents=True)
        path.write_text(school.submission(number, loops=True))
    return folder


def assignment(folder: Path) -> Path:
    """A copy of the bundled assignment, whose rubric may be changed."""
    for name in ("assignment", "solutions", ".grader-cache"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "config.yaml", folder)
    return folder / "config.yaml"


class Runs:
    """The installed command, with one configuration."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.failed = False

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        command = [*GRADER, *map(str, arguments), "--config", str(self.config)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def run(self, *arguments: object) -> tuple[float, str]:
        start = time.perf_counter()
        process = self.start(*arguments)
        said = process.communicate()[0]
        if process.returncode:
            self.complain(f"grader {arguments[0]} ended with {process.returncode}:\n{said}")
        return time.perf_counter() - start, said

    def complain(self, text: str) -> None:
        self.failed = True
        say(f"WRONG: {text}")

    def same(self, what: str, found: object, expected: object) -> None:
        if found == expected:
            say(f"    the same as undisturbed: {what}")
        else:
            self.complain(f"{what} differ")


def outcome(results: Path) -> dict[str, bytes]:
    """Everything that the class sees or is marked by: the table, the feedback, and each grade in full.

    How it was protected is left out: two machines may protect in two ways.
    """
    found = {path.name: path.read_bytes() for path in sorted((results / "feedback").iterdir())}
    found["grades.csv"] = (results / "grades.csv").read_bytes()
    with contextlib.closing(sqlite3.connect(results / "grades.db")) as db:
        sql = "SELECT student, grade FROM current ORDER BY student"
        found.update({f"grade of {student}": re.sub(r'"sandbox":"[^"]*"', "", grade or "").encode() for student, grade in db.execute(sql)})  # fmt: skip
    return found


def graded(results: Path) -> int:
    try:
        with contextlib.closing(sqlite3.connect(results / "grades.db", timeout=10)) as db:
            return int(db.execute("SELECT COUNT(*) FROM gradings").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def killed_twice(runs: Runs, source: Path, out: Path, count: int) -> float:
    start = time.perf_counter()
    for share in (0.2, 0.6):
        process = runs.start("batch", source, "--out", out)
        while graded(out) < share * count and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        say(f"    killed with {graded(out)} of {count} graded")
    seconds, said = runs.run("batch", source, "--out", out)
    say(f"    the last run took {seconds:.1f} s: {_progress(said)}")
    return time.perf_counter() - start


def on_a_cluster(runs: Runs, source: Path, out: Path, count: int, folder: Path) -> float:
    """Two workers of a Dask scheduler on this machine, one of them killed in the middle."""
    with (folder / "dask.log").open("w+") as log:
        processes = [subprocess.Popen([*DASK, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], stdout=log, stderr=log)]  # fmt: skip
        try:
            while not (found := re.search(r"tcp://127\.0\.0\.1:\d+", (folder / "dask.log").read_text())):
                time.sleep(0.1)
            for _ in range(2):
                command = [*DASK_WORKER, found[0], "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            start = time.perf_counter()
            process = runs.start("batch", source, "--out", out, "--dask", found[0])
            while graded(out) < count / 3 and process.poll() is None:
                time.sleep(0.05)
            processes[1].kill()
            say(f"    a worker killed with {graded(out)} of {count} graded")
            said = process.communicate()[0]
            if process.returncode:
                runs.complain(f"grader batch --dask ended with {process.returncode}:\n{said}")
            return time.perf_counter() - start
        finally:
            for process in processes:
                process.kill()
                process.wait()


def change_the_rubric(config: Path) -> None:
    """Less for the shape, more for the differences; nothing for what follows through."""
    text = config.read_text()
    changed = re.sub(r"(follow_through:\n(?:\s+#.*\n)*\s+share:) *[\d.]+", r"\1 0.5", text)
    if changed == text:
        raise SystemExit("config.yaml: no follow_through.share found to change")
    config.write_text(changed)


def gradebooks(runs: Runs, results: Path, folder: Path, count: int) -> None:
    """Fill a Canvas gradebook and a Moodle worksheet of the class, and read them back."""
    with (results / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        marks = {row["name"]: row["score"] for row in csv.DictReader(file)}
    canvas = io.StringIO()
    writer = csv.writer(canvas)
    writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 3 (77)"])
    writer.writerow(["    Points Possible", "", "", "", "", "100"])
    writer.writerows([f"{number:05}, Student", 500 + number, "", f"s{number}", "A", ""] for number in range(count))
    (folder / "gradebook.csv").write_text(canvas.getvalue())
    moodle = io.StringIO()
    writer = csv.writer(moodle)
    writer.writerow(["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Feedback comments"])  # fmt: skip
    writer.writerows([f"Participant {10000 + number}", f"Student {number:05}", "", "Submitted", "", "100", ""] for number in range(count))  # fmt: skip
    (folder / "worksheet.csv").write_text(moodle.getvalue())
    for form, template, extra, name, score in (
        ("canvas", "gradebook.csv", ["--column", "Homework 3"], "Student", "Homework 3 (77)"),
        ("moodle", "worksheet.csv", [], "Full name", "Grade"),
    ):
        out = folder / f"{form}.csv"
        seconds, said = runs.run("export", results, form, "--into", folder / template, *extra, "-o", out)
        with out.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if "Points Possible" not in row[name]]
        filled = {" ".join(reversed(row[name].split(", "))): row[score] for row in rows}
        wrong = [who for who, mark in marks.items() if filled.get(who) != mark]
        if wrong:
            runs.complain(f"{form}: {len(wrong)} marks are not those of grades.csv, such as {wrong[0]}'s")
        say(f"{form:10} {seconds:6.1f} s   {said.splitlines()[0].rpartition(': ')[2] if said else ''}, all as in grades.csv")  # fmt: skip
    seconds, _ = runs.run("export", results, "moodle-feedback", "-o", folder / "feedback.zip")
    say(
        f"{'feedback':10} {seconds:6.1f} s   a zip of {(folder / 'feedback.zip').stat().st_size / 2**20:.1f} MB for Moodle"
    )


def _progress(said: str) -> str:
    return next((line for line in reversed(said.splitlines()) if line.startswith("graded ")), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000)
    count = parser.parse_args().count
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "assignment").mkdir()
        runs = Runs(assignment(folder / "assignment"))
        source = download(folder / "class", count)
        out = {way: folder / way for way in ("undisturbed", "serial", "killed", "cluster")}

        say(f"{count} students, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
        batch, said = runs.run("batch", source, "--out", out["undisturbed"])
        say(f"batch      {batch:6.1f} s   {_progress(said)}")
        expected = outcome(out["undisturbed"])
        seconds, said = runs.run("batch", source, "--out", out["serial"], "--jobs", 1)
        say(f"one worker {seconds:6.1f} s   {_progress(said)}")
        runs.same("serial", outcome(out["serial"]), expected)
        say(f"killed     {killed_twice(runs, source, out['killed'], count):6.1f} s   twice, and resumed")
        runs.same("killed twice and resumed", outcome(out["killed"]), expected)
        say(f"cluster    {on_a_cluster(runs, source, out['cluster'], count, folder):6.1f} s   a Dask scheduler and two workers, one killed")  # fmt: skip
        runs.same("on a cluster", outcome(out["cluster"]), expected)

        results = out["killed"]
        change_the_rubric(runs.config)
        regrade, said = runs.run("regrade", results)
        say(f"regrade    {regrade:6.1f} s   batch / regrade {batch / regrade:.1f}")
        say("    " + "\n    ".join(line for line in said.splitlines() if "written" not in line)[:1500])
        seconds, _ = runs.run("report", results)
        say(f"report     {seconds:6.1f} s   a page of {(results / 'report.html').stat().st_size / 2**20:.1f} MB")
        gradebooks(runs, results, folder, count)
        say(f"grades.db  {(results / 'grades.db').stat().st_size / 2**20:.1f} MB")
    finally:
        shutil.rmtree(folder)
    sys.exit(1 if runs.failed else 0)


if __name__ == "__main__":
    main()
