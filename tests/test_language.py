"""Plain English for the people who read it: no private words, no phrases that sound translated.

A file is added by one more pattern in TEXTS.  Markdown is read without its code, Python's strings without the docstrings, YAML
with its comments.  A string or value without a space is a name, such as 'missing-slope', and no prose.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

TEXTS = [
    "README.md",
    "CHANGELOG.md",
    "docs/**/*.md",
    "assignment/*",
    "solutions/*",
    "config.yaml",
    "grader/**/*.py",
    "grader/**/*.yaml",
]
GENERATED = ["docs/store.md"]  # from grader/store/schema.py, which has its own words

# (what must not be written, what to write)
PHRASES = [
    (r"\b(?:is|are|was|were|be|been|being) told\b(?! apart| from)", "reported, diagnosed"),
    (r"\btold (?:as|by|in|of|with|once|together)\b", "reported, diagnosed"),
    (r"\b(?:re)?tells? (?:of|the student of|staff of)\b", "report"),
    (r"\b(?:story|stories|retell\w*|retold)\b", "diagnosis, hypothesis; verify"),
    (r"\bfollow-through root", "root cause"),
    (r"\bjudg(?:e|es|ed|ing)\b", "check"),
    (r"\bhostile until\b|\btrust is no\b", "(rewrite)"),
    (r"\b(?:rehears\w+)\b", "smoke test, dry run"),
    (r"\b(?:hatch(?:es|ed|ing)?|hatchery|nursery)\b", "prestart, worker pool"),
    (
        r"\blayers? (?:is|are|was|were) put on\b|\bput(?:ting)? on (?:the )?(?:layers?|protections?)\b",
        "restrictions applied",
    ),
    (r"\bbreach(?:es|ed)?\b", "violation"),
    (r"\b(?:heat letters|equal letters|handout's letters)\b", "symbolic dimensions"),
    (r"\bbank of (?:concepts|candidates|expressions)\b|\bthe bank\b", "candidate expressions"),
    (r"\bslopes?\b", "derivative"),
    (r"\bstop(?:s|ped)? with an error\b", "raised an exception"),
    (r"\bmend(?:s|ed|ing)?\b", "fix"),
    (r"\bhand(?:s|ed|ing)? (?:it |them |the same |the file |one )?in\b", "submit"),
    (r"\bin force\b", "current"),
    (r"\b(?:each|every|this|that|another|a grading) round\b|\bthe round (?:is|was|that)\b", "grading run"),
    (r"\bwhoever\b|\bof ours\b|\b[Tt]he staff's\b", "the caller; our; instructors'"),
    (r"\b(?:is|are|was|be) to be \w+ed\b|\bto be looked at\b", "must be, needs review"),
    (r"\bso many (?:of them|different|times|submissions|marks)\b|\bso many\W*$", "N"),
    (r"\bnot to be had\b|\bcan be had\b", "unavailable"),
    (
        r"\bnot on a way to the right answer\b|\bas it should be: what goes wrong\b",
        "before line 20 your values match the derivation",
    ),
    (
        r"\bis another one of the same size\b|\banother quantity than\b",
        "the wrong one; it happens to have the right size",
    ),
    (r"\bdoes not mean what it seems to\b", "check the names and calls on that line"),
    (r"\bthe numbers are what is left when\b", "one term is missing"),
    (r"\bone pair of brackets short\b", "this is 1-D; a row has shape (1, V)"),
    (r"\ban axis of length 1 is lost or (?:added|gained)\b", "the result has lost (or gained) an axis of length 1"),
    (r"\ball pairs are to be formed\b", "an inner product instead of an outer product"),
    (r"\bthe right ones divided by its number of entries\b", "divided by the number of entries"),
    (r"\bthe printed line with\b", "what `H.T @ ...` gives"),
    (r"\bneeds both to be the same kind of index\b", "these two axes must match"),
    (r"\bare they named as asked\b|\bis it dJ\w+, with another name\b", "did you mean"),
    (r"\bits turn comes\b|\bwhose turn comes\b", "runs once the previous check passes"),
    (r"\bmore kept only by follow-through\b", "follow-through saved another N"),
    (r"\bcounts something else than\b|\bcounts other \w+ than\b", "the maximum differs"),
    (r"\bis read as fast as it writes\b|\bheed(?:s|ed)?\b|\bof one line\b", "(rewrite)"),
    (r"\b(?:that|which) is none\b|\bis none of\b", "isn't one"),
    (r"\bis no (?:failure|matter|formula|verdict|Python|submission|gradebook)\b", "isn't a ..."),
    (r"\bnothing like (?:a )?submissions?\b|\bas what they are\b|\bin (?:their|its) own words\b", "(rewrite)"),
]


def texts() -> list[Path]:
    found = [path for pattern in TEXTS for path in sorted(ROOT.glob(pattern)) if path.suffix in (".md", ".py", ".yaml")]
    return [path for path in found if str(path.relative_to(ROOT)) not in GENERATED]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what people read in a file; what runs over several lines is one text."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tree = ast.parse(source)
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
                continue
            if " " in node.value:
                yield node.lineno, without_code(node.value)
    elif path.suffix == ".yaml":
        yield from yaml_values(yaml.compose(source))
        comments = [re.search(r"(?:^|\s)#(.*)", line) for line in source.splitlines()]
        yield from ((line, without_code(found[1])) for line, found in enumerate(comments, start=1) if found)
    else:
        blanked = re.sub(
            r"^( *)```.*?^ *```$", lambda one: "\n" * one[0].count("\n"), source, flags=re.DOTALL | re.MULTILINE
        )
        yield from paragraphs(blanked)


def yaml_values(node: yaml.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.ScalarNode):
        if " " in node.value:
            yield node.start_mark.line + 1, without_code(node.value)
    else:
        for part in node.value:
            for one in part if isinstance(node, yaml.MappingNode) else [part]:
                yield from yaml_values(one)


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Paragraphs, list items and rows of tables with the number of their first line."""
    start = 0
    for part in re.split(r"(\n(?=\s*\n|\s*[-*|] |\s*\d+\. ))", text):
        if part.strip():
            yield text.count("\n", 0, start) + 1, without_code(part)
        start += len(part)


def without_code(text: str) -> str:
    return " ".join(re.sub(r"`[^`]*`", "``", text).split())


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_private_words(path: Path) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}: write {better}"
        for line, text in prose(path)
        for pattern, better in PHRASES
        for match in re.finditer(pattern, text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    [
        "a damaged zip is told in one line",
        "Several stories fit.",
        "The answers are judged again.",
        "The one to mend is named.",
        "What was handed in is kept.",
        "The grading in force is shown.",
        "stopped with an error",
        "Look at the slope of the sigmoid.",
        "38 are to be looked at",
        "its turn comes when the check before it passes",
        "one pair of brackets short of a row",
    ],
)
def test_private_words_are_found(sentence: str) -> None:
    assert any(re.search(pattern, sentence) for pattern, _ in PHRASES)


@pytest.mark.parametrize(
    "sentence",
    [
        "At the chosen sample points, no two mistakes can be told apart.",
        "This tells you which gradient to fix.",
        "the number is rounded to two digits",
        "A round trip through your LMS",
        "Hand it out to your students.",
        "the results that were stored in the database",
        "It raised an exception.",
    ],
)
def test_good_english_is_left_alone(sentence: str) -> None:
    assert not [pattern for pattern, _ in PHRASES if re.search(pattern, sentence)]


def test_code_is_left_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("One `story` here.\n\n```text\njudged\n```\n\n- two\n  lines\n")
    assert [text for _, text in prose(page)] == ["One `` here.", "- two lines"]
    (tmp_path / "a.py").write_text('"""A story."""\nNAME = "story"\nTEXT = "a judge"\n')
    assert list(prose(tmp_path / "a.py")) == [(3, "a judge")]
    (tmp_path / "a.yaml").write_text("- {for: [missing-slope]}  # one hint\n- says: >-\n    a slope\n    `slope`\n")
    assert list(prose(tmp_path / "a.yaml")) == [(2, "a slope ``"), (1, "one hint")]
