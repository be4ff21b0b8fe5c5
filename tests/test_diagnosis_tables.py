"""The tables hold no values: whatever they hold is found again from its numbers, and only that."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from right import RIGHT_FILE

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.engine import DOUBLE, SINGLE
from grader.diagnosis.formulas import expression
from grader.diagnosis.formulas.expression import Evaluator
from grader.diagnosis.formulas.world import make_world
from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.tables.candidates import Candidates
from grader.diagnosis.tables.projections import directions, projections
from grader.diagnosis.tables.pullback import Pullback
from grader.diagnosis.tables.stacks import stacked


@pytest.fixture(scope="module")
def finder(assignment):
    finder = knowledge_of(assignment).finder
    assert finder is not None
    return finder


def values_of(finder, node):
    found = finder.world.evaluator(node)
    assert found is not None
    return found


def test_values_are_forgotten_in_time_and_the_ones_that_others_are_made_of_are_kept(assignment, monkeypatch):
    limit = 1 << 19
    monkeypatch.setattr(expression, "MOST_BYTES", limit)
    world = make_world(assignment)
    evaluator = Evaluator(assignment.graph, world.functions, assignment.points, assignment.exact)
    first = ("mm", ("T", ("g", "dJ_db2")), ("g", "dJ_db2"))
    kept, most = evaluator(first), 0
    for k in range(2 * limit // sum(value.nbytes for value in kept)):
        evaluator(("mul", ("c", float(k)), first))
        most = max(most, sum(value.nbytes for found in evaluator._memory.values() for value in found or ()))
    assert limit // 2 < most < 1.1 * limit
    assert evaluator(first) is kept


LARGE = """
import re, sys
from pathlib import Path
from grader.config.load import load_config
from grader.grading.grader import Grader
config = Path(sys.argv[1])
with Grader(config) as grader:
    grade = grader.grade(sys.argv[2])
most = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print([one.status for one in grade.gradients].count("failed"), int(most[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
def test_the_first_diagnosis_of_a_large_assignment_takes_no_more_memory_than_it_may(copy_of_assignment):
    """V = 150, d = 30, Dh = 64, and nothing in the cache."""
    config = copy_of_assignment / "config.yaml"
    lines = config.read_text().splitlines()
    start = lines.index("dimensions:")
    lines[start : start + 4] = ["dimensions: {V: 150, d: 30, Dh: 64}"]
    config.write_text("\n".join(lines))
    wrong = copy_of_assignment / "wrong.py"
    right = RIGHT_FILE.read_text()
    wrong.write_text(right.replace("s.h_prev.T @", "s.h.T @").replace("@ s.H.T", "@ s.H"))
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(config), str(wrong)], capture_output=True, text=True, check=True, timeout=120
    )
    failed, megabytes = map(int, done.stdout.split())
    assert failed == 2, done.stdout
    assert megabytes < 400


@given(data=st.data(), factor=st.floats(1e-6, 1e6), minus=st.booleans(), single=st.booleans())
@settings(max_examples=3 * settings.default.max_examples)
def test_every_wrong_formula_is_found_from_its_numbers(finder, assignment, data, factor, minus, single):
    name = data.draw(st.sampled_from(assignment.names))
    i = data.draw(st.integers(0, len(finder.tables[name]) - 1))
    node, _, _ = finder.tables.entry(name, i)
    values = [(-factor if minus else factor) * value for value in values_of(finder, node)]
    if single:
        values = [value.astype(np.float32).astype(float) for value in values]
    tolerance = 20 * (SINGLE if single else DOUBLE)
    assert any(found[0] == node for found in finder.tables.near(name, values, tolerance, len(finder.tables[name])))


@given(data=st.data())
@settings(max_examples=3 * settings.default.max_examples)
def test_what_has_other_numbers_is_not_verified(finder, assignment, data):
    name = data.draw(st.sampled_from(assignment.names))
    one, other = (finder.tables.entry(name, data.draw(st.integers(0, len(finder.tables[name]) - 1))) for _ in range(2))
    values, others = finder.evaluator(one[0]), finder.evaluator(other[0])
    sizes = [point.sizes for point in assignment.points]
    target = Target(values, sizes, DOUBLE)
    found = verify(target, other[0], other[1], 0.0, finder.evaluator, "table")
    if found is not None:  # then they are the same up to a factor
        for value, wrong in zip(values, others, strict=True):
            square = np.vdot(wrong, wrong)
            factor = np.vdot(wrong, value.reshape(wrong.shape)) / square if square else 0.0
            assert np.allclose(
                value.reshape(-1), factor * wrong.reshape(-1), rtol=1e-6, atol=1e-8 * np.max(np.abs(value))
            )


@given(seed=st.integers(0, 2**32 - 1), single=st.booleans())
def test_noise_is_nobody_s_numbers(finder, assignment, seed, single):
    random = np.random.default_rng(seed)
    name = assignment.names[seed % len(assignment.names)]
    noise = [random.standard_normal(value.shape) for value in assignment.exact[name]]
    sizes = [point.sizes for point in assignment.points]
    target = Target(noise, sizes, SINGLE if single else DOUBLE)
    for node, edits, cost in finder.tables.near(name, noise, target.search_tolerance, 24):
        assert verify(target, node, edits, cost, finder.evaluator, "table") is None


def test_each_candidate_is_found_from_its_numbers(finder):
    """Products, sums and quotients of two quantities have no keys of their own on disk: they are worked out from single ones."""
    candidates = Candidates(finder.world)
    examples = [
        ("mul", ("q", "h"), ("q", "h_prev")),
        ("add", ("q", "U"), ("g", "dJ_dU")),
        ("add", ("q", "y_hat"), ("neg", ("q", "b2"))),
        ("mm", ("T", ("q", "e")), ("q", "b2")),
        ("mm", ("q", "e"), ("q", "I")),
        ("mm", ("q", "b1"), ("T", ("q", "H"))),
        ("div", ("q", "h"), ("q", "h_prev")),
        ("mm", ("mm", ("q", "e"), ("q", "I")), ("T", ("q", "H"))),
        ("mul", ("q", "U"), ("q", "y_hat")),
        ("fn", "sigmoid", ("q", "b2")),
    ]
    for node in examples:
        values = [3.7 * value for value in values_of(finder, node)]
        found = candidates.near(values, 2e-8, 12)
        assert found, node
        assert all(same_direction(values_of(finder, one), values) for one, _ in found)


def same_direction(values, others):
    return all(
        np.isclose(abs(np.vdot(a, b)), np.linalg.norm(a) * np.linalg.norm(b))
        for a, b in zip(values, others, strict=True)
    )


def test_rows_pulled_back_through_a_formula_are_those_of_its_jacobian(finder, assignment):
    """Whatever the operations: by rules for the common ones, by unit vectors for the rest."""
    compared = 0
    for name, upstream in (("dJ_dU", "dJ_db2"), ("dJ_db1", "dJ_dh"), ("dJ_dh_prev", "dJ_db1")):
        table = finder.tables[name]
        base = Evaluator(
            finder.evaluator.graph,
            finder.world.functions,
            assignment.points[:1],
            {one: values[:1] for one, values in assignment.exact.items()},
        )
        right = assignment.exact[upstream][0]
        other = directions(right.size)[0].reshape(right.shape)
        pullback = Pullback(base, ("g", upstream))
        for i in range(0, len(table.formulas), 7):
            node, _ = table.formulas[i]
            maps, at_other = pullback.affine(node), base.with_gradients({upstream: [other]})(node)
            if maps is None or at_other is None or at_other[0].size != len(maps[0]):
                continue
            expected = maps[0] @ np.append(other, 1.0)
            assert np.allclose(at_other[0].reshape(-1), expected, rtol=1e-9, atol=1e-9), node
            compared += 1
    assert compared > 100


def test_projections_of_many_formulas_are_those_of_each(finder):
    nodes = [("q", "h"), ("q", "h_prev"), ("q", "U"), ("mul", ("q", "h"), ("q", "U"))]
    for stack in stacked(nodes, finder.world.evaluator):
        found = projections(stack.values)
        for row, number in zip(found, stack.numbers, strict=True):
            for k, value in enumerate(values_of(finder, nodes[number])):
                assert np.allclose(row[k], directions(value.size) @ value.reshape(-1))
