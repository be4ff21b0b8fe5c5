"""One mistake costs one mark: what builds on a gradient without numbers is checked with random arrays in its place."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from right import RIGHT_FILE
from test_judge import answer, one

from grader.checks.checked import check_run
from grader.checks.substitution import to_substitute
from grader.classroom.exports.feedback import markdown, page
from grader.classroom.store.packing import answers_hash, pack_run, unpack_run
from grader.classroom.store.query import StudentRow
from grader.errors import SandboxError
from grader.grading.grade import grade
from grader.grading.grader import Grader
from grader.grading.pipeline import grade_run
from grader.grading.running import make_sandbox
from grader.output.causes import causes, lead
from grader.output.formats import github
from grader.output.terminal import print_grade
from grader.problem.assignment import Assignment
from grader.records.result import Grade
from grader.records.run import Answer, Run, Substituted
from grader.sandbox.host import Sandbox
from grader.sandbox.zygotes import start_spawner

RIGHT = RIGHT_FILE.read_text(encoding="utf-8")
HEAD = "import numpy as np\nfrom model import sigmoid, softmax\n"
NAMES = ["dJ_db2", "dJ_dU", "dJ_dh", "dJ_db1", "dJ_dL_x", "dJ_dI", "dJ_dH", "dJ_dh_prev"]

# What a function may do instead of returning its gradient; {0} is its right copy.
FAILURES = {
    "raises": "return s.no_such_quantity",
    "is a stub": "raise NotImplementedError('not written yet')",
    "returns nothing": "{0}(s)",
    "is 1-D": "return {0}(s).ravel()",
    "is turned": "return np.atleast_3d({0}(s))",
    "is NaN": "return {0}(s) * np.nan",
    "has one infinite entry": "g = {0}(s); g[0, 0] = np.inf; return g",
    "is complex": "return {0}(s) + 0.5j",
    "is text": "return str({0}(s))",
    "is zero": "return 0 * {0}(s)",
    "is another one on each call": "g = {0}(s); return g + np.random.default_rng().standard_normal(g.shape)",
    "never returns": "\n    while True: pass",
    "ends the process": "import os; os._exit(7)",
}


def with_bodies(**bodies: str) -> bytes:
    """The right file with other bodies of some functions, which may call the right ones as `right_<name>`."""
    text = HEAD + RIGHT
    for name, body in bodies.items():
        start = RIGHT.index(f"def {name}(s)")
        end = RIGHT.find("\ndef ", start)
        copy = RIGHT[start : None if end < 0 else end].replace(f"def {name}(", f"def right_{name}(")
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        text += f"\n\n{copy}\n\ndef {name}(s):\n{lines}\n"
    return text.encode()


def without(name: str) -> bytes:
    """The right file without one function."""
    return RIGHT.replace(f"def {name}(s)", f"def not_{name}(s)").encode()


def marks(assignment: Assignment, run: Run) -> Grade:
    """The grade without diagnosis, which no mark depends on."""
    with np.errstate(all="ignore"):
        return grade(assignment, check_run(assignment, run))


def bodies_of_set_a() -> dict[str, tuple[str, str]]:
    """For each single mistake of set A its gradient, and that with a function's body."""
    items = yaml.safe_load((ROOT / "tests" / "diagnosis" / "set_a.yaml").read_text(encoding="utf-8"))
    found = {}
    for item in items:
        name, code = item["gradient"], item["code"]
        body = code if "return" in code else f"return {code.strip()}"
        found[item["id"]] = (name, body.replace(f"{name}(s)", f"right_{name}(s)"))
    return found


@pytest.fixture(scope="module")
def quick(assignment: Assignment) -> Iterator[tuple[Assignment, Sandbox]]:
    """The assignment with a short limit for each call, and its sandbox."""
    limits = msgspec.structs.replace(
        assignment.config.sandbox, call_cpu_seconds=0.1, submission_cpu_seconds=1.0, wall_factor=10.0
    )
    config = msgspec.structs.replace(assignment.config, sandbox=limits)
    changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    with make_sandbox(changed, lambda: start_spawner(changed.folder / config.model, limits)) as sandbox:
        yield changed, sandbox


def run_all(sandbox: Sandbox, sources: list[bytes]) -> list[Run]:
    found = dict(sandbox.run_many(iter(sources), in_flight=3))
    runs = [found[k] for k in range(len(sources))]
    assert not any(isinstance(run, SandboxError) for run in runs)
    return [run for run in runs if isinstance(run, Run)]


def most(assignment: Assignment, name: str) -> float:
    return next(gradient.max_score for gradient in assignment.config.gradients if gradient.name == name)


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 6])
def test_a_single_mistake_costs_no_more_than_its_gradient(quick: tuple[Assignment, Sandbox], every: int) -> None:
    assignment, sandbox = quick
    bodies = dict(list(bodies_of_set_a().items())[::every])
    runs = run_all(sandbox, [with_bodies(**{name: body}) for name, body in bodies.values()])
    lost = {}
    for (key, (name, _)), run in zip(bodies.items(), runs, strict=True):
        result = marks(assignment, run)
        lost[key] = result.max_score - result.score
        assert one(result, name).status != "passed", key
        assert lost[key] <= most(assignment, name), (key, [(g.name, g.status) for g in result.gradients])
    assert len(lost) > 250 / every


@pytest.mark.parametrize("failure", FAILURES)
def test_a_gradient_without_numbers_costs_only_its_own_marks(quick: tuple[Assignment, Sandbox], failure: str) -> None:
    assignment, sandbox = quick
    runs = run_all(sandbox, [with_bodies(**{name: FAILURES[failure].format(f"right_{name}")}) for name in NAMES])
    for name, run in zip(NAMES, runs, strict=True):
        result = marks(assignment, run)
        others = {g.name: (g.status, g.score) for g in result.gradients if g.name != name and g.score < g.max_score}
        assert others == {}, name
        assert one(result, name).status not in ("passed", "followed_through")


def test_numbers_that_change_from_call_to_call_leave_one_thing_to_fix(tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_bytes(with_bodies(dJ_dh="return right_dJ_dh(s) + np.random.randn(*s.h.shape)"))
    with Grader(ROOT / "config.yaml") as opened:
        found, again = opened.grade(file), opened.grade(file)
    assert lead(found) == "1 thing to fix: dJ_dh. dJ_db1, dJ_dL_x, dJ_dI, dJ_dH and 1 more are right given it."
    assert [one.score for one in found.gradients] == [one.score for one in again.gradients]
    diagnosis = one(found, "dJ_dh").diagnosis
    assert diagnosis is not None
    assert diagnosis.mistakes[0].statement.startswith("your numbers change from call to call")


def test_a_wrong_caller_is_not_blamed_for_numbers_that_change_in_what_it_calls(tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    random = "return right_dJ_dh(s) + np.random.randn(*s.h.shape)"
    file.write_bytes(with_bodies(dJ_dh=random, dJ_db1="return dJ_dh(s) * s.h"))
    with Grader(ROOT / "config.yaml") as opened:
        found = opened.grade(file)
    changing = [
        g.name
        for g in found.gradients
        if g.diagnosis and any("call to call" in m.student for m in g.diagnosis.mistakes)
    ]
    assert changing == ["dJ_dh"]


def test_a_wrong_caller_of_what_changes_from_call_to_call_stays_wrong(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    random = FAILURES["is another one on each call"].format("right_dJ_dh")
    [run] = run_all(sandbox, [with_bodies(dJ_dh=random, dJ_db1="return dJ_dh(s) * s.h")])
    result = marks(assignment, run)
    assert {g.name for g in result.gradients if g.status == "failed"} == {"dJ_dh", "dJ_db1"}
    assert one(result, "dJ_dI").status == "followed_through"


def test_a_wrong_caller_of_a_wrong_gradient_is_called_again_to_no_avail(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_dh="return dJ_db2(s) @ s.U.T * 2", dJ_db1="return dJ_dh(s) * s.h")])
    assert list(run.substituted) == ["dJ_db1"]
    assert marks(assignment, run) == marks(assignment, msgspec.structs.replace(run, substituted={}))


IN_PLACE = "h = s.h\nh *= 2\nreturn dJ_db2(s) @ s.U.T"


def test_a_right_gradient_that_changes_an_input_in_place_is_the_one_to_fix(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_dh=IN_PLACE)])
    result = marks(assignment, run)
    assert result.score == result.max_score
    assert lead(result) == "1 thing to fix: dJ_dh. dJ_db1, dJ_dL_x, dJ_dI, dJ_dH and 1 more are right given it."
    notes = {g.name: g.notes for g in result.gradients if g.notes}
    assert notes == {"dJ_dh": ["changes s.h in place, so its callers go on with other numbers; work on a copy"]}


def test_a_gradient_called_twice_that_changes_an_input_in_place_is_the_one_to_fix(
    quick: tuple[Assignment, Sandbox],
) -> None:
    assignment, sandbox = quick
    twice = "dJ_db1(s)\nreturn s.e.T @ dJ_db1(s)"
    [run] = run_all(sandbox, [with_bodies(dJ_db1="h = s.h\nh *= 1 - h\nreturn dJ_dh(s) * h", dJ_dI=twice)])
    result = marks(assignment, run)
    assert result.fix_first == ["dJ_db1"]
    assert (one(result, "dJ_dI").status, result.score) == ("followed_through", result.max_score)


def test_a_mistake_of_its_own_is_diagnosed_as_if_no_input_had_been_changed(tmp_path: Path) -> None:
    """Tracing may evaluate a call twice, and so change the input twice: its numbers are no random ones."""
    file = tmp_path / "gradients.py"
    file.write_bytes(with_bodies(dJ_dh=IN_PLACE, dJ_db1="return dJ_dh(s) * s.h"))
    with Grader(ROOT / "config.yaml") as opened:
        result = opened.grade(file)
    diagnosis = one(result, "dJ_db1").diagnosis
    assert diagnosis is not None
    assert (diagnosis.certainty, [mistake.kind for mistake in diagnosis.mistakes]) == ("exact", ["missing-factor"])


def test_time_is_left_for_what_builds_on_several_functions_that_never_return(
    quick: tuple[Assignment, Sandbox],
) -> None:
    """One second in all, of which six loops would take 0.2 each if they were tried again before the others are checked."""
    assignment, sandbox = quick
    loops = ["dJ_db2", "dJ_dU", "dJ_dh", "dJ_db1", "dJ_dL_x", "dJ_dI"]
    [run] = run_all(sandbox, [with_bodies(**dict.fromkeys(loops, FAILURES["never returns"]))])
    found = {g.name: g.status for g in marks(assignment, run).gradients}
    assert found == {**dict.fromkeys(loops, "timed_out"), "dJ_dH": "followed_through", "dJ_dh_prev": "followed_through"}


def test_a_function_that_is_not_there_costs_only_its_own_marks(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    for name, run in zip(NAMES, run_all(sandbox, [without(name) for name in NAMES]), strict=True):
        result = marks(assignment, run)
        assert result.score == result.max_score - most(assignment, name)
        assert one(result, name).status == "missing"


def test_several_roots_are_marked_each_by_itself_and_diagnosed(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    source = with_bodies(
        dJ_db2="return s.yhat - s.y", dJ_db1="return dJ_dh(s) * s.h", dJ_dh_prev="return dJ_db1(s) @ s.HT"
    )
    [run] = run_all(sandbox, [source])
    result = grade_run(assignment, run, "gradients.py")
    assert result.fix_first == ["dJ_db2", "dJ_db1", "dJ_dh_prev"]
    local, raised = one(result, "dJ_db1"), one(result, "dJ_dh_prev")
    assert (local.status, local.score) == ("failed", 3.0)
    assert local.checks[1].message.startswith("with random numbers in place of dJ_dh: relative error ")
    assert local.diagnosis is not None
    assert local.diagnosis.certainty == "exact"
    assert "derivative of sigmoid" in local.diagnosis.mistakes[0].statement
    assert "your own" not in " ".join([local.diagnosis.mistakes[0].student, *local.hints])
    assert (raised.status, raised.score) == ("raised", 0)
    assert "no quantity HT" in raised.diagnosis.mistakes[0].statement  # type: ignore[union-attr]
    follows = {g.name: g.follow_through.roots for g in result.gradients if g.follow_through is not None}
    assert follows == {
        "dJ_dU": ["dJ_db2"], "dJ_dh": ["dJ_db2"], "dJ_dL_x": ["dJ_db1"], "dJ_dI": ["dJ_db1"], "dJ_dH": ["dJ_db1"],
    }  # fmt: skip


NUMERIC = """
def loss(U): return float(-np.sum(s.y * np.log(softmax(s.h @ U + s.b2))))
g = np.zeros_like(s.U)
for i in np.ndindex(*g.shape):
    e = np.zeros_like(s.U); e[i] = 1e-6
    g[i] = (loss(s.U + e) - loss(s.U - e)) / 2e-6
return g"""

# Callers that have no right formula; the first names what they call, which raises.
CHEATS = {
    "returns what stands in": ("dJ_dh", "dJ_db1", "return dJ_dh(s)"),
    "returns a part of it": ("dJ_dh", "dJ_db1", "return dJ_dh(s) * 0.25"),
    "ignores it": ("dJ_db2", "dJ_dh", "dJ_db2(s); return s.h * (1 - s.h)"),
    "differentiates numerically": ("dJ_db2", "dJ_dU", f"dJ_db2(s){NUMERIC}"),
    "differentiates numerically once it raises": (
        "dJ_db2", "dJ_dU", "try: return s.h.T @ dJ_db2(s) * 2\nexcept AttributeError: pass" + NUMERIC,
    ),
    "does not call it where it succeeds": (
        "dJ_db2", "dJ_dh", "if dJ_db2.__name__ == 'dJ_db2': return dJ_db2(s)\nreturn s.h",
    ),
    "notices the replacement": (
        "dJ_dh", "dJ_db1", "if dJ_dh.__name__ != 'dJ_dh': return np.copysign(dJ_dh(s), 1)\nreturn dJ_dh(s)",
    ),
    "keeps what another one was given": (
        "dJ_dh", "dJ_db1", "KEPT.append(dJ_dh(s)); return KEPT[0][:, : s.b1.size] if KEPT[0].size >= s.b1.size else s.b1",
    ),
    "takes the arrays from the replacement": (
        "dJ_dh", "dJ_db1", "f = dJ_dh.__closure__; dJ_dh(s); return f[0].cell_contents[:, : s.b1.size]",
    ),
    "counts its calls": (
        "dJ_dh", "dJ_db1", "KEPT.append(1); return dJ_dh(s) * (s.h if len(KEPT) > 3 else 1 - s.h)",
    ),
    "replaces the replacement": ("dJ_dh", "dJ_db1", "globals()['dJ_dh'] = lambda s: s.h; return dJ_dh(s)"),
    "looks around on the stack": (
        "dJ_dh", "dJ_db1", """import sys
dJ_dh(s); f = sys._getframe(); seen = []
while f: seen += f.f_locals.values(); f = f.f_back
return next((v for v in seen if getattr(v, 'shape', 0) == s.b1.shape and v is not s.b1), s.h)""",
    ),
    "guesses the seed": ("dJ_dh", "dJ_db1", "dJ_dh(s); return np.random.default_rng(0).standard_normal(s.b1.shape)"),
}  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_caller_without_the_right_formula_earns_nothing_by_substitution(
    quick: tuple[Assignment, Sandbox], cheat: str
) -> None:
    assignment, sandbox = quick
    root, name, body = CHEATS[cheat]
    source = with_bodies(**{root: "return s.no_such_quantity", name: body}) + b"\nKEPT = []\n"
    [run] = run_all(sandbox, [source])
    found, root_found = one(marks(assignment, run), name), one(marks(assignment, run), root)
    without_it = one(marks(assignment, msgspec.structs.replace(run, substituted={})), name)
    assert found.status not in ("passed", "followed_through")
    assert found.score <= max(without_it.score, 0.2 * found.max_score)  # the marks for its shape
    assert root_found.score == 0


def test_a_caller_that_has_a_formula_for_when_the_other_raises_is_judged_by_its_answer(
    quick: tuple[Assignment, Sandbox],
) -> None:
    assignment, sandbox = quick
    body = "try: return s.h.T @ dJ_db2(s)\nexcept AttributeError: return s.h.T @ (s.y_hat - s.y)"
    [run] = run_all(sandbox, [with_bodies(dJ_db2="return s.yhat - s.y", dJ_dU=body)])
    assert "dJ_dU" not in run.substituted
    assert one(marks(assignment, run), "dJ_dU").status == "passed"


def test_only_files_with_a_gap_are_called_again_and_what_stands_in_is_their_own(
    quick: tuple[Assignment, Sandbox],
) -> None:
    assignment, sandbox = quick
    wrong = with_bodies(dJ_db2="return s.y - s.y_hat")
    raising = with_bodies(dJ_db2="return s.yhat")
    right, wrong_run, first, second = run_all(sandbox, [RIGHT.encode(), wrong, raising, raising + b"# mine\n"])
    assert (right.substituted, right.attempts, wrong_run.substituted, wrong_run.attempts) == ({}, 1, {}, 1)
    assert first.attempts == 3  # all of them, dJ_db2 alone, and the others once more
    assert answers_hash(first) != answers_hash(second)
    assert first.answers.keys() == second.answers.keys()
    assert marks(assignment, first).score == marks(assignment, second).score == 90
    numbers = {assignment.substitutes(run.source_hash, "dJ_db2")[0].tobytes() for run in (first, second)}
    assert len(numbers) == 2
    known = {value.tobytes() for values in assignment.exact.values() for value in values}
    assert not numbers & known


def test_stored_answers_are_graded_again_under_other_settings_without_being_run(
    quick: tuple[Assignment, Sandbox],
) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_db2="return s.yhat - s.y")])
    stored = unpack_run(pack_run(run))
    assert grade_run(assignment, stored, "x") == grade_run(assignment, run, "x")

    def under(**settings: float | bool) -> Grade:
        follow_through = msgspec.structs.replace(assignment.config.follow_through, **settings)
        config = msgspec.structs.replace(assignment.config, follow_through=follow_through)
        changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
        return grade_run(changed, stored, "x")

    assert [under(share=share).score for share in (1.0, 0.5, 0.0)] == [90, 45, 0]
    off = under(substitute=False)
    assert off.score == 0
    assert {g.status for g in off.gradients} == {"raised"}
    assert off.fix_first == ["dJ_db2"]
    assert {tuple(g.inherits) for g in off.gradients[1:]} == {("dJ_db2",)}


def test_an_older_run_without_such_calls_is_graded_as_before(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_db2="return s.yhat - s.y")])
    data = msgspec.msgpack.decode(pack_run(run))
    del data["substituted"]
    older = unpack_run(msgspec.msgpack.encode(data))
    assert older == msgspec.structs.replace(run, substituted={})
    assert grade_run(assignment, older, "x").score == 0


def substituted_run(assignment: Assignment, change: Callable[[np.ndarray], np.ndarray]) -> Run:
    """dJ_db2 raised, and with random arrays in its place dJ_dU answers what is right on them, changed."""
    assert assignment.reference is not None
    source_hash = "0" * 64
    arrays = assignment.substitutes(source_hash, "dJ_db2")
    right = [
        assignment.reference("dJ_dU", point, {"dJ_db2": value})[0]
        for point, value in zip(assignment.points, arrays, strict=True)
    ]
    raised = [Answer("raised", message="AttributeError: no")]
    answers = {name: [answer(v) for v in values] for name, values in assignment.exact.items()}
    answers |= {"dJ_db2": raised, "dJ_dU": raised}
    again = {"dJ_dU": Substituted(("dJ_db2",), [answer(change(value)) for value in right])}
    return Run(answers, source_hash=source_hash, substituted=again)


@given(factor=st.floats(-3, 3), entry=st.integers(0, 20), size=st.floats(1e-9, 10))
@settings(max_examples=30)
def test_only_what_is_right_on_the_random_arrays_keeps_marks(
    assignment: Assignment, factor: float, entry: int, size: float
) -> None:
    def off(value: np.ndarray) -> np.ndarray:
        changed = factor * value
        changed.flat[entry] += size
        return changed

    assert one(marks(assignment, substituted_run(assignment, off)), "dJ_dU").score <= 3
    found = one(marks(assignment, substituted_run(assignment, lambda value: value)), "dJ_dU")
    assert (found.status, found.score) == ("followed_through", 15)


@pytest.mark.parametrize("change", [np.ravel, np.transpose, lambda v: v * np.nan, lambda v: v * 0, lambda v: v[:1]])
def test_numbers_in_another_form_keep_none(assignment: Assignment, change: Callable[[np.ndarray], np.ndarray]) -> None:
    assert one(marks(assignment, substituted_run(assignment, change)), "dJ_dU").status == "failed"


def test_answers_of_the_shared_points_say_nothing_with_others_replaced(assignment: Assignment) -> None:
    """A file may hold a table of the right answers: with random arrays in place of the upstream gradient, those are wrong."""
    run = substituted_run(assignment, lambda value: value)
    table = Substituted(("dJ_db2",), [answer(value) for value in assignment.exact["dJ_dU"]])
    found = one(marks(assignment, msgspec.structs.replace(run, substituted={"dJ_dU": table})), "dJ_dU")
    assert (found.status, found.score) == ("failed", 3)


def test_nothing_is_planned_for_right_wrong_and_absent_gradients(assignment: Assignment) -> None:
    right = {name: [answer(v) for v in values] for name, values in assignment.exact.items()}
    wrong = {name: [answer(-v) for v in values] for name, values in assignment.exact.items()}
    absent = {name: [Answer("missing")] for name in assignment.names}
    assert [to_substitute(assignment, found) for found in (right, wrong, absent)] == [{}, {}, {}]
    assert to_substitute(assignment, {**right, "dJ_db1": [Answer("missing")]}) == {}
    stubs = {name: [Answer("missing", message="NotImplementedError", line=k + 1)] for k, name in enumerate(absent)}
    assert to_substitute(assignment, stubs) == {}
    built = {**stubs, "dJ_dU": stubs["dJ_db2"]}  # which it calls
    assert list(to_substitute(assignment, built)) == ["dJ_dU"]
    plan = to_substitute(assignment, {**wrong, "dJ_db1": [Answer("missing")]})
    assert plan == dict.fromkeys(["dJ_dL_x", "dJ_dI", "dJ_dH", "dJ_dh_prev"], ("dJ_db1",))


def test_at_home_one_mistake_is_one_thing_to_fix_too(tmp_path: Path) -> None:
    file = tmp_path / "gradients.py"
    file.write_bytes(with_bodies(dJ_db2="return s.yhat - s.y"))
    with Grader(ROOT / "config.yaml", at_home=True) as opened:
        result = opened.check(file)
    assert [g.status for g in result.gradients] == ["raised", *["followed_through"] * 7]
    line = one(result, "dJ_db2").line
    assert lead(result) == f"1 thing to fix: dJ_db2, line {line}. The other seven are right given it."


def test_the_first_line_counts_what_there_is_to_fix_and_to_write(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    stub, helper = FAILURES["is a stub"], "return other(s)"
    sources = [
        with_bodies(dJ_db1=stub),
        with_bodies(dJ_db1=stub, dJ_db2="return s.y - s.y_hat", dJ_dI="return s.no"),
        with_bodies(**dict.fromkeys(["dJ_dL_x", "dJ_dI", "dJ_dH"], helper)) + b"\ndef other(s): return s.no\n",
        RIGHT.encode(),
    ]
    sources += [with_bodies(**dict.fromkeys(["dJ_db2", "dJ_dU", "dJ_dh"], helper)) + b"\ndef other(s): return s.no\n"]
    texts = [lead(grade_run(assignment, run, "x")) for run in run_all(sandbox, sources)]
    assert texts[0] == ("1 function to write: dJ_db1. dJ_dL_x, dJ_dI, dJ_dH and dJ_dh_prev are right given it.")
    assert texts[1].startswith("2 things to fix: dJ_db2 and dJ_dI (line ")
    assert "). 1 function to write: dJ_db1. dJ_dU and dJ_dh are right given dJ_db2. " in texts[1]
    assert texts[1].endswith("dJ_dL_x, dJ_dH and dJ_dh_prev are right given dJ_db1.")
    assert texts[2].startswith("1 thing to fix: dJ_dL_x, line ")
    assert texts[2].endswith(". dJ_dI and dJ_dH have the same problem.")
    assert texts[3] == ""
    assert texts[4].endswith(". dJ_dU and dJ_dh have the same problem; the other five are right given them.")


def test_each_root_has_a_block_with_what_depends_on_it(quick: tuple[Assignment, Sandbox]) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_db2="return s.yhat - s.y", dJ_dI="return s.no")])
    found = causes(grade_run(assignment, run, "x"))
    assert [(one.first.name, one.dependents) for one in found] == [
        ("dJ_db2", ["right given it: dJ_dU, dJ_dh, dJ_db1, dJ_dL_x, dJ_dH and dJ_dh_prev"]),
        ("dJ_dI", []),
    ]


@pytest.mark.parametrize("failure", ["raises", "is a stub", "returns nothing"])
def test_no_report_repeats_the_mistake_below_what_depends_on_it(
    quick: tuple[Assignment, Sandbox], failure: str
) -> None:
    assignment, sandbox = quick
    [run] = run_all(sandbox, [with_bodies(dJ_db2=FAILURES[failure].format("right_dJ_db2"))])
    result = grade_run(assignment, run, "gradients.py")
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        print_grade(console, result, assignment.config, staff=True)
    values = {"grade": result, "status": "graded", "ids": {}, "late": None, "name": "A", "key": "a"}
    row = StudentRow(**{name: values.get(name, "") for name in StudentRow.__struct_fields__})
    pages = [captured.get(), github.render(result, assignment.config), markdown(page(row, assignment.config))]
    said = (one(result, "dJ_db2").message or one(result, "dJ_db2").summary).partition(":")[0]
    first = lead(result)
    for text in (text.replace("\\", "") for text in pages):
        assert text.count(first) == 1
        assert text.count(said) == 1
        assert text.count("dJ_dU, dJ_dh, dJ_db1, dJ_dL_x, dJ_dI, dJ_dH and dJ_dh_prev") == 1


def test_a_numerical_derivative_earns_what_the_config_says(quick: tuple[Assignment, Sandbox]) -> None:
    """Only where its digits and its behavior agree: a formula with an epsilon in it has few digits, too."""
    assignment, sandbox = quick
    epsilon = "return s.h.T @ (s.y_hat / (1 + 1e-10) - s.y)"
    runs = run_all(sandbox, [with_bodies(dJ_dU=NUMERIC.strip()), with_bodies(dJ_dU=epsilon)])

    def earned(run: Run, part: float) -> float:
        checks = msgspec.structs.replace(
            assignment.config.checks,
            finite_difference=msgspec.structs.replace(
                assignment.config.checks.finite_difference, accept_numerical=part
            ),
        )
        config = msgspec.structs.replace(assignment.config, checks=checks)
        changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
        return one(marks(changed, run), "dJ_dU").score

    assert [earned(runs[0], part) for part in (0, 0.5, 1)] == [3, 6, 9]
    assert [earned(runs[1], part) for part in (0, 0.5, 1)] == [9, 9, 9]
    assert one(marks(assignment, runs[0]), "dJ_dU").checks[1].message == (
        "a numerical derivative earns no marks for this check"
    )


def test_a_wrong_shape_beside_random_arrays_is_traced_without_a_warning(tmp_path: Path) -> None:
    """pytest makes an error of the warning that a line could not be looked for."""
    file = tmp_path / "gradients.py"
    file.write_bytes(with_bodies(dJ_dh="return nothing", dJ_db1="return dJ_dh(s) @ s.I.T"))
    with Grader(ROOT / "config.yaml") as grader:
        result = {one.name: one for one in grader.grade(file).gradients}["dJ_db1"]
    assert (result.status, result.checks[0].outcome) == ("failed", "failed")
