"""Hints: complete, without a leak, replaceable, and shown as far as the config says."""

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest
from conftest import assert_golden
from right import RIGHT_FILE
from test_judge import answer, graded, one

from grader.config.load import load_config
from grader.diagnosis import hints
from grader.diagnosis.hints import (
    _BUILT_IN,
    LEVELS,
    Entry,
    _load,
    built_in_as_json,
    fill,
    hints_for,
    load_hints,
    placeholders,
)
from grader.diagnosis.operators import OPERATORS
from grader.errors import ConfigError
from grader.grading.advice import SEVERAL
from grader.problem.assignment import Assignment, load_assignment
from grader.records.run import Answer
from grader.validation.hint_checks import check_hints, check_misconceptions
from grader.validation.leaks import evaluated, is_entry, is_right, leaks

ROOT = Path(__file__).parents[1]
Run = Callable[..., "CompletedProcess[str]"]

# One right formula and one harmless sentence for each gradient, to test the test.
LEAKS = [
    ("dJ_db2", "take y_hat - y instead"),
    ("dJ_db2", "the entry is y_hat[j] - y[j]"),
    ("dJ_db2", "y_hat minus y"),
    ("dJ_dU", "the table h^T dJ/db2"),
    ("dJ_dU", "use np.outer(h, y_hat - y)"),
    ("dJ_dU", "dJ/dU[i, j] = h[i] · dJ/db2[j]"),
    ("dJ_dh", "that is Σ_k dJ/db2[k] · U[i, k]"),
    ("dJ_dh", "dJ_db2(s) becomes dJ_db2 @ s.U.T"),
    ("dJ_db1", "dJ/dh * h * (1 - h)"),
    ("dJ_db1", "dJ/dh times sigmoid(z) * (1 - sigmoid(z))"),
    ("dJ_dL_x", "dJ_db1 @ I.T"),
    ("dJ_dI", "e.T @ dJ_db1"),
    ("dJ_dH", "h_prev[i] · dJ/db1[j]"),
    ("dJ_dh_prev", "H dJ/db1^T"),
    ("dJ_dU", "that is the outer product of h and dJ_db2"),
    ("dJ_dU", "multiply h transposed by dJ_db2"),
    ("dJ_dh", "dJ/db2 times the transpose of U"),
    ("dJ_dh", "dJ_db2 dot U's transpose"),
    ("dJ_db2", "subtract y from y_hat"),
    ("dJ_db2", "y_hat less y"),
    ("dJ_db2", "the difference between y_hat and y"),
    ("dJ_db1", "dJ_db1 is dJ_dh times h times 1 - h"),
    ("dJ_db1", "multiply dJ_dh by h and by one minus h: dJ_dh times h times one minus h"),
    ("dJ_db1", "its slope is h * (1 - h)"),
    ("dJ_db1", "the derivative is h minus the square of h"),
    ("dJ_db1", "take sigmoid of z times 1 minus sigmoid of z"),
    ("dJ_dU", "start from minus y over y_hat"),
    ("dJ_dU", "and dJ_dh is dJ_db2 @ U.T"),
]
STRICT_LEAKS = [
    ("dJ_db2", "y - y_hat"),
    ("dJ_dU", "dJ_db2.T @ h"),
    ("dJ_dh", "2 * (U @ dJ_db2.T)"),
    ("dJ_db1", "-dJ_dh * h * (1 - h)"),
]
HARMLESS = [
    ("dJ_dU", "z[j] = Σ_i h_prev[i] · H[i, j] + b1[j]"),
    ("dJ_dU", "dJ/dU[i, j] has the shape of U"),
    ("dJ_dh_prev", "dJ_db1 @ H"),
    ("dJ_dh_prev", "H.T @ dJ_db1.T"),
    ("dJ_db2", "y_hat"),
    ("dJ_db2", "2 * y_hat"),
    ("dJ_dU", "h plus y_hat over h_prev, times 1 minus z"),
    ("dJ_dU", "one of the factors is h, the other one is not y"),
    ("dJ_db1", "the sum of h and 1 minus h"),
]


@pytest.mark.parametrize("gradient, text", LEAKS)
def test_a_right_formula_or_a_derivative_in_it_is_found_in_a_sentence(
    assignment: Assignment, gradient: str, text: str
) -> None:
    assert leaks(assignment, gradient, text, strict=False)


@pytest.mark.parametrize("gradient, text", STRICT_LEAKS)
def test_up_to_sign_transposition_and_factor_only_where_strict(
    assignment: Assignment, gradient: str, text: str
) -> None:
    assert leaks(assignment, gradient, text, strict=True)
    assert bool(leaks(assignment, gradient, text, strict=False)) == text.startswith(("-", "2 *")), (
        "unless it is the right one"
    )


@pytest.mark.parametrize("gradient, text", HARMLESS)
def test_other_formulas_are_no_leak(assignment: Assignment, gradient: str, text: str) -> None:
    assert leaks(assignment, gradient, text, strict=True) == []


def test_a_number_of_the_right_answer_is_a_leak(assignment: Assignment) -> None:
    entry = float(assignment.exact["dJ_dh"][1][0, 2])
    assert leaks(assignment, "dJ_dh", f"the third entry is {entry:.4f}", strict=True) == [f"{abs(entry):.4f}"]
    assert leaks(assignment, "dJ_dh", "the third entry is 0.25", strict=True) == []


@pytest.mark.parametrize(
    "number, leak",
    [("0.123", True), ("12.3", True), ("0.12", False), ("0.012", False), ("0.124", False), ("0.1234", True)],
)
def test_a_number_of_three_digits_or_more_is_a_leak_whatever_its_sign(number: str, leak: bool) -> None:
    right = [np.array([[0.5, 0.1234]]), np.array([[12.34, 0.5]])]
    assert is_entry(number, right) is leak
    assert is_entry(number, [-array for array in right]) is leak


def test_a_product_of_entries_without_a_sign_between_is_found(assignment: Assignment) -> None:
    assert leaks(assignment, "dJ_db1", "dJ_dh h (1 - h)", strict=False)


def test_every_operator_and_kind_has_hints_of_its_own(assignment: Assignment) -> None:
    topics = {topic for entry in load_hints(assignment) for topic in entry.topics}
    assert {operator.slug for operator in OPERATORS.values()} <= topics | {"constant"}
    assert {operator.kind for operator in OPERATORS.values()} <= topics
    assert {"runtime", "shape", "none", "observation"} <= topics


def test_no_hint_gives_anything_away(assignment: Assignment) -> None:
    places = [*assignment.config.quantities, *assignment.names, "sigmoid", "softmax"]
    for gradient in assignment.config.gradients:
        for entry in load_hints(assignment):
            if entry.gradients and gradient.name not in entry.gradients:
                continue
            for text in entry.texts:
                for place in places if "{where}" in text or "{within}" in text else [""]:
                    shown = fill(text, assignment, gradient, place, place)
                    assert leaks(assignment, gradient.name, shown, strict=True) == [], (gradient.name, shown)


def test_a_hint_of_one_mistake_says_so_where_there_are_several(assignment: Assignment) -> None:
    """Transposed and with the other sign, it is not true that "the numbers are right, but rows and columns are swapped"."""
    both = one(graded(assignment, dJ_dH=lambda v: -v.T), "dJ_dH")
    alone = one(graded(assignment, dJ_dH=lambda v: v.T), "dJ_dH")
    assert both.diagnosis is not None
    assert both.diagnosis.mistakes[1].statement.startswith("in addition, ")
    assert both.hints[0].startswith(SEVERAL)
    assert "are right" not in both.hints[0]
    assert "right size" not in both.hints[0]
    assert not alone.hints[0].startswith(SEVERAL)


def test_the_sign_of_a_term_is_not_reported_as_that_of_every_entry(assignment: Assignment) -> None:
    sums = [answer(point.values["y_hat"] + point.values["y"]) for point in assignment.points]
    result = one(graded(assignment, dJ_db2=sums), "dJ_db2")
    assert result.diagnosis is not None
    assert result.diagnosis.mistakes[0].where == "y"
    assert result.hints[0].startswith("The sign of one part is wrong.")


RAISED = {
    "TypeError: dJ_dU() missing 1 required positional argument: 'h'": (
        0,
        "Your function fails before its first line runs.",
    ),
    "RecursionError: maximum recursion depth exceeded": (15, "A function of yours ends up calling itself"),
    "TypeError: unsupported operand type(s)": (15, "Check the names and calls on that line."),
}


@pytest.mark.parametrize("message", RAISED)
def test_a_hint_speaks_of_a_line_only_where_one_raised(assignment: Assignment, message: str) -> None:
    line, begins = RAISED[message]
    raised = Answer("raised", message=message, line=line, explanation=("an explanation",))
    hints = one(graded(assignment, dJ_dU=[raised]), "dJ_dU").hints
    assert hints[0].startswith(begins)
    assert any("that line" in hint for hint in hints) == begins.endswith("that line.")


def test_nothing_is_hinted_where_the_grader_knows_no_line(assignment: Assignment) -> None:
    raised = Answer("raised", message="ValueError: no line", explanation=("an explanation",))
    assert one(graded(assignment, dJ_dU=[raised]), "dJ_dU").hints == []


def test_hints_are_short_and_easy_to_read() -> None:
    """The hints that teachers prefer have 80 to 160 words in all, at a reading grade of 9 or lower."""
    for entry in _all_hints():
        assert 80 <= len(" ".join(entry.texts).split()) <= 160, entry.topics
        assert reading_grade(" ".join(entry.texts)) <= 9, entry.topics


def test_each_level_asks_for_one_thing_and_the_last_has_an_example_in_numbers() -> None:
    asks = re.compile(r"\?|\b(?:say|explain|compare yours)\b", re.IGNORECASE)
    for entry in _all_hints():
        for text in entry.texts:
            assert len(asks.findall(text)) == 1, (entry.topics, text)
        assert entry.texts[-1].startswith("An example: "), entry.topics
        assert len(re.findall(r"\d", entry.texts[-1])) >= 3, entry.topics


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade of the prose in a text: 0.39 words / sentence + 11.8 syllables / word - 15.59."""
    prose = re.sub(r"`[^`]*`|\{\w+\}(?:\[[^\]]*\])?", "", text)
    sentences = [re.findall(r"[A-Za-z]{2,}|\ba\b|\bI\b", part) for part in re.split(r"[.?!:](?:\s|$)", prose)]
    words = [word for sentence in sentences for word in sentence]
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / len([s for s in sentences if s]) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    word = word.lower()
    spoken = re.sub(r"(?:[^laeiouy]es|[^dt]ed|[^l]e)$", "", word) if len(word) > 3 else word
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The cat sat on the mat. It was red.", -5, 2),
        ("Which of the two does the model use next?", 0, 4),
        ("Notwithstanding considerable difficulties, differentiability necessitates regularization.", 18, 60),
    ],
)
def test_the_reading_grade_tells_easy_from_difficult(text: str, low: float, high: float) -> None:
    assert low <= reading_grade(text) <= high


def test_an_example_uses_no_name_of_the_model(assignment: Assignment) -> None:
    gradient = assignment.config.gradients[0]
    assert fill("{f} {u} {v} {w}", assignment, gradient, "") == "f u v w"
    sizes = [2, 3, 4]
    config = msgspec.structs.replace(assignment.config, dimensions={"u": sizes, "f": sizes, "w": sizes})
    other = dataclasses.replace(assignment, config=config)
    letters = fill("{f} {u} {v} {w}", other, gradient, "").split()
    assert len(set(letters)) == 4
    assert not {"u", "f", "w", *assignment.config.quantities} & set(letters)


def test_no_hint_blames(assignment: Assignment) -> None:
    for entry in load_hints(assignment):
        for text in entry.texts:
            assert not {"forgot", "should have", "wrong!", "!"} & set(text.lower().replace(".", " ").split()), text
            assert "you forgot" not in text.lower()


def test_placeholders_name_the_gradient_by_its_indices(assignment: Assignment) -> None:
    by_name = {gradient.name: gradient for gradient in assignment.config.gradients}
    of_U = placeholders(assignment, by_name["dJ_dU"], "")
    assert of_U["entry"] == "dJ/dU[i, j]"
    assert of_U["indices"] == "i counts Dh, j counts V"
    assert of_U["next"] == "y_hat"
    assert placeholders(assignment, by_name["dJ_dh"], "")["entry"] == "dJ/dh[j]"
    assert placeholders(assignment, by_name["dJ_dH"], "")["indices"] == "i counts Dh (axis 0), j counts Dh (axis 1)"


def test_the_assignments_own_text_comes_before_the_built_in_one(assignment: Assignment) -> None:
    by_name = {gradient.name: gradient for gradient in assignment.config.gradients}
    own = hints_for(load_hints(assignment), assignment, by_name["dJ_db2"], ["sign-result", "sign"])
    built_in = hints_for(load_hints(assignment), assignment, by_name["dJ_dU"], ["sign-result", "sign"])
    assert "log of the probability" in own[1]
    assert "log of the probability" not in built_in[1]
    assert len(own) == len(built_in) == LEVELS


def test_an_unknown_operator_falls_back_to_its_kind(assignment: Assignment) -> None:
    gradient = assignment.config.gradients[1]
    entries = load_hints(assignment)
    special = hints_for(entries, assignment, gradient, ["no-such-operator", "sign"])
    assert special == hints_for(entries, assignment, gradient, ["sign"])


@pytest.mark.parametrize(
    "text, message",
    [
        ("words", "expected a list of hints, each with `for` and `hints`, found a str"),
        ("- for: sign", r"\[0\]: expected `for` and `hints`"),
        ("- {for: sign, hints: [a, b]}", r"\[0\].hints: expected 3 texts, found 2"),
        ("- {for: sign, hints: [a, b, c], gradient: dJ_dU}", r"\[0\].gradient: unknown key; did you mean gradients\?"),
        (
            "- {for: sign, hints: [a, b, c], gradients: [dJ_dhprev]}",
            r"\[0\].gradients: there is no dJ_dhprev; did you mean dJ_dh_prev\?",
        ),
        ('- {for: sign, hints: [a, b, "{shap}"]}', r"\[0\].hints\[2\]: there is no shap; did you mean shape\?"),
    ],
)
def test_a_broken_file_of_hints_is_an_error_with_its_place(copy_of_assignment: Path, text: str, message: str) -> None:
    (copy_of_assignment / "solutions" / "hints.yaml").write_text(text)
    broken = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    with pytest.raises(ConfigError, match=message):
        load_hints(broken)


def test_an_unknown_topic_is_an_error_where_topics_are_known(copy_of_assignment: Path) -> None:
    (copy_of_assignment / "solutions" / "hints.yaml").write_text("- {for: [sing], hints: [a, b, c]}")
    broken = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    with pytest.raises(ConfigError, match=r"\[0\].for: there is no sing; did you mean sign\?"):
        load_hints(broken, ["sign", "scale"])


def test_students_have_the_built_in_hints(assignment: Assignment) -> None:
    at_home = dataclasses.replace(assignment, solution=None, folder=Path("/nowhere"))
    assert hints_for(load_hints(at_home), at_home, assignment.config.gradients[0], ["sign"])


def test_check_shows_as_many_levels_as_the_config_says(copy_of_assignment: Path, grader: Run) -> None:
    file = copy_of_assignment / "gradients.py"
    file.write_text(
        (copy_of_assignment / "solutions" / "gradients.py").read_text().replace("s.y_hat - s.y", "s.y - s.y_hat")
    )
    config = copy_of_assignment / "config.yaml"
    for level in (0, 1, 3):
        text = config.read_text()
        config.write_text(
            text.replace(next(line for line in text.splitlines() if "check_level:" in line), f"  check_level: {level}")
        )
        shown = grader("check", file, cwd=copy_of_assignment)
        assert shown.returncode == 1
        assert shown.stdout.count("WRONG  ") == 1, "the others are right, given this one"
        assert shown.stdout.count("hint: ") == level


def test_instructors_get_all_three_levels(grader: Run, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(RIGHT_FILE.read_text().replace("s.y_hat - s.y", "s.y - s.y_hat"))
    grade = json.loads(grader("grade", "--json", file).stdout)
    first, *others = grade["gradients"]
    assert len(first["hints"]) == LEVELS
    assert all(other["hints"] == [] for other in others), "what follows from the student's own is not accused"


@pytest.mark.parametrize(
    "line", ["open('x.txt')", "np.load('x.npy')", "np.loadtxt('x.txt')", "s.h / (1 / 0)", "10.0 ** 400"]
)
def test_what_has_nothing_to_do_with_shapes_is_not_explained_by_them(grader: Run, tmp_path: Path, line: str) -> None:
    path = tmp_path / "gradients.py"
    path.write_text(f"import numpy as np\ndef dJ_db1(s):\n    return {line}\n")
    done = grader("grade", path, "--json")
    result = next(one for one in json.loads(done.stdout)["gradients"] if one["name"] == "dJ_db1")
    assert result["status"] == "raised"
    assert result["message"]
    assert (result["diagnosis"], result["hints"]) == (None, [])


def test_an_explained_exception_is_a_mistake_of_kind_runtime(grader: Run, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    text = RIGHT_FILE.read_text()
    file.write_text(text.replace("return dJ_db1(s) @ s.H.T", "return s.H.T @ dJ_db1(s)"))
    last = json.loads(grader("grade", "--json", file).stdout)["gradients"][-1]
    assert last["status"] == "raised"
    assert last["diagnosis"]["certainty"] == "exact"
    (mistake,) = last["diagnosis"]["mistakes"]
    assert mistake["kind"] == "runtime"
    assert mistake["where"] == f"line {last['line']}"
    assert mistake["statement"].startswith("s.H.T is (Dh, Dh)  @  dJ_db1(s) is (1, Dh)\n@ sums over the last axis")
    assert len(last["hints"]) == LEVELS


def test_the_built_in_hints_call_the_loss_by_the_name_that_the_model_gives_it(assignment: Assignment) -> None:
    texts = [text for entry in _built_in() for text in entry.texts]
    assert [text for text in texts if re.search(r"(?<![\w/{])J(?![\w/}])", text)] == []
    gradient = assignment.config.gradients[0]
    assert fill("how much {loss} changes", assignment, gradient, "") == "how much J changes"


def test_golden_the_built_in_hints_are_kept_as_they_are_read() -> None:
    assert_golden(_BUILT_IN.with_suffix(".json"), built_in_as_json().decode())


def test_hints_that_have_changed_since_they_were_kept_are_read_again(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "_BUILT_IN", tmp_path / "hints.yaml")
    hints._BUILT_IN.write_text("- {for: any, hints: [vague, clearer, clearest]}")
    hints._built_in.cache_clear()
    try:
        assert load_hints(assignment)[-1].texts == ("vague", "clearer", "clearest")
    finally:
        hints._built_in.cache_clear()


def _built_in() -> tuple[Entry, ...]:
    return _load(_BUILT_IN, (), ())


def _all_hints() -> list[Entry]:
    return [*_built_in(), *_load(ROOT / "solutions" / "hints.yaml", (), ())]


UNUSUAL = [
    ("objects", "a.astype(object)", "not an array of numbers"),
    ("text", "a.astype(str)", "not an array of numbers"),
    ("nothing", "None", "returns nothing"),
    ("too large", "np.zeros((1024, 1025))", "not that of b2"),
    ("complex", "a.astype(complex)", "complex"),
    ("infinite at once", "a / 0", "infinite"),
    ("one entry infinite", "a / (np.arange(a.size).reshape(a.shape))", "infinite"),
]


@pytest.mark.parametrize("returned, words", [u[1:] for u in UNUSUAL], ids=[u[0] for u in UNUSUAL])
def test_what_is_no_finite_real_array_has_hints_of_its_own(
    grader: Run, tmp_path: Path, returned: str, words: str
) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(f"import numpy as np\n\n\ndef dJ_db2(s):\n    a = s.y_hat - s.y\n    return {returned}\n")
    document = json.loads(grader("grade", str(file), "--json").stdout)
    assert words in document["gradients"][0]["hints"][0]


@pytest.mark.parametrize(("key", "value"), [("file", "hints.yaml"), ("mistakes", "mistakes.yaml")])
def test_a_missing_file_of_texts_is_reported_with_its_key(copy_of_assignment: Path, key: str, value: str) -> None:
    (copy_of_assignment / "solutions" / value).unlink()
    own = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    message = f'{value}: there is no such file; config.yaml names it: hints.{key}: "" is for none'
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_hints(own)
        check_misconceptions(own)


def test_the_most_special_text_is_taken_and_that_of_a_named_misconception_first(copy_of_assignment: Path) -> None:
    solutions = copy_of_assignment / "solutions"
    (solutions / "hints.yaml").write_text(
        "- {for: any, hints: [any, b, c]}\n- {for: [sign, mine], hints: [of the kind, b, c]}\n"
        "- {for: sign, gradients: [dJ_dU], hints: [later, b, c]}\n"
    )
    (solutions / "mistakes.yaml").write_text(
        "- {name: mine, gradients: [dJ_db2], formula: s.y, kind: sign, where: y, says: it, hints: [named, b, c]}\n"
    )
    own = load_assignment(load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True)
    first, second = own.config.gradients[:2]
    assert hints_for(load_hints(own), own, first, ["mine", "sign"])[0] == "named"
    assert hints_for(load_hints(own), own, second, ["mine", "sign"])[0] == "of the kind", (
        "the misconception is one of dJ_db2"
    )
    assert hints_for(load_hints(own), own, first, ["sign"])[0] == "of the kind"
    assert hints_for(load_hints(own), own, first, ["no-such-topic"])[0] == "any"


def test_a_quantity_is_no_leak_of_a_gradient_of_one_entry_unless_the_factor_is_the_same_everywhere() -> None:
    """Any number is a multiple of any other."""
    right = [np.array([[2.0]]), np.array([[3.0]])]
    for a, found in (([4.0, 6.0], True), ([4.0, 5.0], False)):
        spaces = [{"a": np.array([[value]])} for value in a]
        values = evaluated("a", spaces)
        assert values is not None
        assert is_right(values, right, strict=True) is found
