"""Wrong submissions with labels: the cases.txt of an assignment.  tests/blind/README.md describes the format."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import UsageError

KINDS = frozenset(
    "sign transpose operand-order wrong-variable missing-term extra-term missing-factor extra-factor wrong-derivative"
    " wrong-operator scale reduction numerical-gradient constant shape runtime".split()
)
_MARK = re.compile(r"[ ]*#!(?: (\w+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """One mistake: the gradient, and what may be said of it."""

    gradient: str
    kinds: frozenset[str]
    where: frozenset[str]
    words: tuple[str, ...] = ()


@dataclass
class Case:
    """A wrong submission.  `lines` are the wrong ones: the gradient, "" for any, and the number."""

    id: str
    truth: str
    source: str
    faults: list[Fault] = field(default_factory=list)
    also: list[Fault] = field(default_factory=list)
    lines: list[tuple[str, int]] = field(default_factory=list)

    @property
    def accused(self) -> list[str]:
        return list(dict.fromkeys(fault.gradient for fault in self.faults))


def read_cases(folder: Path) -> list[Case]:
    """The cases of an assignment; what a case leaves out comes from a file in `right/`.

    Raises:
        UsageError: a label is not one.
    """
    styles = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "right").glob("*.py")}
    text = (folder / "cases.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^=== ", text, flags=re.MULTILINE)[1:]
    cases = [_case(block, styles) for block in blocks]
    twice = [id for id, count in Counter(case.id for case in cases).items() if count > 1]
    if twice:
        raise UsageError(f"{folder / 'cases.txt'}: these ids occur twice: {', '.join(twice)}")
    return cases


def _case(block: str, styles: dict[str, str]) -> Case:
    lines = block.splitlines()
    id, truth = lines[0].split(": ", 1)
    case, style, code = Case(id, truth, ""), "plain", []
    for line in lines[1:]:
        if line.startswith("= style: "):
            style = line.removeprefix("= style: ")
        elif line.startswith(("= ", "+ ")):
            (case.faults if line[0] == "=" else case.also).append(_fault(line[2:]))
        elif not line.startswith("# ----"):
            code.append(line)
    text = "import numpy as np\n\n\n" + "\n".join(code).strip() + "\n"
    case.lines = [
        (match[1] or "", number) for number, line in enumerate(text.splitlines(), 1) if (match := _MARK.search(line))
    ]
    text = _MARK.sub("", text)
    case.source = text + "".join("\n\n" + function for function in _definitions_not_in(text, styles[style]))
    return case


def _fault(line: str) -> Fault:
    gradient, _, label = line.partition(":")
    kinds, _, where = label.partition("@")
    words = tuple(word[1:] for word in kinds.split() if word[0] == "~")
    named = frozenset(word for word in kinds.split() if word[0] != "~")
    if not named <= KINDS:
        raise UsageError(f"{line}: expected kinds out of {', '.join(sorted(KINDS))}, or ~words")
    return Fault(gradient, named, frozenset(where.split()), words)


def _definitions_not_in(text: str, right: str) -> Iterator[str]:
    """The functions, classes, constants and imports of a right file that the text has no own version of."""
    defined = {name for node in ast.parse(text).body for name in _names(node)}
    for node in ast.parse(right).body:
        if not defined.issuperset(_names(node)):
            yield (ast.get_source_segment(right, node) or "") + "\n"


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case _:
            return []
