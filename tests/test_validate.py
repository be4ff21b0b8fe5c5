"""`grader validate`, on the assignment as it is and on copies broken on purpose."""

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.grading.grader import Grader
from grader.packaging.handout.dry_run import check_handout
from grader.problem.assignment import Assignment, load_assignment
from grader.sandbox.host import Sandbox
from grader.validation.hint_checks import check_hints, check_misconceptions
from grader.validation.mutation import Mutant, _indistinguishable, check_mutants
from grader.validation.not_asked import leftovers_in_stubs
from grader.validation.numbers import check_fresh_points, check_margins, check_points, check_solution, check_trivial
from grader.validation.readme_tables import check_tables
from grader.validation.sizes import check_kinks, check_sizes
from grader.validation.submissions import check_stubs, rewritings
from grader.validation.suggestions import other_points

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


def test_the_assignment_is_sound(validated: "CompletedProcess[str]") -> None:
    report = json.loads(validated.stdout)
    assert (report["format"], report["sound"], validated.returncode) == (1, True, 0)
    assert {finding["outcome"] for finding in report["findings"]} <= {"passed", "warning"}


def test_every_check_of_the_assignment_is_made(validated: "CompletedProcess[str]") -> None:
    assert list(found_by(validated)) == [
        "sandbox", "stubs", "steps", "solution", "derivation", "sizes", "kinks", "tables in texts",
        "sample points of single files", "tolerances", "trivial answers", "mistakes lose marks", "mistakes can be told apart",
        "right answers keep marks", "hints", "misconceptions", "handout",
    ]  # fmt: skip


def test_many_wrong_formulas_lose_marks_and_many_right_ones_keep_them(validated: "CompletedProcess[str]") -> None:
    found = found_by(validated)
    assert int(found["mistakes lose marks"]["message"].split()[0]) > 1000
    for way in ("einsum", "loops", "outer", "float32", "lists"):
        assert way in found["right answers keep marks"]["message"]


@pytest.mark.parametrize("sign, pairs", [(1, 1), (-1, 0)])
def test_mistakes_coincide_only_where_all_of_their_numbers_do(sign: int, pairs: int) -> None:
    here = np.zeros((3, 5))
    here[[0, 1, 2], [3, 4, 3]] = 1  # the first entries are zeros in both
    one, other = (
        Mutant(("q", name), cast(Any, SimpleNamespace(cost=1.0, kind=kind)), [values])
        for name, kind, values in (("a", "sign", here), ("b", "scale", sign * here))
    )
    elsewhere = {one.node: [np.ones(2)], other.node: [np.zeros(2)]}
    gradient = load_config(ROOT / "config.yaml").gradients[0]
    assert len(_indistinguishable(gradient, [one, other], cast(Any, elsewhere.get))) == pairs


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
    failed = check_margins(tight)
    assert failed.outcome == "failed"
    assert "this leaves room: checks.finite_difference.method: complex_step" in failed.details[-1]
    narrow = broken(copy_of_assignment, "config.yaml", "tolerance: 1e-12 ", "tolerance: 2e-9 ")
    warned = check_margins(narrow)
    assert (warned.outcome, warned.details[-1]) == (
        "warning",
        "this leaves room: checks.finite_difference.method: richardson",
    )


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


def test_a_stub_whose_gradient_was_deleted_from_the_config_is_a_warning_with_its_line(
    copy_of_assignment: Path, sandbox: Sandbox
) -> None:
    stubs = copy_of_assignment / "assignment" / "gradients.py"
    line = stubs.read_text(encoding="utf-8").splitlines().index("def dJ_db2(s):") + 1
    assignment = broken(copy_of_assignment, "config.yaml", "  - {name: dJ_db2, of: b2, max_score: 10}\n", "")
    found = check_stubs(assignment, sandbox)
    assert found.outcome == "warning"
    assert f"gradients.py:{line}: dJ_db2 is not asked for in config.yaml: delete it here, too" in found.details


def test_what_the_stubs_promise_is_compared_with_the_config(tmp_path: Path) -> None:
    config = load_config(ROOT / "gallery" / "bptt" / "config.yaml")
    (function,) = config.asked
    stubs = tmp_path / "gradients.py"
    returned, parameters = ", ".join([*function.returns, "dJ_dmu"]), ", ".join(function.parameters or ())
    stubs.write_text(
        f'"""The two gradients of J."""\n\n\ndef {function.name}({parameters}):\n    """Returns ({returned})."""\n'
        "    raise NotImplementedError\n\n\ndef helper(x):\n    return 2 * x\n"
    )
    assert [line.split(": ")[:2] for line in leftovers_in_stubs(config, stubs)] == [
        ["gradients.py:1", '"two gradients of"'],
        ["gradients.py:4", function.name],
    ]
    assert leftovers_in_stubs(config, stubs)[1].endswith("promises dJ_dmu, which config.yaml does not ask for")


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


def test_the_other_objective_is_sound_too(tmp_path: Path, grader: Run) -> None:
    small = shutil.copytree(ROOT / "gallery" / "linear-regression", tmp_path / "small")
    broken(small, "config.yaml", "loss: J\n", "loss: J\nobjective: log_likelihood\n")
    result = grader("validate", "--json", cwd=small)
    assert result.returncode == 0, result.stdout


def test_trivial_answers_earn_nothing(assignment: Assignment) -> None:
    assert check_trivial(assignment).outcome == "passed"


def test_rewritings_differ_from_the_solution_and_from_one_another(assignment: Assignment) -> None:
    source = RIGHT_FILE.read_text(encoding="utf-8")
    texts = dict(rewritings(source, assignment.names, negative=False, float32=True))
    assert len(set(texts.values())) == len(texts) == 12
    assert "float32" not in dict(rewritings(source, assignment.names, negative=False, float32=False))


def test_a_table_for_students_that_differs_from_the_config_is_shown_with_its_line(
    copy_of_assignment: Path, grader: Run
) -> None:
    readme = copy_of_assignment / "assignment" / "README.md"
    text = readme.read_text()
    readme.write_text(text.replace("| `U` | (Dh, V) |", "| `U` | (V, Dh) |").replace("| `z` |", "| `zz` |"))
    broken(copy_of_assignment, "config.yaml", "of: b2, max_score: 10", "of: b2, max_score: 12")
    found = check_tables(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment)
    assert found is not None
    assert found.outcome == "warning"
    line = next(i for i, row in enumerate(text.splitlines(), start=1) if row.startswith("| `U` |"))
    assert f"README.md:{line}: U: expected shape (Dh, V), as in config.yaml, found (V, Dh)" in found.details
    assert any("zz is no quantity or gradient" in detail for detail in found.details)
    assert any("dJ_db2: expected 12 marks" in detail for detail in found.details)


MASK_CONFIG = """\
title: Mask
model: model.py
dimensions: {D: SIZES}
steps: {count: 2, seed: "SEED"}
quantities:
  x: {sample: normal, shape: [D]}
  m: {sample: bernoulli, shape: []}
  h: {sample: model, shape: [D]}
gradients: [{name: dx, of: x}]
"""
MASK_MODEL = "import numpy as np\ndef h(x, m):\n    return x * (1 + m)\ndef J(h):\n    return np.sum(np.sin(h))\n"


def masked(folder: Path, sizes: str, seed: str) -> Assignment:
    (folder / "model.py").write_text(MASK_MODEL)
    (folder / "config.yaml").write_text(MASK_CONFIG.replace("SIZES", sizes).replace("SEED", seed))
    return load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)


def seed_with(wanted: Callable[[Assignment], bool], folder: Path, sizes: str) -> str:
    seeds = (f"{k:032x}" for k in range(200))
    return next(seed for seed in seeds if wanted(masked(folder, sizes, seed)))


def test_a_seed_that_hides_a_mistake_is_found_and_another_one_is_suggested(tmp_path: Path) -> None:
    """Where m is 0, nobody notices that it was left out."""
    seed = seed_with(lambda one: not any(point.values["m"] for point in one.points), tmp_path, "[3, 4]")
    marks = check_mutants(masked(tmp_path, "[3, 4]", seed))[0]
    assert marks.outcome == "failed"
    assert any("is right at the chosen sample points by accident" in line for line in marks.details)
    suggested = re.fullmatch(r'this seed has no such problem: steps\.seed: "([0-9a-f]{32})"', marks.details[-1])
    assert suggested is not None, marks.details
    assert check_mutants(masked(tmp_path, "[3, 4]", suggested[1]))[0].outcome == "passed"


def test_sizes_that_need_too_much_memory_come_with_sizes_that_do_not(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(RELU_MODEL.replace("np.maximum(0, X)", "np.tanh(X)"))
    text = RELU_CONFIG.replace("SAMPLE", "sample: normal").replace("[5, 6]", "[900, 901]").replace("[3, 4]", "950")
    (tmp_path / "config.yaml").write_text(f"{text}sandbox: {{memory_mb: 32}}\n")
    found = check_sizes(load_assignment(load_config(tmp_path / "config.yaml"), tmp_path, with_solution=True))
    assert found.outcome == "warning"
    assert found.details[0].endswith("students' code gets sandbox.memory_mb = 32 MB in all")
    assert found.details[-1] == "these sizes would do: D: 475"


def test_where_no_seed_helps_larger_sizes_are_tried(assignment: Assignment) -> None:
    largest = max(max(point.sizes.values()) for point in assignment.points)
    suggested = other_points(assignment, lambda one: max(max(point.sizes.values()) for point in one.points) > largest)
    assert suggested == "these sizes have no such problem: V: [12, 14, 10], d: [6, 7, 5], Dh: [8, 9, 7]"
    assert other_points(assignment, lambda one: False).startswith("6 other seeds do no better")


RELU_CONFIG = """\
title: ReLU
model: model.py
dimensions: {N: [5, 6], D: [3, 4]}
steps: {count: 2, seed: "00112233445566778899aabbccddeeff"}
quantities:
  X: {SAMPLE, shape: [N, D]}
  h: {sample: model, shape: [N, D]}
gradients: [{name: dX, of: X, max_score: 1}]
"""
RELU_MODEL = "import numpy as np\ndef h(X):\n    return np.maximum(0, X)\ndef J(h):\n    return np.sum(h)\n"
AT_ZERO = "np.maximum(0, X - 0.5 + (np.arange(X.size).reshape(X.shape) == 0))"  # but for one entry


@pytest.mark.parametrize(
    "sample, layer, outcome, words",
    [
        ("sample: normal", "np.maximum(0, X)", "passed", "both sides of each occur"),
        (
            "sample: positive",
            "np.maximum(0, X)",
            "warning",
            "every entry is on one side of a kink, at all sample points",
        ),
        ("sample: constant, value: 0.5", AT_ZERO, "failed", "dX: the loss has a kink at sample point 1"),
    ],
)
def test_what_is_at_a_kink_or_shows_one_side_only_is_found(
    tmp_path: Path, sample: str, layer: str, outcome: str, words: str
) -> None:
    (tmp_path / "config.yaml").write_text(RELU_CONFIG.replace("SAMPLE", sample))
    (tmp_path / "model.py").write_text(RELU_MODEL.replace("np.maximum(0, X)", layer))
    assignment = load_assignment(load_config(tmp_path / "config.yaml"), tmp_path, with_solution=False)
    found = check_kinks(assignment)
    assert found.outcome == outcome
    assert words in " ".join([found.message, *found.details])
    advice = {"warning": "6 other seeds do no better, nor do smaller sizes", "failed": "no seed helps with dX"}
    assert outcome == "passed" or advice[outcome] in found.details[-1]


def test_a_seed_that_keeps_away_from_kinks_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(RELU_CONFIG.replace("SAMPLE", "sample: normal"))
    (tmp_path / "model.py").write_text(RELU_MODEL)
    assignment = load_assignment(load_config(tmp_path / "config.yaml"), tmp_path, with_solution=False)
    point = assignment.points[1]
    near = {**point.values, "X": point.values["X"].copy()}
    near["X"][0, 0] = 1e-4
    moved = dataclasses.replace(assignment, points=[assignment.points[0], msgspec.structs.replace(point, values=near)])
    found = check_kinks(moved)
    assert found.outcome == "warning"
    assert "h: 1.0e-04 from a kink at sample point 2" in found.details[0]
    seed = re.search(r'this seed has no such problem: steps\.seed: "([0-9a-f]{32})"', found.details[-1])
    assert seed is not None


def test_a_handout_in_which_students_cannot_work_is_unsound(copy_of_assignment: Path) -> None:
    """The model differs where its files are those of students."""
    broken(copy_of_assignment, "assignment/model.py", "import numpy as np", "import os\nimport numpy as np")
    path = copy_of_assignment / "assignment" / "model.py"
    path.write_text(
        path.read_text().replace(
            "return sigmoid(z)",
            "return sigmoid(z) if os.path.exists(os.path.join(os.path.dirname(__file__), '../solutions')) else z[0]",
        )
    )
    with Grader(copy_of_assignment / "config.yaml") as opened:
        found = check_handout(opened)
    assert found.outcome == "failed"
    assert "h: expected shape" in found.details[0]


def test_no_seed_is_suggested_for_a_gradient_that_is_always_at_a_kink(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import numpy as np\n"
        "def a(z):\n    return np.maximum(z, 0)\n"
        "def m(a):\n    return a.reshape(-1, 2).max(axis=1)\n"
        "def J(m, dout):\n    return np.sum(m * dout)\n"
    )
    (tmp_path / "config.yaml").write_text(
        "title: ReLU and max-pooling\nmodel: model.py\ndimensions: {n: [40, 48], p: n // 2}\n"
        f"steps: {{count: 2, seed: '{'7' * 32}'}}\n"
        "quantities:\n  z: {sample: normal, shape: [n]}\n  dout: {sample: normal, shape: [p]}\n"
        "  a: {sample: model, shape: [n]}\n  m: {sample: model, shape: [p]}\n"
        "gradients:\n  - {name: da, of: a}\n  - {name: dz, of: z}\n"
    )
    finding = check_kinks(load_assignment(load_config(tmp_path / "config.yaml"), tmp_path, with_solution=False))
    assert finding.outcome == "failed"
    assert finding.details[-1].startswith("no seed helps with da: ")
