"""The page of a submission as the student and the instructor see it on Gradescope: in a terminal, and as HTML."""

import html
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from grader.packaging.gradescope.dryrun.platform import Outcome
from grader.text import one_line, several_lines

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; line-height: 1.25; } h1, h2, h3, p { overflow-wrap: anywhere; }
section { border: 1px solid #d5d5d5; border-radius: 6px; padding: 0 1.5rem 1rem; margin-bottom: 2rem; }
h2, .test h3 { display: flex; gap: 1rem; justify-content: space-between; align-items: baseline; }
.test { border-left: 4px solid #c0392b; margin: .8rem 0; padding: .3rem 1rem; background: #fafafa; }
.test.passed { border-color: #2e8b57; } .test.plain { border-color: #999; } .test h3 { font-size: 1rem; margin: .3rem 0; }
.score { white-space: nowrap; font-variant-numeric: tabular-nums; } .hidden { color: #666; font-style: italic; }
p { margin: .35rem 0; } code { background: #eee; padding: 0 .25em; border-radius: 3px; }
pre { background: #f4f4f4; padding: 1rem; overflow: auto; font-size: 13px; } pre code { background: none; padding: 0; }
@media (max-width: 40rem) { body { margin: 1rem auto; padding: 0 .5rem; } section { padding: 0 .8rem .5rem; } }
"""


class _Item(NamedTuple):
    """One test of the page: what one of the two sees of it."""

    name: str
    marks: str
    hidden: str
    kind: str
    test: Mapping[str, Any]


def _items(results: Mapping[str, Any], *, instructor: bool) -> Iterator[_Item]:
    """The tests that are shown before the due date."""
    for test in results.get("tests") or []:
        seen = test.get("visibility") or results.get("visibility") or "visible"
        if instructor or seen == "visible":
            scored = test.get("score") is not None
            yield _Item(
                name=f"{test['number']}) {test['name']}" if test.get("number") else test["name"],
                marks=f"{test['score']:g} / {test['max_score']:g}" if scored else "",
                hidden="" if seen == "visible" else seen,
                kind=("passed" if test.get("status") == "passed" else "failed") if scored else "plain",
                test=test,
            )


def total(results: Mapping[str, Any]) -> str:
    """The marks as Gradescope adds them up, or "-" if there are none."""
    tests = [test for test in results.get("tests") or [] if isinstance(test, dict)]
    most = sum(test.get("max_score") or 0 for test in tests)
    scores = [test["score"] for test in tests if test.get("score") is not None]
    score = results.get("score") if results.get("score") is not None else sum(scores) if scores else None
    return "-" if score is None else f"{score:g}" + (f" / {most:g}" if most else "")


def _total_shown(results: Mapping[str, Any], *, instructor: bool) -> str:
    """Students see no total while a test is hidden from them."""
    hides = len(list(_items(results, instructor=False))) < len(results.get("tests") or [])
    return "not shown yet" if hides and not instructor else total(results)


def print_page(console: Console, outcome: Outcome, *, instructor: bool) -> None:
    """Print the page as one of the two sees it."""
    console.print(Rule(f"what the {'instructor' if instructor else 'student'} sees", align="left", style="bold"))
    print_results(console, outcome.results, instructor=instructor)
    if instructor:
        console.print(Text(f"run in {outcome.seconds:.1f} s" + (f"; {outcome.error}" if outcome.error else ""), "dim"))
        console.print(Rule("standard output, for instructors only", align="left", style="dim"))
        console.print(Text(several_lines(outcome.stdout.rstrip())))


def print_results(console: Console, results: Mapping[str, Any], *, instructor: bool = False) -> None:
    """Print the score, the text at the top, and each test with its marks and its text."""
    score = _total_shown(results, instructor=instructor)
    console.print(Text.assemble(("Autograder score  ", "dim"), (score, "bold")))
    console.print(_output(results))
    for name, marks, hidden, kind, test in _items(results, instructor=instructor):
        style = "green" if kind == "passed" else "red"
        console.print(Text.assemble((f"{name}  {marks}", style), (f"  [{hidden}]" if hidden else "", "dim")))
        console.print(Padding(_output(test), (0, 0, 1, 4)))


def page_html(outcome: Outcome, title: str) -> str:
    """One self-contained page with both views."""
    stdout = f'<h3>Standard output, for instructors only</h3><pre tabindex="0">{html.escape(outcome.stdout)}</pre>'
    instructor = _section(outcome.results, instructor=True, below=stdout)
    return _page(title, _section(outcome.results, instructor=False) + instructor)


def student_html(results: Mapping[str, Any], title: str) -> str:
    """The page as the student sees it, self-contained."""
    return _page(title, _section(results, instructor=False))


def _page(title: str, body: str) -> str:
    title = one_line(title)  # with the name of a student's file in it
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n{body}</body></html>\n"
    )


def _section(results: Mapping[str, Any], *, instructor: bool, below: str = "") -> str:
    score = _total_shown(results, instructor=instructor)
    title = f"What the {'instructor' if instructor else 'student'} sees"
    parts = [f"<section><h2><span>{title}</span>{_span(score)}</h2>{_html(results)}"]
    for name, marks, hidden, kind, test in _items(results, instructor=instructor):
        heading = f"<h3><span>{html.escape(name)}</span>{_span(marks)}</h3>"
        note = f'<p class="hidden">{html.escape(hidden)}</p>' if hidden else ""
        parts.append(f'<div class="test {kind}">{heading}{note}{_html(test)}</div>\n')
    return "".join([*parts, below, "</section>\n"])


def _span(score: str) -> str:
    return f'<span class="score">{html.escape(score)}</span>' if score else ""


def _output(part: Mapping[str, Any]) -> RenderableType:
    output = part.get("output") or ""
    return Markdown(output) if part.get("output_format") == "md" else Text(output)


def _html(part: Mapping[str, Any]) -> str:
    output = part.get("output") or ""
    return to_html(output) if part.get("output_format") == "md" else f"<p>{html.escape(output)}</p>"


def to_html(markdown: str) -> str:
    """The Markdown of a page; HTML in it is shown as text."""
    return str(MarkdownIt("commonmark", {"html": False}).render(markdown))
