"""The class report in a real browser: what it draws, how it is used, and that it asks for nothing.

Needs Debian's chromium and playwright; skipped, with the reason, where they are missing.
"""

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report_class import HOSTILE, NAMES

from grader.classroom.exports.feedback import Block, web_page

pytest.importorskip("vl_convert", reason="needs the extra: pip install 'gradient-grader[report]'")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
STUDENTS = 120
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(class_page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browser") / "report.html"
    path.write_text(class_page, encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser: Any, report: Path) -> Iterator[Open]:
    """Opens the report; at the end, the browser has reported nothing and requested nothing."""
    reported: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_it(address: str = "", width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: reported.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: reported.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri() + address)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-charts=drawn]", timeout=30_000)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert reported == []
    assert all(re.sub("#.*", "", url) == report.as_uri() or url == "data:," for url in asked), asked


def becomes_as_narrow_as(page: Any, width: int) -> bool:
    """The charts are drawn anew for each width, after the page has it."""
    for _ in range(100):
        if page.evaluate("document.documentElement.scrollWidth") <= width:
            return True
        page.wait_for_timeout(100)
    return False


def rows(page: Any) -> Any:
    return page.locator("#table tbody tr")


def test_the_charts_are_drawn_and_named(open_page: Open) -> None:
    page = open_page()
    for name in ("scores", "outcomes", "costs"):
        drawing = page.locator(f"#chart-{name} svg")
        assert drawing.locator(".mark-rect path").count() >= 8
        assert drawing.get_attribute("aria-label").startswith("Bar chart of ")
        assert drawing.bounding_box()["width"] > 400


def test_a_number_lists_the_students_behind_it(open_page: Open) -> None:
    page = open_page()
    button = page.locator(".map [data-group^=kind-sign-]").first
    count = int(button.inner_text())
    button.click()
    assert rows(page).count() == count
    assert page.locator("#shown").inner_text() == f"{count} of {STUDENTS + 1} students"
    assert all("flipped sign" in text for text in rows(page).all_inner_texts())
    page.locator("#chips button").click()
    assert page.locator("#shown").inner_text() == f"{STUDENTS + 1} students"


def test_a_bar_lists_the_students_behind_it(open_page: Open) -> None:
    page = open_page()
    bar = page.locator("#chart-scores .mark-rect path").last
    bar.scroll_into_view_if_needed()
    bar.click()
    page.wait_for_selector("#chips button")
    expected = page.locator("[data-group=scores-19]").first.evaluate("button => button.textContent")
    assert page.locator("#shown").inner_text() == f"{expected} of {STUDENTS + 1} students"


def test_search_finds_names_and_mistakes(open_page: Open) -> None:
    page = open_page()
    page.fill("#search", "NOETHER, emmy")
    assert rows(page).count() == sum(NAMES[k % len(NAMES)] == "Noether, Emmy" for k in range(len(HOSTILE), STUDENTS))
    page.fill("#search", "FLIPPED sign dj_db2")
    assert 0 < rows(page).count() < STUDENTS
    page.fill("#search", "in dJ_dH")
    assert all(re.search(r"dJ_dH\b", text) for text in rows(page).all_inner_texts())
    page.fill("#search", "nobody is called that")
    assert rows(page).count() == 0
    assert page.locator("#shown").inner_text() == f"0 of {STUDENTS + 1} students"


def test_a_list_is_saved_for_mail_merge(open_page: Open) -> None:
    page = open_page()
    button = page.locator('[data-group^="kind-sign-dJ_db2"]').first
    count = int(button.text_content())
    button.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this list for mail merge").click()
    assert download.value.suggested_filename == "flipped-sign-in-dJ_db2.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    head, *lines = csv.reader(io.StringIO(text))
    assert head == ["e-mail", "name", "section", "gradient", "diagnosis", "hint"]
    assert len(lines) == count
    assert {line[3] for line in lines} == {"dJ_db2"}
    assert all("Your numbers are" in line[4] and line[5] for line in lines)


def test_no_cell_of_a_saved_list_is_a_formula(open_page: Open) -> None:
    page = open_page()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this list for mail merge").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert len(cells) == 6 * (STUDENTS + 2)
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_row_has_two_lines_on_a_phone_and_namesakes_an_id(open_page: Open) -> None:
    page = open_page(width=390)
    tall = "[...document.querySelectorAll('#table tbody tr')].map((row) => row.offsetHeight).filter((height) => height > 80)"
    assert page.evaluate(tall) == []
    names = page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).students.map((student) => student.name)"
    )
    shown = page.locator("#table tbody .id").all_text_contents()
    assert len(shown) == sum(names.count(name) > 1 for name in names)


def test_the_headings_sort(open_page: Open) -> None:
    page = open_page()
    heading = page.locator("th[data-sort=score]")
    heading.locator("button").click()
    marks = [float(text) for text in page.locator("td.marks").all_inner_texts() if text[0].isdigit()]
    assert marks == sorted(marks)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert page.locator("td.marks").first.inner_text() == "100"
    assert page.locator("th[aria-sort]").count() == 1


def test_a_long_list_is_shown_in_full_when_asked_for(open_page: Open) -> None:
    page = open_page()
    assert rows(page).count() == 100
    page.locator("#more").click()
    assert rows(page).count() == STUDENTS + 1
    assert not page.locator("#more").is_visible()


def test_a_student_is_opened_with_the_details_and_closed_again(open_page: Open) -> None:
    page = open_page()
    page.fill("#search", "flipped sign in dj_db2")
    name = rows(page).first.locator("button")
    shown = name.inner_text()
    name.click()
    details = page.locator("#details")
    playwright.expect(details.locator("h2")).to_have_text(shown)
    assert "dJ_db2: wrong" in details.inner_text()
    assert details.locator(".heat td.h5").count() >= 9  # every entry has the opposite sign
    assert "V →" in details.locator(".heat").first.inner_text()
    assert "def dJ_db2(s):" in details.locator("pre").first.inner_text()
    assert details.locator("ol li").count() >= 1
    assert page.evaluate("document.activeElement.id") == "details-title"
    page.keyboard.press("Escape")
    assert not details.is_visible()


def test_everything_can_be_done_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the students"
    page.locator("[data-group=full-marks]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "students-title"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#table tbody button')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("#details[open]")  # the address changes first, and the page follows it
    title = page.locator("#details-title")
    first = title.inner_text()
    page.keyboard.press("ArrowRight")
    playwright.expect(title).not_to_have_text(first)
    page.keyboard.press("ArrowLeft")
    playwright.expect(title).to_have_text(first)


def test_an_address_leads_to_a_student(open_page: Open) -> None:
    page = open_page("#student-8")
    playwright.expect(page.locator("#details-title")).to_have_text(f"{NAMES[7]} 7")
    page.locator("#close").click()
    assert page.url.endswith("#students")


def test_every_student_can_be_opened(open_page: Open) -> None:
    page = open_page()
    lengths = page.evaluate(
        """() => {
          const data = JSON.parse(document.getElementById("data").textContent);
          return data.students.map((_, k) => {
            const box = document.createElement("div");
            box.append(...details(data, k));
            return box.textContent.includes("undefined") ? -1 : box.textContent.length;
          });
        }"""
    )
    assert len(lengths) == STUDENTS + 1
    assert min(lengths) > 0


def test_code_in_hints_is_marked_as_code(open_page: Open) -> None:
    page = open_page()
    code, backquotes = page.evaluate(
        """() => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const box = document.createElement("div");
          data.students.forEach((_, k) => box.append(...details(data, k)));
          const hints = [...box.querySelectorAll("ol li")];
          return [hints.flatMap((hint) => [...hint.querySelectorAll("code")]).length,
                  hints.filter((hint) => hint.textContent.includes("`")).length];
        }"""
    )
    assert code > 0
    assert backquotes == 0


def test_gradients_that_follow_and_stubs_take_a_line(open_page: Open) -> None:
    page = open_page("#student-1")
    details = page.locator("#details")
    playwright.expect(details.locator("article")).to_have_count(1)
    follow = "dJ_dU, dJ_dh, dJ_db1, dJ_dL_x, dJ_dI, dJ_dH, dJ_dh_prev"
    assert f"Right given dJ_db2: {follow}" in details.inner_text(), "the gradient to fix is the one that raised"
    page.keyboard.press("Escape")
    page.fill("#search", "not written yet in 8 gradients")
    rows(page).first.locator("button").click()
    assert f"Not written yet: dJ_db2, {follow}" in details.inner_text()
    assert details.locator("article").count() == 0


def test_groups_of_equal_files_are_told_apart_by_names(open_page: Open) -> None:
    summaries = open_page().locator("#integrity details summary").all_text_contents()
    assert len(summaries) > 1
    assert len(set(summaries)) == len(summaries)
    assert all("; " in text for text in summaries)


def test_nothing_of_a_student_is_executed_or_becomes_an_element(open_page: Open) -> None:
    page = open_page()
    for k, text in enumerate(HOSTILE):
        page.evaluate(f"location.hash = '#student-{k + 1}'")
        title = page.locator("#details-title")
        if k < 4:
            playwright.expect(title).to_have_text(text)
        assert page.locator("#details :is(script, img, b, a, iframe)").count() == 0
        assert text[:5] in page.locator("#details").inner_text() or k == 4
        page.keyboard.press("Escape")
        playwright.expect(page).to_have_url(re.compile("#students$"))  # it is closed, and the address has followed
    assert page.evaluate("window.hacked") is None
    assert "\u202e" not in page.content()


def test_a_script_from_elsewhere_would_not_run(open_page: Open, browser: Any, report: Path) -> None:
    """The content security policy holds even if markup got in."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hacked = 5";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src='https://example.invalid/x' onerror='window.hacked = 6'>");
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.hacked") is None
    context.close()


# Texts whose contrast with what is behind them is below 4.5, each pair of colours once.
FAINT = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = parts(colour).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (parts(colour).length < 4 || parts(colour)[3] > 0) return colour;
    }
  };
  const found = new Map();
  for (const e of document.querySelectorAll("main *, header *, dialog *")) {
    if (e.closest("svg") || !e.textContent.trim() || e.children.length || e.className === "hidden") continue;
    const [front, back] = [getComputedStyle(e).color, behind(e)];
    const [a, b] = [light(front), light(back)];
    found.set(`${e.className}: ${front} on ${back}`, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return [...found].filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_screen_and_has_enough_contrast(open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert becomes_as_narrow_as(page, width)
    assert page.evaluate(FAINT) == []
    for number in (6, 7, 9, 12):
        page.evaluate(f"location.hash = '#student-{number}'")
        page.wait_for_selector("#details[open]")
        assert page.evaluate(FAINT) == []
        assert page.evaluate("document.getElementById('details').scrollWidth") <= 320


def test_a_table_that_is_wider_than_a_phone_shows_it(open_page: Open) -> None:
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 800})
    wider = (
        "[...document.querySelectorAll('main .scroll')].filter(frame => frame.scrollWidth > frame.clientWidth)"
        ".map(frame => getComputedStyle(frame).backgroundAttachment)"
    )
    assert set(page.evaluate(wider)) == {"local, local, scroll, scroll"}


def test_paper_gets_every_student_and_no_buttons(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert rows(page).count() == STUDENTS + 1
    for hidden in ("#search", "#save", "figcaption .screen", "caption .screen"):
        assert not page.locator(hidden).first.is_visible(), "nothing can be clicked on paper"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf()[:5] == b"%PDF-"


def test_buttons_tables_and_fields_have_names(open_page: Open) -> None:
    page = open_page("#student-6")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, table, section, [role=img]")].filter((e) => {
          const given = e.getAttribute("aria-label") || e.getAttribute("aria-labelledby");
          const named = given || e.textContent.trim() || e.closest("label");
          return !named || (e.tagName === "TABLE" && !e.querySelector("caption") && !e.getAttribute("aria-label"));
        }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []


def test_without_scripts_the_figures_are_still_there(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    assert page.locator(".map tbody tr").count() > 3


def test_feedback_to_a_student_of_any_name_fits_a_phone(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(web_page([Block("heading", "Homework", 1), Block("text", "x" * 300), Block("item", "y" * 300)]))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
