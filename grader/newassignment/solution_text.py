"""The instructor's files: the derived gradients as a solution, and their derivation line by line."""

import re
from collections.abc import Iterator, Mapping

from grader.derivation import Formula
from grader.derivation import write_solution as derived_solution
from grader.explain.blocks import Block, derivation_blocks, formula_block, shape_of
from grader.explain.render import markdown
from grader.newassignment.described_model import ModelFile
from grader.newassignment.worth_asking import Chosen

_WIDTH = 100
_HEAD = """\
The gradients of `{loss}`, solved.  For instructors only: this file must never reach a student.

Derived from the model by `grader new`; `derivation.md` beside this file shows how.  Please review it before you use it.
"""
_CALLS = "A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.\n"


def write_solution(read: ModelFile, chosen: Chosen, *, calls: bool) -> str:
    """The source of `solutions/gradients.py`, as functions of a sample point.

    Args:
        calls: say that the functions call one another.
    """
    text = derived_solution(chosen.formulas.values(), _HEAD.format(loss=read.loss) + _CALLS * calls)
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

{sections}"""


def write_derivation(read: ModelFile, formulas: Mapping[str, Formula]) -> str:
    """The text of `solutions/derivation.md`: a section for each gradient, as `grader explain` shows it."""
    rows = [f"| `{name}` | {_in_table(formula)} | `{shape_of(formula)}` |" for name, formula in formulas.items()]
    blocks: list[Block] = []
    for name, formula in formulas.items():
        lines = derivation_blocks(formula.steps[1:], numbers=True)
        blocks += [Block("title", name), formula_block(formula), Block("text", "Derivation:"), *lines]
    return _DERIVATION.format(loss=read.loss, table="\n".join(rows), sections=markdown(blocks))


def _in_table(formula: Formula) -> str:
    if formula.is_loop or "\n" in formula.statements:
        return "several statements, see below"
    return f"`{formula.statements.partition(' = ')[2]}`"
