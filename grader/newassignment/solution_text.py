"""The instructor's files: the derived gradients as a solution, and their derivation line by line."""

import re
from collections.abc import Iterator, Mapping
from textwrap import wrap

from grader.derivation import Formula
from grader.derivation import write_solution as derived_solution
from grader.newassignment.described_model import ModelFile
from grader.newassignment.worth_asking import Chosen

_WIDTH = 100
_HEAD = """\
The gradients of `{loss}`, solved.  For instructors only: this file must never reach a student.

Derived from the model by `grader new`; `derivation.md` beside this file shows how.  Please review it before you use it.
A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""


def write_solution(read: ModelFile, chosen: Chosen) -> str:
    """The source of `solutions/gradients.py`."""
    text = derived_solution(chosen.formulas.values(), _HEAD.format(loss=read.loss))
    return _in_short_lines(text.replace("\n\n\n\n", "\n\n\n")) + "\n"


def _in_short_lines(code: str) -> str:
    """The same in lines that are not too long."""
    return "\n".join(line for each in code.strip().splitlines() for line in _folded(each))


def _folded(line: str) -> Iterator[str]:
    if len(line) <= _WIDTH:
        yield line
    elif docstring := re.fullmatch(r'( *)"""(\S+) = (.*), (shape \([^()]*\).*)\."""', line):
        indent, left, formula, shape = docstring.groups()
        yield f'{indent}"""{left}, {shape}.'
        yield ""
        yield from _in_terms(indent, f"{left} = ", formula)
        yield f'{indent}"""'
    elif result := re.fullmatch(r"( *)(return |\w+ = )(.*)", line):
        indent, start, formula = result.groups()
        terms = _terms(formula)
        if len(terms) == 1:
            yield line
            return
        yield f"{indent}{start}("
        yield from (f"{indent}    {term}" for term in terms)
        yield f"{indent})"
    else:
        yield line


def _in_terms(indent: str, start: str, formula: str) -> Iterator[str]:
    first, *rest = _terms(formula)
    yield f"{indent}{start}{first}"
    yield from (f"{indent}{' ' * (len(start) - 2)}{term}" for term in rest)


def _terms(formula: str) -> list[str]:
    """A sum, cut before each + and - that stands in no bracket."""
    depth, terms, start = 0, [], 0
    for position, letter in enumerate(formula):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and position and formula[position - 1 : position + 2] in (" + ", " - "):
            terms.append(formula[start:position].strip())
            start = position
    return [*terms, formula[start:].strip()]


# derivation.md


_DERIVATION = """\
# Derivation of the gradients of `{loss}`

For instructors: this file has every answer in it, and must never reach a student. `grader new` derived it from
`assignment/model.py`, and every line was evaluated before it was written.

Formulas are written as in numpy: `*` and `@` are numpy's, `.T` is a transpose, `·` multiplies two numbers.
The bracket `[i = k]` is 1 if `i` and `k` are equal, and 0 if not; in a sum over `k` it leaves the term with `k = i`.
An axis of size one has no index. What lies between two quantities of the model gets a letter of its own, such as `a`.

| gradient | formula | shape |
|---|---|---|
{table}

{sections}
"""


def write_derivation(read: ModelFile, formulas: Mapping[str, Formula]) -> str:
    """The text of `solutions/derivation.md`: a section for each gradient, in the words of its steps."""
    rows = [f"| `{name}` | {_in_table(formula)} | `{_shape(formula)}` |" for name, formula in formulas.items()]
    sections = [f"## {name}\n\n{_section(formula)}" for name, formula in formulas.items()]
    return _DERIVATION.format(loss=read.loss, table="\n".join(rows), sections="\n\n".join(sections))


def _in_table(formula: Formula) -> str:
    return "several statements, see below" if "; " in formula.text else f"`{formula.text}`"


def _shape(formula: Formula) -> str:
    return f"({', '.join(formula.shape)}{',' if len(formula.shape) == 1 else ''})"


# What is said before the lines of a kind; lines of the same group stand in one block.
_GROUPS = {
    "forward": "model",
    "local": "model",
    "known": "chain",
    "chain": "chain",
    "entry": "chain",
    "shapes": "matrix",
}
_PLACED = re.compile(r"= g\d+\[")
_WORDS = {
    "model": "With indices, and differentiated by one entry:",
    "chain": "By the chain rule:",
    "matrix": "In numpy:",
}


def _section(formula: Formula) -> str:
    """The steps: formulas in blocks, each after the words that say what it is; reasons as paragraphs."""
    blocks: list[tuple[str, list[str]]] = []
    for line in formula.steps[1:]:  # the first one is the formula
        if line.kind == "entry" and _PLACED.search(line.text):
            continue  # an array that is filled entry by entry has no formula for one of them
        group = _GROUPS.get(line.kind, line.kind)
        if blocks and blocks[-1][0] == group and group in _WORDS:
            blocks[-1][1].append(line.text)
        else:
            blocks.append((group, [line.text]))
    head = f"```text\n{_statements(formula.steps[0].text)}\n```"
    return "\n\n".join([head, *(_block(blocks, k) for k in range(len(blocks)))])


def _statements(text: str) -> str:
    """A formula that needs several statements, one a line."""
    return "\n".join(text.split("; "))


def _block(blocks: list[tuple[str, list[str]]], k: int) -> str:
    group, lines = blocks[k]
    text = "\n".join(map(_statements, lines) if group == "matrix" else lines)
    if group not in _WORDS:
        return f"**{text}**" if group == "heading" else "\n".join(wrap(text[0].upper() + text[1:], _WIDTH))
    continued = k > 0 and blocks[k - 1][0] in ("note", "heading") and group != "model"
    words = _WORDS[group] if group != "model" or len(lines) > 1 else "In the model:"
    return f"```text\n{text}\n```" if continued else f"{words}\n\n```text\n{text}\n```"
