"""`grader validate`, on the assignment as it is and on copies broken on purpose."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.problem.assignment import Assignment, load_assignment
from grader.sandbox.host import Sandbox
from grader.validation.hint_checks import check_hints, check_misconceptions
from grader.validation.mutation import check_mutants
from grader.validation.numbers import check_fresh_points, check_margins, check_points, check_solution, check_trivial
from grader.validation.submissions import check_stubs, rewritings

ROOT = Path(__file__).parents[1]
Run = Callable[..., "CompletedProcess[str]"]


def broken(folder: Path, file: str, old: str, new: str, *, count: int = -1) -> Assignment:
    """The copied assignment with one text replaced."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)


def found_by(result: "CompletedProcess[str]") -> dict[str, Any]:
    report = json.loads(result.stdout)
    return {finding["check"]: finding for finding in report["findings"]}


@pytest.fixture(scope="module")
def sound(grader: Run) -> "CompletedProcess[str]":
    return grader("validate", "--json")


def test_the_assignment_is_sound(sound: "CompletedProcess[str]") -> None:
    report = json.loads(sound.stdout)
    assert (report["format"], report["sound"], sound.returncode) == (1, True, 0)
    assert {finding["outcome"] for finding in report["findings"]} <= {"passed", "warning"}


def test_every_check_of_the_assignment_is_made(sound: "CompletedProcess[str]") -> None:
    assert list(found_by(sound)) == [
        "sandbox", "stubs", "steps", "solution", "derivation", "sizes", "kinks", "tables in texts",
        "sample points of single files", "tolerances", "trivial answers", "mistakes lose marks", "mistakes can be told apart",
        "right answers keep marks", "hints", "misconceptions", "handout",
    ]  # fmt: skip


def test_many_wrong_formulas_lose_marks_and_many_right_ones_keep_them(sound: "CompletedProcess[str]") -> None:
    found = found_by(sound)
    assert int(found["mistakes lose marks"]["message"].split()[0]) > 1000
    for way in ("einsum", "loops", "outer", "float32", "lists"):
        assert way in found["right answers keep marks"]["message"]


def test_a_solution_that_is_right_at_the_shared_points_alone_is_found(copy_of_assignment: Path) -> None:
    shared = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    words = sorted({point.values["x"] for point in shared.points})
    changed = broken(
        copy_of_assignment,
        "solutions/gradients.py",
        "return s.y_hat - s.y",
        f"return (s.y_hat - s.y) * (1 if s.x in {words} else 2)",
    )
    assert check_solution(changed).outcome == "passed"
    found = check_fresh_points(changed)
    assert found.outcome == "failed"
    assert any("dJ_db2" in line for line in found.details)


def test_a_model_that_has_no_finite_loss_at_most_points_is_found_before_a_file_is(copy_of_assignment: Path) -> None:
    shared = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    words = sorted({point.values["x"] for point in shared.points})
    changed = broken(
        copy_of_assignment,
        "assignment/model.py",
        "def e(L, x):",
        f"def e(L, x):\n    if x not in {words}:\n        return L[[x]] * np.nan",
    )
    found = check_fresh_points(changed)
    assert found.outcome == "failed"
    assert "expected a finite number" in found.details[0]


def test_a_wrong_sign_in_the_solution_is_unsound_and_its_root_is_named(copy_of_assignment: Path, grader: Run) -> None:
    broken(copy_of_assignment, "solutions/gradients.py", "return s.y_hat - s.y", "return s.y - s.y_hat")
    result = grader("validate", cwd=copy_of_assignment)
    assert result.returncode == 1
    assert "✗ solution" in result.stdout
    assert "begin with dJ_db2" in " ".join(result.stdout.split())
    assert "not sound: 2 of 8 checks failed" in result.stdout
    assert "hints" not in result.stdout, "comparing anything with a wrong solution says nothing"


def test_equal_dimensions_are_refused_at_once(copy_of_assignment: Path, grader: Run) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("d: [5, 6, 4]", "d: [7, 6, 4]"))
    result = grader("validate", cwd=copy_of_assignment)
    assert (result.returncode, result.stdout) == (2, "")
    assert "expected a size different from d, found 7 for both" in result.stderr


@pytest.mark.parametrize("high", ["1e-300", "1e-9"])
def test_an_h_prev_that_is_practically_zero_is_unsound(copy_of_assignment: Path, high: str) -> None:
    assignment = broken(copy_of_assignment, "config.yaml", "low: 0.1, high: 0.9", f"low: 0.0, high: {high}")
    found = check_points(assignment)
    assert found.outcome == "failed"
    assert all(line.startswith("h_prev has entries of ") for line in found.details)


def test_a_zero_in_the_sample_points_is_refused_at_once(copy_of_assignment: Path, grader: Run) -> None:
    path = copy_of_assignment / "assignment" / "model.py"
    path.write_text(path.read_text().replace("return sigmoid(z)", "return 0 * z"))
    result = grader("validate", cwd=copy_of_assignment)
    assert result.returncode == 2
    assert "h: expected other numbers than zeros at sample point 1" in result.stderr


def test_a_loose_tolerance_lets_wrong_answers_and_numerical_ones_pass(copy_of_assignment: Path) -> None:
    broken(copy_of_assignment, "config.yaml", "tolerance: 1e-6 ", "tolerance: 0.5 ")
    loose = broken(copy_of_assignment, "config.yaml", "tolerance: 5e-14", "tolerance: 1e-3")
    margins, mutants = check_margins(loose), check_mutants(loose)[0]
    assert (margins.outcome, mutants.outcome) == ("failed", "failed")
    assert any("central differences pass for a formula" in line for line in margins.details)
    assert any("an answer off by 1e-03 passes" in line for line in margins.details)


def test_a_tolerance_that_the_difference_cannot_keep_is_found(copy_of_assignment: Path) -> None:
    tight = broken(copy_of_assignment, "config.yaml", "tolerance: 1e-6 ", "tolerance: 1e-12 ")
    assert check_margins(tight).outcome == "failed"
    narrow = broken(copy_of_assignment, "config.yaml", "tolerance: 1e-12 ", "tolerance: 2e-9 ")
    assert check_margins(narrow).outcome == "warning"


def test_one_wrong_gradient_of_the_solution_is_found_by_all_three_derivatives(copy_of_assignment: Path) -> None:
    assignment = broken(copy_of_assignment, "solutions/gradients.py", "s.h_prev.T @ dJ_db1", "s.h.T @ dJ_db1")
    found = check_solution(assignment)
    assert found.outcome == "failed"
    (line,) = found.details
    assert line.startswith("dJ_dH: relative error ")
    assert all(word in line for word in ("central", "richardson", "complex step"))


def test_stubs_that_are_filled_in_are_found(copy_of_assignment: Path, sandbox: Sandbox) -> None:
    text = 'raise NotImplementedError("dJ_db2 is not written yet")'
    assignment = broken(copy_of_assignment, "assignment/gradients.py", text, "return s.y_hat - s.y")
    found = check_stubs(assignment, sandbox)
    assert found.details == ["dJ_db2 earns 10 of 10"]


def test_missing_stubs_are_a_warning(copy_of_assignment: Path, sandbox: Sandbox, assignment: Assignment) -> None:
    (copy_of_assignment / "assignment" / "gradients.py").unlink()
    moved = load_assignment(assignment.config, copy_of_assignment, with_solution=True)
    assert check_stubs(moved, sandbox).outcome == "warning"


@pytest.mark.parametrize(
    ("level", "text", "leak"),
    [
        (1, "It is h^T dJ/db2.", "h.T @ dJ_db2"),
        (2, "It is the outer product of h and dJ/db2.", "outer product of h and dJ_db2"),
        (3, "Then dJ/db1 is dJ/dh times h times 1 - h.", "dJ_dh times h times 1 - h"),
        (3, "The sigmoid has a simple slope: its slope is h * (1 - h).", "h * ( 1 - h )"),
    ],
)
def test_a_hint_with_the_answer_is_found(copy_of_assignment: Path, level: int, text: str, leak: str) -> None:
    path = copy_of_assignment / "solutions" / "hints.yaml"
    hints = json.dumps([text if number == level else "a" for number in (1, 2, 3)])
    path.write_text(path.read_text() + f"\n- {{for: scale, gradients: [dJ_dU], hints: {hints}}}\n")
    found = check_hints(
        load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    )
    assert found.outcome == "failed"
    assert f"dJ_dU, scale, level {level}: {leak}" in found.details


def test_a_misconception_whose_sentence_for_students_has_the_answer_is_found(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "solutions" / "mistakes.yaml"
    path.write_text(
        path.read_text()
        + """
- {name: mine, gradients: [dJ_db2], formula: 3 * s.y, kind: scale, where: y, says: it, student: "Subtract y from y_hat."}
"""
    )
    found = check_misconceptions(
        load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    )
    assert found.details == ["mine: says subtract y from y_hat"]


def test_a_misconception_that_is_right_or_appears_twice_is_found(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "solutions" / "mistakes.yaml"
    path.write_text(
        path.read_text()
        + """
- {name: no-mistake, gradients: [dJ_dh], formula: "dJ_db2(s) @ s.U.T", kind: sign, where: U, says: "nothing"}
- {name: sign-again, gradients: [dJ_db2], formula: "-(s.y_hat - s.y)", kind: sign, where: J, says: "take y_hat - y"}
"""
    )
    found = check_misconceptions(
        load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    )
    assert found.details == [
        "no-mistake: its formula is the right one for dJ_dh",
        "sign-again: says y_hat - y",
        "sign-again: has the numbers of gradient-of-the-log-likelihood, which comes before it",
    ]


def test_the_other_objective_is_sound_too(copy_of_assignment: Path, grader: Run) -> None:
    broken(copy_of_assignment, "config.yaml", "objective: cross_entropy", "objective: log_likelihood")
    result = grader("validate", "--json", cwd=copy_of_assignment)
    assert result.returncode == 0, result.stdout


def test_trivial_answers_earn_nothing(assignment: Assignment) -> None:
    assert check_trivial(assignment).outcome == "passed"


def test_rewritings_differ_from_the_solution_and_from_one_another(assignment: Assignment) -> None:
    source = RIGHT_FILE.read_text(encoding="utf-8")
    texts = dict(rewritings(source, assignment.names, negative=False, float32=True))
    assert len(set(texts.values())) == len(texts) == 12
    assert "float32" not in dict(rewritings(source, assignment.names, negative=False, float32=False))
