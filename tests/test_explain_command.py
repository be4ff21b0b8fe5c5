"""`grader explain`: the derivation, an example with numbers, and errors."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from grader.errors import ConfigError
from grader.explain.example import sections, worked_example
from grader.explain.notation import in_latex
from grader.problem.assignment import Assignment

Run = Callable[..., "CompletedProcess[str]"]


def test_it_prints_the_derivation_and_an_example(grader: Run) -> None:
    shown = grader("explain", "dJ_dU")
    assert shown.returncode == 0, shown.stderr
    for part in (
        "dJ_dU = h.T @ dJ_db2",
        "∂J/∂U[i, j] = h[i] · dJ_db2[j]",
        "(Dh, 1)  @  (1, V)     (Dh, V)",
        "Why h.T: nothing is summed.",
        "`U[i, j]` leads from hidden unit `i` to word `j`",  # the instructor's own words
        "In numbers",
        "relative error",
        "Mistakes that are recognized",
    ):
        assert part in shown.stdout


def test_without_a_gradient_all_are_derived_in_order(grader: Run) -> None:
    shown = grader("explain")
    assert shown.returncode == 0, shown.stderr
    titles = [line.partition(":")[0] for line in shown.stdout.splitlines() if ": gradient of J with" in line]
    assert titles == ["dJ_db2", "dJ_dU", "dJ_dh", "dJ_db1", "dJ_dL_x", "dJ_dI", "dJ_dH", "dJ_dh_prev"]


def test_where_the_transpose_comes_from_is_answered_for_the_whole_assignment(grader: Run) -> None:
    shown = " ".join(grader("explain", "--why", "transpose").stdout.split())
    assert "No rule of differentiation produces a transpose." in shown
    assert "On the left: h.T in dJ_dU, e.T in dJ_dI, h_prev.T in dJ_dH." in shown
    assert "On the right: U.T in dJ_dh, I.T in dJ_dL_x, H.T in dJ_dh_prev." in shown
    assert "an outer product" in shown
    both = grader("explain", "dJ_dU", "--why", "transpose")
    assert (both.returncode, both.stdout) == (2, "")
    assert "expected no GRADIENT, found dJ_dU" in both.stderr


@pytest.mark.parametrize(
    "style, parts",
    [
        ("markdown", ["## dJ_dU: gradient of J", "```text\n(Dh, V)      dJ_dU = h.T @ dJ_db2\n```", "### In numbers"]),
        (
            "latex",
            [
                r"\begin{document}",
                r"\frac{\partial J}{\partial U_{i,j}} = h_{i} \cdot",
                r"\delta_{vj}",
                r"\end{document}",
            ],
        ),
        ("html", ["<!doctype html>", "<h2>dJ_dU: gradient of J", "all entries  dJ_dU = h.T @ dJ_db2", "</html>"]),
    ],
)
def test_a_derivation_comes_in_several_formats(style: str, parts: list[str], grader: Run) -> None:
    shown = grader("explain", "dJ_dU", "--format", style)
    assert shown.returncode == 0, shown.stderr
    for part in parts:
        assert part in shown.stdout


@pytest.mark.parametrize(
    "line, expected",
    [
        ("a[k] = Σ_l h[l] · U[l, k] + b2[k]", r"a_{k} = \sum_{l} h_{l} \cdot U_{l,k} + b_{2,k}"),
        ("∂h[j]/∂z[i] = h[j] · (1 - h[j]) · [j = i]",
         r"\frac{\partial h_{j}}{\partial z_{i}} = h_{j} \cdot (1 - h_{j}) \cdot \delta_{ji}"),
        ("dJ_dU = h.T @ dJ_db2", r"\frac{\partial J}{\partial U} = h^{\top}  \frac{\partial J}{\partial b_{2}}"),
        ("-y[i] / y_hat[i]", r"-y_{i} / \hat{y}_{i}"),
        ("h_prev[k] · exp(a[j])", r"h_{\mathrm{prev},k} \cdot \exp(a_{j})"),
        ("dJ_dz[i]", r"\left(\frac{\partial J}{\partial z}\right)_{i}"),
    ],
)  # fmt: skip
def test_index_notation_becomes_latex(line: str, expected: str) -> None:
    assert in_latex(line) == expected


def test_an_unknown_gradient_is_an_error_with_the_nearest(grader: Run) -> None:
    wrong = grader("explain", "dJ_du")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no gradient dJ_du; did you mean dJ_dU?" in wrong.stderr
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


def test_what_grader_new_wrote_is_not_printed_as_the_instructors_words(grader: Run, tmp_path: Path) -> None:
    assert grader("new", "assignment/model.py", "--yes", "-o", tmp_path / "made").returncode == 0
    shown = grader("explain", "dJ_dU", cwd=tmp_path / "made")
    assert shown.returncode == 0, shown.stderr
    assert "own words" not in shown.stdout
    assert shown.stdout.count("∂J/∂U[i, j] = h[i] · dJ_db2[j]") == 1


def test_a_derivation_file_is_optional(copy_of_assignment: Path, grader: Run) -> None:
    (copy_of_assignment / "solutions" / "derivation.md").unlink()
    shown = grader("explain", "dJ_db1", cwd=copy_of_assignment)
    assert shown.returncode == 0, shown.stderr
    assert "own words" not in shown.stdout
    assert "dJ_db1 = dJ_dh * h * (1 - h)" in shown.stdout
    assert "In numbers" in shown.stdout
