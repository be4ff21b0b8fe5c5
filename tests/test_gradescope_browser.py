"""The page of `grader gradescope try` in a real browser, on a desk and on a phone.

Needs Debian's chromium and playwright; skipped, with the reason, where they are missing.
"""

import shutil
from pathlib import Path

import pytest

from grader.packaging.gradescope.dryrun.platform import Outcome
from grader.packaging.gradescope.dryrun.views import page_html

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]

LONG = "W" * 300
TEST = {"name": f"dJ_dU: {LONG}", "status": "failed", "score": 3.0, "max_score": 15.0, "output": LONG, "number": "1"}
RESULTS = {"score": 3.0, "output": f"{LONG} <script>document.title = 'taken'</script>", "tests": [TEST]}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_part_of_the_page_leaves_the_screen_or_covers_another(tmp_path: Path, width: int) -> None:
    page_path = tmp_path / "page.html"
    page_path.write_text(page_html(Outcome(RESULTS, "", "x" * 200, 1.0), f"a title: {LONG}.py"), encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": width, "height": 900}, is_mobile=width < 500, offline=True)
        page = context.new_page()
        page.goto(page_path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.title().startswith("a title")
        for heading in page.locator("h2, .test h3").all():
            words, score = heading.locator("span").all()
            assert words.bounding_box()["x"] + words.bounding_box()["width"] <= score.bounding_box()["x"]
        browser.close()
