"""The documentation is held to the code: commands in it exist, links lead somewhere, the report shown is a real one."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest
from conftest import ROOT

from grader.cli.app import COMMANDS
from grader.records.result import Grade, GradientResult

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "assignment").glob("*.md")])
Command = Callable[..., "CompletedProcess[str]"]


def shell_lines(page: Path) -> list[str]:
    """Lines of the page's sh and console blocks; in a console block those after a `$ `."""
    lines: list[str] = []
    for language, block in re.findall(r"^```(sh|console)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if language == "console" and not line.startswith("$ "):
                continue
            lines.append(line.removeprefix("$ ").partition("  #")[0].strip())
    return [line for line in lines if line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_grader_command_shown_exists(page: Path) -> None:
    for line in shell_lines(page):
        words = line.split()
        if words[0] == "grader" and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in COMMANDS, f"{page.name}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_shown_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in shell_lines(page):
        words = line.split()
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, f"{page.name}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_is_documented() -> None:
    text = "".join(page.read_text() for page in PAGES)
    for command in COMMANDS:
        assert f"grader {command}" in text, f"`grader {command}` stands in no page"


def test_every_key_of_the_json_is_documented() -> None:
    whole, gradient = (ROOT / "docs" / "json.md").read_text().split("## A gradient")
    for kind, part in ((Grade, whole), (GradientResult, gradient)):
        keys = " ".join(line.split("|")[1] for line in part.splitlines() if line.startswith("| `"))
        assert [one.name for one in msgspec.structs.fields(kind) if f"`{one.encode_name}`" not in keys] == []


def test_the_report_in_the_readme_is_what_the_command_prints(grader: Command) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"^```console\n\$ (grader grade \S+)\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert shown, "the README shows a real report"
    printed = grader(*shown[1].split()[1:]).stdout
    lines = [line.rstrip() for line in printed.splitlines() if not line.startswith("sandbox:")]
    assert [line.rstrip() for line in shown[2].strip().splitlines()] == "\n".join(lines).strip().splitlines()
