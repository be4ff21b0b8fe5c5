"""Make the pictures in docs/images: real output of the commands, photographed.

`make pictures` runs this.  The terminal pictures need nothing more than the grader; the pictures of the class report need
Debian's chromium, and are left as they are where there is none.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
GRADER = Path(sys.executable).with_name("grader")
COLUMNS = 110
STUDENTS = 120
WIDTH = 1000  # of the browser's window, in pixels
ROWS = 3  # of the table of mistakes

# The picture's name, and the command whose output it shows.
TERMINALS = {
    "grade": ["grade", "tests/submissions/seed.followed_through.py"],
}


def printed(arguments: list[str]) -> str:
    """What the installed command prints in a terminal, with its colors; without the line on this machine's sandbox."""
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    environment.pop("NO_COLOR", None)
    done = subprocess.run([str(GRADER), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode > 1:  # 1: something in the example is wrong, as it should be
        sys.exit(f"grader {' '.join(arguments)}: {done.stderr}")
    lines = [line for line in done.stdout.splitlines() if "sandbox: " not in line]
    return "\n".join(lines).rstrip()


def draw_terminal(name: str, arguments: list[str]) -> None:
    shown = " ".join(["grader", *arguments])
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, highlight=False)
        console.print(Text(f"$ {shown}\n", "bold"), Text.from_ansi(printed(arguments)), sep="")
        svg = console.export_svg(title=shown, theme=MONOKAI, unique_id=name)
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


def photograph_report(chromium: str) -> None:
    """The top of a class report, and its section on mistakes."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT / "tests"))
    from report_class import write_class

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        results = Path(folder) / "results"
        write_class(results, STUDENTS)
        subprocess.run([str(GRADER), "report", str(results)], cwd=ROOT, check=True, capture_output=True)
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto((results / "report.html").as_uri())
        page.wait_for_selector("#mistakes svg, #mistakes canvas")
        page.wait_for_timeout(500)  # the charts are drawn one after the other
        photograph(page, "report", 0, top_of(page, "#scores") - 20)
        photograph(
            page, "report-mistakes", top_of(page, "#mistakes"), top_of(page, f"#mistakes tr:nth-child({ROWS + 1})")
        )
        browser.close()


def top_of(page: Any, selector: str) -> float:
    return float(page.evaluate("s => document.querySelector(s).getBoundingClientRect().top + scrollY", selector))


def photograph(page: Any, name: str, start: float, end: float) -> None:
    region = {"x": 0, "y": start, "width": WIDTH, "height": end - start}
    page.screenshot(path=IMAGES / f"{name}.png", clip=region, full_page=True)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for name, arguments in TERMINALS.items():
        draw_terminal(name, arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        print("report.png, report-mistakes.png: left as they are: they need chromium (apt-get install chromium)")
    else:
        photograph_report(chromium)


if __name__ == "__main__":
    main()
