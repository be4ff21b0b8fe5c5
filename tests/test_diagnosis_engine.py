"""The diagnosis engine on the labelled wrong answers of tests/diagnosis, and on what must find no story."""

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.answers import Answer, ArrayData, Run
from grader.diagnosis.engine import DOUBLE, SINGLE, _explanation, explain
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.story import Story
from grader.grade import grade

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


def told(bench, name):
    """Share of a set's answers with a story, and share of those whose first mistake is of the label's kind."""
    rows = []
    for item in yaml.safe_load((ROOT / "tests" / "diagnosis" / name).read_text()):
        found, _ = bench.explain(item["gradient"], bench.run(item["code"]))
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
    return {gradient.name: gradient for gradient in grade(bench.assignment, Run(answers), "student.py").gradients}


def test_nearly_all_single_mistakes_have_a_story_that_agrees_with_the_label(bench):
    recall, agreement = told(bench, "set_a.yaml")
    assert recall >= 0.98
    assert agreement >= 0.96


def test_mistakes_written_without_sight_of_the_operators_have_stories_too(bench):
    recall, agreement = told(bench, "set_b.yaml")
    assert recall >= 0.90
    assert agreement >= 0.90


def test_a_factor_left_out_is_one_story_and_not_also_a_term_left_out_of_the_factor(bench):
    d_dh = bench.assignment.exact["dJ_dh"]
    found, _ = bench.explain("dJ_db1", bench.run("D * s.h", D=d_dh))
    assert [(mistake.kind, mistake.statement) for mistake in found.diagnosis.mistakes] == [
        (
            "missing-factor",
            "your numbers are what you get when one of the factors of the derivative of sigmoid is left out",
        )
    ]


def test_two_mistakes_in_one_gradient_are_both_told(bench):
    d_dh = bench.run("(s.y_hat + s.y) @ s.U.T")
    found, _ = bench.explain("dJ_dH", bench.run("s.h.T @ (D * s.h * (1 - s.h))", D=d_dh))
    assert found.diagnosis.certainty == "exact"
    assert {mistake.kind for mistake in found.diagnosis.mistakes} == {"sign", "wrong-variable"}


def test_a_chain_of_mistakes_is_told_once_each_where_they_were_made(bench):
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
    result = {gradient.name: gradient for gradient in grade(bench.assignment, Run(answers), "student.py").gradients}
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
        ("-3 * s.h.T @ dJ_db2(s)", ["scale"]),
        ("s.h.T @ dJ_db2(s) + 0.25 * s.U", ["extra-term"]),
        ("s.h.T @ dJ_db2(s) * np.exp(s.U)", ["extra-factor"]),
        ("0 * s.U", ["constant"]),
    ],
)
def test_a_wrong_outer_product_is_recognised_in_any_shape(bench, code, kinds):
    found, _ = bench.explain("dJ_dU", bench.run(code))
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == kinds
    assert found.diagnosis.certainty == "exact"


def test_single_precision_keeps_the_story(bench):
    values = [v.astype(np.float32).astype(float) for v in bench.run("s.h_prev.T @ dJ_db2(s)")]
    assert bench.explain("dJ_dU", values, tolerance=SINGLE)[0].note == "wrong-variable:h"
    assert bench.explain("dJ_dU", values, tolerance=DOUBLE)[0].diagnosis.certainty == "none"


@pytest.mark.parametrize(
    ("gradient", "quantity"), [("dJ_dU", "U"), ("dJ_dh_prev", "h_prev"), ("dJ_dL_x", "e"), ("dJ_db1", "h")]
)
def test_a_quantity_handed_in_for_a_gradient_is_called_by_its_name(bench, gradient, quantity):
    found, _ = bench.explain(gradient, [step.values[quantity] for step in bench.assignment.steps])
    [mistake] = found.diagnosis.mistakes
    assert mistake.statement == f"your numbers are exactly {quantity}: that is not the gradient asked for"
    assert found.operators == ("wrong-result",)


def test_the_mistakes_of_one_story_among_several_are_told_together():
    sign, scale = OPERATORS["sign-result"].edit("the result"), OPERATORS["scale-number"].edit("the result", new="2")
    one, two = Story((sign, scale), "", 2.3, "table"), Story((scale,), "", 2.4, "table")
    both = [
        "in your numbers the sign is the opposite throughout",
        "at the same time, everything is multiplied by 2",
    ]
    assert [mistake.statement for mistake in _explanation("tie", [one, two]).diagnosis.mistakes] == [
        "; and ".join(both),
        scale.statement,
    ]
    assert [mistake.statement for mistake in _explanation("exact", [one]).diagnosis.mistakes] == both


def test_a_multiple_of_a_quantity_is_no_multiple_of_the_gradient(bench):
    found, _ = bench.explain("dJ_dU", [3 * step.values["U"] for step in bench.assignment.steps])
    [mistake] = found.diagnosis.mistakes
    assert mistake.statement == "your numbers are exactly a multiple of U: that is not the gradient asked for"


@pytest.mark.parametrize("of_own", [True, False])
def test_a_factor_is_that_of_the_right_gradient_or_of_the_students_own_whichever_is_plainer(bench, of_own):
    right = bench.assignment.exact
    own = {"dJ_db2": [-value for value in right["dJ_db2"]]}
    values = [(-2 if of_own else 2) * value for value in right["dJ_dU"]]
    found = explain(bench.assignment, "dJ_dU", values, own)
    of = "what follows from your own dJ_db2" if of_own else "the right ones"
    assert [mistake.statement for mistake in found.diagnosis.mistakes] == [f"your numbers are 2 times {of}"]


def test_a_numerical_derivative_is_named_without_a_verdict(bench):
    random = np.random.default_rng(1)
    values = [v + 1e-10 * random.standard_normal(v.shape) for v in bench.assignment.exact["dJ_dH"]]
    found, _ = bench.explain("dJ_dH", values)
    assert found.diagnosis.certainty == "observation"
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == ["numerical-gradient"]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from("dJ_db2 dJ_dU dJ_dh dJ_db1 dJ_dL_x dJ_dI dJ_dH dJ_dh_prev".split()),
    st.sampled_from(["noise", "perturbed", "entry"]),
    st.sampled_from([DOUBLE, SINGLE]),
    st.integers(0, 2**32 - 1),
)
def test_there_is_no_story_for_noise(bench, name, how, tolerance, seed):
    random = np.random.default_rng(seed)
    values = []
    for right in bench.assignment.exact[name]:
        value = right.copy()
        if how == "noise":
            value = random.standard_normal(right.shape)
        elif how == "perturbed":
            value = right * (1 + 1e-3 * random.standard_normal(right.shape))
        else:
            value.flat[random.integers(right.size)] += 1 + random.random()
        values.append(value.astype(np.float32).astype(float) if tolerance == SINGLE else value)
    found = explain(bench.assignment, name, values, {}, tolerance)
    assert found.diagnosis.certainty == "none"
    assert found.diagnosis.mistakes == []


def test_without_a_story_there_are_properties(bench):
    found, _ = bench.explain("dJ_dH", bench.run("np.clip(s.h_prev.T @ dJ_db1(s), -0.02, 0.02)"))
    assert found.diagnosis.certainty == "none"
    assert any("clipped" in sentence for sentence in found.diagnosis.properties)
    found, _ = bench.explain(
        "dJ_dH", bench.run("(np.arange(1, 1 + s.h.size)[:, None] ** 1.5) * (s.h_prev.T @ dJ_db1(s))")
    )
    assert any("each row is the right row times a number" in sentence for sentence in found.diagnosis.properties)


def test_every_operator_has_a_kind_of_the_contract_and_a_sentence_that_is_whole():
    for slug, operator in OPERATORS.items():
        assert operator.kind in KINDS, slug
        statement = operator.edit("WHERE", new="NEW", old="OLD").statement
        assert statement.startswith(("your numbers", "your array")), slug
        assert "{" not in statement, slug


def test_log_likelihood_is_diagnosed_in_the_same_words(bench):
    import dataclasses

    import msgspec

    config = msgspec.structs.replace(bench.assignment.config, objective="log_likelihood")
    other = dataclasses.replace(bench.assignment, config=config)
    values = {**bench.assignment.exact, "dJ_dH": bench.run("s.h.T @ dJ_db1(s)")}
    answers = {
        name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(-v).tobytes())) for v in found]
        for name, found in values.items()
    }
    result = {gradient.name: gradient for gradient in grade(other, Run(answers), "student.py").gradients}
    assert result["dJ_db2"].status == "passed"
    assert [m.kind for m in result["dJ_dH"].diagnosis.mistakes] == ["wrong-variable"]


@pytest.mark.parametrize(
    "name, code, certainty, kinds",
    [
        ("dJ_db2", "s.y - s.y_hat", "exact", ["sign"]),
        ("dJ_dU", "(s.h.T @ dJ_db2(s)).T", "exact", ["transpose"]),
        ("dJ_dU", "0.5 * (s.h.T @ dJ_db2(s)).T", "exact", ["transpose", "scale"]),
        ("dJ_db1", "dJ_dh(s)", "observation", ["wrong-variable"]),
        ("dJ_db1", "dJ_db1(s) * s.h_prev", "exact", ["extra-factor"]),
        ("dJ_dH", "dJ_dH(s) + s.H", "exact", ["extra-term"]),
        ("dJ_dH", "s.h.T @ dJ_dh(s)", "none", []),
    ],
)
def test_without_a_solution_finite_differences_still_say_something(bench, name, code, certainty, kinds):
    import dataclasses

    alone = dataclasses.replace(bench.assignment, reference=None)
    found = explain(alone, name, bench.run(code), {})
    assert found.diagnosis.certainty == certainty
    assert [mistake.kind for mistake in found.diagnosis.mistakes] == kinds


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
