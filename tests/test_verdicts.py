"""The benchmark of diagnoses: its labelled submissions are wrong where they say so, and its verdicts mean what they say."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import grader

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from blind import BLIND, CONFIGS, Case, Fault, read_cases  # noqa: E402
from verdicts import FIGURES, VERDICTS, figures, judge, outcomes  # noqa: E402

NAMES = frozenset(("y", "y_hat", "h", "U", "dJ_db2", "dJ_dU", "sigmoid"))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_set_has_many_cases_and_every_label_names_a_gradient_of_its_assignment(name: str) -> None:
    cases = read_cases(name)
    asked = {gradient.name for gradient in grader.Grader(CONFIGS[name]).config.gradients}
    assert len(cases) >= 120
    for case in cases:
        assert case.faults, case.id
        assert {fault.gradient for fault in case.faults + case.also} <= asked, case.id
        assert case.lines, case.id
        compile(case.source, case.id, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_the_right_files_are_right_and_the_labelled_gradients_are_wrong(name: str) -> None:
    with grader.Grader(CONFIGS[name]) as opened:
        found = list(outcomes(opened, "staff", read_cases(name)[::24]))  # exits if a labelled gradient passes
        for path in (BLIND / name / "right").glob("*.py"):
            assert opened.grade(path).passed, path
    row = figures(found, 0.0)
    assert sum(row[verdict] for verdict in VERDICTS) == row["cases"] == len(found)


def test_a_case_that_passes_is_reported() -> None:
    right = Case(
        "right", "", (BLIND / "bundled/right/plain.py").read_text(), [Fault("dJ_dU", frozenset(), frozenset())]
    )
    with grader.Grader(CONFIGS["bundled"]) as opened, pytest.raises(SystemExit, match="right: dJ_dU passed"):
        list(outcomes(opened, "student", [right]))


def test_every_figure_is_recorded() -> None:
    recorded = json.loads(FIGURES.read_text())
    for name in CONFIGS:
        for row in recorded[name].values():
            assert sum(row[verdict] for verdict in VERDICTS) == row["cases"]


def entry(certainty: str, *said: tuple[str, str], name: str = "dJ_dU", where: str = "") -> dict[str, Any]:
    mistakes = [{"kind": kind, "where": place, "statement": f"{kind} at {place}"} for kind, place in said]
    diagnosis = {"certainty": certainty, "mistakes": mistakes, "properties": []}
    return {
        "name": name,
        "status": "failed",
        "checks": [],
        "diagnosis": diagnosis,
        "message": "",
        "where": where,
        "line": 0,
    }


def grade(*entries: dict[str, Any], fix_first: tuple[str, ...] = ("dJ_dU",)) -> dict[str, Any]:
    return {"gradients": list(entries), "fix_first": list(fix_first)}


def case(*labels: str) -> Case:
    split = [label.partition("@") for label in labels]
    faults = [Fault("dJ_dU", frozenset(kinds.split()), frozenset(where.split())) for kinds, _, where in split]
    return Case("case", "", "", faults, lines=[("", 7)])


@pytest.mark.parametrize(
    ("labels", "said", "verdict"),
    [
        (["transpose @ U"], ("exact", ("transpose", "U")), "right"),
        (["transpose @ U"], ("observation", ("transpose", "U")), "right"),
        (["transpose @ U"], ("tie", ("sign", "the result"), ("transpose", "U")), "tie"),
        (["transpose @ U"], ("exact", ("transpose", "h")), "vague"),
        (["transpose @ U"], ("observation", ("sign", "U")), "vague"),
        (["transpose @ U"], ("none",), "silent"),
        (["transpose @ U"], ("exact", ("sign", "U")), "misleading"),
        (["transpose @ U"], ("tie", ("sign", "U"), ("scale", "U")), "misleading"),
        (["transpose @ U", "sign"], ("exact", ("transpose", "U")), "vague"),
        (["transpose @ U", "sign"], ("exact", ("transpose", "U"), ("sign", "the result")), "right"),
        (["sign @ y"], ("exact", ("sign", "the result")), "right"),
        (["missing-term @ y"], ("exact", ("missing-term", "the result")), "vague"),
        (["missing-term @ y"], ("exact", ("missing-term", "y_hat * y")), "right"),
        (["missing-factor @ dJ_db2"], ("exact", ("missing-factor", "dJ/db2")), "right"),
        (["missing-factor @ h"], ("exact", ("missing-factor", "y * sigmoid'(h)")), "vague"),
        (["runtime"], ("exact", ("runtime", "line 7")), "right"),
        (["runtime"], ("exact", ("runtime", "line 8")), "vague"),
    ],
)
def test_a_verdict_compares_what_is_said_with_the_label(labels: list[str], said: Any, verdict: str) -> None:
    assert judge(case(*labels), grade(entry(*said)), NAMES).verdict == verdict


def test_a_mistake_that_no_kind_names_is_found_by_its_words() -> None:
    rounded = Case("case", "", "", [Fault("dJ_dU", frozenset(), frozenset(), ("digits",))])
    said = entry("none")
    said["diagnosis"]["properties"] = ["rounded to 4 digits"]
    assert judge(rounded, grade(said), NAMES).verdict == "right"


def accused(where: str = "", kind: str = "sign") -> Callable[[], dict[str, Any]]:
    return lambda: entry("exact", (kind, "the result"), name="dJ_db2", where=where)


@pytest.mark.parametrize(
    ("other", "fix_first", "verdict"),
    [
        (accused(), ("dJ_dU", "dJ_db2"), "misleading"),
        (accused(), ("dJ_dU",), "right"),
        (accused(kind="runtime"), ("dJ_dU", "dJ_db2"), "right"),
        (accused("dJ_db2 builds on dJ_dU, which is wrong too: fix dJ_dU first"), ("dJ_dU", "dJ_db2"), "right"),
    ],
)
def test_accusing_a_right_gradient_is_misleading(
    other: Callable[[], Any], fix_first: tuple[str, ...], verdict: str
) -> None:
    document = grade(entry("exact", ("transpose", "U")), other(), fix_first=fix_first)
    assert judge(case("transpose @ U"), document, NAMES).verdict == verdict


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("Up to line 7 your values match the derivation; `a` there does not", "right"),
        ("Up to line 8 your values match the derivation; `a` there does not", "wrong"),
        ("`a` in line 7: dJ_dU is correct here; the mistake comes later", "none"),
    ],
)
def test_a_line_counts_where_the_calculation_goes_wrong(where: str, word: str) -> None:
    said = entry("exact", ("transpose", "U"), where=where)
    assert judge(case("transpose @ U"), grade(said), NAMES).located == [word]
