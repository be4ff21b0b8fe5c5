"""Hints that grow with different wrong answers, and the limit of graded submissions, over what Gradescope gives back."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from test_judge import answer

from grader.config.keys import Gradescope
from grader.grading.pipeline import grade_run
from grader.packaging.gradescope import attempts
from grader.packaging.gradescope.autograder import results_of
from grader.packaging.gradescope.memory import KEY, Memory, Metadata, read_metadata, recall
from grader.problem.assignment import Assignment
from grader.records.run import Answer, ArrayData, Run, Substituted

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def run_with(assignment: Assignment, name: str, change: Any) -> Run:
    """The right answers, those to `name` changed."""
    answers = {}
    for gradient, values in assignment.exact.items():
        arrays = [np.asarray(change(value) if gradient == name else value, dtype=float) for value in values]
        answers[gradient] = [
            Answer("returned", value=ArrayData("<f8", array.shape, array.tobytes())) for array in arrays
        ]
    return Run(answers)


class Student:
    """Submits again and again; a file passes the memory on, as Gradescope does."""

    def __init__(self, assignment: Assignment, folder: Path, **settings: Any) -> None:
        config = msgspec.structs.replace(assignment.config, gradescope=Gradescope(**settings))
        self.assignment = _with_config(assignment, config)
        self.path = folder / "submission_metadata.json"
        self.previous: list[dict[str, Any]] = []
        self.now = START

    def submit(self, run: Run, minutes: float = 10) -> dict[str, Any]:
        self.now += timedelta(minutes=minutes)
        for entry in self.previous[:-1]:
            entry.pop("results", None)
        self.path.write_text(json.dumps({"created_at": self.now.isoformat(), "previous_submissions": self.previous}))
        metadata = read_metadata(self.path)
        settings = self.assignment.config.gradescope
        memory = recall(metadata, self.assignment.names)
        page = attempts.repeated(settings, metadata, memory)
        if page is None:
            graded = grade_run(self.assignment, run, "gradients.py")
            page = results_of(self.assignment, graded, run, metadata, memory)
        self.previous.append(
            {
                "submission_time": self.now.isoformat(),
                "score": page["score"],
                "autograder_error": False,
                "results": page,
            }
        )
        return page

    def hints(self, page: dict[str, Any], name: str = "dJ_dU") -> int:
        [test] = [test for test in page["tests"] if name in test["tags"]]
        return int(test["output"].count("**Hint.**"))


def _with_config(assignment: Assignment, config: Any) -> Assignment:
    return Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)


def negative(value: Any) -> Any:
    return -value


def test_each_different_wrong_answer_shows_one_more_hint(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path)
    shown = [student.hints(student.submit(run_with(assignment, "dJ_dU", negative)))]
    shown.append(student.hints(student.submit(run_with(assignment, "dJ_dU", negative))))
    shown.append(student.hints(student.submit(run_with(assignment, "dJ_dU", lambda value: 2 * value))))
    shown.append(student.hints(student.submit(run_with(assignment, "dJ_dU", negative))))
    shown.append(student.hints(student.submit(run_with(assignment, "dJ_dU", lambda value: 3 * value))))
    assert shown == [1, 1, 2, 2, 3]


def test_wrong_answers_to_one_gradient_show_no_hints_for_another(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path)
    for factor in (2, 3, 4):
        student.submit(run_with(assignment, "dJ_dh", lambda value, factor=factor: factor * value))
    assert student.hints(student.submit(run_with(assignment, "dJ_dU", negative))) == 1


def test_random_numbers_in_place_of_another_gradient_make_no_attempt_another_one(
    assignment: Assignment, tmp_path: Path
) -> None:
    """What is wrong with dJ_dU counts, not the numbers, which are new in each file: a comment changes them."""
    assert assignment.reference is not None
    raised = [Answer("raised", message="AttributeError: no")]
    right = {name: [answer(v) for v in values] for name, values in assignment.exact.items()}

    def run(number: int, factor: float) -> Run:
        source_hash = f"{number:064x}"
        arrays = assignment.substitutes(source_hash, "dJ_db2")
        values = [
            factor * assignment.reference("dJ_dU", point, {"dJ_db2": array})[0]  # type: ignore[misc]
            for point, array in zip(assignment.points, arrays, strict=True)
        ]
        again = {"dJ_dU": Substituted(("dJ_db2",), [answer(value) for value in values])}
        return Run({**right, "dJ_db2": raised, "dJ_dU": raised}, source_hash=source_hash, substituted=again)

    student = Student(assignment, tmp_path)
    shown = [student.hints(student.submit(run(number, factor))) for number, factor in enumerate((-1, -1, 2, 2))]
    assert shown == [1, 1, 2, 2]


def test_stubs_and_constants_are_not_attempts(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path)
    for constant in (0.0, 1.0, 2.0, 3.0):
        student.submit(run_with(assignment, "dJ_dU", lambda value, c=constant: np.full_like(value, c)))
    right = run_with(assignment, "dJ_dU", lambda value: value)
    student.submit(Run({**right.answers, "dJ_dU": [Answer("missing")]}))
    assert student.hints(student.submit(run_with(assignment, "dJ_dU", negative))) == 1


def test_a_file_that_cannot_be_loaded_is_not_an_attempt(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path)
    for line in (1, 2, 3):
        loading = Answer("raised", message="SyntaxError: invalid syntax", line=line)
        page = student.submit(Run({}, loading))
        assert page["score"] == 0
    assert student.hints(student.submit(run_with(assignment, "dJ_dU", negative))) == 1


def test_rounding_does_not_make_a_different_answer(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path)
    student.submit(run_with(assignment, "dJ_dU", negative))
    assert student.hints(student.submit(run_with(assignment, "dJ_dU", lambda value: -value * (1 + 1e-15)))) == 1


def test_a_page_never_shows_how_many_hints_are_left(assignment: Assignment, tmp_path: Path) -> None:
    page = Student(assignment, tmp_path).submit(run_with(assignment, "dJ_dU", negative))
    [test] = [test for test in page["tests"] if "dJ_dU" in test["tags"]]
    assert "of 3" not in test["output"]
    assert "level" not in test["output"]


@pytest.mark.parametrize(("hints", "expected"), [("all", 3), ("none", 0), ("by_attempt", 1)])
def test_the_config_chooses_which_hints_are_shown(
    assignment: Assignment, tmp_path: Path, hints: str, expected: int
) -> None:
    student = Student(assignment, tmp_path, hints=hints)
    assert student.hints(student.submit(run_with(assignment, "dJ_dU", negative))) == expected


def test_over_the_limit_the_latest_result_is_repeated_with_its_score(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path, graded_attempts=2, period_hours=1.0)
    student.submit(run_with(assignment, "dJ_dU", negative))
    second = student.submit(run_with(assignment, "dJ_dU", lambda value: value))
    third = student.submit(run_with(assignment, "dJ_dU", negative))
    assert third["score"] == second["score"] == 100
    assert third["output"].startswith("**Not graded again.** 2 submissions are graded in 1 hours")
    assert "2026-03-01 13:10 UTC" in third["output"]
    fourth = student.submit(run_with(assignment, "dJ_dU", negative))
    assert fourth["output"].count("Not graded again") == 1
    assert fourth["output"].endswith(second["output"])
    later = student.submit(run_with(assignment, "dJ_dU", negative), minutes=31)
    assert later["score"] < 100
    assert "Not graded" not in later["output"]


def test_a_repeated_result_does_not_count_as_an_attempt(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path, graded_attempts=1, period_hours=1.0)
    student.submit(run_with(assignment, "dJ_dU", negative))
    for _ in range(3):
        assert "Not graded again" in student.submit(run_with(assignment, "dJ_dU", negative))["output"]
    assert "Not graded again" not in student.submit(run_with(assignment, "dJ_dU", negative), minutes=30)["output"]


def test_without_a_valid_result_to_repeat_the_submission_is_graded(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path, graded_attempts=1, period_hours=1.0)
    student.previous = [{"submission_time": START.isoformat(), "results": {"score": "full marks"}}]
    assert student.submit(run_with(assignment, "dJ_dU", negative))["score"] < 100


def test_without_metadata_everything_is_a_first_attempt(assignment: Assignment) -> None:
    assert recall(Metadata(), assignment.names) == Memory()
    assert not attempts.over_limit(Gradescope(graded_attempts=1), Metadata(), Memory(graded=[START]))


def test_the_limit_ends_at_the_announced_minute(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path, graded_attempts=1, period_hours=1.0)
    student.submit(run_with(assignment, "dJ_dU", negative))
    announced = student.submit(run_with(assignment, "dJ_dU", negative), minutes=59)["output"]
    assert "from 2026-03-01 13:10 UTC on" in announced
    assert "Not graded again" not in student.submit(run_with(assignment, "dJ_dU", negative), minutes=1)["output"]


def test_an_older_submission_that_is_graded_again_is_not_limited_by_newer_ones() -> None:
    settings = Gradescope(graded_attempts=1, period_hours=1.0)
    memory = Memory(graded=[START + timedelta(minutes=10)])
    assert not attempts.over_limit(settings, Metadata(created_at=START), memory)
    assert attempts.over_limit(settings, Metadata(created_at=START + timedelta(minutes=20)), memory)


def test_what_follows_from_a_wrong_gradient_is_not_a_wrong_answer(assignment: Assignment) -> None:
    run = run_with(assignment, "dJ_db2", negative)
    right = run_with(assignment, "", negative)
    following = {name: [negated(one) for one in right.answers[name]] for name in assignment.names}
    graded = grade_run(assignment, Run({**following, "dJ_db2": run.answers["dJ_db2"]}), "x")
    assert {one.status for one in graded.gradients} == {"failed", "followed_through"}
    assert list(attempts.wrong_answers(assignment, graded.gradients, following)) == ["dJ_db2"]


def negated(answer: Answer) -> Answer:
    assert answer.value is not None
    array = -answer.value.array()
    return Answer("returned", value=ArrayData("<f8", array.shape, array.tobytes()))


def previous(minutes: float, **results: Any) -> dict[str, Any]:
    return {"submission_time": (START + timedelta(minutes=minutes)).isoformat(), "autograder_error": False, **results}


def memory_of(tmp_path: Path, *entries: dict[str, Any]) -> Memory:
    path = tmp_path / "submission_metadata.json"
    path.write_text(json.dumps({"previous_submissions": entries}))
    return recall(read_metadata(path), ["dJ_dU"])


def test_submissions_that_gradescope_failed_to_grade_do_not_count(tmp_path: Path) -> None:
    memory = memory_of(tmp_path, previous(1), {**previous(2), "autograder_error": True}, previous(3))
    assert memory.graded == [START + timedelta(minutes=1), START + timedelta(minutes=3)]


def test_the_latest_memory_counts_and_times_without_a_zone_do_not(tmp_path: Path) -> None:
    def kept(*times: str) -> dict[str, Any]:
        memory = {"format": 1, "wrong": {"dJ_dU": ["0" * 16] * len(times)}, "graded": list(times), "notice": ""}
        return {"results": {"extra_data": {KEY: memory}}}

    newer = previous(5, **kept("2026-03-01T12:05:00", "2026-03-01T12:03:00+00:00"))
    memory = memory_of(tmp_path, newer, previous(3, **kept("2026-03-01T12:01:00+00:00")))
    assert memory.graded == [START + timedelta(minutes=3)]


def test_a_result_without_marks_is_not_repeated(assignment: Assignment, tmp_path: Path) -> None:
    student = Student(assignment, tmp_path, graded_attempts=1, period_hours=1.0)
    student.submit(run_with(assignment, "dJ_dU", negative))
    del student.previous[-1]["results"]["score"]
    assert "Not graded again" not in student.submit(run_with(assignment, "dJ_dU", negative))["output"]
