"""What is recognized in the numbers alone: every pattern on its own example, for every gradient; and nothing in noise."""

import dataclasses
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from grader.config.load import load_config
from grader.diagnosis.engine import DOUBLE, SINGLE, explain
from grader.diagnosis.hypothesis import Explanation
from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.patterns.catalog import PATTERNS, make_case, recognized
from grader.diagnosis.patterns.pattern import Case, Pattern
from grader.problem.assignment import Assignment, load_assignment

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
diagnosis = pytest.importorskip("diagnosis")


@pytest.fixture(scope="module")
def another() -> Assignment:
    folder = ROOT / "tests" / "regression"
    return load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)


@pytest.fixture(scope="module")
def bench() -> "diagnosis.Bench":
    return diagnosis.Bench()


def explained(assignment: Assignment, name: str, values: list[np.ndarray], tolerance: float = DOUBLE) -> Explanation:
    return explain(assignment, knowledge_of(assignment), name, values, {}, tolerance)


@pytest.mark.parametrize("value, right", [(1e200, 1e200), (1.0, 1e-200), (1e-200, 1e-200), (1e300, 1.0), (1.0, np.inf)])
def test_numbers_at_the_edge_of_what_floats_can_hold_upset_no_pattern(value: float, right: float) -> None:
    rows = [np.array([[1.0, -2.0, 3.0]]) * k for k in (1, 2, 3)]
    values, rights = ([factor * row for row in rows] for factor in (value, right))
    with np.errstate(all="ignore"):
        recognized(Case(values, rights, "b", {}, {"b": [1e300 * row for row in rows]}, ("b",), 1e-9))


@pytest.mark.parametrize(
    ("sizes", "shown"), [((2, 5, 2), True), ((3, 4, 3), True), ((2, 2, 2), False), ((1, 5, 5), False)]
)
def test_a_number_added_everywhere_is_seen_where_enough_entries_agree(sizes: tuple[int, ...], shown: bool) -> None:
    rng = np.random.default_rng(1)
    rights = [rng.normal(size=(1, size)) for size in sizes]
    values = [right + number for right, number in zip(rights, (0.5, -2.0, 7.0), strict=True)]
    with np.errstate(all="ignore"):
        found = recognized(Case(values, rights, "b", {}, {}, ("b",), 1e-9))
    assert ("offset" in {edit.operator for one in found for edit in one.edits}) == shown


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_every_pattern_recognizes_its_example(assignment: Assignment, another: Assignment, pattern: Pattern) -> None:
    tried = 0
    for either in (assignment, another):
        for name in either.names:
            case = make_case(either, name, either.exact[name], either.exact[name], {}, DOUBLE)
            with np.errstate(all="ignore"):
                example = pattern.example(case)
            if example is None or case.matches(example):
                continue
            tried += 1
            made = recognized(msgspec.structs.replace(case, values=example))
            assert pattern.slug in {edit.operator for one in made for edit in one.edits}, name
            found = explained(either, name, [either.config.sign * value for value in example])
            assert found.diagnosis.certainty in ("exact", "observation"), name
            assert len(found.hypotheses[0].edits) == 1, (name, found.diagnosis)
    assert tried, "no gradient allows an example"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.slug)
def test_right_numbers_match_no_pattern(assignment: Assignment, pattern: Pattern) -> None:
    for name in assignment.names:
        assert recognized(make_case(assignment, name, assignment.exact[name], assignment.exact[name], {}, DOUBLE)) == []


INSIDE = [
    ("dJ_db1", "p = 1 / 1 + np.exp(-s.z)\nreturn dJ_dh(s) * p * (1 - p)", "lost-parentheses"),
    ("dJ_db2", "softmax((s.h @ s.U + s.b2).T).T - s.y", "wrong-axis"),
    ("dJ_db2", "(-s.y / s.y_hat) @ np.abs(np.diagflat(s.y_hat) - s.y_hat.T @ s.y_hat)", "sign-off-diagonal"),
    ("dJ_dU", "np.round(s.h, 3).T @ dJ_db2(s)", "digits-inside"),
    ("dJ_dU", "np.outer(s.h.astype(np.float16), dJ_db2(s))", "digits-inside"),
    ("dJ_dU", "s.h.T @ (np.clip(s.y_hat, 0.05, 0.95) - s.y)", "clipped-inside"),
    ("dJ_db2", "(-s.y / (s.y_hat + 1e-8)) @ (np.diagflat(s.y_hat) - s.y_hat.T @ s.y_hat)", "clipped-inside"),
    ("dJ_dh", "dJ_db2(s)[:, 1:] @ s.U.T[1:]", "term-left-out"),
    ("dJ_dh", "dJ_db2(s)[:, :-1] @ s.U.T[:-1]", "term-left-out"),
    ("dJ_dh", "np.max(dJ_db2(s) * s.U, axis=1)[None]", "max-for-sum"),
    ("dJ_dh", "(s.U[:, :3] @ dJ_db2(s)[:, :3].T).T", "first-terms"),
    (
        "dJ_dh",
        "terms = (dJ_db2(s) * s.U).T\nmean = terms[0]\nfor t in terms[1:]:\n    mean = (mean + t) / 2\nreturn mean[None]",
        "running-average",
    ),
    ("dJ_dh", "np.array([[float(f'{v:.2e}') for v in dJ_dh(s)[0]]])", "significant"),
    ("dJ_dh", "dJ_dh(s).astype(np.float16).astype(float)", "digits-inside"),
]


@pytest.mark.parametrize(("name", "code", "slug"), INSIDE)
def test_one_part_of_the_formula_with_other_numbers_is_one_mistake(
    bench: "diagnosis.Bench", name: str, code: str, slug: str
) -> None:
    found, _ = bench.explain(name, bench.run(code))
    assert (found.diagnosis.certainty, found.operators) == ("exact", (slug,))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("g = dJ_dU(s)\ng[2, 3] += 0.1\nreturn g", "all entries are right but [2, 3]"),
        (
            "g = dJ_dU(s)\ng *= 1 + 1e-3 * np.cos(np.arange(g.size)).reshape(g.shape)\nreturn g",
            "nearly right: no entry",
        ),
    ],
)
def test_what_is_nearly_right_is_described_as_that_and_nothing_else(
    bench: "diagnosis.Bench", code: str, sentence: str
) -> None:
    found, _ = bench.explain("dJ_dU", bench.run(code))
    [said] = found.diagnosis.properties
    assert said.startswith(sentence)


@settings(
    max_examples=settings.default.max_examples // 10, phases=(Phase.explicit, Phase.generate)
)  # a seed does not get simpler
@given(
    st.integers(0, 12),
    st.sampled_from(["noise", "perturbed", "entry", "one number", "factors", "permuted"]),
    st.sampled_from([DOUBLE, SINGLE]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_numbers_that_no_formula_gives_have_no_diagnosis(
    assignment: Assignment, another: Assignment, number: int, how: str, tolerance: float, home: bool, seed: int
) -> None:
    either, name = [(one, name) for one in (assignment, another) for name in one.names][number]
    random = np.random.default_rng(seed)
    values = []
    for right in either.exact[name]:
        value = right.copy()
        if how == "noise":
            value = random.standard_normal(right.shape)
        elif how == "perturbed":
            value = right * (1 + 1e-3 * random.standard_normal(right.shape))
        elif how == "entry":
            value.flat[random.integers(right.size)] += 1 + random.random()
        elif how == "one number":
            value[:] = random.standard_normal()
        elif how == "factors":
            value *= random.standard_normal(right.shape)
        else:
            value = random.permutation(right.reshape(-1)).reshape(right.shape)
        values.append(value.astype(np.float32).astype(float) if tolerance == SINGLE else value)
    at = dataclasses.replace(either, solution=None) if home else either
    found = explained(at, name, values, tolerance)
    assert (found.diagnosis.certainty, found.diagnosis.mistakes) == ("none", [])
