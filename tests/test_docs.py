"""The documentation is held to the code: its commands are run, its links followed, its pictures and messages compared.

Every ```console and ```sh block of README.md, docs/ and assignment/ runs in a temporary folder, in the order of the page, with
`grader`.  A comment above a block says what else it is:

    <!-- file: assignment/model.py -->    the block (of any language) is a file, which the page's commands find there
    <!-- not run: needs a network -->     the block is only read; NOT_RUN counts these

In a console block what follows a `$ command` is what it prints, and is compared; a line `...` stands for any lines,
and `...` in a line for any text.  `make golden` rewrites the output shown, except where it has such dots.
"""

import ast
import html
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent

import classroom
import msgspec
import pytest
import warm
from conftest import ROOT, copy_assignment

from grader.cli.app import command_modules
from grader.config.load import load_config
from grader.errors import ConfigError
from grader.output.wording import NOT_FOUND, STATUS_LABELS
from grader.packaging.handout.homework import Homework
from grader.packaging.handout.readme import fill_in
from grader.records.result import Grade, GradientResult

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "assignment").glob("*.md")])
EXECUTED = [ROOT / "README.md", ROOT / "assignment" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
Command = Callable[..., "CompletedProcess[str]"]

# How many blocks of a page are not run.
NOT_RUN = {
    "README.md": 2,
    "docs/cluster.md": 2,
    "docs/formats.md": 1,
    "docs/platforms.md": 2,
    "docs/report.md": 1,
    "docs/students.md": 1,
}
IN_THE_HANDOUT = ("docs/students.md", "assignment/README.md")  # the others start in the assignment's folder
MAY_FIND_MISTAKES = re.compile(
    r"grader (check|grade|preview|gradescope try)\b|pytest\b"
)  # exit code 1 is then no failure
BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>file|not run): (?P<about>.+?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its text, and what the comment above it says."""

    language: str
    text: str
    mark: str
    about: str

    @property
    def is_shell(self) -> bool:
        return self.language in ("sh", "console") and self.mark != "file"

    def commands(self) -> list[tuple[str, str]]:
        """(command, output shown); the whole of an sh block is one."""
        if self.language == "sh":
            return [(self.text, "")]
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


@cache
def blocks(page: Path) -> list[Block]:
    found = BLOCK.finditer(page.read_text())
    return [Block(one["language"], dedent(one["text"]), one["mark"] or "", one["about"] or "") for one in found]


def called(page: Path) -> str:
    return str(page.relative_to(ROOT))


def shell_lines(page: Path) -> list[str]:
    """Lines of the page's commands, also of those that are not run."""
    lines = [
        line.partition("  #")[0].strip()
        for block in blocks(page)
        if block.is_shell
        for command, _ in block.commands()
        for line in command.splitlines()
    ]
    return [line for line in lines if line]


# ------------------------------------------------------------------------------------------------------------ running


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled assignment with what staff have beside it: submissions, downloads of each platform, gradebooks."""
    folder = tmp_path_factory.mktemp("course")
    copy_assignment(folder)
    example = "tests/submissions/seed.followed_through.py"
    mine = {"gradients.py": classroom.FLIPPED, "first.py": classroom.FLIPPED, "second.py": classroom.SOLUTION}
    classroom.write(folder, {**mine, "student/gradients.py": classroom.FLIPPED, example: (ROOT / example).read_bytes()})
    classroom.write(folder / "submissions", classroom.files("folders"))
    classroom.write(folder, classroom.files("github"))
    for layout in ("folders", "canvas", "moodle", "blackboard", "brightspace", "gradescope", "autolab"):
        name = "submissions" if layout == "folders" else layout
        classroom.zipped(folder / f"{name}.zip", classroom.files(layout))
    (folder / "gradebook.csv").write_text(_canvas_gradebook())
    (folder / "worksheet.csv").write_text(_moodle_worksheet())
    return folder


def _canvas_gradebook() -> str:
    lines = ["Student,ID,SIS User ID,SIS Login ID,Section,Homework 3 (1234)", "    Points Possible,,,,,100.00"]
    for one in classroom.STUDENTS:
        first, last = one.name.split(" ")
        lines.append(f'"{last}, {first}",{one.number},0{one.number},{one.login},01,')
    return "\n".join(lines) + "\n"


def _moodle_worksheet() -> str:
    before, after = "Identifier,Full name,Email address,Status,Grade", "Last modified (submission),Feedback comments"
    lines = [f"{before},Maximum Grade,Grade can be changed,{after}"]
    when = '"Friday, 2 October 2026, 11:58 AM"'
    lines += [
        f"Participant {one.number},{one.name},{one.email},Submitted for grading,,100.00,Yes,{when},"
        for one in classroom.STUDENTS
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def handout(course: Path, grader: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What students unpack, with a mistake in their gradients.py."""
    packed = tmp_path_factory.mktemp("handout")
    done = grader("handout", "--force", "-o", packed / "handout.zip", cwd=course)
    assert done.returncode == 0, done.stderr
    zipfile.ZipFile(packed / "handout.zip").extractall(packed / "handout")
    (packed / "handout" / "gradients.py").write_bytes(classroom.FLIPPED)
    return packed / "handout"


def _script(page: Path, folder: Path) -> str:
    """All commands of a page; before the output of each a line with its number, and one for each that fails."""
    lines = ["exec 2>&1", "trap 'echo \"::failed:$?:$BASH_COMMAND\"' ERR"]
    number = 0
    for block in blocks(page):
        if block.mark == "file":
            (folder / block.about).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.about).write_text(block.text)
        elif block.is_shell and not block.mark:
            for command, _ in block.commands():
                lines += [f"echo ::command:{number}", _ending(command)]
                number += 1
    return "\n".join(lines)


def _ending(command: str) -> str:
    """What would run until Ctrl-C gets one; having waited for it is then its success."""
    return re.sub(
        r"^(grader check.*--watch)", r"timeout --signal INT 1 \1 || [ $? -eq 124 ]", command, flags=re.MULTILINE
    )


# Pages that set up, validate, pack and grade whole classes, step by step; students do what README.md of the handout says, too.
LONG = {
    f"docs/{name}.md"
    for name in "assignment assistants batch explain gradescope instructors lms marks report students".split()
}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=called(page), marks=[pytest.mark.slow] * (called(page) in LONG))
        for page in EXECUTED
        if any(one.is_shell for one in blocks(page))
    ],
)
def test_every_command_runs_and_prints_the_golden_output(
    page: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    start: Path = request.getfixturevalue("handout" if called(page) in IN_THE_HANDOUT else "course")
    folder = tmp_path / start.name
    shutil.copytree(start, folder, symlinks=True)
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    environment["PATH"] = (
        f"{warm.GRADER.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    )
    done = subprocess.run(
        ["bash", "-c", _script(page, folder)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=100,
    )
    failed = re.findall(r"^::failed:(\d+):(.*)$", done.stdout, re.MULTILINE)
    bad = [f"{line} (exit code {code})" for code, line in failed if code != "1" or not MAY_FIND_MISTAKES.match(line)]
    bad += re.findall(r"^Traceback .*|^bash: .*", done.stdout, re.MULTILINE)
    assert not bad, f"{called(page)}: {bad}\n{done.stdout}"
    run = [one for block in blocks(page) if block.is_shell and not block.mark for one in block.commands()]
    outputs = re.split(r"^::command:\d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(outputs) == len(run), f"{called(page)} stopped halfway:\n{done.stdout}"
    for (command, shown), printed in zip(run, outputs, strict=True):
        printed = re.sub(r"^::failed:.*\n", "", printed, flags=re.MULTILINE)
        if shown and os.environ.get("UPDATE_GOLDEN"):
            _rewrite(page, command, shown, printed)
        elif shown:
            assert _like(_tidy(printed), _tidy(shown)), f"{called(page)}: `{command}` prints:\n{printed}"


def _tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _like(printed: list[str], shown: list[str]) -> bool:
    """Whether the lines are those shown, where a line `...` stands for any lines, and `...` in a line for any text."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(_like(printed[start:], shown[1:]) for start in range(len(printed) + 1))
    pattern = ".*".join(map(re.escape, shown[0].split("...")))
    return bool(printed) and re.fullmatch(pattern, printed[0]) is not None and _like(printed[1:], shown[1:])


def _rewrite(page: Path, command: str, shown: str, printed: str) -> None:
    if "..." not in shown:
        old, new = f"$ {command}\n{shown}", f"$ {command}\n" + "\n".join(_tidy(printed)) + "\n"
        page.write_text(page.read_text().replace(old, new))


@pytest.mark.parametrize("page", EXECUTED, ids=called)
def test_no_block_is_overlooked(page: Path) -> None:
    shells = re.findall(r"^\s*(?:```|~~~)\s*(?:sh|console|shell)\b", page.read_text(), re.MULTILINE)
    assert len(shells) == sum(block.is_shell for block in blocks(page))


def test_blocks_that_are_not_run_are_counted() -> None:
    found = {called(page): sum(block.mark == "not run" for block in blocks(page)) for page in EXECUTED}
    for page in EXECUTED:  # it would replace what is tested here
        run = [block.text for block in blocks(page) if block.is_shell and not block.mark]
        assert "pip install" not in "".join(run), f"{called(page)}: `pip install` is run"
    assert {page: count for page, count in found.items() if count} == NOT_RUN


def test_output_that_differs_is_noticed() -> None:
    assert _like(["a", "b", "c"], ["a", "...", "c"])
    assert _like(["a", "b", "c"], ["a", "b", "..."])
    assert not _like(["a", "b", "c"], ["a", "c"])
    assert not _like(["a", "b", "d"], ["a", "...", "c"])
    assert _like(["strong (Linux)"], ["strong (...)"])
    assert not _like(["weak"], ["strong..."])


# ---------------------------------------------------------------------------------------------------- what pages name


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_grader_command_shown_exists(page: Path) -> None:
    named = [line.split() for line in shell_lines(page)]
    named += [text.split() for text in re.findall(r"`(grader [^`]+)`", page.read_text())]
    for words in named:
        if words[0] == "grader" and len(words) > 1 and re.fullmatch("[a-z]+", words[1]):
            assert words[1] in command_modules(), f"{page.name}: {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_make_target_shown_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [line.split() for line in shell_lines(page)]
    named += [text.split() for text in re.findall(r"`(make [^`]+)`", page.read_text())]
    for words in named:
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, f"{page.name}: {' '.join(words)}"


@cache
def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub writes them in addresses."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)[^)]*\)", text)
    targets += re.findall(r'<(?:img|a) [^>]*?(?:src|href)="(?!https?:)([^"]+)"', text)
    for target in targets:
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(linked), f"{page.name} links to {target}, and there is no such heading"


OPTIONAL = "solutions/gradients.py"


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_file_named_exists(page: Path) -> None:
    """Paths from the top of this repository."""
    made = {block.about for block in blocks(page) if block.mark == "file"}
    for path in re.findall(r"`((?:benchmarks|docs|grader|scripts|solutions|tests)/[\w./-]+)`", page.read_text()):
        assert path in made or (ROOT / path).exists() or path == OPTIONAL, f"{page.name} names {path}"


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_everything_named_of_the_handouts_tests_exists(page: Path) -> None:
    named = re.findall(r"\bhomework\.(\w+)", page.read_text())
    if page.name != "CHANGELOG.md":  # it names what is gone, too
        assert [name for name in named if not hasattr(Homework, name)] == []


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{page.name}" in readme, f"README.md does not link to {page.name}"


def test_every_command_is_documented() -> None:
    text = "".join(page.read_text() for page in PAGES)
    for command in command_modules():
        assert f"grader {command}" in text, f"`grader {command}` stands in no page"


def test_every_verdict_is_explained_to_assistants() -> None:
    page = (ROOT / "docs" / "assistants.md").read_text()
    labels = [
        label for status, label in STATUS_LABELS.items() if status != "followed_through"
    ]  # which names a gradient
    assert [label for label in [*labels, NOT_FOUND, "right, given your dJ_db2"] if f"`{label}`" not in page] == []


def test_every_key_of_the_json_is_documented() -> None:
    whole, gradient = (ROOT / "docs" / "json.md").read_text().split("## A gradient")
    for kind, part in ((Grade, whole), (GradientResult, gradient)):
        keys = " ".join(line.split("|")[1] for line in part.splitlines() if line.startswith("| `"))
        assert [one.name for one in msgspec.structs.fields(kind) if f"`{one.encode_name}`" not in keys] == []


def first_column(page: str, heading: str) -> list[str]:
    """The first cells of the first table below a heading, without its head."""
    text = (ROOT / page).read_text().split(f"{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table, f"{page}: no table below {heading}"
    return [row.split("|")[1].strip().strip("`") for row in table[0].splitlines()[2:]]


def test_every_finding_of_validate_is_explained(validated: "CompletedProcess[str]") -> None:
    found = json.loads(validated.stdout)["findings"]
    assert first_column("docs/assignment.md", "## What `grader validate` finds") == [one["check"] for one in found]


def test_every_part_of_a_handouts_texts_is_explained() -> None:
    with pytest.raises(ConfigError) as raised:
        fill_in("<!-- config.yaml: nothing -->\n<!-- end -->", load_config(ROOT / "config.yaml"))
    parts = str(raised.value).partition("expected one of ")[2].split(", ")
    assert sorted(first_column("docs/handout.md", "## Texts that follow the config")) == sorted(parts)


def test_every_kind_of_quantity_is_explained() -> None:
    schema = json.loads((ROOT / "docs" / "config.schema.json").read_text())["$defs"]
    kinds = [one["properties"]["sample"]["enum"] for one in schema.values() if "sample" in one.get("properties", {})]
    assert sorted(first_column("docs/assignment.md", "## Quantities")) == sorted(
        kind for some in kinds for kind in some
    )


# ----------------------------------------------------------------------------------------------- pictures and messages


def test_the_report_in_the_readme_is_what_the_command_prints(grader: Command) -> None:
    svg = (ROOT / "docs" / "images" / "grade.svg").read_text()
    shown = "".join(html.unescape(text) for text in re.findall(r'<text class="grade-r\d+"[^>]*>(.*?)</text>', svg))
    command = "grader grade tests/submissions/seed.followed_through.py"
    printed = [line for line in grader(*command.split()[1:]).stdout.splitlines() if not line.startswith("sandbox:")]
    assert _letters(shown) == _letters("\n".join([f"$ {command}", *printed])), "`make pictures` draws it again"


def _letters(text: str) -> str:
    return "".join(text.split())


def test_pictures_are_small_and_used() -> None:
    text = "".join(page.read_text() for page in PAGES)
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.name in text, f"no page shows {picture.name}"
        assert picture.stat().st_size < 150_000, picture.name


@cache
def messages() -> list[str]:
    """Every text in the grader's source; what is put into it at run time is a {}."""
    texts = []
    for file in (ROOT / "grader").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
                texts.append("".join(map(str, parts)))
    return texts


def test_every_message_in_troubleshooting_is_one_of_the_grader() -> None:
    """A row of its tables begins with the message; `…` stands for what differs from case to case."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        parts = [part.strip() for part in row.split("…") if part.strip()]
        assert any(all(part in text for part in parts) for text in messages()), f"no message of the grader: {row}"
