"""results.json is valid and reveals no secrets, whatever students submit and whatever metadata Gradescope passes."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.grading.pipeline import grade_run
from grader.packaging.gradescope import attempts
from grader.packaging.gradescope import results_json as results
from grader.packaging.gradescope.autograder import results_of
from grader.packaging.gradescope.dryrun.platform import read_as_gradescope
from grader.packaging.gradescope.emit import emit
from grader.packaging.gradescope.memory import read_metadata, recall
from grader.problem.assignment import Assignment
from grader.records.run import Answer, ArrayData, Run

EXAMPLES = int(os.environ.get("GRADER_EXAMPLES", 2 * settings.default.max_examples // 5))
HOSTILE = (
    "</td><script>alert(1)</script> [x](javascript:a) `b` **c** \x00\x1b[31m \ud800 \u202e\n# heading\n- item\n$x$"
)


def data(array: Any) -> ArrayData:
    array = np.asarray(array)
    return ArrayData(array.dtype.str, array.shape, array.tobytes())


@st.composite
def arrays(draw: st.DrawFn, right: np.ndarray[Any, Any]) -> ArrayData:
    """The right answer, one that is damaged, or something else altogether."""
    kind = draw(st.sampled_from(["right", "scaled", "filled", "other"]))
    if kind == "right":
        return data(right)
    if kind == "scaled":
        return data(right * draw(st.sampled_from([-1.0, 2.0, 1e300, 1e-300, 1 + 1e-9])))
    special = draw(st.sampled_from([math.nan, math.inf, -math.inf, 1e308, 5e-324, 0.0, -0.0, 1.0]))
    if kind == "filled":
        damaged = right.copy()
        damaged.flat[:: draw(st.integers(1, 3))] = special
        return data(damaged)
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    dtype = draw(st.sampled_from(["<f8", "<f4", "<f2", "<c16", "<i8", "|b1", "|u1"]))
    with np.errstate(all="ignore"):
        return data(np.full(shape, special if math.isfinite(special) or dtype[1] in "fc" else 1.0).astype(dtype))


TEXT = st.one_of(
    st.text(max_size=60), st.sampled_from([HOSTILE.replace("\ud800", ""), "x" * 200_000, "`" * 500, "\n" * 999])
)
FAILURES = st.sampled_from(["missing", "raised", "timed_out", "out_of_memory", "died"])


@st.composite
def runs(draw: st.DrawFn, assignment: Assignment) -> Run:
    answers = {}
    for name in draw(st.lists(st.sampled_from(assignment.names), unique=True, max_size=3)):
        failed = draw(st.integers(0, 3)) == 0
        count = draw(st.integers(0, 3)) if failed else len(assignment.points)
        returned = [Answer("returned", value=draw(arrays(right))) for right in assignment.exact[name][:count]]
        last = Answer(draw(FAILURES), message=draw(TEXT), line=draw(st.integers(-1, 2**40)), printed=draw(TEXT))
        answers[name] = [*returned, last] if failed else returned
    if draw(st.integers(0, 9)) == 0:
        return Run({}, Answer(draw(FAILURES), message=draw(TEXT), printed=draw(TEXT)))
    return Run(answers)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
TIME = st.one_of(
    st.sampled_from(
        ["2018-07-01T14:22:32.365935-07:00", "2018-07-01T14:22:32Z", "0001-01-01T00:00:00+23:00", "soon", 7, None]
    ),
    st.datetimes().map(lambda time: time.isoformat()),
)


@st.composite
def metadata(draw: st.DrawFn) -> Any:
    """Something like Gradescope's, with parts replaced by anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    prints = st.one_of(JSON, st.lists(st.sampled_from(["0123456789abcdef", "no", 3]), max_size=80))
    kept = st.fixed_dictionaries(
        {
            "format": st.sampled_from([1, 1, 1, 2, "1"]),
            "wrong": st.one_of(JSON, st.dictionaries(st.sampled_from(["dJ_dU", "x"]), prints)),
        },
        optional={"graded": st.one_of(JSON, st.lists(TIME, max_size=5)), "notice": JSON},
    )
    test = st.fixed_dictionaries(
        {
            "name": st.one_of(JSON, st.just("a")),
            "score": st.one_of(JSON, st.just(1.0)),
            "status": st.sampled_from(["passed", 1]),
        },
        optional={"max_score": st.one_of(JSON, st.just(2.0)), "output": JSON, "id": JSON},
    )
    earlier = st.fixed_dictionaries(
        {},
        optional={
            "score": st.one_of(JSON, st.just(3.0)),
            "output": JSON,
            "tests": st.one_of(JSON, st.lists(test, max_size=3)),
            "extra_data": st.one_of(JSON, st.fixed_dictionaries({"gradient_grader": st.one_of(JSON, kept)})),
        },
    )
    previous = st.fixed_dictionaries(
        {}, optional={"submission_time": TIME, "autograder_error": JSON, "results": st.one_of(JSON, earlier)}
    )
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "created_at": TIME,
                "previous_submissions": st.one_of(JSON, st.lists(previous, max_size=4)),
                "users": JSON,
            },
        )
    )


def written(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Written by us, read as Gradescope reads it, and checked against what Gradescope documents."""
    assert results.write_results(path, content) == ""
    found, error = read_as_gradescope(path)
    assert error == ""
    msgspec.convert(found, results.Results)
    for test in found["tests"]:
        if "score" in test:
            assert 0 <= test["score"] <= test["max_score"]
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(drawn=st.data())
def test_no_answers_and_no_metadata_lead_to_an_invalid_result(
    assignment: Assignment, tmp_path_factory: pytest.TempPathFactory, drawn: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "submission_metadata.json").write_text(json.dumps(drawn.draw(metadata())), encoding="utf-8")
    attempts_settings = msgspec.structs.replace(
        assignment.config.gradescope,
        graded_attempts=drawn.draw(st.sampled_from([None, 1, 2])),
        leaderboard=drawn.draw(st.booleans()),
    )
    config = msgspec.structs.replace(assignment.config, gradescope=attempts_settings)
    given_metadata = read_metadata(folder / "submission_metadata.json")
    memory = recall(given_metadata, assignment.names)
    content = attempts.repeated(config.gradescope, given_metadata, memory)
    if content is None:
        run = drawn.draw(runs(assignment))
        content = results_of(assignment, grade_run(assignment, run, drawn.draw(TEXT)), run, given_metadata, memory)
        found = written(folder / "results.json", content)
        assert found["score"] == pytest.approx(sum(test["score"] for test in found["tests"]), abs=1e-4)
        assert found["score"] <= config.max_score
    else:
        found = written(folder / "results.json", content)
    following = recall(read_previous(folder, found), assignment.names)
    assert all(len(prints) <= 50 for prints in following.wrong.values())


def read_previous(folder: Path, found: dict[str, Any]) -> Any:
    path = folder / "next.json"
    path.write_text(json.dumps({"previous_submissions": [{"results": found}]}))
    return read_metadata(path)


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b"[" * 100_000, b'{"previous_submissions": [[]]}']
)
def test_damaged_metadata_are_ignored(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "submission_metadata.json"
    path.write_bytes(bad)
    assert read_metadata(path).previous == []
    assert read_metadata(tmp_path / "missing.json").created_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"tests": []},
        {"tests": [{"name": "a", "status": "passed", "score": math.nan, "max_score": 1.0}]},
        {"tests": [{"name": "a", "status": "passed", "score": math.inf, "max_score": 1.0}]},
        {"tests": [{"name": "a", "status": "passed", "score": 2.0, "max_score": 1.0}]},
        {"tests": [{"name": "a", "status": "passed", "score": -1.0, "max_score": 1.0}]},
        {"tests": [{"name": "a", "status": "great"}]},
        {"tests": [{"name": "a", "status": "passed", "colour": "red"}]},
        {"tests": [{"name": "a", "status": "passed", "output": "\x00"}]},
        {"tests": [{"name": "a", "status": "passed", "output": "\ud800"}]},
        {"tests": [{"name": "a", "status": "passed", "output": "x" * 100_001}]},
        {"tests": [{"name": "a", "status": "passed", "score": np.float32(1), "max_score": 1.0}]},
        {"tests": [{"name": "a", "status": "passed"}], "extra_data": {"a": object()}},
        {"tests": [{"name": "a", "status": "passed"}], "output": 7},
    ],
)
def test_an_invalid_result_is_replaced_by_one_without_marks(tmp_path: Path, wrong: dict[str, Any]) -> None:
    path = tmp_path / "results.json"
    assert results.write_results(path, wrong)
    found = json.loads(path.read_bytes())
    assert "score" not in found
    assert [test["name"] for test in found["tests"]] == ["Not graded"]
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_place_of_results_json_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / ".results.json.new").symlink_to(target)
    (tmp_path / "results.json").symlink_to(target)
    results.write_results(tmp_path / "results.json", results.not_graded_results())
    assert not target.exists()
    assert not (tmp_path / "results.json").is_symlink()


def graded_page(assignment: Assignment, run: Run, **changes: Any) -> dict[str, Any]:
    config = msgspec.structs.replace(
        assignment.config, gradescope=msgspec.structs.replace(assignment.config.gradescope, **changes)
    )
    return emit(grade_run(assignment, run, "gradients.py"), config, {}, {})


def right_run(assignment: Assignment) -> Run:
    return Run(
        {name: [Answer("returned", value=data(value)) for value in values] for name, values in assignment.exact.items()}
    )


def test_right_answers_earn_everything_in_order_with_numbers_and_tags(assignment: Assignment) -> None:
    page = graded_page(assignment, right_run(assignment))
    assert page["score"] == assignment.config.max_score
    assert [test["number"] for test in page["tests"]] == [str(i + 1) for i in range(8)]
    assert [test["tags"] for test in page["tests"]] == [["gradient", name] for name in assignment.names]
    assert {test["status"] for test in page["tests"]} == {"passed"}
    assert {test["output_format"] for test in page["tests"]} == {"md"}
    assert page["stdout_visibility"] == "hidden"
    assert "leaderboard" in page
    assert page["leaderboard"] == []


def test_students_text_is_never_markup_on_the_page(assignment: Assignment) -> None:
    run = Run({name: [Answer("raised", message=HOSTILE, line=3)] for name in assignment.names})
    page = graded_page(assignment, run)
    output = page["tests"][0]["output"]
    for markup in ("<script", "[x]", " **c**", "`b`", "\x00", "\x1b", "\u202e", "\n# ", "\n- ", "$x$"):
        assert markup not in output
    assert "alert" in output


def test_checks_with_different_visibility_are_separate_tests(assignment: Assignment) -> None:
    from grader.config.keys import CheckVisibility

    seen = CheckVisibility(reference="after_due_date")
    page = graded_page(assignment, right_run(assignment), visibility=seen)
    assert [(test["number"], test["visibility"]) for test in page["tests"][:2]] == [
        ("1.1", "visible"),
        ("1.2", "after_due_date"),
    ]
    assert page["tests"][0]["score"] + page["tests"][1]["score"] == pytest.approx(10)
    near = {name: [value * (1 + 1e-9) for value in values] for name, values in assignment.exact.items()}
    run = Run({name: [Answer("returned", value=data(value)) for value in values] for name, values in near.items()})
    first = graded_page(assignment, run, visibility=seen)["tests"][0]
    assert "as far as is shown" in first["output"]
    assert "digits" not in first["output"]


@pytest.mark.parametrize("factor", [1 + 1e-9, -1.0])
def test_what_is_shown_reveals_nothing_about_hidden_checks(assignment: Assignment, factor: float) -> None:
    """Wrong numbers of the right shape, which follow through or do not, read like right ones while only shapes are shown."""
    from grader.config.keys import CheckVisibility

    seen = CheckVisibility(finite_difference="after_published", reference="hidden")
    wrong = {name: [data(factor * value) for value in values] for name, values in assignment.exact.items()}
    run = Run({name: [Answer("returned", value=value) for value in values] for name, values in wrong.items()})

    def read(page: dict[str, Any]) -> list[str]:
        return [page["output"], *(str(test) for test in page["tests"] if test["visibility"] == "visible")]

    def without_status(texts: list[str]) -> list[str]:  # extra_data is for the grader alone
        return [re.sub(r"'extra_data': {[^}]*}", "", text) for text in texts]

    right, other = (read(graded_page(assignment, one, visibility=seen)) for one in (right_run(assignment), run))
    assert without_status(other) == without_status(right)


def test_a_leaderboard_is_written_if_the_config_asks_for_one(assignment: Assignment) -> None:
    page = graded_page(assignment, right_run(assignment), leaderboard=True)
    assert [(entry["name"], entry["value"]) for entry in page["leaderboard"]] == [
        ("Marks", 100.0),
        ("Right gradients", 8.0),
    ]
    assert len(page["tests"]) == 8


def wrong_run(assignment: Assignment, factor: float, *names: str) -> Run:
    """The right answers, those to `names` (all, where none is named) times a factor."""
    return Run(
        {
            name: [
                Answer("returned", value=data(value * (factor if not names or name in names else 1)))
                for value in values
            ]
            for name, values in assignment.exact.items()
        }
    )


def test_a_gradient_with_some_of_its_marks_is_shown_as_failed(assignment: Assignment) -> None:
    page = graded_page(assignment, wrong_run(assignment, 1 + 1e-9, "dJ_dU"))
    test = page["tests"][1]
    assert (test["name"].partition(":")[0], test["status"]) == ("dJ_dU", "failed")
    assert (test["score"], test["max_score"]) == (pytest.approx(9), 15)
    assert page["score"] == pytest.approx(94)


def test_follow_through_shows_the_kept_marks_and_no_failed_checks(
    assignment: Assignment,
) -> None:
    page = graded_page(assignment, wrong_run(assignment, -1.0))
    assert sum(test["score"] for test in page["tests"]) == pytest.approx(page["score"]) == pytest.approx(92)
    first, *others = page["tests"]
    assert "elative error" in first["output"]
    for test in others:
        assert (test["status"], test["score"]) == ("passed", test["max_score"])
        assert "elative error" not in test["output"]


@pytest.mark.parametrize("hidden", ["after_due_date", "hidden"])
def test_hints_are_seen_when_the_first_check_that_failed_is(assignment: Assignment, hidden: str) -> None:
    from grader.config.keys import CheckVisibility

    seen = CheckVisibility(finite_difference=hidden, reference=hidden)  # type: ignore[arg-type]
    config = msgspec.structs.replace(
        assignment.config, gradescope=msgspec.structs.replace(assignment.config.gradescope, visibility=seen)
    )
    found = grade_run(assignment, wrong_run(assignment, -1.0, "dJ_db2"), "gradients.py")
    page = emit(found, config, {"dJ_db2": ["Look at the sign.", "Look again."]}, {})
    told = [test["visibility"] for test in page["tests"][:2] if "log-likelihood" in test["output"]]
    assert told == [hidden], "what the numbers are is seen with the hints"
    hints = {test["visibility"]: test["output"].count("Look at the sign") for test in page["tests"][:2]}
    assert hints == {"visible": 0, hidden: 1}


def test_why_a_file_could_not_be_loaded_is_shown_once_at_the_top(assignment: Assignment) -> None:
    page = graded_page(assignment, Run({}, Answer("raised", message="SyntaxError: invalid syntax", line=3)))
    (test,) = page["tests"]
    assert test["output"] == "gradients.py, line 3: SyntaxError: invalid syntax\n"
    assert (test["score"], test["max_score"], page["score"], page["output"]) == (0, 100, 0, "")


def test_a_wrong_file_name_is_reported_once_and_so_is_a_file_without_any_of_the_functions(
    assignment: Assignment,
) -> None:
    page = graded_page(assignment, Run({}, Answer("missing", message="No gradients.py, found only homework.txt.")))
    assert json.dumps(page).count("homework.txt") == len(page["tests"]) == 1
    page = graded_page(assignment, Run({name: [Answer("missing")] for name in assignment.names}))
    (test,) = page["tests"]
    assert test["output"].startswith("None of the required functions is in this file. Did you save it?")


def test_what_follows_from_another_mistake_has_a_sign_of_its_own(assignment: Assignment) -> None:
    page = graded_page(assignment, wrong_run(assignment, -1.0))
    first = next(test for test in page["tests"] if test["extra_data"]["status"] == "failed")
    follows = [test for test in page["tests"] if test["extra_data"]["status"] == "followed_through"]
    assert "✗" in first["output"]
    assert follows
    assert all("→ follows" in test["output"] and "✗" not in test["output"] for test in follows)
    assert all(test["name"].endswith(" (follows from dJ_db2)") for test in follows), "whatever its color"


@pytest.mark.parametrize(
    ("value", "shown"), [(3.5, 3.5), (-1.0, 0.0), (11.0, 10.0), (math.nan, 0.0), (math.inf, 0.0), (-math.inf, 0.0)]
)
def test_a_score_is_a_number_from_0_to_the_maximum(value: float, shown: float) -> None:
    assert results.number(value, 10.0) == shown


@pytest.mark.parametrize("score", [1e9, -1.0, math.nan])
def test_the_total_stays_between_0_and_the_maximum(assignment: Assignment, score: float) -> None:
    found = msgspec.structs.replace(grade_run(assignment, right_run(assignment), "x"), score=score)
    assert emit(found, assignment.config, {}, {})["score"] == (100 if score > 0 else 0)


def test_a_long_text_is_cut_and_marked() -> None:
    text = results.clean("x" * 100_000)
    assert len(text) <= results.MAX_TEXT
    assert text.endswith("x\n…")
    assert results.clean("a\nb") == "a\nb"


def test_an_escaped_null_in_a_students_text_is_just_text(tmp_path: Path) -> None:
    page = {"tests": [{"name": "a", "status": "failed", "output": r"KeyError: \u0000 and \\u0000"}]}
    assert results.write_results(tmp_path / "results.json", page) == ""
    page["tests"][0]["output"] = "\\\0"
    assert "null character" in results.write_results(tmp_path / "results.json", page)


def test_no_control_character_reaches_the_page() -> None:
    assert results.clean("a\x1b[31m\x07\u202e\x9bb") == "a�[31m���b"


def test_leftovers_of_an_interrupted_write_are_replaced(tmp_path: Path) -> None:
    (tmp_path / ".results.json.new").write_text("half of a resu")
    assert results.write_results(tmp_path / "results.json", results.not_graded_results()) == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "results.json"]


def test_a_valid_result_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    assert results.write_results(tmp_path / "results.json", results.not_graded_results()) == ""
    assert (tmp_path / "results.json").stat().st_mode & 0o077 == 0
