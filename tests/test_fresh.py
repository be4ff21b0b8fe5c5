"""The sample point drawn for one file alone: no table holds its answers, and no derived file fails there."""

import hashlib
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from conftest import SUBMISSIONS
from right import RIGHT_FILE

from grader.checks.fresh import MARGIN, Fresh
from grader.classroom.batch.protocol import Task
from grader.classroom.batch.worker import RunGrader
from grader.classroom.store.packing import pack_run, unpack_run
from grader.grading.pipeline import grade_and_locate, grade_run
from grader.grading.running import run_submission
from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Answer, Run
from grader.sandbox.host import Sandbox
from grader.validation.numbers import as_data

SOLUTION = RIGHT_FILE.read_bytes()
STYLES = (
    "array_likes callables dot_and_matmul einsum explicit_loops forward_pass_again full_jacobians helper_functions"
    " outer_and_reshape subtract_at_target written_out logistic_of_z"
).split()


def sha(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


def table_of(assignment: Assignment, otherwise: str) -> bytes:
    """A file that holds the right answers at the shared sample points, and computes none."""
    keys = [float(point.values["h_prev"][0, 0]) for point in assignment.points]
    table = {
        name: {key: value.tolist() for key, value in zip(keys, assignment.exact[name], strict=True)}
        for name in assignment.names
    }
    lines = ["import numpy as np", f"TABLE = {table!r}"]
    lines += [
        f"def {name}(s):\n    found = TABLE['{name}'].get(s.h_prev[0, 0])\n    return np.array(found) if found else {otherwise}\n"
        for name in assignment.names
    ]
    return "\n".join(lines).encode()


def test_the_sample_point_depends_on_every_byte_of_the_file_and_on_the_seed(assignment: Assignment) -> None:
    first = assignment.fresh_point(sha(SOLUTION)).values["U"]
    assert np.array_equal(first, assignment.fresh_point(sha(SOLUTION)).values["U"])
    others = [
        assignment.fresh_point(sha(SOLUTION + b" ")).values["U"],
        *(point.values["U"] for point in assignment.points),
    ]
    assert not any(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize(
    "otherwise",
    [
        "np.zeros(1)",
        "np.zeros((len(s.h_prev), 3))",
        "TABLE[0]",
        "None",
        "np.ones_like(getattr(s, 'U'))",
        "np.zeros((0, 3))",
    ],
)
def test_a_table_of_right_answers_earns_nothing_beyond_the_shape_and_is_signalled(
    assignment: Assignment, sandbox: Sandbox, otherwise: str
) -> None:
    result = grade_run(assignment, sandbox.run(table_of(assignment, otherwise)), "gradients.py")
    assert {gradient.status for gradient in result.gradients} == {"failed"}
    assert result.score == pytest.approx(0.2 * result.max_score)
    for gradient in result.gradients:
        assert gradient.checks[1].outcome == "failed"
        assert "one drawn for your file alone" in gradient.checks[1].message
        assert gradient.diagnosis is None
        assert gradient.where == ""
    [signal] = result.integrity
    assert signal.kind == "table"
    assert ", ".join(assignment.names) in signal.message


@pytest.mark.parametrize("otherwise", ["np.zeros((1, 1))", "None", "s.U * 0"])
def test_answers_from_a_table_are_neither_derived_from_one_another_nor_wrong_in_some_line(
    assignment: Assignment, sandbox: Sandbox, otherwise: str
) -> None:
    """At the shared sample points they are right, so no formula, no line and no other gradient is to blame."""
    submission = Submission("gradients.py", table_of(assignment, otherwise))
    result = grade_and_locate(assignment, sandbox, submission, run_submission(sandbox, submission))
    assert {gradient.status for gradient in result.gradients} == {"failed"}
    assert [(gradient.inherits, gradient.where, gradient.hints) for gradient in result.gradients] == 8 * [([], "", [])]


def test_zeros_do_not_follow_from_zeros(assignment: Assignment, sandbox: Sandbox) -> None:
    """Of the right shape each, where the table has no answer: the reference of zeros is zero as well."""
    zeros = table_of(assignment, "None").decode()
    for gradient in assignment.config.gradients:
        head = f"def {gradient.name}(s):"
        before, _, after = zeros.partition(head)
        zeros = before + head + after.replace("else None", f"else np.zeros_like(s.{gradient.of})", 1)
    result = grade_run(assignment, sandbox.run(zeros.encode()), "gradients.py")
    assert {gradient.status for gradient in result.gradients} == {"failed"}


def test_nothing_follows_from_a_table(assignment: Assignment, sandbox: Sandbox) -> None:
    """Wrong answers that follow from one another at the shared sample points must do so at the file's own, too."""
    flipped = SOLUTION.replace(b"return s.y_hat - s.y", b"return s.y - s.y_hat")
    honest = grade_run(assignment, sandbox.run(flipped), "gradients.py")
    assert [gradient.status for gradient in honest.gradients][1:] == 7 * ["followed_through"]
    tabled = table_of(assignment, "np.zeros_like(s.b2)").replace(b"np.array(", b"-np.array(")
    result = grade_run(assignment, sandbox.run(tabled), "gradients.py")
    assert {gradient.status for gradient in result.gradients} == {"failed"}


def test_one_gradient_from_a_table_does_not_touch_the_others(assignment: Assignment, sandbox: Sandbox) -> None:
    table, _, functions = table_of(assignment, "s.U").partition(b"\ndef ")
    one = b"\ndef ".join(
        [SOLUTION + table, *(part for part in functions.split(b"\ndef ") if part.startswith(b"dJ_dU("))]
    )
    result = grade_run(assignment, sandbox.run(one), "gradients.py")
    assert [gradient.name for gradient in result.gradients if gradient.status != "passed"] == ["dJ_dU"]


def test_a_gradient_that_is_wrong_everywhere_is_not_called_right_at_the_shared_points(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    table, _, functions = table_of(assignment, "s.U").partition(b"\ndef ")
    one = b"\ndef ".join(
        [SOLUTION + table, *(part for part in functions.split(b"\ndef ") if part.startswith(b"dJ_dU("))]
    )
    result = grade_run(
        assignment, sandbox.run(one + b"\ndef dJ_dH(s): return 2 * s.h_prev.T @ dJ_db1(s)\n"), "gradients.py"
    )
    by_name = {gradient.name: gradient for gradient in result.gradients}
    assert "drawn for your file alone" in by_name["dJ_dU"].checks[1].message
    assert by_name["dJ_dH"].checks[1].message.startswith("relative error")
    assert by_name["dJ_dH"].diagnosis is not None


def test_a_grade_needs_only_what_is_stored_of_the_run(assignment: Assignment, sandbox: Sandbox) -> None:
    for source in (SOLUTION, table_of(assignment, "None")):
        run = sandbox.run(source)
        assert grade_run(assignment, unpack_run(pack_run(run)), "g") == grade_run(assignment, run, "g")


def test_files_with_the_same_answers_at_the_shared_points_are_distinguished(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """A worker remembers grades by those answers: a table must not get the grade of the solution, nor the solution its."""
    plain = b"\n".join(line for line in SOLUTION.splitlines() if not line.startswith(b"#"))
    sources = {"right": SOLUTION, "table": table_of(assignment, "np.zeros(3)"), "again": plain}
    runs = {name: sandbox.run(source) for name, source in sources.items()}
    for order in (("right", "table", "again"), ("table", "right", "table", "again")):
        grade_one = RunGrader(assignment)
        for name in order:
            found = msgspec.json.decode(grade_one(runs[name], Task(1, name, b""), "").grade, type=Grade)
            assert found == grade_run(assignment, runs[name], name)
            assert found.passed == (name != "table")


def test_a_worker_does_not_give_a_derived_file_the_signal_of_one_that_differentiates(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Up to the last digit the two may answer alike at the shared points; where quantities contradict one another they do not."""
    derived = sandbox.run(SOLUTION)
    tape = sandbox.run((SUBMISSIONS / "tape_of_the_model.passed.py").read_bytes())
    twin = msgspec.structs.replace(tape, answers=derived.answers, fresh=derived.fresh, source_hash=derived.source_hash)
    grade_one = RunGrader(assignment)
    found = [msgspec.json.decode(grade_one(run, Task(1, "g.py", b""), "").grade, type=Grade) for run in (twin, derived)]
    assert [bool(one.integrity) for one in found] == [True, False]


@pytest.mark.parametrize("style", STYLES)
def test_no_derived_file_is_near_the_tolerance_at_its_own_sample_point(assignment: Assignment, style: str) -> None:
    namespace = {"__name__": "gradients", **assignment.graph.helpers}
    source = (
        (SUBMISSIONS / f"{style}.passed.py")
        .read_text()
        .replace("from model import", "from types import FunctionType #")
    )
    exec(compile(source, style, "exec"), namespace)
    tolerance = assignment.config.checks.reference.tolerance
    assert assignment.reference is not None
    for i in range(40):
        point = assignment.fresh_point(sha(f"{style} {i}".encode()))
        for name in assignment.names:
            value = np.asarray(
                namespace[name](
                    SimpleNamespace(**{k: np.copy(v) if np.ndim(v) else v for k, v in point.values.items()})
                )
            )
            right = assignment.reference(name, point)[0]
            assert np.linalg.norm(value - right) <= tolerance * MARGIN / 20 * np.linalg.norm(right)


@pytest.mark.parametrize(("error", "right"), [(1e-13, True), (1e-9, False), (1e-3, False)])
def test_an_answer_at_the_own_point_is_right_to_nearly_machine_precision_or_not_at_all(
    assignment: Assignment, error: float, right: bool
) -> None:
    """A table with a difference quotient for what is not in it is a table."""
    assert assignment.reference is not None
    shared = {
        name: [Answer("returned", as_data(v), "ndarray") for v in assignment.exact[name]] for name in assignment.names
    }
    point = assignment.fresh_point(sha(b""))
    fresh = {name: as_data(assignment.reference(name, point)[0] * (1 + error)) for name in assignment.names}
    answers = {name: Answer("returned", value, "ndarray") for name, value in fresh.items()}
    assert grade_run(assignment, Run(shared, fresh=answers, source_hash=sha(b"")), "g").passed == right


def test_answers_without_a_call_at_the_own_point_do_not_get_full_marks(assignment: Assignment) -> None:
    """A process that answers at the shared sample points only, and then ends, has not shown that it computes anything."""
    right = {
        name: [Answer("returned", as_data(v), "ndarray") for v in assignment.exact[name]] for name in assignment.names
    }
    fresh = {name: Answer("died", message="the process ended itself with exit code 0") for name in assignment.names}
    result = grade_run(assignment, Run(right, fresh=fresh, source_hash=sha(b"")), "g")
    assert result.score == pytest.approx(0.2 * result.max_score)


@pytest.mark.parametrize(("error", "confirmed"), [(0.0, True), (1e-4, False)])
def test_digits_that_cancel_at_an_unlucky_point_cost_no_mark(
    assignment: Assignment, error: float, confirmed: bool
) -> None:
    """The target's probability is nearly 1 there: y_hat - 1 has eight digits fewer than minus the sum of the others."""
    point = assignment.fresh_point(sha(b"unlucky"))
    inputs = {name: value for name, value in point.values.items() if name not in assignment.graph.functions}
    target = inputs["y"].argmax()
    inputs["b2"] = inputs["b2"] + 18.0 * inputs["y"]
    values = assignment.graph.evaluate(inputs)
    gradient = values["y_hat"] - values["y"]
    gradient[0, target] = -np.delete(values["y_hat"], target).sum()
    answer = Answer("returned", as_data(gradient * (1 + error)))
    fresh = Fresh(assignment, {"dJ_db2": answer}, "")
    vars(fresh)["point"] = msgspec.structs.replace(point, values=values)
    assert 1e-10 < 1 - values["y_hat"].max() < 1e-6
    assert fresh.confirms("dJ_db2") is confirmed
