"""The diagnosis engine on the labelled wrong answers of tests/diagnosis, and on numbers that must stay unexplained."""

import dataclasses
import functools
import re
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml

from grader.diagnosis.engine import DOUBLE, SINGLE, _explanation, explain
from grader.diagnosis.formulas.expression import gradient_text, q
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.mutations.arrays import outer_mutants
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.place_in_formula import place_in
from grader.diagnosis.students import _AMONG_OTHERS as AMONG_OTHERS
from grader.diagnosis.students import SENTENCES, student_sentences, worded
from grader.grading.forstudents import for_students, shortened
from grader.grading.pipeline import grade_run
from grader.records.result import Grade
from grader.records.run import Answer, ArrayData, Run
from grader.validation.leaks import leaks

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
diagnosis = pytest.importorskip("diagnosis")

KINDS = set(
    "sign transpose operand-order wrong-variable missing-term extra-term missing-factor extra-factor wrong-derivative"
    " wrong-operator scale reduction numerical-gradient constant shape".split()
)


@pytest.fixture(scope="module")
def bench():
    return diagnosis.Bench()


@functools.cache
def explained(bench, name):
    """Every answer of a set with its explanation."""
    items = yaml.safe_load((ROOT / "tests" / "diagnosis" / name).read_text())
    return [(item, bench.explain(item["gradient"], bench.run(item["code"]))[0]) for item in items]


def recall_and_agreement(bench, name):
    """Share of a set's answers with a diagnosis, and share of those whose first mistake is of the label's kind."""
    rows = []
    for item, found in explained(bench, name):
        kinds = [mistake.kind for mistake in found.diagnosis.mistakes]
        if item.get("errors", 1) != "odd":
            rows.append((bool(kinds), bool(kinds) and kinds[0] in diagnosis.labels(item)))
    return np.mean([row[0] for row in rows]), np.mean([row[1] for row in rows if row[0]])


def grade_code(bench, codes):
    """Grade a submission: the solution's numbers, but for the gradients in `codes`."""
    values = {
        name: bench.run(codes[name]) if name in codes else right for name, right in bench.assignment.exact.items()
    }
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in values.items()
    }
    return {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}


@pytest.mark.slow
def test_nearly_all_single_mistakes_have_a_diagnosis_that_agrees_with_the_label(bench):
    recall, agreement = recall_and_agreement(bench, "set_a.yaml")
    assert recall >= 0.98
    assert agreement >= 0.96


@pytest.mark.slow
def test_mistakes_written_without_sight_of_the_operators_are_diagnosed_too(bench):
    recall, agreement = recall_and_agreement(bench, "set_b.yaml")
    assert recall >= 0.90
    assert agreement >= 0.90


SETS = ["set_a.yaml", pytest.param("set_b.yaml", marks=pytest.mark.slow)]  # its answers have several mistakes


@pytest.mark.parametrize("name", SETS)
def test_no_sentence_for_students_gives_an_answer_away(bench, name):
    said = set()
    for item, found in explained(bench, name):
        knowledge = knowledge_of(bench.assignment)
        formula, used = knowledge.formula(item["gradient"]), knowledge.used(item["gradient"])
        mistakes = worded(found, formula, used).diagnosis.mistakes
        assert all(mistake.student for mistake in mistakes), item["id"]
        said.update((item["gradient"], mistake.student) for mistake in mistakes)
    found = [(text, leaks(bench.assignment, gradient, text, strict=True)) for gradient, text in sorted(said)]
    assert [one for one in found if one[1]] == []
    assert len(said) > 50


@pytest.mark.parametrize("name", SETS)
def test_no_sentence_for_students_names_what_belongs(bench, name):
    def names(text):
        return set(re.findall(r"[A-Za-z_]\w*(?:/\w+)?", text)) & known

    known = {*bench.assignment.config.quantities, *bench.assignment.names, "sigmoid", "softmax", "tanh"}
    known |= {gradient_text(name) for name in bench.assignment.names}
    for item, found in explained(bench, name):
        formula = knowledge_of(bench.assignment).formula(item["gradient"])
        for hypothesis in found.hypotheses:
            for edit, text in zip(hypothesis.edits, student_sentences(hypothesis, formula), strict=True):
                if edit.operator in SENTENCES and "{where}" not in SENTENCES[edit.operator]:
                    allowed = names(edit.new) | names(edit.within) | {hypothesis.own}
                    assert names(text) & names(edit.old) <= allowed, (item["id"], text)
                    assert names(text) <= allowed, (item["id"], text)


def test_a_term_that_the_right_formula_has_is_not_named_as_added():
    """`y_hat` for `y_hat - y` may be reported as y added, which would give the answer away."""
    formula = ("add", q("y_hat"), ("neg", q("y")))
    for operator in ("extra-term", "extra-factor"):
        for new, named in (("y", False), ("2 * y", False), ("U", True)):
            edit = OPERATORS[operator].edit(new, new=new)
            [sentence] = student_sentences(Hypothesis((edit,), "", 1.0, "plain"), formula, {"y_hat", "y"})
            assert (f"{new} added" in sentence or f"factor: {new}" in sentence) is named
            [unknown] = student_sentences(Hypothesis((edit,), "", 1.0, "plain"), None)
            assert f"{new} added" not in unknown
            assert f"factor: {new}" not in unknown


def test_every_operator_has_a_sentence_for_students_that_is_one():
    assert SENTENCES.keys() == OPERATORS.keys()
    for slug, operator in OPERATORS.items():
        hypothesis = Hypothesis((operator.edit("WHERE", new="NEW", old="OLD"),), "", 1.0, "plain")
        for sentences in (student_sentences(hypothesis, None), student_sentences(given_own(hypothesis), None)):
            [sentence] = sentences
            assert re.fullmatch(r"[A-Z][^{}]*\.", sentence), slug
            assert "OLD" not in sentence, slug
    assert all("right" not in sentence for sentence in AMONG_OTHERS.values())


def given_own(hypothesis):
    return msgspec.structs.replace(hypothesis, own="dJ_db2")


def test_on_the_students_own_gradient_nothing_is_called_right():
    for slug, operator in OPERATORS.items():
        [sentence] = student_sentences(given_own(Hypothesis((operator.edit("h", new="NEW"),), "", 1.0, "local")), None)
        if "right" in SENTENCES[slug].split(":")[0].replace("the rest is right", ""):
            assert "dJ_db2" in sentence, slug


@pytest.mark.parametrize(
    ("formula", "name", "place"),
    [
        (("mm", ("T", q("h")), ("g", "dJ_db2")), "h", "as the left factor"),
        (("mm", ("T", q("h")), ("g", "dJ_db2")), "dJ/db2", "as the right factor"),
        (("mm", ("mul", q("a"), q("b")), q("M")), "a", "in the left factor"),
        (("add", q("y_hat"), ("neg", q("y"))), "y", "as one of the terms"),
        (("mul", ("g", "dJ_dh"), q("h"), ("add", ("c", 1.0), ("neg", q("h")))), "h", ""),
        (("mul", ("g", "dJ_dh"), q("h")), "h", "as one of the factors"),
        (("sum", ("mm", q("a"), q("b")), 0), "b", "as the right factor"),
        (q("h"), "h", ""),
        (("mm", q("a"), q("b")), "c", ""),
    ],
)
def test_the_place_of_a_quantity_in_a_formula(formula, name, place):
    assert place_in(formula, name) == place


@pytest.mark.parametrize(
    ("new", "said"), [("H^T", "with H as the right"), ("H", "with H^T as the right"), ("dJ/dh", "dJ/dh^T as")]
)
def test_a_factor_is_told_as_it_stands_in_the_students_product(new, said):
    """Students wrote `dJ_db1(s) @ s.H` where I^T belongs: H^T stands for I, but the right factor is H."""
    mistake = Hypothesis((OPERATORS["wrong-variable"].edit("I", new=new, old="I"),), "", 1.0, "local")
    [sentence] = student_sentences(mistake, ("mm", ("g", "dJ_db1"), ("T", q("I"))))
    assert said in sentence
    assert f"with {new} as the right" in student_sentences(mistake, ("mm", ("g", "dJ_db1"), q("I")))[0]


def test_a_transposed_product_has_no_sides():
    assert place_in(("mm", ("T", q("h")), ("g", "dJ_db2")), "h", turned=True) == "as one of the factors"


def test_a_hint_names_the_place(bench):
    _, hints = messages_on(bench, "dJ_dU", "s.h_prev.T @ dJ_db2(s)")
    assert hints[0].startswith("The wrong quantity is in the left factor; it happens to have the right size.")
    _, hints = messages_on(bench, "dJ_db1", "dJ_dh(s) * s.z * (1 - s.z)")
    assert hints[0].startswith("The wrong quantity is in one part of your formula;")


def test_a_factor_left_out_is_one_mistake_and_not_also_a_term_left_out_of_the_factor(bench):
    d_dh = bench.assignment.exact["dJ_dh"]
    found, _ = bench.explain("dJ_db1", bench.run("D * s.h", D=d_dh))
    assert [(mistake.kind, mistake.statement) for mistake in found.diagnosis.mistakes] == [
        (
            "missing-factor",
            "your numbers are what you get when one of the factors of the derivative of sigmoid is left out",
        )
    ]


def test_two_mistakes_in_one_gradient_are_one_observation(bench):
    d_dh = bench.run("(s.y_hat + s.y) @ s.U.T")
    found, _ = bench.explain("dJ_dH", bench.run("s.h.T @ (D * s.h * (1 - s.h))", D=d_dh))
    assert found.diagnosis.certainty == "observation"
    assert [mistake.statement for mistake in found.diagnosis.mistakes] == [
        "your numbers are what you get with h where h_prev belongs (one of two mistakes)",
        "and also when y enters with the opposite sign",
    ]
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == ["wrong-variable", "sign"]
    assert {edit.kind for edit in found.hypotheses[0].edits} == {"sign", "wrong-variable"}


@pytest.mark.parametrize(
    "name, code",
    [("dJ_db2", "(s.y_hat - s.y) ** 2"), ("dJ_db2", "s.y_hat * s.y_hat"), ("dJ_dh", "dJ_db2(s) @ s.U.T * 2")],
)
def test_two_ways_to_write_one_formula_are_no_tie(bench, name, code):
    found, _ = bench.explain(name, bench.run(code))
    assert found.diagnosis.certainty == "exact"
    assert len(found.diagnosis.mistakes) == 1


def test_a_named_misconception_is_a_tie_where_another_mistake_gives_the_same_numbers(bench):
    found = grade_code(bench, {"dJ_db2": "(s.y_hat - s.y) * s.y"})["dJ_db2"].diagnosis
    assert found.certainty == "tie"
    assert [one.kind for one in found.mistakes] == ["wrong-derivative", "extra-factor"]


def test_what_is_done_to_an_upstream_gradient_is_not_said_of_the_answer(bench):
    code = "np.full_like(dJ_db1(s), dJ_db1(s).mean()) @ s.I.T"
    [found] = grade_code(bench, {"dJ_dL_x": code})["dJ_dL_x"].diagnosis.mistakes
    assert found.statement.startswith("your numbers are what you get when, in dJ/db1, everything is averaged")
    assert found.student.startswith("Your numbers are what you get when, in dJ/db1, everything is averaged")


def test_the_runner_up_of_a_missing_term_is_no_factor_that_makes_it_zero(bench):
    assert grade_code(bench, {"dJ_db2": "s.y_hat"})["dJ_db2"].diagnosis.runner_up == ""


MEAN = "np.mean((s.y_hat - s.y) * s.U, axis=1, keepdims=True).T"


def test_the_runner_up_is_for_instructors_alone(bench):
    grade = Grade(1, "", "graded", 0.0, 10.0, list(grade_code(bench, {"dJ_dh": MEAN}).values()))
    [found] = [one.diagnosis for one in grade.gradients if one.diagnosis is not None]
    assert found.mistakes[0].statement.endswith("divided by V")
    assert found.runner_up.startswith("your numbers are what you get with a mean instead of a sum")
    settings = bench.assignment.config.hints
    for shown in (shortened(grade, settings, 3), for_students(grade, settings, 3)):
        assert all(one.diagnosis is None or not one.diagnosis.runner_up for one in shown.gradients)


def test_each_mistake_in_a_chain_is_reported_once_where_it_was_made(bench):
    delta = bench.run("s.y_hat + s.y")
    dh = bench.run("D @ s.U.T", D=delta)
    result = grade_code(bench, {})
    assert all(gradient.diagnosis is None for gradient in result.values())
    values = {
        "dJ_db2": delta,
        "dJ_dU": bench.run("s.h.T @ D", D=delta),
        "dJ_dh": dh,
        "dJ_db1": bench.run("D * s.h", D=dh),
    }
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in {**bench.assignment.exact, **values}.items()
    }
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    assert [m.kind for m in result["dJ_db2"].diagnosis.mistakes] == ["sign"]
    assert result["dJ_dU"].diagnosis is None
    assert result["dJ_dh"].diagnosis is None
    assert [m.kind for m in result["dJ_db1"].diagnosis.mistakes] == ["missing-factor"]


@pytest.mark.parametrize(
    "code, kinds",
    [
        ("(s.h.T @ dJ_db2(s)).T", ["transpose"]),
        ("(s.h.T @ dJ_db2(s)).T.reshape(s.U.shape)", ["transpose"]),
        ("(s.h.T @ dJ_db2(s)).ravel()", ["shape"]),
        ("(s.h.T @ dJ_db2(s))[None]", ["shape"]),
        ("s.h_prev.T @ dJ_db2(s)", ["wrong-variable"]),
        ("-3 * s.h.T @ dJ_db2(s)", ["scale", "sign"]),
        ("s.h.T @ dJ_db2(s) + 0.25 * s.U", ["extra-term"]),
        ("s.h.T @ dJ_db2(s) * np.exp(s.U)", ["extra-factor"]),
        ("0 * s.U", ["constant"]),
    ],
)
def test_a_wrong_outer_product_is_recognised_in_any_shape(bench, code, kinds):
    found, _ = bench.explain("dJ_dU", bench.run(code))
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == kinds
    assert found.diagnosis.certainty == "exact"


def test_single_precision_keeps_the_diagnosis(bench):
    values = [v.astype(np.float32).astype(float) for v in bench.run("s.h_prev.T @ dJ_db2(s)")]
    [mistake] = bench.explain("dJ_dU", values, tolerance=SINGLE)[0].diagnosis.mistakes
    assert (mistake.kind, mistake.where) == ("wrong-variable", "h")
    assert bench.explain("dJ_dU", values, tolerance=DOUBLE)[0].diagnosis.certainty == "none"


@pytest.mark.parametrize(
    ("gradient", "quantity"), [("dJ_dU", "U"), ("dJ_dh_prev", "h_prev"), ("dJ_dL_x", "e"), ("dJ_db1", "h")]
)
def test_a_quantity_returned_as_a_gradient_is_called_by_its_name(bench, gradient, quantity):
    found, _ = bench.explain(gradient, [point.values[quantity] for point in bench.assignment.points])
    [mistake] = found.diagnosis.mistakes
    assert mistake.statement == f"your numbers are exactly {quantity}: that is not the gradient asked for"
    assert found.operators == ("wrong-result",)


@pytest.fixture
def sign_and_scale():
    return OPERATORS["sign-result"].edit("the result"), OPERATORS["scale-number"].edit("the result", new="2")


def test_of_several_explanations_each_is_one_statement(sign_and_scale):
    one, two = Hypothesis(sign_and_scale, "", 2.3, "table"), Hypothesis(sign_and_scale[1:], "", 2.4, "table")
    found = _explanation("tie", [one, two]).diagnosis
    both = "in your numbers, the sign is flipped throughout; in addition, everything is multiplied by 2"
    assert [mistake.statement for mistake in found.mistakes] == [both, sign_and_scale[1].statement]
    assert found.certainty == "tie"


def test_each_of_several_mistakes_has_its_own_kind_and_none_reads_as_the_whole(sign_and_scale):
    found = _explanation("exact", [Hypothesis(sign_and_scale, "", 2.3, "table")]).diagnosis
    assert [(mistake.kind, mistake.statement) for mistake in found.mistakes] == [
        ("sign", "in your numbers, the sign is flipped throughout (one of two mistakes)"),
        ("scale", "in addition, everything is multiplied by 2"),
    ]
    assert found.certainty == "observation"


def test_a_number_in_place_of_a_factor_is_not_counted_as_two_mistakes():
    """As a mean over a window, where the factor says which entry is the largest."""
    factor = OPERATORS["missing-factor"].edit("a == p", old="a == p")
    quarter = OPERATORS["scale-number"].edit("the result", new="0.25")
    found = _explanation("exact", [Hypothesis((factor, quarter), "", 2.5, "composition")])
    assert found.diagnosis.certainty == "observation"
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == ["missing-factor", "scale"]
    assert not any("mistakes" in mistake.statement for mistake in found.diagnosis.mistakes)
    assert not found.hypotheses[0].is_several


@pytest.mark.parametrize(
    "code, kind", [("np.sum(dJ_db2(s))", "reduction"), ("s.y - s.y", "constant"), ("np.zeros_like(s.b2)", "constant")]
)
def test_what_cancels_up_to_rounding_is_a_sum_and_what_is_zero_is_constant(bench, code, kind):
    found, _ = bench.explain("dJ_db2", bench.run(code))
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == [kind]


@pytest.mark.parametrize("one, other", [("s.y * dJ_db2(s)", {"target-only", "jacobian-diagonal"})])
def test_two_stories_of_one_formula_are_a_tie(bench, one, other):
    knowledge = msgspec.structs.replace(knowledge_of(bench.assignment), misconceptions=())
    found = explain(bench.assignment, knowledge, "dJ_db2", bench.run(one), {})
    assert found.diagnosis.certainty == "tie"
    assert set(found.operators) == other


def test_what_follows_from_a_gradient_of_another_shape_is_not_accused(bench):
    delta = [np.tile(value, (2, 1)) for value in bench.assignment.exact["dJ_db2"]]
    codes = {"dJ_db2": delta, "dJ_dh": bench.run("D @ s.U.T", D=delta)}
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in {**bench.assignment.exact, **codes}.items()
    }
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    assert [mistake.kind for mistake in result["dJ_db2"].diagnosis.mistakes] == ["shape"]
    assert result["dJ_dh"].diagnosis.mistakes == []
    assert result["dJ_dh"].diagnosis.properties == [
        "your numbers are what follows from your own dJ_db2: fix that one first"
    ]


@pytest.mark.parametrize(
    "gradient, code, kinds, where",
    [
        ("dJ_dU", "s.h.T @ dJ_db2(s) + s.b2", ["extra-term"], "b2"),
        ("dJ_dU", "sigmoid(s.h).T @ dJ_db2(s)", ["wrong-variable"], "h"),
        ("dJ_dI", "s.x * dJ_db1(s)", ["wrong-variable"], "e"),
        ("dJ_dh", "(s.h @ s.U + s.b2) @ s.U.T", ["wrong-variable"], "dJ/db2"),
        ("dJ_db1", "dJ_dh(s) * np.sqrt(s.h * (1 - s.h))", ["wrong-derivative"], "sigmoid'"),
        ("dJ_dh_prev", "np.sum(dJ_dH(s), axis=0, keepdims=True)", ["wrong-variable"], "dJ/dH"),
        ("dJ_dh", "dJ_dh(s) + np.sum(s.z)", ["extra-term"], "the result"),
        ("dJ_dh", "np.floor(dJ_dh(s) * 100) / 100", ["numerical-gradient"], "the result"),
    ],
)
def test_one_slip_is_one_statement_with_its_place(bench, gradient, code, kinds, where):
    found, _ = bench.explain(gradient, bench.run(code))
    assert found.diagnosis.certainty == "exact"
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == kinds
    assert found.diagnosis.mistakes[0].where == where


def test_a_multiple_of_a_quantity_is_no_multiple_of_the_gradient(bench):
    found, _ = bench.explain("dJ_dU", [3 * point.values["U"] for point in bench.assignment.points])
    [mistake] = found.diagnosis.mistakes
    assert mistake.statement == "your numbers are exactly a multiple of U: that is not the gradient asked for"


@pytest.mark.parametrize("of_own", [True, False])
def test_a_factor_is_that_of_the_right_gradient_or_of_the_students_own_whichever_is_plainer(bench, of_own):
    right = bench.assignment.exact
    own = {"dJ_db2": [-value for value in right["dJ_db2"]]}
    values = [(-2 if of_own else 2) * value for value in right["dJ_dU"]]
    found = explain(bench.assignment, knowledge_of(bench.assignment), "dJ_dU", values, own)
    of = "what follows from your own dJ_db2" if of_own else "the right ones"
    assert [mistake.statement for mistake in found.diagnosis.mistakes] == [f"your numbers are 2 times {of}"]


def test_a_numerical_derivative_is_named_without_a_verdict(bench):
    random = np.random.default_rng(1)
    values = [v + 1e-10 * random.standard_normal(v.shape) for v in bench.assignment.exact["dJ_dH"]]
    found, _ = bench.explain("dJ_dH", values)
    assert found.diagnosis.certainty == "observation"
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == ["numerical-gradient"]


def test_without_a_diagnosis_there_are_properties(bench):
    found, _ = bench.explain(
        "dJ_dH", bench.run("(np.arange(1, 1 + s.h.size)[:, None] ** 1.5) * (s.h_prev.T @ dJ_db1(s))")
    )
    assert any("each row is the right row times a number" in sentence for sentence in found.diagnosis.properties)


def test_every_operator_has_a_kind_of_the_contract_and_a_complete_sentence():
    for slug, operator in OPERATORS.items():
        assert operator.kind in KINDS, slug
        statement = operator.edit("WHERE", new="NEW", old="OLD").statement
        assert statement.startswith(("your numbers", "your array")), slug
        assert "{" not in statement, slug


def test_log_likelihood_is_diagnosed_in_the_same_words(bench):
    import msgspec

    config = msgspec.structs.replace(bench.assignment.config, objective="log_likelihood")
    other = dataclasses.replace(bench.assignment, config=config)
    values = {**bench.assignment.exact, "dJ_dH": bench.run("s.h.T @ dJ_db1(s)")}
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(-v).tobytes())) for v in found]
        for name, found in values.items()
    }
    result = {gradient.name: gradient for gradient in grade_run(other, Run(answers), "student.py").gradients}
    assert result["dJ_db2"].status == "passed"
    assert [m.kind for m in result["dJ_dH"].diagnosis.mistakes] == ["wrong-variable"]


@pytest.mark.parametrize(
    "name, code, certainty, kinds",
    [
        ("dJ_db2", "0 * s.y", "exact", ["constant"]),
        ("dJ_dH", "dJ_dH(s) * (1 + 1e-8)", "observation", ["numerical-gradient"]),
        ("dJ_dH", "2 * dJ_dH(s)", "none", []),
    ],
)
def test_where_the_model_cannot_be_differentiated_comparisons_of_numbers_are_left(bench, name, code, certainty, kinds):
    alone = dataclasses.replace(bench.assignment, solution=None)
    alone.__dict__["reference"] = None
    found = explain(alone, knowledge_of(alone), name, bench.run(code), {})
    assert found.diagnosis.certainty == certainty
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == kinds
    assert kinds or found.diagnosis.properties


def test_a_difference_quotient_with_a_large_step_is_recognised(bench):
    coarse = """
J = lambda H: -np.sum(s.y * np.log(softmax(sigmoid(s.h_prev @ H + s.e @ s.I + s.b1) @ s.U + s.b2)))
g = np.zeros_like(s.H)
for i in range(g.shape[0]):
    for j in range(g.shape[1]):
        up = s.H.copy()
        up[i, j] += 0.01
        g[i, j] = (J(up) - J(s.H)) / 0.01
return g"""
    found, _ = bench.explain("dJ_dH", bench.run(coarse))
    assert found.diagnosis.certainty == "observation"
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == ["numerical-gradient"]


JACOBIAN = "(np.diagflat(s.y_hat) - s.y_hat.T @ s.y_hat)"
BINARY = "(-s.y / s.y_hat + (1 - s.y) / (1 - s.y_hat))"
GET = "your numbers are what you get"
ENTRYWISE = f"{GET} with an elementwise product instead of a matrix product with the derivative of softmax"
RECOMPUTED_H = "sigmoid(s.h_prev @ s.H + s.e @ s.I)"


def messages_on(bench, name, code):
    """The statements on a wrong answer, and the hints."""
    result = grade_code(bench, {name: code})[name]
    assert result.status == "failed"
    return [mistake.statement for mistake in result.diagnosis.mistakes], result.hints


@pytest.mark.parametrize(
    "name, code, statement",
    [
        (
            "dJ_db2",
            JACOBIAN,
            "your numbers are what you get with the Jacobian of softmax alone, not multiplied by dJ/dy_hat",
        ),
        (
            "dJ_db1",
            "np.diagflat(s.h * (1 - s.h))",
            "your numbers are what you get with the Jacobian of sigmoid alone, not multiplied by dJ/dh",
        ),
        (
            "dJ_db2",
            f"-s.y / s.y_hat * {JACOBIAN}",
            ENTRYWISE,
        ),
        (
            "dJ_db2",
            f"(-s.y / s.y_hat).T * {JACOBIAN}",
            ENTRYWISE,
        ),
        (
            "dJ_db2",
            "p = softmax(-s.y / s.y_hat)\nreturn np.diagflat(p) - p.T @ p",
            "your numbers are what you get with the Jacobian of softmax at dJ/dy_hat, not multiplied by dJ/dy_hat",
        ),
        (
            "dJ_db2",
            f"{BINARY} @ {JACOBIAN}",
            f"{GET} with the derivative of a binary cross entropy of each entry instead of the derivative of the loss",
        ),
        (
            "dJ_db2",
            BINARY,
            f"{GET} with the derivative of a binary cross entropy of each entry instead of the derivative of the loss",
        ),
        ("dJ_dH", "np.round(s.h_prev.T @ dJ_db1(s), 3)", "your numbers are the right ones rounded to 3 decimal places"),
        ("dJ_dh", "np.round(dJ_db2(s) @ s.U.T)", "your numbers are the right ones rounded to whole numbers"),
        ("dJ_dh", "np.full_like(s.h, dJ_dh(s).mean())", "your numbers are the right ones averaged over all entries"),
        (
            "dJ_dh",
            "np.full_like(s.h, dJ_dh(s).sum())",
            "your numbers are the right ones summed over all entries, with the sum in every place",
        ),
    ],
)  # fmt: skip
def test_a_single_mistake_is_one_statement(bench, name, code, statement):
    assert messages_on(bench, name, code)[0] == [statement]


@pytest.mark.parametrize(
    "name, code, never",
    [
        ("dJ_dU", "s.U * dJ_db2(s)", ["the same shape", "it happens to have the right size"]),
        ("dJ_dI", "s.I * dJ_db1(s)", ["the same shape", "the right size"]),
        ("dJ_dH", "s.H.T * dJ_db1(s)", ["the same shape", "the right size"]),
        ("dJ_dL_x", "dJ_db1(s) @ s.U", ["the same shape", "the right size"]),
        ("dJ_dU", f"{RECOMPUTED_H}.T @ dJ_db2(s)", ["every quantity", "path", "softmax"]),
        ("dJ_db1", f"dJ_dh(s) * {RECOMPUTED_H} * (1 - {RECOMPUTED_H})", ["every quantity", "path", "sigmoid is missing"]),
        ("dJ_db2", "softmax(s.h @ s.U) - s.y", ["not differentiated completely", "add up to zero"]),
        ("dJ_db2", f"{BINARY} @ {JACOBIAN}", ["opposite sign", "once more", "not differentiated completely"]),
        ("dJ_db2", f"(s.y_hat - s.y) @ {JACOBIAN}", ["not differentiated completely"]),
        ("dJ_dh_prev", "dJ_db1(s)", ["read along the wrong axis"]),
        ("dJ_dH", "dJ_dH(s) + s.H", ["h_prev is given", "goes back through"]),
        ("dJ_dU", "s.z.T @ dJ_db2(s)", ["derivative of a nonlinear function"]),
        ("dJ_dU", "s.h.T @ s.y_hat", ["which row stands to the left"]),
        ("dJ_db2", "s.y_hat - 1", ["the same shape"]),
        ("dJ_db2", "softmax(s.h @ s.U + s.b2) - np.roll(s.y, 1, axis=1)", ["the row of b2"]),
    ],
)  # fmt: skip
def test_no_hint_is_false_of_the_numbers(bench, name, code, never):
    statements, hints = messages_on(bench, name, code)
    text = " ".join([*statements, *hints])
    assert len(hints) == 3
    assert [words for words in never if words in text] == []


@pytest.mark.parametrize(
    "name, code, quantity",
    [
        ("dJ_dU", f"{RECOMPUTED_H}.T @ dJ_db2(s)", "h"),
        ("dJ_dU", "sigmoid(s.h_prev @ s.H.T + s.e @ s.I + s.b1).T @ dJ_db2(s)", "h"),
        ("dJ_db1", f"dJ_dh(s) * {RECOMPUTED_H} * (1 - {RECOMPUTED_H})", "h"),
        ("dJ_db2", "softmax(s.h @ s.U) - s.y", "y_hat"),
        ("dJ_db2", "softmax(s.h_prev @ s.U + s.b2) - s.y", "y_hat"),
    ],
)
def test_a_forward_pass_gone_wrong_is_compared_with_what_s_holds(bench, name, code, quantity):
    _, hints = messages_on(bench, name, code)
    assert hints[0].endswith(f"Compare yours with s.{quantity}.")
    assert "every term of the model's line" in hints[1]
    assert f"Use s.{quantity}, " in hints[2]


@pytest.mark.parametrize(
    "name, code",
    [
        ("dJ_db2", "np.diagflat(s.y_hat * (1 - s.y_hat))"),
        ("dJ_dU", "-3 * s.h_prev.T @ dJ_db2(s)"),
        ("dJ_dH", "-(s.h_prev.T @ dJ_db1(s)).T"),
        ("dJ_db2", f"{BINARY} @ {JACOBIAN} / s.y.shape[1]"),
        ("dJ_db1", "-(dJ_dh(s) * s.h)[0]"),
    ],
)
def test_of_several_mistakes_none_calls_the_numbers_right(bench, name, code):
    statements, _ = messages_on(bench, name, code)
    for statement in statements:
        assert "numbers are right" not in statement
        assert "the right ones" not in statement
        assert "right size" not in statement
    first, *others = statements
    assert first.endswith((" (one of two mistakes)", " (one of three mistakes)"))
    assert others
    assert all(other.startswith(("in addition, ", "and also ")) for other in others)


def test_a_mistake_on_the_students_own_gradient_is_not_compared_with_the_right_one(bench):
    delta = bench.run("s.y_hat + s.y")
    codes = {"dJ_db2": delta, "dJ_dU": bench.run("-(s.h.T @ D)", D=delta)}
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in {**bench.assignment.exact, **codes}.items()
    }
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    [mistake] = result["dJ_dU"].diagnosis.mistakes
    assert mistake.statement == "your numbers are what follows from your own dJ_db2, with the opposite sign throughout"
    assert result["dJ_dU"].hints[0].startswith("Given your own dJ_db2: ")


WHOLE = "your array holds whole numbers"


@pytest.fixture(scope="module")
def at_home(bench):
    return dataclasses.replace(bench.assignment, solution=None)


@pytest.mark.parametrize("dtype", ["int64", "int8"])
@pytest.mark.parametrize("name", ["dJ_db2", "dJ_dH"])
@pytest.mark.parametrize("factor", [1, 10])
@pytest.mark.parametrize("home", [True, False])
def test_an_array_of_whole_numbers_is_called_that(bench, at_home, name, dtype, factor, home):
    assignment = at_home if home else bench.assignment
    answers = {}
    for other, values in bench.assignment.exact.items():
        arrays = [np.ascontiguousarray((factor * v).astype(dtype) if other == name else v) for v in values]
        answers[other] = [Answer("returned", ArrayData(a.dtype.str, a.shape, a.tobytes())) for a in arrays]
    result = next(g for g in grade_run(assignment, Run(answers), "student.py").gradients if g.name == name)
    [mistake] = result.diagnosis.mistakes
    assert mistake.statement.startswith(f"{WHOLE} ({dtype})")
    assert "up to rounding" not in mistake.statement
    assert result.hints[0].startswith("This array holds whole numbers")


def test_half_precision_is_not_taken_for_a_numerical_derivative(bench):
    arrays = [np.ascontiguousarray(v.astype(np.float16)) for v in bench.assignment.exact["dJ_dh"]]
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in bench.assignment.exact.items()
    }
    answers["dJ_dh"] = [Answer("returned", ArrayData("<f2", a.shape, a.tobytes())) for a in arrays]
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    assert [mistake.statement for mistake in result["dJ_dh"].diagnosis.mistakes] == [
        "your array is in half precision (float16), which keeps about three digits"
    ]


def test_an_array_of_zeros_is_not_called_rounded(bench):
    statements, _ = messages_on(bench, "dJ_dH", "np.zeros(s.H.shape)")
    assert statements == [
        "your numbers are zero: a gradient has one value per entry, and changes with the sample point"
    ]


@pytest.mark.parametrize("dtype", ["<f8", "<i8", "|b1"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_zeros_that_no_cut_off_decimals_explain_are_zeros_in_any_type(bench, dtype, shape):
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
        for name, found in bench.assignment.exact.items()
    }
    zero = np.zeros(shape, dtype=dtype)
    answers["dJ_dh"] = [Answer("returned", ArrayData(dtype, shape, zero.tobytes())) for _ in bench.assignment.points]
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    [mistake] = result["dJ_dh"].diagnosis.mistakes
    assert (mistake.kind, mistake.student.startswith("Your numbers are zero")) == ("constant", True)


@pytest.mark.parametrize(
    "of_first, operator",
    [(lambda right: right, "kept-answer"), (lambda right: np.arange(right.size) + 1.0, "sizes-only")],
)
def test_an_answer_that_is_the_same_for_the_same_sizes_is_reported_as_that(bench, of_first, operator):
    first = {}
    values = []
    for right in bench.assignment.exact["dJ_dH"]:
        values.append(first.setdefault(right.shape, of_first(right).reshape(right.shape)))
    found = explain(bench.assignment, knowledge_of(bench.assignment), "dJ_dH", values, {})
    assert (found.diagnosis.certainty, found.operators) == ("exact", (operator,))


@pytest.mark.parametrize(
    "code", ["dJ_dh(s).sum()", "dJ_dh(s).max()", "(dJ_dh(s) * s.h).sum()", "np.linalg.norm(dJ_dh(s))"]
)
def test_a_number_in_every_place_keeps_the_marks_of_the_shape(bench, code):
    result = grade_code(bench, {"dJ_dh": f"np.full_like(s.h, {code})"})["dJ_dh"]
    assert result.score == result.checks[0].score > 0
    assert result.diagnosis.mistakes[0].kind == "reduction"


def test_what_is_zero_because_of_an_array_of_whole_numbers_is_not_accused(bench):
    zero = {name: [np.zeros(v.shape) for v in values] for name, values in bench.assignment.exact.items()}
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, v.tobytes())) for v in values]
        for name, values in zero.items()
    }
    answers["dJ_db2"] = [
        Answer("returned", ArrayData("<i8", v.shape, v.astype("<i8").tobytes())) for v in zero["dJ_db2"]
    ]
    result = {gradient.name: gradient for gradient in grade_run(bench.assignment, Run(answers), "student.py").gradients}
    assert result["dJ_db2"].diagnosis.mistakes[0].statement.startswith(WHOLE)
    others = [one for name, one in result.items() if name != "dJ_db2"]
    assert [(one.inherits, one.diagnosis, one.score) for one in others] == [(["dJ_db2"], None, 0.0)] * 7


def test_an_outer_product_the_other_way_around_is_called_a_transposed_matrix():
    edits = [edit for _, edit in outer_mutants(("outer", q("a"), q("b")), None)]
    sentences = [text for edit in edits for text in student_sentences(Hypothesis((edit,), "", 1.0, "local"), None)]
    assert "Your numbers are right, but form a transposed matrix: two factors are in the wrong order." in sentences
    assert not any(re.search(r" [:.]", sentence) for sentence in [*sentences, *(edit.statement for edit in edits)])
