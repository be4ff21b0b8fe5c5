"""How long the class report takes to make, how large it is, and how long a browser takes to show it.

    python benchmarks/report.py [STUDENTS] [REPETITIONS]

Each load is a new browser context with nothing cached.  "usable": the table of students stands and answers; "drawn": the
charts too.  Needs playwright and Debian's chromium; without them only the first figures are printed.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from report_class import write_class  # noqa: E402

from grader.classroom.report.data import read_class  # noqa: E402
from grader.classroom.report.page import make_report  # noqa: E402
from grader.config.load import load_config  # noqa: E402
from grader.problem.assignment import load_assignment  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(students: int, repetitions: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        results = Path(place) / "results"
        print(f"{students} students; batch ...", flush=True)
        write_class(results, students)
        assignment = load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True)
        started = time.perf_counter()
        graded = read_class(results)
        read = time.perf_counter()
        page = make_report(assignment, graded)
        made = time.perf_counter()
        make_report(assignment, graded)
        again = time.perf_counter()
        print(f"store read               {read - started:7.2f} s")
        print(
            f"page made                {made - read:7.2f} s   (once the chart library is bundled: {again - made:.2f} s)"
        )
        print(f"page size                {len(page.encode()) / 1e6:7.2f} MB")
        path = results / "report.html"
        path.write_text(page, encoding="utf-8")
        load(path, repetitions)


def load(path: Path, repetitions: int) -> None:
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("load time                not measured: needs playwright and chromium")
        return
    usable, drawn, opened = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in range(repetitions):
            context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
            page = context.new_page()
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-charts=drawn]", timeout=60_000)
            times = page.evaluate("[usableAfter, drawnAfter]")
            usable.append(times[0] / 1000)
            drawn.append(times[1] / 1000)
            opened.append(page.evaluate("(() => { const t = performance.now(); details(JSON.parse("
                "document.getElementById('data').textContent), 9); return performance.now() - t; })()"))  # fmt: skip
            context.close()
        browser.close()
    for name, values, unit in (
        ("usable after", usable, "s"),
        ("charts drawn after", drawn, "s"),
        ("a student opened in", opened, "ms"),
    ):
        print(f"{name:<24} {statistics.median(values):7.2f} {unit}   ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 7)
