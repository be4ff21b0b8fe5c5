"""Integrity signals: what a person should review, found in behavior and in digits, kept from the marks."""

from pathlib import Path

import numpy as np
import pytest
from conftest import SUBMISSIONS
from right import RIGHT_FILE
from test_judge import answer

from grader.checks.tampering import flags_of
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Run
from grader.sandbox.host import Sandbox

DIFFERENTIATE = {"complex_step.passed.py", "dual_numbers.passed.py", "tape_of_the_model.passed.py"}
HONEST = [
    path
    for path in sorted(SUBMISSIONS.glob("*.passed.py"))
    if path.name not in DIFFERENTIATE and b"\n# reported: " not in path.read_bytes()
]
NUMERICAL = [*sorted(SUBMISSIONS.glob("numeric_*.failed.py")), *(SUBMISSIONS / name for name in sorted(DIFFERENTIATE))]


def graded(assignment: Assignment, sandbox: Sandbox, source: bytes) -> Grade:
    return grade_run(assignment, sandbox.run(source), "gradients.py")


def behavior(result: Grade) -> list[str]:
    return [signal.message for signal in result.integrity if "behave like a derivative of the loss" in signal.message]


@pytest.mark.parametrize("path", NUMERICAL, ids=[path.name for path in NUMERICAL])
def test_a_file_that_differentiates_the_loss_is_signalled_by_what_it_does(
    assignment: Assignment, sandbox: Sandbox, path: Path
) -> None:
    result = graded(assignment, sandbox, path.read_bytes())
    [message] = behavior(result)
    assert message.startswith(", ".join(assignment.names))
    assert "not proof" in message
    assert ("numerical", "", message) in flags_of(result)


@pytest.mark.parametrize("path", HONEST, ids=[path.name for path in HONEST])
def test_no_derived_file_is_signalled_however_it_is_written(
    assignment: Assignment, sandbox: Sandbox, path: Path
) -> None:
    assert graded(assignment, sandbox, path.read_bytes()).integrity == []


@pytest.mark.parametrize("instead", ["raise ValueError", "return 0 * getattr(s, name)", "return None", "return np.nan"])
def test_a_file_that_gives_no_answer_where_quantities_contradict_one_another_is_signalled(
    assignment: Assignment, sandbox: Sandbox, instead: str
) -> None:
    source = (SUBMISSIONS / "complex_step.passed.py").read_text()
    source += (
        "\nimport numpy as np\n\ndef hiding(f, name):\n    def g(s):\n"
        "        if not np.allclose(s.h, 1 / (1 + np.exp(-s.z))):\n"
        f"            {instead}\n        return f(s)\n    return g\n"
    )
    source += "".join(f"{one.name} = hiding({one.name}, '{one.of}')\n" for one in assignment.config.gradients)
    result = graded(assignment, sandbox, source.encode())
    assert result.passed
    [signal] = result.integrity
    assert signal.kind == "numerical"
    assert "there is no answer" in signal.message


def test_the_signal_costs_no_marks(assignment: Assignment, sandbox: Sandbox) -> None:
    result = graded(assignment, sandbox, (SUBMISSIONS / "complex_step.passed.py").read_bytes())
    assert result.passed
    assert behavior(result)


def test_one_formula_among_derivatives_does_not_hide_them(assignment: Assignment, sandbox: Sandbox) -> None:
    source = (SUBMISSIONS / "complex_step.passed.py").read_bytes()
    result = graded(assignment, sandbox, source + b"\ndef dJ_db2(s): return s.y_hat - s.y\n")
    [message] = behavior(result)
    assert message.startswith("dJ_dU, dJ_dh, dJ_db1")


def test_formulas_for_the_output_layer_do_not_hide_derivatives_of_the_loss_behind_it(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Each by itself could be a formula after a forward pass of its own; but dJ_dh, which they build on, does without one."""
    source = (SUBMISSIONS / "complex_step.passed.py").read_bytes()
    formulas = (
        b"\ndef dJ_db2(s): return s.y_hat - s.y\ndef dJ_dU(s): return s.h.T @ dJ_db2(s)"
        b"\ndef dJ_dh(s): return dJ_db2(s) @ s.U.T\n"
    )
    result = graded(assignment, sandbox, source + formulas)
    [signal] = result.integrity
    assert signal.kind == "numerical"
    assert signal.message.startswith("dJ_db1, dJ_dL_x, dJ_dI, dJ_dH, dJ_dh_prev: these answers recompute the loss")
    assert "dJ_db2, dJ_dh in the same file use" in signal.message


def test_one_quantity_computed_again_in_some_gradients_only_is_no_signal(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    source = RIGHT_FILE.read_text()
    sigmoid = (
        "\nimport numpy as np\ndef dJ_db1(s):\n    h = 1 / (1 + np.exp(-(s.h_prev @ s.H + s.e @ s.I + s.b1)))\n"
        "    return dJ_dh(s) * h * (1 - h)\n"
    )
    softmax = (
        "\nfrom model import softmax\ndef dJ_db2(s): return softmax(s.h @ s.U + s.b2) - s.y\n"
        "def dJ_dh(s): return (s.y_hat - s.y) @ s.U.T\n"
    )
    for again in (sigmoid, softmax, sigmoid + softmax):
        result = graded(assignment, sandbox, (source + again).encode())
        assert result.passed
        assert result.integrity == []


def test_derivatives_of_the_log_likelihood_are_signalled_too(assignment: Assignment, sandbox: Sandbox) -> None:
    source = (SUBMISSIONS / "complex_step.passed.py").read_bytes()
    negative = "".join(
        f"\ndef negative(f): return lambda s: -f(s)\n{name} = negative({name})" for name in assignment.names
    )
    result = graded(assignment, sandbox, source + negative.encode())
    assert [gradient.status for gradient in result.gradients] == ["failed"] + 7 * ["followed_through"]
    assert behavior(result)


@pytest.mark.parametrize(
    "again",
    [
        "s.h = 1 / (1 + np.exp(-s.z))",
        "s.y_hat = softmax(s.h @ s.U + s.b2)",
        "s.z = s.h_prev @ s.H + s.e @ s.I + s.b1",
        "s.z = s.h_prev @ s.H + s.e @ s.I + s.b1; s.h = 1 / (1 + np.exp(-s.z)); a = s.h @ s.U; s.y_hat = softmax(a + s.b2)",
    ],
    ids=["h", "y_hat", "z", "the whole forward pass"],
)
def test_the_same_quantities_computed_again_in_every_gradient_are_no_signal(
    assignment: Assignment, sandbox: Sandbox, again: str
) -> None:
    source = RIGHT_FILE.read_text()
    wrapped = (
        "\nimport numpy as np\nfrom model import softmax\nfrom types import SimpleNamespace\ndef forward(f):\n    def g(s):\n"
        f"        s = SimpleNamespace(**vars(s))\n        {again}\n        return f(s)\n    return g\n"
    )
    wrapped += "".join(f"{name} = forward({name})\n" for name in assignment.names)
    result = graded(assignment, sandbox, (source + wrapped).encode())
    assert result.passed
    assert result.integrity == []


def test_marks_that_follow_from_values_without_an_explanation_are_signalled(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Upstream gradients that are made up, and everything behind them by differences of the linear pieces."""
    result = graded(assignment, sandbox, (SUBMISSIONS / "made_up_upstream.failed.py").read_bytes())
    assert result.score >= 60
    [signal] = [signal for signal in result.integrity if signal.kind == "unexplained"]
    assert "dJ_db1, dJ_db2" in signal.message


def test_other_quantities_computed_again_in_other_gradients_are_no_signal(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Each function by itself, as far back as its author liked, but never from its variable on."""
    source = RIGHT_FILE.read_text()
    source += (
        "\nfrom model import sigmoid, softmax\n"
        "def dJ_db2(s):\n    return softmax(s.h @ s.U + s.b2) - s.y\n"
        "def dJ_dh(s):\n    return (s.y_hat - s.y) @ s.U.T\n"
        "def dJ_db1(s):\n    h = sigmoid(s.z)\n    return dJ_dh(s) * h * (1 - h)\n"
        "def dJ_dH(s):\n    z = s.h_prev @ s.H + s.e @ s.I + s.b1\n    h = sigmoid(z)\n"
        "    return s.h_prev.T @ (dJ_dh(s) * h * (1 - h))\n"
    )
    result = graded(assignment, sandbox, source.encode())
    assert result.passed
    assert result.integrity == []


@pytest.mark.parametrize(
    ("made_up", "signalled"),
    [("np.sin(5 * s.b1) + s.h_prev ** 3", True), ("np.sin(5 * s.z) * dJ_dh(s) ** 3 + s.h_prev ** 2", False)],
    ids=["from inputs alone", "from what the model computes"],
)
def test_fewer_marks_are_enough_where_the_values_use_nothing_that_the_model_computes(
    assignment: Assignment, sandbox: Sandbox, made_up: str, signalled: bool
) -> None:
    source = RIGHT_FILE.read_text()
    source += f"\nimport numpy as np\n\ndef dJ_db1(s):\n    return {made_up}\n"
    result = graded(assignment, sandbox, source.encode())
    kept = sum(one.follow_through.score for one in result.gradients if one.follow_through is not None)
    assert 25 < kept < 50
    assert [signal.kind for signal in result.integrity] == ["unexplained"] * signalled


@pytest.mark.parametrize(
    "upstream",
    [
        "s.b2",
        "3 * s.b2",
        "s.y",
        "np.ones(s.b2.shape)",
        "np.arange(s.b2.size).reshape(1, -1) / 7",
        "np.sin(7 * s.b2 + 1)",
    ],
)
def test_marks_that_follow_from_a_constant_or_from_a_copy_are_signalled(
    assignment: Assignment, sandbox: Sandbox, upstream: str
) -> None:
    """Also where a gradient in between earns nothing because of it."""
    source = RIGHT_FILE.read_text().replace("s.y_hat - s.y", upstream)
    result = graded(assignment, sandbox, f"import numpy as np\n{source}".encode())
    assert result.score >= 70
    [signal] = result.integrity
    assert signal.kind == "unexplained"
    assert "follow from dJ_db2, whose values" in signal.message


@pytest.mark.parametrize("upstream", ["s.y - s.y_hat", "s.y_hat", "(s.y_hat - s.y) / s.y.size", "-s.y / s.y_hat"])
def test_marks_that_follow_from_a_mistake_in_a_derivation_are_no_signal(
    assignment: Assignment, sandbox: Sandbox, upstream: str
) -> None:
    source = RIGHT_FILE.read_text().replace("s.y_hat - s.y", upstream, 2)
    result = graded(assignment, sandbox, source.encode())
    assert result.score >= 70
    assert result.integrity == []


def test_marks_that_follow_from_an_explained_mistake_are_no_signal(assignment: Assignment, sandbox: Sandbox) -> None:
    result = graded(assignment, sandbox, (SUBMISSIONS / "seed.followed_through.py").read_bytes())
    assert result.gradients[1].follow_through is not None
    assert result.integrity == []


# --- digits -------------------------------------------------------------------------------------------------------


def test_right_to_fewer_digits_than_formulas_are_is_worth_a_look(assignment: Assignment) -> None:
    def run(error: float) -> Run:
        return Run({name: [answer(v * (1 + error)) for v in assignment.exact[name]] for name in assignment.names})

    for error, suspected in ((1e-14, True), (2e-16, False)):
        result = grade_run(assignment, run(error), "gradients.py")
        assert result.passed
        assert bool(result.integrity) == suspected


@pytest.mark.parametrize("epsilon", [1e-8, 1e-12, 3e-16])
def test_an_epsilon_in_a_formula_is_no_numerical_derivative(
    assignment: Assignment, sandbox: Sandbox, epsilon: float
) -> None:
    source = RIGHT_FILE.read_text()
    source = source.replace("s.y_hat - s.y", f"s.y_hat * (s.y * s.y_hat / (s.y_hat + {epsilon})).sum() - s.y")
    result = graded(assignment, sandbox, source.encode())
    assert result.passed == (epsilon < 1e-14)
    assert result.integrity == []


def test_right_to_a_few_digits_only_is_signalled_for_its_gradient(assignment: Assignment) -> None:
    answers = {name: [answer(v) for v in assignment.exact[name]] for name in assignment.names}
    answers["dJ_dH"] = [answer(v * (1 + 1e-9)) for v in assignment.exact["dJ_dH"]]
    [signal] = grade_run(assignment, Run(answers), "gradients.py").integrity
    assert (signal.kind, signal.gradient) == ("numerical", "dJ_dH")
    assert signal.message.startswith("right to about 8 digits")


def test_single_precision_cannot_tell_a_formula_from_a_difference_quotient(assignment: Assignment) -> None:
    def run(*single: str) -> Run:
        exact = {
            name: [v * (1 + 1e-10) if name in single else v for v in assignment.exact[name]]
            for name in assignment.names
        }
        return Run(
            {
                name: [answer(v.astype(np.float32) if name in single else v) for v in exact[name]]
                for name in assignment.names
            }
        )

    result = grade_run(assignment, run("dJ_dU", "dJ_dH"), "gradients.py")
    assert result.passed
    [signal] = result.integrity
    assert signal.message.startswith("dJ_dU, dJ_dH: in single precision")


def test_what_follows_from_a_wrong_gradient_in_single_precision_is_no_more_exact(assignment: Assignment) -> None:
    numeric = {name: [answer(-v * (1 + 1e-10)) for v in assignment.exact[name]] for name in assignment.names}
    numeric["dJ_db2"] = [answer(-v.astype(np.float32)) for v in assignment.exact["dJ_db2"]]
    result = grade_run(assignment, Run(numeric), "gradients.py")
    assert result.gradients[1].status == "followed_through"
    [signal] = result.integrity
    assert signal.message.startswith("dJ_db2: in single precision")


def test_nothing_is_signalled_where_nothing_is_right(assignment: Assignment) -> None:
    assert grade_run(assignment, Run({}), "gradients.py").integrity == []
