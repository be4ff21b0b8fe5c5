"""Named misconceptions: recognized by their numbers, explained in the instructor's words."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.diagnosis.misconceptions import evaluate, misconceptions, named_hypothesis
from grader.errors import ConfigError
from grader.problem.assignment import Assignment, load_assignment

ROOT = Path(__file__).parents[1]
Run = Callable[..., "CompletedProcess[str]"]
GOOD = '{name: a, gradients: [dJ_db2], formula: "s.y", kind: sign, where: y, says: "so"}'


def test_each_is_recognized_by_its_own_numbers(assignment: Assignment) -> None:
    for entry in misconceptions(assignment):
        for gradient in entry.gradients:
            hypothesis = named_hypothesis(
                misconceptions(assignment), assignment, gradient, evaluate(assignment, entry, gradient, {}), {}, 1e-9
            )
            assert hypothesis is not None
            assert hypothesis.operator == entry.name
            [mistake] = hypothesis.mistakes()
            assert (mistake.kind, mistake.statement) == (entry.kind, entry.says)


def test_it_is_recognized_on_the_students_own_upstream_gradient(assignment: Assignment) -> None:
    own = {"dJ_dh": [-3 * value for value in assignment.exact["dJ_dh"]]}
    values = [d * (1 - s.values["h"] ** 2) for d, s in zip(own["dJ_dh"], assignment.points, strict=True)]
    hypothesis = named_hypothesis(misconceptions(assignment), assignment, "dJ_db1", values, own, 1e-9)
    assert hypothesis is not None
    assert hypothesis.operator == "slope-of-tanh"
    assert named_hypothesis(misconceptions(assignment), assignment, "dJ_db1", values, {}, 1e-9) is None


def test_other_numbers_are_not(assignment: Assignment) -> None:
    for gradient, right in assignment.exact.items():
        assert named_hypothesis(misconceptions(assignment), assignment, gradient, right, {}, 1e-9) is None


def test_the_grade_has_the_instructors_words(grader: Run, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    text = RIGHT_FILE.read_text()
    file.write_text(text.replace("return dJ_db1(s) @ s.H.T", "return dJ_db1(s) @ s.H"))
    diagnosis = json.loads(grader("grade", "--json", file).stdout)["gradients"][-1]["diagnosis"]
    assert diagnosis["certainty"] == "exact"
    (mistake,) = diagnosis["mistakes"]
    assert (mistake["kind"], mistake["where"]) == ("transpose", "H")
    assert "`H.T @ ...` gives for 1-D arrays" in mistake["statement"]


def test_an_entry_for_another_objective_is_left_out(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("objective: cross_entropy", "objective: log_likelihood"))
    assignment = load_assignment(load_config(path), copy_of_assignment, with_solution=True)
    assert "gradient-of-the-log-likelihood" not in [entry.name for entry in misconceptions(assignment)]
    values = evaluate(assignment, misconceptions(assignment)[0], "dJ_db2", {})
    assert named_hypothesis(misconceptions(assignment), assignment, "dJ_db2", values, {}, 1e-9) is not None


def test_without_a_solution_there_are_none(assignment: Assignment) -> None:
    at_home = load_assignment(assignment.config, ROOT, with_solution=False)
    assert misconceptions(at_home) == ()


@pytest.mark.parametrize(
    "entry, message",
    [
        (GOOD.replace("sign", "sing"), r"\[0\].kind: there is no sing; did you mean sign\?"),
        (GOOD.replace("dJ_db2", "dJ_db3"), r"\[0\].gradients: there is no dJ_db3; did you mean dJ_db"),
        (GOOD.replace('"s.y"', '"s.y +"'), r"\[0\].formula: expected a Python expression, found 's.y \+'"),
        (GOOD.replace("says", "say"), r"mistakes.yaml:1: \[0\].say: unknown key; did you mean says\?$"),
        (
            GOOD.replace("name: a", "name: A b"),
            r"\[0\].name: expected a name of lower-case letters, digits and hyphens, found 'A b'$",
        ),
        (GOOD.replace("name: a", "name: 3"), r"\[0\].name: expected text, found 3$"),
        (GOOD.replace("kind: sign", 'kind: ""'), r"\[0\].kind: expected text of at least 1 character, found ''$"),
        (GOOD.replace("[dJ_db2]", "[]"), r"\[0\].gradients: expected a list of at least 1 entry, found a list$"),
        (GOOD.replace("[dJ_db2]", "dJ_db2"), r"\[0\].gradients: expected a list, found 'dJ_db2'$"),
        (
            GOOD.replace("}", ", objective: loss}"),
            r"\[0\].objective: expected one of \(cross_entropy, log_likelihood\), found loss$",
        ),
        (GOOD.replace("}", ", hints: [one]}"), r"\[0\].hints: expected a list of at least 3 entries, found a list$"),
        ("sign", r"\[0\]: expected keys with values, found 'sign'$"),
    ],
)
def test_a_broken_file_is_an_error_with_its_place(copy_of_assignment: Path, entry: str, message: str) -> None:
    (copy_of_assignment / "solutions" / "mistakes.yaml").write_text(f"- {entry}\n")
    assignment = load_assignment(
        load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True
    )
    with pytest.raises(ConfigError, match=message):
        misconceptions(assignment)


def test_every_broken_value_of_a_file_is_reported(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "solutions" / "mistakes.yaml"
    path.write_text(f"- {GOOD.replace('name: a', 'name: 3')}\n- {GOOD.replace('says', 'say')}\n")
    assignment = load_assignment(
        load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True
    )
    with pytest.raises(ConfigError) as found:
        misconceptions(assignment)
    assert [line.partition(": ")[0] for line in str(found.value).splitlines()] == [f"{path}:1", f"{path}:2"]
    path.write_text("name: a\n")
    with pytest.raises(ConfigError, match=r"expected a list of mistakes, each with name, .*; found keys with values"):
        misconceptions(assignment)


def test_a_formula_that_does_not_run_is_an_error_with_its_name(copy_of_assignment: Path) -> None:
    (copy_of_assignment / "solutions" / "mistakes.yaml").write_text(f"- {GOOD.replace('s.y', 's.nothing')}\n")
    assignment = load_assignment(
        load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True
    )
    with pytest.raises(ConfigError, match="a: its formula does not run for dJ_db2"):
        named_hypothesis(misconceptions(assignment), assignment, "dJ_db2", assignment.exact["dJ_db2"], {}, 1e-9)
