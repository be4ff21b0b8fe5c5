"""The grader's own words with `code` and *emphasis*, in Markdown, HTML and plain text."""

from io import StringIO

import pytest
from rich.console import Console
from rich.markdown import Markdown

from grader.output.markdown import marked, plain, unmarked
from grader.output.terminal import print_grade
from grader.output.wording import details
from grader.packaging.gradescope.dryrun.views import to_html
from grader.problem.assignment import Assignment
from grader.records.result import Grade, GradientResult

TEXTS = [
    # as written; as text; as Markdown; on a page
    ("in *one row* of H", "in one row of H", "in *one row* of H", "in <em>one row</em> of H"),
    ("after `return`. Let", "after `return`. Let", "after `return`. Let", "after <code>return</code>. Let"),
    ("a*b*c and 2 * x * y", "a*b*c and 2 * x * y", r"a\*b\*c and 2 \* x \* y", "a*b*c and 2 * x * y"),
    ("s.h**2 is *not* it", "s.h**2 is not it", r"s.h\*\*2 is *not* it", "s.h**2 is <em>not</em> it"),
    ("`a *b* c`", "`a *b* c`", "`a *b* c`", "<code>a *b* c</code>"),
    ("*a < b* _c_", "a < b _c_", r"*a &lt; b* \_c\_", "<em>a &lt; b</em> _c_"),
]


def in_terminal(markdown: str) -> str:
    console = Console(file=StringIO(), width=100)
    console.print(Markdown(markdown))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().strip()


@pytest.mark.parametrize(("text", "as_text", "as_markdown", "as_html"), TEXTS)
def test_the_graders_words_are_marked_where_markdown_is_read_and_bare_elsewhere(
    text: str, as_text: str, as_markdown: str, as_html: str
) -> None:
    assert unmarked(text) == as_text
    assert marked(text) == as_markdown
    assert to_html(marked(text)) == f"<p>{as_html}</p>\n"
    assert in_terminal(marked(text)) == as_text.replace("`", "")


def test_a_students_words_are_never_marked() -> None:
    assert to_html(plain("*a* `b`")) == "<p>*a* `b`</p>\n"


@pytest.mark.parametrize(
    ("text", "as_markdown"),
    [
        ("- a", r"\- a"),
        ("12. a", r"12\. a"),
        ("3) a", r"3\) a"),
        ("a\n===", "a  \n\\==="),
        (": a", r"\: a"),
        ("1.5", r"1\.5"),
    ],
)
def test_a_line_that_could_begin_a_list_or_a_heading_is_text(text: str, as_markdown: str) -> None:
    assert plain(text) == as_markdown
    assert in_terminal(plain(text)).split() == text.split()


def test_the_terminal_and_plain_formats_show_hints_without_stars(assignment: Assignment) -> None:
    gradient = GradientResult("dJ_dU", 0, 15, "failed", [], hints=["in *one row* of U"])
    grade = Grade(1, "g.py", "graded", 0, 100, [gradient])
    console = Console(file=StringIO(), width=100)
    print_grade(console, grade, assignment.config, staff=True)
    assert isinstance(console.file, StringIO)
    assert "hint: in one row of U" in console.file.getvalue()
    assert [line for line in details(grade, gradient) if "row" in line] == ["hint: in one row of U"]
    assert [line for line in details(grade, gradient, marked=True) if "row" in line] == ["hint: in *one row* of U"]
