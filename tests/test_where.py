"""Where a value first goes wrong: traced in the sandbox, checked by its numbers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest
import yaml
from right import RIGHT_FILE

from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.traced.events import events, is_window
from grader.diagnosis.traced.landmarks import make_landmarks
from grader.diagnosis.traced.location import locate
from grader.grading.advice import add_places, with_random_numbers
from grader.grading.pipeline import grade_and_locate, grade_run
from grader.grading.running import run_submission
from grader.inputs.submission import Submission
from grader.problem.assignment import Assignment, load_assignment
from grader.records.result import Grade, GradientResult
from grader.records.run import Answer, ArrayData, Traced
from grader.records.run import Run as Answers
from grader.sandbox.host import Sandbox
from grader.sandbox.wire import ReplyReader, Violation
from grader.validation.numbers import as_data

ROOT = Path(__file__).parents[1]
Run = Callable[..., "CompletedProcess[str]"]
EARLIER = Answers({})
RIGHT = RIGHT_FILE.read_text(encoding="utf-8")

SLOPE = """
def dJ_db1(s):
    err = s.y_hat - s.y
    back = err @ s.U.T
    slope = 1 - s.h ** 2
    delta = back * slope
    return delta
"""
LOOP = """
def dJ_dU(s):
    import numpy as np
    err = dJ_db2(s)
    out = np.zeros(s.U.shape)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = s.h_prev[0, i] * err[0, j]
    return out
"""
HELPER = """
def hidden(s):
    back = dJ_dh(s)
    return back * s.h

def dJ_db1(s):
    return 1 * hidden(s)
"""
IN_PLACE = """
def dJ_dh(s):
    d = s.y_hat
    d -= s.y
    d -= s.y
    return d @ s.U.T
"""
ROW_AND_COLUMN = """
def dJ_db1(s):
    column = dJ_dh(s).T
    slope = (s.h * (1 - s.h)).ravel()
    flat = slope.T
    table = column * flat
    return table.sum(axis=0, keepdims=True)
"""


LOST_AXIS = """
def dJ_db2(s):
    return (s.y_hat - s.y)[0]
"""
LOST_LATER = """
def dJ_db2(s):
    err = s.y_hat - s.y
    return err[0]
"""


def line_of(source: str, text: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), start=1) if line.strip() == text)


def grade_submission(assignment: Assignment, sandbox: Sandbox, submission: Submission) -> Grade:
    return grade_and_locate(assignment, sandbox, submission, run_submission(sandbox, submission))


def graded(assignment: Assignment, sandbox: Sandbox, addition: str) -> dict[str, tuple[str, list[str]]]:
    grade = grade_submission(assignment, sandbox, Submission("gradients.py", (RIGHT + addition).encode()))
    return {gradient.name: (gradient.where, gradient.notes) for gradient in grade.gradients}


def first_wrong(line: int, what: str) -> str:
    return f"Before line {line} your values match the derivation; in line {line}, {what} does not"


def given_own(upstream: str, line: int, what: str) -> str:
    """Where what comes before it builds on a wrong gradient of the student's own."""
    return f"Given your own {upstream}, {what} in line {line} does not match the derivation"


def wrong_at_once(line: int, what: str) -> str:
    """Where nothing comes before it."""
    return f"In line {line}, {what} does not match the derivation"


@pytest.mark.parametrize(
    "addition, gradient, name, text",
    [
        (SLOPE, "dJ_db1", "slope", "slope = 1 - s.h ** 2"),
        (LOOP, "dJ_dU", "out", "out[i, j] = s.h_prev[0, i] * err[0, j]"),
        (IN_PLACE, "dJ_dh", "d", "d -= s.y"),
    ],
)
def test_the_line_where_a_value_goes_wrong_is_named(
    assignment: Assignment, sandbox: Sandbox, addition: str, gradient: str, name: str, text: str
) -> None:
    where, _ = graded(assignment, sandbox, addition)[gradient]
    lines = [number for number, line in enumerate((RIGHT + addition).splitlines(), start=1) if line.strip() == text]
    assert where == first_wrong(lines[-1], f"`{name}`")


LABELLED = yaml.safe_load((ROOT / "tests" / "diagnosis" / "lines.yaml").read_text(encoding="utf-8"))


def located(assignment: Assignment, sandbox: Sandbox, name: str, source: str) -> str:
    """What is said of the place, from a traced run alone."""
    traces = sandbox.trace(source.encode(), [name], EARLIER)[name]
    return locate(assignment, knowledge_of(assignment, ()).landmarks, name, [answer.traced for answer in traces])


def as_file(gradient: str, code: str) -> str:
    body = "".join(f"    {line}\n" for line in code.splitlines())
    return f"{RIGHT}\nimport numpy as np\n" + (code if code.startswith("def ") else f"def {gradient}(s):\n{body}")


def test_the_first_wrong_line_is_named_in_all_labelled_functions(assignment: Assignment, sandbox: Sandbox) -> None:
    missed = []
    for case in LABELLED:
        source = as_file(case["gradient"], case["code"])
        line = next(number for number, text in enumerate(source.splitlines(), start=1) if text.endswith("# wrong"))
        where = located(assignment, sandbox, case["gradient"], source)
        if not where.startswith((f"Before line {line} your values match the derivation; ", f"In line {line}, ")):
            missed.append((case["code"], where))
    assert missed == []


@pytest.mark.parametrize(
    "name, code",
    [
        ("dJ_dh_prev", "slope = s.h * (1 - s.h)\npath = s.U.T * slope @ s.H.T\nrow = (s.y_hat - s.y) @ path"),
        ("dJ_dh_prev", "D = np.diag((s.h * (1 - s.h))[0])\npath = s.U.T @ D\nrow = (s.y_hat - s.y) @ path @ s.H.T"),
        ("dJ_db1", "table = s.U * (s.y_hat - s.y)\nsummed = table.sum(axis=1)\nrow = summed * s.h * (1 - s.h)"),
        ("dJ_dh", "weighted = s.y_hat @ s.U.T\ntarget = s.y @ s.U.T\nrow = weighted - target"),
        ("dJ_dH", "left = s.h_prev.T @ dJ_dh(s)\nhalf = left * s.h\nrow = half * (1 - s.h)"),
        ("dJ_db2", "e = np.exp(s.h @ s.U + s.b2)\np = e / e.sum()\nrow = p - s.y"),
    ],
)
def test_no_line_of_a_right_calculation_in_another_order_is_blamed(
    assignment: Assignment, sandbox: Sandbox, name: str, code: str
) -> None:
    source = as_file(name, f"{code}\nlast = 2 * row\nreturn last")
    line = line_of(source, "last = 2 * row")
    assert located(assignment, sandbox, name, source) == first_wrong(line, "`last`")


def test_a_gradient_of_the_wrong_shape_is_not_correct(assignment: Assignment, sandbox: Sandbox) -> None:
    for source, text in ((LOST_AXIS, "return (s.y_hat - s.y)[0]"), (LOST_LATER, "return err[0]")):
        line = line_of(RIGHT + source, text)
        where, _ = graded(assignment, sandbox, source)["dJ_db2"]
        expected = wrong_at_once if source == LOST_AXIS else first_wrong
        assert where == expected(line, "what dJ_db2 returns")


def test_a_helper_is_followed_too(assignment: Assignment, sandbox: Sandbox) -> None:
    where, _ = graded(assignment, sandbox, HELPER)["dJ_db1"]
    line = line_of(RIGHT + HELPER, "return back * s.h")
    assert where == first_wrong(line, "what hidden returns")


def test_silent_traps_of_a_wrong_gradient_are_noted(assignment: Assignment, sandbox: Sandbox) -> None:
    _, notes = graded(assignment, sandbox, ROW_AND_COLUMN)["dJ_db1"]
    source = RIGHT + ROW_AND_COLUMN
    nothing = "slope.T has no effect: slope has one axis, (Dh,), and nothing to swap it with"
    assert f"line {line_of(source, 'flat = slope.T')}: {nothing}" in notes
    assert (
        f"line {line_of(source, 'table = column * flat')}: column * flat is (Dh, Dh): numpy broadcasts both (Dh, 1) and (Dh,)"
        in notes
    )


def test_right_gradients_are_not_traced(assignment: Assignment, sandbox: Sandbox) -> None:
    found = graded(assignment, sandbox, SLOPE)
    assert found["dJ_db2"] == ("", [])
    assert found["dJ_dI"] == ("", []), "what follows from the student's own is not traced"


def test_where_the_model_cannot_be_differentiated_only_what_is_correct_is_named(
    sandbox: Sandbox, assignment: Assignment
) -> None:
    at_home = load_assignment(assignment.config, ROOT, with_solution=False)
    at_home.__dict__["reference"] = None
    where, _ = graded(at_home, sandbox, SLOPE)["dJ_db1"]
    line = line_of(RIGHT + SLOPE, "back = err @ s.U.T")
    assert where == f"`back` in line {line}: dJ_dh is correct here; the mistake comes later"


def test_what_builds_on_a_wrong_shape_is_placed_where_its_own_mistake_is(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """dJ_dh doubles what it should not, on a table that dJ_db2 returns; the table is not its mistake."""
    addition = """
def dJ_db2(s):
    table = s.y_hat.T * s.y_hat
    return table

def dJ_dh(s):
    delta = dJ_db2(s)
    back = 2 * delta @ s.U.T
    return back
"""
    where, _ = graded(assignment, sandbox, addition)["dJ_dh"]
    line = line_of(RIGHT + addition, "back = 2 * delta @ s.U.T")
    random = "the random numbers in place of dJ_db2"  # nothing can be built on a table
    assert where == given_own("dJ_db2", line, "`back`").replace("your own dJ_db2", random)


def test_the_tracing_process_is_not_believed(assignment: Assignment) -> None:
    def traced(values: list, name: str) -> list[tuple[Traced, ...]]:  # type: ignore[type-arg]
        return [(Traced("dJ_dh", 3, name, as_data(value)),) for value in values]

    lie = traced([-value for value in assignment.exact["dJ_dh"]], "dJ_dh_and_right")
    assert locate(assignment, make_landmarks(assignment), "dJ_dh", lie) == wrong_at_once(3, "`dJ_dh_and_right`")
    assert locate(assignment, make_landmarks(assignment), "dJ_dh", lie[:1]) == "", "a sample point is missing"


def test_a_long_loop_ends_its_trace_not_its_run(assignment: Assignment, sandbox: Sandbox) -> None:
    addition = "\ndef dJ_dh(s):\n    n = 0\n    for i in range(30_000):\n        n = n + 1\n    return n * s.h\n"
    found = sandbox.trace((RIGHT + addition).encode(), ["dJ_dh"], EARLIER)
    assert all((answer.outcome, answer.traced) == ("returned", ()) for answer in found["dJ_dh"])


@pytest.mark.parametrize(
    "lines",
    [
        "".join(f"    a{i} = s.h + {i}\n" for i in range(60)),
        "    a1 = s.h * __import__('numpy').ones((600, 1))\n" + "".join(f"    b{i} = a1 + {i}\n" for i in range(9)),
    ],
)
def test_a_trace_that_is_too_long_or_too_large_is_left_out_whole(sandbox: Sandbox, lines: str) -> None:
    addition = f"\ndef dJ_dh(s):\n{lines}    return a1\n"
    answer: Answer = sandbox.trace((RIGHT + addition).encode(), ["dJ_dh"], EARLIER)["dJ_dh"][0]
    assert (answer.outcome, answer.traced) == ("returned", ())


def test_the_grade_says_where(grader: Run, tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_text(RIGHT + SLOPE)
    grade = json.loads(grader("grade", "--json", file).stdout)
    assert "your values match the derivation" in next(g["where"] for g in grade["gradients"] if g["name"] == "dJ_db1")
    assert "your values match the derivation" in " ".join(grader("grade", file).stdout.split())


def reply(traced: list[dict[str, object]], data: bytes, **more: object) -> bytes:
    head = json.dumps({"call": 0, "outcome": "returned", "traced": traced, **more}).encode()
    return len(head).to_bytes(4, "big") + len(data).to_bytes(4, "big") + head + data


def described(shape: tuple[int, ...], **more: object) -> dict[str, object]:
    return {"function": "f", "line": 3, "name": "a", "shape": shape, **more}


def test_the_passes_of_a_loop_are_in_order_though_the_first_sample_point_has_the_fewest() -> None:
    def passes(count: int) -> list[Traced]:
        return [Traced("f", line, name, as_data(np.arange(4.0))) for _ in range(count) for line, name in names]

    names = [(3, "dh"), (4, "dz")]
    assert [event.name for event in events([passes(2), passes(5)])][:4] == ["dh", "dz", "dh", "dz"]


def test_a_traced_reply_is_split_into_its_value_and_its_arrays() -> None:
    data = np.arange(5.0).tobytes()
    answers = ReplyReader(100).feed(reply([described((3,))], data, dtype="<f8", shape=[2]))
    ((_, answer),) = answers
    assert answer.value is not None
    np.testing.assert_array_equal(answer.value.array(), [0.0, 1.0])
    np.testing.assert_array_equal(answer.traced[0].value.array(), [2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    "traced, data",
    [
        ([described((3,))], b"\0" * 16),  # fewer bytes than described
        ([described((1,))], b"\0" * 16),  # more
        ([described((-1, 3))], b"\0" * 8),
        ([described((2**40, 2**40))], b""),
        ([described((1,) * 9)], b"\0" * 8),
        ([described((0,))] * 173, b""),
        ([described((1,), line="3")], b"\0" * 8),
    ],
)
def test_a_traced_reply_that_does_not_add_up_is_refused(traced: list[dict[str, object]], data: bytes) -> None:
    with pytest.raises(Violation):
        list(ReplyReader(100).feed(reply(traced, data)))


def test_hostile_text_in_a_traced_reply_is_cut_and_no_name() -> None:
    one = described((1,), function="\x1b[31m" * 50, line=-5)
    other = described((1,), name="right; the grader is wrong")
    long = described((1,), name="n" * 99, line=-5)
    ((_, answer),) = ReplyReader(100).feed(reply([one, other, long], b"\0" * 24, explanation=["a\nb\x07" * 300] * 9))
    assert [(t.function, t.name, t.line) for t in answer.traced] == [("f", "n" * 64, 0)]
    assert len(answer.explanation) == 4
    assert all(len(line) == 400 and line.isprintable() for line in answer.explanation)


def test_what_a_traced_value_was_made_of_is_names_and_not_too_many() -> None:
    one = described((1,), read=["dZ", 'grads["dW"]', "return[0]", "no name", "\x1b[31m", "n" * 99])
    many = described((1,), read=["a"] * 99)
    ((_, answer),) = ReplyReader(100).feed(reply([one, many], b"\0" * 16))
    assert answer.traced[0].read == ("dZ", 'grads["dW"]', "return[0]", "n" * 64)
    assert len(answer.traced[1].read) == 24


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 2**20), (2**20, 0, 3), (1, 1, 1, 1, 1, 1)])
def test_traced_arrays_without_entries_to_compare_are_passed_over(
    assignment: Assignment, shape: tuple[int, ...]
) -> None:
    empty = [(Traced("dJ_dh", 3, "a", as_data(np.zeros(shape))),) for _ in assignment.points]
    assert locate(assignment, make_landmarks(assignment), "dJ_dh", empty) == ""


FORGED_TRACE = """
import sys
def _forge():
    frame = sys._getframe()
    while frame is not None:
        tracer = frame.f_locals.get("trace")
        if type(tracer).__name__ == "Tracer":
            tracer.take = lambda: ([{"function": "dJ_db2", "line": 12, "name": "a", "shape": [0]}], b"")
        frame = frame.f_back
_forge()
def dJ_db2(s):
    return 3 * s.y_hat
"""


def test_a_forged_trace_costs_its_place_and_no_marks(assignment: Assignment, sandbox: Sandbox) -> None:
    submission = Submission("gradients.py", (RIGHT + FORGED_TRACE).encode())
    grade = grade_submission(assignment, sandbox, submission)
    assert (grade.status, grade.gradients[0].status, grade.gradients[0].where) == ("graded", "failed", "")
    assert grade.score > 0


def test_the_traced_run_has_what_the_first_run_has_left_of_the_limits(assignment: Assignment, sandbox: Sandbox) -> None:
    source = (RIGHT + SLOPE).encode()
    limits = assignment.config.sandbox
    assert sandbox.trace(source, ["dJ_db1"], EARLIER)
    assert sandbox.trace(source, ["dJ_db1"], Answers({}, cpu_seconds=limits.submission_cpu_seconds)) == {}
    assert sandbox.trace(source, ["dJ_db1"], Answers({}, wall_seconds=limits.submission_wall_seconds)) == {}


def test_a_run_says_how_long_it_took_on_the_clock(assignment: Assignment, sandbox: Sandbox) -> None:
    waits = "\ndef dJ_dh(s):\n    import time\n    time.sleep(0.01)\n    return s.h\n"
    run = sandbox.run((RIGHT + waits).encode())
    assert run.wall_seconds >= 0.01 * len(assignment.points)


def test_a_trace_that_cannot_be_understood_costs_its_place_and_no_marks(assignment: Assignment) -> None:
    wrong = {"dJ_dh": [Answer("returned", value=as_data(2 * right)) for right in assignment.exact["dJ_dh"]]}
    broken = Traced("dJ_dh", 3, "a", ArrayData("<x8", (2,), bytes(16)))
    graded = grade_run(assignment, Answers(wrong), "gradients.py")
    traces = {"dJ_dh": [Answer("returned", traced=(broken,))] * len(assignment.points)}
    with pytest.warns(RuntimeWarning, match="no line of a mistake"):
        placed = add_places(
            assignment,
            knowledge_of(assignment, ()),
            graded.gradients,
            Answers(wrong, traces=traces),
        )
    assert placed == graded.gradients


def test_a_product_of_the_right_shape_is_not_drawn_where_the_numbers_are_why_the_shape_earns_nothing(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    source = "\ndef dJ_dH(s):\n    return s.h_prev.T * float('nan') @ dJ_db1(s)\n"
    assert not [note for note in graded(assignment, sandbox, source)["dJ_dH"][1] if "which gives" in note]
    turned = source.replace("s.h_prev.T * float('nan') @ dJ_db1(s)", "s.h_prev.T @ dJ_db1(s)[:, :2]")
    assert [note for note in graded(assignment, sandbox, turned)["dJ_dH"][1] if "which gives" in note]


TWO_MISTAKES = """
def dJ_db2(s):
    return s.y - s.y_hat

def dJ_db1(s):
    back = dJ_dh(s)
    return back * s.h
"""


def test_what_is_built_on_a_mistake_made_elsewhere_is_correct(assignment: Assignment, sandbox: Sandbox) -> None:
    """dJ_db1 has a mistake of its own: it is placed there, not at the sign that dJ_db2 has wrong."""
    found = graded(assignment, sandbox, TWO_MISTAKES)
    line = line_of(RIGHT + TWO_MISTAKES, "return back * s.h")
    assert found["dJ_db1"][0] == given_own("dJ_dh", line, "what dJ_db1 returns")


@pytest.mark.parametrize("objective", ["cross_entropy", "log_likelihood"])
@pytest.mark.parametrize("returned", ["(back * slope)[0]", "back * s.h"])
def test_the_line_is_the_same_for_both_objectives_where_an_earlier_gradient_has_the_wrong_sign(
    assignment: Assignment, sandbox: Sandbox, objective: str, returned: str
) -> None:
    """The student's own upstream gradient is never to blame for what is built on it."""
    other = replace(assignment, config=msgspec.structs.replace(assignment.config, objective=objective))
    wrong = "s.y - s.y_hat" if objective == "cross_entropy" else "s.y_hat - s.y"
    addition = (
        f"\ndef dJ_db2(s):\n    return {wrong}\n\ndef dJ_db1(s):\n    back = dJ_dh(s)\n"
        f"    slope = s.h * (1 - s.h)\n    return {returned}\n"
    )
    line = line_of(RIGHT + addition, f"return {returned}")
    assert graded(other, sandbox, addition)["dJ_db1"][0] == given_own("dJ_dh", line, "what dJ_db1 returns")


@pytest.mark.parametrize(
    ("used", "names"),
    [
        ("back * s.h", "dJ_dh"),
        ("shown * s.h", "dJ_dh"),
        ("s.h * (back + 0 * dJ_db2(s).sum())", "dJ_db2 and dJ_dh"),
        ("s.h * s.h", ""),
    ],
)
def test_only_the_wrong_gradients_that_the_line_uses_are_named(
    assignment: Assignment, sandbox: Sandbox, used: str, names: str
) -> None:
    addition = (
        "\ndef dJ_db2(s):\n    return s.y - s.y_hat\n\ndef dJ_db1(s):\n"
        f"    unused = dJ_db2(s)\n    back = dJ_dh(s)\n    shown = back.copy()\n    wrong = {used}\n    return wrong\n"
    )
    line = line_of(RIGHT + addition, f"wrong = {used}")
    where = graded(assignment, sandbox, addition)["dJ_db1"][0]
    assert where == (given_own(names, line, "`wrong`") if names else wrong_at_once(line, "`wrong`"))


@pytest.mark.parametrize("objective", ["cross_entropy", "log_likelihood"])
def test_the_line_is_the_functions_own_where_it_only_calls_one_of_the_wrong_sign(
    assignment: Assignment, sandbox: Sandbox, objective: str
) -> None:
    other = replace(assignment, config=msgspec.structs.replace(assignment.config, objective=objective))
    wrong = "s.y - s.y_hat" if objective == "cross_entropy" else "s.y_hat - s.y"
    addition = (
        f"\ndef dJ_db2(s):\n    back = {wrong}\n    return back\n\ndef dJ_dh(s):\n    return (dJ_db2(s) @ s.U.T)[0]\n"
    )
    line = line_of(RIGHT + addition, "return (dJ_db2(s) @ s.U.T)[0]")
    assert graded(other, sandbox, addition)["dJ_dh"][0] == wrong_at_once(line, "what dJ_dh returns")


GIVEN = "Given your own dJ_db2, dJ_dh and dJ_db1, `row` in line 9 does not match the derivation"


def test_of_several_gradients_that_a_line_builds_on_only_the_replaced_ones_are_random() -> None:
    where = with_random_numbers(GradientResult("dJ_dI", 0.0, 10.0, "failed", [], where=GIVEN), ["dJ_dh"]).where
    given, _, rest = where.partition(", ")
    assert given == "Given your own dJ_db2 and the random numbers in place of dJ_dh and your own dJ_db1"
    assert rest == "`row` in line 9 does not match the derivation"


INLINED = """
def dJ_dh(s):
    delta = s.y_hat + s.y
    return delta @ s.U.T * 2
"""


def test_two_mistakes_are_certain_where_the_trace_shows_two_places(assignment: Assignment, sandbox: Sandbox) -> None:
    grade = grade_submission(assignment, sandbox, Submission("gradients.py", (RIGHT + INLINED).encode()))
    found = next(gradient for gradient in grade.gradients if gradient.name == "dJ_dh").diagnosis
    line = line_of(RIGHT + INLINED, "delta = s.y_hat + s.y")
    assert found is not None
    assert found.certainty == "exact"
    assert [mistake.statement for mistake in found.mistakes] == [
        f"`delta` in line {line}, as dJ_db2: your numbers are what you get when y enters with the opposite sign",
        "your numbers are 2 times what follows from your own dJ_db2",
    ]
    together = INLINED.replace("delta = s.y_hat + s.y", "y = s.y").replace("delta @", "(s.y_hat + y) @")
    grade = grade_submission(assignment, sandbox, Submission("gradients.py", (RIGHT + together).encode()))
    found = next(gradient for gradient in grade.gradients if gradient.name == "dJ_dh").diagnosis
    assert found is not None
    assert (found.certainty, len(found.mistakes)) == ("observation", 2)


DROPOUT = """
def dJ_db1(s):
    import numpy as np
    return dJ_dh(s) * s.h * (1 - s.h) * (np.random.rand(*s.h.shape) > 0.5)
"""


def test_answers_that_change_from_call_to_call_are_reported_as_that(assignment: Assignment, sandbox: Sandbox) -> None:
    grade = grade_submission(assignment, sandbox, Submission("gradients.py", (RIGHT + DROPOUT).encode()))
    found = {gradient.name: gradient for gradient in grade.gradients}
    diagnosis = found["dJ_db1"].diagnosis
    assert diagnosis is not None
    assert diagnosis.mistakes[0].statement.startswith("your numbers change from call to call")
    assert found["dJ_db1"].where == ""
    assert (found["dJ_dI"].status, found["dJ_dU"].status) == ("followed_through", "passed")


def test_a_block_of_a_given_array_is_never_the_wrong_value():
    image = [np.arange(30.0).reshape(5, 6), -np.arange(56.0).reshape(7, 8)]
    assert is_window([one[1:3, 2:5] for one in image], image)
    assert not is_window([one[1:3, 2:5] * 1.5 for one in image], image)
    assert not is_window([one[1:3, 2:5].T for one in image], image)
    assert not is_window([one[1, 2:5] for one in image], image), "rows are known as rows"
    assert not is_window(image, image)
