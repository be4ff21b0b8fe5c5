"""Evidence of numerical derivatives among right answers: found in the file and in its numbers, kept from the marks."""

from pathlib import Path

import numpy as np
import pytest
from test_judge import answer

from grader.answers import Answer, Run
from grader.assignment import Assignment
from grader.evidence import evidence_of
from grader.flags import flags_of
from grader.grade import grade
from grader.sandbox.evidence import evidence
from grader.sandbox.host import Sandbox

HERE = Path(__file__).parent
HONEST = [path for path in sorted(HERE.glob("submissions/*.passed.py")) if path.name != "complex_step.passed.py"]
MODEL: dict[str, object] = {}
exec("def sigmoid(a): return a\ndef J(y, y_hat): return y\ndef z(h_prev, H): return h_prev", MODEL)
QUANTITIES = {"y", "y_hat", "h_prev", "H", "z"}

USES = [
    ("def f(s): return s.h + 1e-20j", "complex numbers"),
    ("import numpy as np\ndef f(s): return np.asarray(s.h, dtype=complex)", "complex numbers"),
    ("def f(s): return s.h.astype('complex128')", "complex numbers"),
    ("def f(s): return ((s.h - 2) ** s.h).imag", "complex numbers"),
    ("import numpy as np\ndef f(s):\n    return [np.longdouble(v) for v in s.h]", "more than double precision"),
    ("from fractions import Fraction", "more than double precision"),
    ("try:\n    import jax\nexcept ImportError: pass", "a package for derivatives"),
    ("J = model['J']", "functions of the model"),
    ("from_model = model['z']", "functions of the model"),
]
USES_NOTHING = [
    "sigmoid = model['sigmoid']",
    "def f(s): return s.y_hat - s.y",
    "'''About complex steps.'''",
    "t = 1e-20",
]


def found_in(text: str) -> list[str]:
    code, namespace = compile(text, "gradients.py", "exec"), {"model": MODEL}
    exec(code, namespace)
    return evidence(code, namespace, MODEL, QUANTITIES)


@pytest.mark.parametrize(("text", "words"), USES)
def test_what_an_exact_derivative_would_use_is_named(text: str, words: str) -> None:
    [what] = found_in(text)
    assert words in what


@pytest.mark.parametrize("text", USES_NOTHING)
def test_what_a_derivation_uses_is_not(text: str) -> None:
    assert found_in(text) == []


def test_a_complex_step_keeps_its_marks_and_is_shown_to_staff(assignment: Assignment, sandbox: Sandbox) -> None:
    run = sandbox.run((HERE / "submissions" / "complex_step.passed.py").read_bytes())
    result = grade(assignment, run, "gradients.py")
    assert result.passed
    assert [what for what in result.evidence if "complex numbers" in what]
    assert ("numerical", "", result.evidence[0]) in flags_of(result, run)


@pytest.mark.parametrize("path", HONEST, ids=[path.name for path in HONEST])
def test_honest_files_are_not_suspected_for_their_numbers(assignment: Assignment, sandbox: Sandbox, path: Path) -> None:
    result = grade(assignment, sandbox.run(path.read_bytes()), "gradients.py")
    assert [what for what in result.evidence if "fewer digits" in what] == []


def test_right_to_fewer_digits_than_formulas_are_is_worth_a_look(assignment: Assignment) -> None:
    def run(error: float) -> Run:
        return Run({name: [answer(v * (1 + error)) for v in assignment.exact[name]] for name in assignment.names})

    for error, suspected in ((1e-14, True), (2e-16, False)):
        result = grade(assignment, run(error), "gradients.py")
        assert result.passed
        assert bool(result.evidence) == suspected


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

    result = grade(assignment, run("dJ_dU", "dJ_dH"), "gradients.py")
    assert result.passed
    [what] = result.evidence
    assert what.startswith("dJ_dU, dJ_dH: in single precision")


def test_what_follows_from_a_wrong_gradient_in_single_precision_is_no_more_exact(assignment: Assignment) -> None:
    numeric = {name: [answer(-v * (1 + 1e-10)) for v in assignment.exact[name]] for name in assignment.names}
    numeric["dJ_db2"] = [answer(-v.astype(np.float32)) for v in assignment.exact["dJ_db2"]]
    result = grade(assignment, Run(numeric), "gradients.py")
    assert result.gradients[1].status == "followed_through"
    [what] = result.evidence
    assert what.startswith("dJ_db2: in single precision")


def test_what_follows_from_a_wrong_gradient_is_suspected_as_what_is_right_is(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """A complex step through the log-likelihood: one sign is wrong, the rest keeps its marks."""
    source = (HERE / "submissions" / "complex_step.passed.py").read_bytes()
    negative = "".join(
        f"\ndef negative(f): return lambda s: -f(s)\n{name} = negative({name})" for name in assignment.names
    )
    result = grade(assignment, sandbox.run(source + negative.encode()), "gradients.py")
    assert [gradient.status for gradient in result.gradients] == ["failed"] + 7 * ["followed_through"]
    assert [what for what in result.evidence if "complex numbers" in what]


def test_nothing_is_suspected_where_nothing_is_right(assignment: Assignment) -> None:
    run = Run({}, loading=Answer("returned", evidence=("complex numbers",)))
    assert evidence_of(run, {}, {}, set()) == []
