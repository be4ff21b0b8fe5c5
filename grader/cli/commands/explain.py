"""`grader explain`: where a gradient comes from, with numbers.  For instructors: it shows the answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import config_option
from grader.grading.grader import Grader

if TYPE_CHECKING:
    from grader.config.keys import Gradient
    from grader.explain.example import Example, Named
    from grader.problem.assignment import Assignment


@click.command("explain")
@click.argument("gradient")
@config_option
def command(gradient: str, config_path: Path | None) -> None:
    """Derive a gradient, with numbers.

    For instructors: GRADIENT, such as dJ_dU, with its section of derivation.md beside the solution, an example with small
    sizes, and the mistakes that the grader recognizes.
    """
    from grader.errors import UsageError, did_you_mean

    grader = Grader(config_path)
    by_name = {one.name: one for one in grader.config.gradients}
    if gradient not in by_name:
        known = ", ".join(by_name)
        raise UsageError(
            f"there is no gradient {gradient}{did_you_mean(gradient, list(by_name)) or f'; expected one of {known}'}"
        )
    for line in _lines(grader.assignment, by_name[gradient]):
        click.echo(line)


def _lines(assignment: "Assignment", gradient: "Gradient") -> Iterator[str]:
    from grader.explain.example import worked_example
    from grader.explain.sections import derivation_path, sections

    title = f"{gradient.name}: gradient of {assignment.config.loss} with respect to {gradient.of}"
    yield f"{click.style(title, bold=True)}\n"
    path = derivation_path(assignment)
    text = sections(path).get(gradient.name, "") if path.is_file() else ""
    yield text or f"({path.name} beside the solution has no section `## {gradient.name}`)"
    yield f"\n{click.style('In numbers', bold=True)}\n"
    yield from _numbers(worked_example(assignment, gradient), gradient, assignment.config.loss)


def _numbers(example: "Example", gradient: "Gradient", loss: str) -> Iterator[str]:
    yield f"at a sample point with {', '.join(f'{name} = {size}' for name, size in example.sizes.items())}\n"
    for ingredient in example.ingredients:
        yield from _array(ingredient)
    if example.formula:
        yield f"{gradient.name} = {example.formula}\n"
    yield from _array(example.result)
    quotient = example.quotient
    entry = ", ".join(map(str, quotient.index))
    yield f"By finite differences: with {gradient.of}[{entry}] moved up and down by {quotient.size:g}, {loss} is"
    yield f"{quotient.above:.12f} and {quotient.below:.12f}. Their difference, divided by {2 * quotient.size:g}, is"
    yield f"{quotient.value:.8f}, and {gradient.name}[{entry}] is {quotient.formula:.8f}."
    yield f"All entries together have a relative error of {example.error:.1e}."
    if not example.mistakes:
        yield "\nThe grader cannot read its formula in the solution, so it derives no mistakes; see docs/diagnosis.md."
        return
    yield f"\n{click.style('Mistakes that the grader recognizes', bold=True)}\n"
    for mistake in example.mistakes:
        yield f"- {mistake}"


def _array(named: "Named") -> Iterator[str]:
    """Its name and shape, and its numbers beneath."""
    import numpy as np

    shape = f"({', '.join(map(str, named.shape))})" if named.shape else "a number"
    yield f"  {named.name}  {shape}"
    text = np.array2string(named.value, precision=4, suppress_small=True, floatmode="fixed", max_line_width=110)
    yield from (f"    {line}" for line in text.splitlines())
    yield ""
