"""One mistake is reported and marked once: what builds on a gradient of the wrong shape is not accused of it."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from right import RIGHT_FILE
from test_judge import answer, graded, one

from grader.classroom.report.facts import root_mistakes
from grader.output.wording import details, fix_first, verdict
from grader.packaging.gradescope.emit import gradient_page
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Answer

ROOT = Path(__file__).parents[1]
RIGHT = RIGHT_FILE.read_text(encoding="utf-8")
Run = Callable[..., "CompletedProcess[str]"]


def run_and_grade(grader: Run, folder: Path, **bodies: str) -> dict[str, Any]:
    """The JSON for the solution with the bodies of some functions replaced, by gradient."""
    file = folder / "gradients.py"
    added = "".join(f"\n\ndef {name}(s):\n    {body}\n" for name, body in bodies.items())
    file.write_text(f"import numpy as np\n{RIGHT}{added}")
    document = json.loads(grader("grade", "--json", file).stdout)
    return {result["name"]: result for result in document["gradients"]}


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {name: result["status"] for name, result in document.items()}


BEHIND_dJ_dh = {"dJ_db1", "dJ_dL_x", "dJ_dI", "dJ_dH", "dJ_dh_prev"}
TABLE = "p = s.y_hat.reshape(-1, 1); return np.diagflat(p) - p @ p.T"


@pytest.mark.parametrize(
    "root, body, follow, stop",
    [
        ("dJ_db2", TABLE, {"dJ_dh", "dJ_db1", "dJ_dL_x", "dJ_dh_prev"}, {"dJ_dU", "dJ_dI", "dJ_dH"}),
        ("dJ_db2", "return (s.y_hat - s.y).ravel()", {"dJ_dh"}, {"dJ_dU"}),
        ("dJ_dh", "return (dJ_db2(s) @ s.U.T).T", {"dJ_db1", "dJ_dL_x", "dJ_dh_prev"}, {"dJ_dI", "dJ_dH"}),
        ("dJ_db1", "return (dJ_dh(s) * s.h * (1 - s.h))[0]", {"dJ_dL_x", "dJ_dh_prev"}, {"dJ_dI", "dJ_dH"}),
        ("dJ_db2", "return (s.y_hat - s.y) @ s.y_hat.T", {"dJ_dU"}, BEHIND_dJ_dh | {"dJ_dh"}),
        ("dJ_db2", "return np.sum(s.y_hat + s.y)", set(), BEHIND_dJ_dh | {"dJ_dU", "dJ_dh"}),
        ("dJ_db2", "s.y_hat - s.y", set(), BEHIND_dJ_dh | {"dJ_dU", "dJ_dh"}),
    ],
    ids=["a table", "flat", "a column", "one index too many", "one entry", "a single number", "no return"],
)  # fmt: skip
def test_what_builds_on_a_wrong_shape_keeps_its_marks_whether_it_runs_or_stops(
    grader: Run, tmp_path: Path, root: str, body: str, follow: set[str], stop: set[str]
) -> None:
    """What stops is called once more with random arrays of the right shape in place of the root."""
    found = run_and_grade(grader, tmp_path, **{root: body})
    assert found[root]["status"] == "failed"
    assert found[root]["inherits"] == []
    for name, result in found.items():
        if name in follow | stop:
            earned = (result["status"], result["score"], result["roots"], result["follow_through"]["substituted"])
            assert earned == ("followed_through", result["max_score"], [root], name in stop)
        elif name != root:
            assert result["status"] == "passed", name
        if name != root:
            assert (result["diagnosis"], result["hints"], result["where"]) == (None, [], "")


def test_a_single_number_multiplies_where_np_dot_is_written(grader: Run, tmp_path: Path) -> None:
    found = run_and_grade(
        grader, tmp_path, dJ_db2="return np.sum(s.y_hat + s.y * s.b2)", dJ_dh="d = dJ_db2(s); return np.dot(d, s.U.T)",
        dJ_dU="d = dJ_db2(s)\n    return s.h.T @ d",
    )  # fmt: skip
    assert (found["dJ_dh"]["status"], found["dJ_dh"]["roots"]) == ("followed_through", ["dJ_db2"])
    assert (found["dJ_dU"]["status"], found["dJ_dU"]["roots"]) == ("followed_through", ["dJ_db2"])


def test_the_terminal_has_one_block_for_all_that_one_mistake_stops(grader: Run, tmp_path: Path) -> None:
    run_and_grade(grader, tmp_path, dJ_db2=TABLE)
    shown = " ".join(grader("grade", tmp_path / "gradients.py").stdout.split())
    assert shown.startswith("1 thing to fix: dJ_db2, line ")
    assert "The other seven are right given it. " in shown
    assert "right given it: dJ_dU, dJ_dh, dJ_db1, dJ_dL_x, dJ_dI, dJ_dH and dJ_dh_prev " in shown
    assert shown.count("WRONG") == 1
    assert "ValueError" not in shown


def test_a_mistake_of_its_own_is_reported_where_the_gradient_would_also_stop(grader: Run, tmp_path: Path) -> None:
    found = run_and_grade(
        grader, tmp_path, dJ_db2="return (s.y_hat - s.y)[0]", dJ_dU="return s.hh.T @ dJ_db2(s)", dJ_dh="return [][1]"
    )
    assert (found["dJ_dU"]["status"], found["dJ_dU"]["inherits"]) == ("raised", [])
    assert (found["dJ_dh"]["status"], found["dJ_dh"]["inherits"]) == ("raised", [])


def test_a_wrong_order_of_factors_is_accused_where_the_right_one_runs_on_the_students_array(
    grader: Run, tmp_path: Path
) -> None:
    found = run_and_grade(grader, tmp_path, dJ_db2="return (s.y_hat - s.y)[0]", dJ_dh="return s.U.T @ dJ_db2(s)")
    assert (found["dJ_dh"]["status"], found["dJ_dh"]["inherits"]) == ("raised", [])
    assert found["dJ_dh"]["diagnosis"]["mistakes"][0]["kind"] == "runtime"
    assert found["dJ_dU"]["roots"] == ["dJ_db2"]


def test_a_product_that_is_wrong_on_the_students_own_array_does_not_follow(assignment: Assignment) -> None:
    flat = [answer(value[0]) for value in assignment.exact["dJ_db2"]]
    doubled = [answer(2 * value[0]) for value in assignment.exact["dJ_dh"]]
    result = one(graded(assignment, dJ_db2=flat, dJ_dh=doubled), "dJ_dh")
    assert (result.status, result.score) == ("failed", 0.0)


def test_vectors_multiplied_by_outer_follow_from_flat_ones(assignment: Assignment) -> None:
    """The formula with @ does not run on 1-D arrays; numpy's outer product does, with the same numbers as on rows."""
    flat = [answer(-value[0]) for value in assignment.exact["dJ_db2"]]
    result = one(graded(assignment, dJ_db2=flat, dJ_dU=lambda v: -v), "dJ_dU")
    assert (result.status, result.score) == ("followed_through", result.max_score)


@pytest.mark.parametrize("shape", [(3, 1), (1, 1, 1), (1, 1, 1, 1)])
def test_nothing_is_built_on_an_array_of_a_shape_that_no_attempt_has(
    assignment: Assignment, shape: tuple[int, ...]
) -> None:
    random = np.random.default_rng(5)
    wild = [random.standard_normal(shape) for _ in assignment.points]
    hs = [point.values["h"] for point in assignment.points]
    products = [answer(v * h * (1 - h)) for v, h in zip(wild, hs, strict=True)]
    result = one(graded(assignment, dJ_dh=[answer(v) for v in wild], dJ_db1=products), "dJ_db1")
    assert (result.status, result.score) == ("failed", 0.0)


def test_what_follows_from_no_attempt_earns_nothing_and_is_not_accused(assignment: Assignment) -> None:
    """All ones for dJ_db2: dJ_dU is the right formula of it, and its numbers say no more than that."""
    ones = [np.ones_like(value) for value in assignment.exact["dJ_db2"]]
    tables = [point.values["h"].T @ value for point, value in zip(assignment.points, ones, strict=True)]
    result = graded(assignment, dJ_db2=[answer(v) for v in ones], dJ_dU=[answer(v) for v in tables])
    found = one(result, "dJ_dU")
    assert (found.status, found.inherits, found.diagnosis, found.hints) == ("failed", ["dJ_db2"], None, [])
    assert found.score < found.max_score
    assert fix_first([found]) == "Fix dJ_db2 first: the numbers of dJ_dU follow from it."


def stopped(assignment: Assignment) -> Grade:
    flat = [answer(value[0]) for value in assignment.exact["dJ_db2"]]
    raised = Answer(
        "raised",
        message="ValueError: matmul: mismatch",
        line=11,
        explanation=("s.h.T is (Dh, 1)  @  dJ_db2(s) is (V,)", "@ sums over the last axis of the left"),
    )
    return graded(assignment, dJ_db2=flat, dJ_dU=[raised])


def test_every_format_has_the_same_line(assignment: Assignment) -> None:
    grade = stopped(assignment)
    found = one(grade, "dJ_dU")
    line = "Fix dJ_db2 first: dJ_dU (line 11) uses it and stops because of it."
    assert verdict(found) == "stops because of dJ_db2"
    assert details(grade, found) == [line]
    page = gradient_page(found, found.checks, found.hints)
    assert line.replace("_", "\\_") in page or line in page
    assert "matmul" not in page


def test_gradescope_does_not_tell_of_a_check_that_is_hidden(assignment: Assignment) -> None:
    found = one(stopped(assignment), "dJ_dU")
    assert "dJ_db2" not in gradient_page(found, found.checks[:1], found.hints).replace("\\", "")


def test_the_report_counts_the_marks_lost_for_the_one_mistake(assignment: Assignment) -> None:
    roots = list(root_mistakes(stopped(assignment)))
    assert [(root.gradient, root.affected, root.lost) for root in roots] == [
        ("dJ_db2", ("dJ_dU",), 25.0),
    ]


def test_at_home_what_stops_on_a_wrong_shape_is_not_accused_either(grader: Run, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(f"{RIGHT}\n\ndef dJ_db2(s):\n    return (s.y_hat - s.y)[0]\n")
    shown = " ".join(grader("check", "--config", str(ROOT / "config.yaml"), file).stdout.split())
    assert shown.startswith("1 thing to fix: dJ_db2")
    assert "right given it: dJ_dU and dJ_dh" in shown
    assert "RAISED AN EXCEPTION" not in shown


def test_an_exception_is_the_mistake_of_the_function_that_raises_not_of_those_that_call_it(
    grader: Run, tmp_path: Path
) -> None:
    found = run_and_grade(
        grader, tmp_path, dJ_db1="return dJ_dh(s) * s.hidden", dJ_dI="return s.e.T @ dJ_db1(s) @ s.nothing"
    )
    for name in ("dJ_dL_x", "dJ_dH", "dJ_dh_prev"):
        assert (found[name]["status"], found[name]["roots"]) == ("followed_through", ["dJ_db1"])
    assert "no quantity nothing" in found["dJ_dI"]["diagnosis"]["mistakes"][0]["statement"]
    assert found["dJ_db1"]["inherits"] == found["dJ_dI"]["inherits"] == []
