"""`grader explain`: the derivation, an example with numbers, and errors."""

import dataclasses
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest
from conftest import ROOT

from grader.errors import ConfigError
from grader.explain.blocks import Block
from grader.explain.document import explained, transposes
from grader.explain.example import sections, worked_example
from grader.explain.notation import in_latex
from grader.explain.render import FORMATS
from grader.newassignment.blueprint import make_blueprint
from grader.newassignment.write_folder import assignment_files, write_files
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


def test_the_mistakes_are_those_of_the_formula_each_with_numbers_of_its_own(grader: Run) -> None:
    config = ROOT / "gallery" / "word2vec" / "config.yaml"
    table = grader("explain", "dJ_dU", "--config", config).stdout
    assert "the places [negatives] are overwritten" in table
    number = grader("explain", "dJ_dpos", "--config", config).stdout
    assert "when the derivative of sigmoid is left out" in number
    assert "summed over" not in number
    assert "fill one row" not in number


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
def test_a_derivation_comes_in_several_formats(
    style: str, parts: list[str], assignment: Assignment, grader: Run
) -> None:
    shown = FORMATS[style](explained(assignment, "dJ_dU"))
    for part in parts:
        assert part in shown
    if style == "html":  # one of them with the command, which takes most of the time
        assert grader("explain", "dJ_dU", "--format", style).stdout == shown


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


@cache
def assignment_of(model: str) -> Assignment:
    return make_blueprint(
        ROOT / "tests" / "models" / f"{model}.py", lambda question, default, choices: default
    ).assignment()


@cache
def blocks_of(model: str) -> tuple[Block, ...]:
    return tuple(explained(assignment_of(model), None))


def test_sizes_that_depend_on_one_another_are_kept_in_the_example() -> None:
    shown = FORMATS["text"](blocks_of("conv1d"))
    (width,) = set(re.findall(r"W = (\d+)", shown))
    (kernel,) = set(re.findall(r"K = (\d+)", shown))
    assert f"O = {int(width) - int(kernel) + 1}" in shown
    for line in (
        "  forward      out[f, o] = Σ_kc w[f, c, k] · x[c, o + k] + b[f]",
        "  one entry    ∂J/∂x[i, j] = Σ_fok dout[f, o] · w[f, i, k] · [o + k = j]",
        "  (C, W)       dJ_dx = np.zeros((C, W))",
        "               for k in range(K):",
        "                   dJ_dx[:, k:k + O] += w[:, :, k].T @ dout",
    ):
        assert line in shown.splitlines()
    assert shown.count("Why w[:, :, k].T: the summed index counts F") == 1


def test_a_gradient_that_is_a_loop_is_shown_as_code_once(tmp_path: Path) -> None:
    (tmp_path / "recurrent.py").write_text(
        '''"""A recurrent network.  X is (T, d), h0 is (1, m), between 0 and 1, W is (d, m), U is (m, m), G is (T, m)."""

import numpy as np


def hs(X, h0, W, U):
    """The states, (T, m)."""
    h, rows = h0, []
    for t in range(len(X)):
        h = np.tanh(X[t : t + 1] @ W + h @ U)
        rows.append(h)
    return np.concatenate(rows)


def J(hs, G):
    return np.sum(hs * G)
'''
    )
    made = make_blueprint(tmp_path / "recurrent.py", lambda question, default, choices: default).assignment()
    shown = FORMATS["text"](explained(made, "dJ_dU"))
    assert shown.count("def dJ_dU(s):") == 1
    assert "dJ_dU is computed by a loop, see below. Its shape is (m, m)." in shown
    for line in (
        "forward      a[k] = Σ_l X[t, l] · W[l, k] + Σ_p before[p] · U[p, k]",
        "one entry    ∂J/∂U[i, j] = before[i] · dJ_da[j]",
        "all entries  dbefore = (dh * (1 - h**2)) @ U.T",
        "all entries  dJ_dhs = G",
    ):
        assert line in shown


KNOWN_COMMANDS = set(
    "frac partial sum delta left right cdot odot top hat mathrm operatorname text quad tag exp log tanh sigma max min"
    " sqrt top mu gamma beta ge le ne lambda begin end mathbf otimes".split()
)


@pytest.mark.parametrize(
    "model",
    [
        "conv1d",
        "word2vec",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("layer_norm", "batch_norm", "logistic_regression")),
    ],
)
def test_every_formula_is_latex(model: str) -> None:
    document = FORMATS["latex"](blocks_of(model))
    formulas = re.findall(r"^\\\[ (.*) \\\]$", document, re.MULTILINE)
    assert len(formulas) > 20
    for formula in formulas:
        assert set(re.findall(r"\\([A-Za-z]+)", formula)) <= KNOWN_COMMANDS, formula
        assert formula.count("{") == formula.count("}"), formula
        assert len(re.findall(r"\\left\b", formula)) == len(re.findall(r"\\right\b", formula)), formula
        outside = re.sub(r"\\(?:text|operatorname|mathrm|tag\*)\{[^{}]*\}|\\left|\\right", "", formula)
        assert not re.search(r"np\.|[A-Za-z]\[|\*\*|[·Σ∂@]", outside), formula
        assert not re.search(r"_\{[^{}]*\}_|\^\{[^{}]*\}\^|__|\^\^", outside), formula  # TeX refuses two of them


def test_the_sign_of_a_log_likelihood_is_said_once_and_enters_the_derivation(assignment: Assignment) -> None:
    config = msgspec.structs.replace(assignment.config, objective="log_likelihood")
    shown = FORMATS["text"](explained(dataclasses.replace(assignment, config=config), None))
    assert shown.count("The objective is the log-likelihood, -J") == 1
    assert "dJ_db2: gradient of -J with respect to b2" in shown
    assert "dJ_db2 = y - y_hat" in shown
    assert "∂(-J)/∂y_hat[i] = y[i] / y_hat[i]" in shown
    quotients = re.findall(r"is (-?[\d.]+); dJ_\w+\[[\d, ]*\] is (-?[\d.]+)\.", " ".join(shown.split()))
    assert len(quotients) == len(config.gradients)
    assert all(float(a) == pytest.approx(float(b), rel=1e-5) for a, b in quotients)
    assert "The objective is" not in FORMATS["text"](explained(assignment, "dJ_db2"))


def test_a_page_wraps_formulas_and_shows_an_instructors_words_as_text(assignment: Assignment) -> None:
    page = FORMATS["html"](
        [
            Block("title", "a < b"),
            Block("formula", "x = 1", "forward", rule="power rule"),
            Block("aligned", "a  b\nc  d"),
            Block("markdown", "**Bold** and `code` <script>alert(1)</script>\n\n```text\na < b\n```"),
        ]
    )
    assert "<span>forward      x = 1  <i>(power rule)</i></span>" in page
    assert "<pre>a  b\nc  d</pre>" in page
    assert "<strong>Bold</strong> and <code>code</code> &lt;script&gt;" in page
    assert "<title>a &lt; b</title>" in page
    assert "<script" not in page
    assert 'content="width=device-width"' in page


def test_where_a_transpose_comes_from_fits_the_model() -> None:
    shown = {name: FORMATS["text"](transposes(assignment_of(name))) for name in ("logistic_regression", "attention")}
    assert "In this assignment, for dJ_dw:" in shown["logistic_regression"]
    assert "∂J/∂w[i] = Σ_j dJ_dz[j] · X[j, i]" in shown["logistic_regression"]
    assert "An array with one axis, such as" in shown["logistic_regression"]
    attention = " ".join(shown["attention"].split())
    assert (
        "By the rule the gradient with respect to K.T is Q.T @ dJ_dS_, and that with respect to K is its transpose, dJ_dS_.T @ Q."
        in attention
    )


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
    blueprint = make_blueprint(ROOT / "assignment" / "model.py", lambda question, default, choices: default)
    write_files(tmp_path / "made", assignment_files(blueprint))
    shown = grader("explain", "dJ_dU", cwd=tmp_path / "made")
    assert shown.returncode == 0, shown.stderr
    assert "own words" not in shown.stdout
    assert shown.stdout.count("∂J/∂U[i, j] = h[i] · dJ_db2[j]") == 1


def test_an_instructors_own_words_need_no_solution(assignment: Assignment) -> None:
    config = msgspec.structs.replace(assignment.config, solution="")
    shown = FORMATS["text"](explained(dataclasses.replace(assignment, config=config), "dJ_dU"))
    assert "`U[i, j]` leads from hidden unit `i` to word `j`" in shown


def test_a_derivation_file_is_optional(copy_of_assignment: Path, grader: Run) -> None:
    (copy_of_assignment / "solutions" / "derivation.md").unlink()
    shown = grader("explain", "dJ_db1", cwd=copy_of_assignment)
    assert shown.returncode == 0, shown.stderr
    assert "own words" not in shown.stdout
    assert "dJ_db1 = dJ_dh * h * (1 - h)" in shown.stdout
    assert "In numbers" in shown.stdout
