"""What students and instructors open in a browser, checked by axe-core at levels A and AA, in light and dark.

Needs Debian's chromium, and playwright and axe-core from PyPI; skipped, with the reason, where they are missing.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SUBMISSIONS

from grader.classroom.exports.feedback import page, web_page
from grader.classroom.store.query import Results
from grader.grading.grader import Grader
from grader.output.html import fragment
from grader.problem.assignment import Assignment

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
axe = pytest.importorskip("axe_playwright_python", reason="needs axe-core: pip install axe-playwright-python")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]

RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
WRONG = SUBMISSIONS / "forgotten_transposes.raised.py"
NOTEBOOK = (
    '<!doctype html><html lang="en"><title>A notebook</title><style>:root{{color-scheme:light dark}}'
    '.notebook pre{{word-break:break-all}}</style><main class="notebook">{}</main></html>'  # as JupyterLab breaks lines
)


@pytest.fixture(scope="module")
def pages(
    graded_class: Path, class_page: str, tmp_path_factory: pytest.TempPathFactory, assignment: Assignment
) -> list[Path]:
    """The output of a notebook, a student's feedback and the report of a class."""
    folder = tmp_path_factory.mktemp("accessible")
    with Grader(ROOT / "config.yaml") as opened:
        shown = fragment(opened.check(WRONG), opened.config, staff=False)
    with Results(graded_class) as results:
        rows = [row for row in results.students() if row.grade is not None and not row.grade.passed]
        feedback = web_page(list(page(rows[0], assignment.config)))
    texts = {
        "notebook": NOTEBOOK.format(shown),
        "feedback": feedback,
        "report": class_page,
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return [folder / f"{name}.html" for name in texts]


def test_no_page_breaks_a_rule_of_level_a_or_aa(pages: list[Path]) -> None:
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for path, place in [(path, "") for path in pages] + [
            (pages[-1], "#student-9")
        ]:  # with the details of a student
            for scheme in ("light", "dark"):
                shown: Any = browser.new_context(color_scheme=scheme, bypass_csp=True, offline=True).new_page()
                shown.goto(path.as_uri() + place)
                assert not place or shown.wait_for_selector("#details[open]")
                shown.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                shown.evaluate(f"{script};0")
                found = shown.evaluate(f"axe.run(document, {RULES})")
                assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], (
                    path.name,
                    place,
                    scheme,
                )
                assert len(found["passes"]) > 5
                broken = "[...document.querySelectorAll('pre')].filter(e => getComputedStyle(e).wordBreak !== 'normal')"
                assert shown.evaluate(broken) == [], "lines of text break between words"
        browser.close()
