"""`grader explain`: the derivation, an example with numbers, and errors."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from grader.errors import ConfigError
from grader.explain.example import sections, worked_example
from grader.problem.assignment import Assignment

Run = Callable[..., "CompletedProcess[str]"]


def test_it_prints_the_derivation_and_an_example(grader: Run) -> None:
    shown = grader("explain", "dJ_dU")
    assert shown.returncode == 0, shown.stderr
    for part in (
        "U[i, j]` leads from hidden unit `i` to word `j`",
        "In numbers",
        "dJ_dU = h^T @ dJ/db2",
        "relative error",
        "Mistakes that",
    ):
        assert part in shown.stdout


def test_an_unknown_gradient_is_an_error_with_the_nearest(grader: Run) -> None:
    wrong = grader("explain", "dJ_du")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no gradient dJ_du; did you mean dJ_d" in wrong.stderr
    assert "expected one of dJ_db2, dJ_dU" in grader("explain", "everything").stderr


@pytest.mark.parametrize("name", ["dJ_db2", "dJ_dU", "dJ_dh", "dJ_db1", "dJ_dL_x", "dJ_dI", "dJ_dH", "dJ_dh_prev"])
def test_the_example_agrees_with_its_own_difference(assignment: Assignment, name: str) -> None:
    gradient = next(one for one in assignment.config.gradients if one.name == name)
    example = worked_example(assignment, gradient)
    assert len(set(example.sizes.values())) == len(example.sizes)
    assert example.error < 1e-8
    assert example.quotient.value == pytest.approx(example.quotient.formula, rel=1e-6)
    assert example.quotient.formula == float(example.result.value[example.quotient.index])
    assert example.formula
    assert len(example.mistakes) >= 5


def test_the_ingredients_are_what_the_formula_is_made_of(assignment: Assignment) -> None:
    gradient = next(one for one in assignment.config.gradients if one.name == "dJ_dU")
    example = worked_example(assignment, gradient)
    upstream, h = example.ingredients
    assert (upstream.name, h.name) == ("dJ_db2", "h")
    np.testing.assert_allclose(h.value.T @ upstream.value, example.result.value, rtol=1e-14)


def test_a_derivation_is_cut_at_its_headings(tmp_path: Path) -> None:
    file = tmp_path / "derivation.md"
    file.write_text("# Title\nbefore\n## dJ_da\none\n\n### more\ntwo\n## dJ_db\n")
    assert sections(file) == {"dJ_da": "one\n\n### more\ntwo", "dJ_db": ""}


def test_a_derivation_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        sections(tmp_path / "derivation.md")


def test_without_a_derivation_the_example_stands_alone(copy_of_assignment: Path, grader: Run) -> None:
    (copy_of_assignment / "solutions" / "derivation.md").unlink()
    shown = grader("explain", "dJ_db1", cwd=copy_of_assignment)
    assert "has no section `## dJ_db1`" in shown.stdout
    assert "In numbers" in shown.stdout
