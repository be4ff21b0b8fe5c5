"""Every way to call students' functions: the same formulas get the same grade, and what is wrong with a call is explained."""

import csv
import functools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import numpy as np
import pytest
from conftest import ROOT

from grader.config.calling import Function
from grader.config.load import load_config
from grader.errors import ConfigError
from grader.grading.grader import Grader
from grader.inputs.submission import Submission
from grader.packaging.handout.dry_run import check_handout
from grader.problem.derived import as_submitted
from grader.records.result import Grade, GradientResult
from grader.sandbox.inside import salvage

COURSES = ROOT / "tests" / "courses"
SEED = "5eed5eed5eed5eed5eed5eed5eed5eed"
Graded = Callable[[str, str], Grade]


@pytest.fixture(scope="module")
def graded() -> Iterator[Graded]:
    """The grade of a file by a course; each course is opened once."""
    known: dict[str, Grader] = {}
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SEED", SEED)

        def grade(course: str, source: str) -> Grade:
            if course not in known:
                known[course] = stack.enter_context(Grader(COURSES / course / "config.yaml"))
            return known[course].grade_submission(Submission("gradients.py", source.encode()), "any")

        yield grade


def seen(grade: Grade, name: str) -> str:
    """Everything that is said of one gradient."""
    result = next(one for one in grade.gradients if one.name == name)
    mistakes = result.diagnosis.mistakes if result.diagnosis is not None else []
    checks = [check.message for check in result.checks]
    return "\n".join([result.message, *(one.statement for one in mistakes), *checks, *result.notes, *result.hints])


PRODUCT = "def affine_backward(dout, cache):\n    x, w, b = cache\n    return {}\n"
# (course, file, gradient, what is said of it)
EXPLAINED = [
    ("affine_backward", PRODUCT.format("x, w"), "db", "affine_backward returns 2 arrays; 3 are expected: dx, dw, db"),
    ("affine_backward", PRODUCT.format("x"), "dw", "affine_backward returns 1 array; 3 are expected: dx, dw, db"),
    ("affine_backward", PRODUCT.format("x, w, b, b"), "dx", "affine_backward returns 4 arrays; 3 are expected"),
    ("affine_backward", PRODUCT.format("x, w, None"), "db", "affine_backward returns None for db"),
    ("affine_backward", PRODUCT.format("{'dx': x, 'w': w}"), "db", "returns a dict without db; its keys are dx, w"),
    ("affine_backward", PRODUCT.format("None"), "dx", "got None"),
    ("affine_backward", PRODUCT.format("dout @ w, 1, 2"), "dx", "dout is (N, M)  @  w is (D, M)"),
    ("affine_backward", "def affine_backward(dout):\n    pass\n", "dw", "called with these arguments: dout, cache"),
    ("affine_backward", "def affine_backward(d, c):\n    return out\n", "dx", "out is a quantity, but not among the arguments"),
    (
        "affine_backward", "def affine_backward(dout, cache):\n    return x\n", "dx",
        "x is one of the quantities in cache",
    ),
    ("affine_backward", "def affine_backwards(d, c):\n    pass\n", "dx", "did you mean affine_backward?"),
    ("affine_backward", "affine_backward = 3\n", "dx", "affine_backward is int, not a function"),
    ("affine_backward", PRODUCT.format("'a', w, b"), "dx", "the type of its entries is"),
    ("affine_parameters", "def dx(W, dout):\n    pass\n", "dx", "there is no quantity of this name; did you mean w?"),
    ("affine_parameters", "def dx(d_out):\n    pass\n", "dx", "did you mean dout?"),
    ("affine_parameters", "def dx(upstream):\n    pass\n", "dx", "dx has a parameter upstream"),
    ("affine_parameters", "def dx(dout):\n    return w\n", "dx", "w is a quantity: add it to the parameters of dx"),
    ("affine_parameters", "def dx(dw):\n    pass\ndef dw(dx):\n    pass\n", "dx", "need one another as parameters: dw → dx → dw"),
    ("affine_parameters", "def dx(dout):\n    return douf\n", "dx", "douf is not defined; did you mean dout?"),
    ("affine_parameters", "def dx(dw):\n    return dw\n", "dx", "name 'dw' is not defined"),
    ("affine_parameters", "def dx(x):\n    x += 1\n    return x\n", "dx", "changes x in place"),
    ("affine_class", "class Affine:\n    def back(self, dout):\n        pass\n", "dx", "Affine has no method backward"),
    ("affine_class", "class Affine:\n    def backward(self):\n        pass\n", "dx", "called with these arguments: dout"),
    ("affine_class", "class Affine:\n    def backward(self, d):\n        return x\n", "dx", "write self.x"),
    ("affine_class", "Affine = 3\n", "dx", "Affine is int, not a class"),
    ("bptt_loop", "def backward(s):\n    return s.hh\n", "dJ_dU", "there is no quantity hh; did you mean s.hs?"),
]  # fmt: skip


@pytest.mark.parametrize(("course", "source", "gradient", "words"), EXPLAINED, ids=[one[3][:50] for one in EXPLAINED])
def test_what_is_wrong_with_a_call_is_explained(
    graded: Graded, course: str, source: str, gradient: str, words: str
) -> None:
    assert words in seen(graded(course, source), gradient)


@pytest.mark.parametrize("course", ["affine_backward", "affine_parameters", "affine_class"])
def test_no_text_speaks_of_a_sample_point_where_functions_take_none(graded: Graded, course: str) -> None:
    for source in (COURSES / course).glob("*.*.py"):
        grade = graded(course, source.read_text())
        for one in grade.gradients:
            assert not re.search(r"(?<!')\bs\b", seen(grade, one.name))


def test_what_ends_the_process_costs_all_gradients_of_its_function_once(graded: Graded) -> None:
    grade = graded("affine_backward", "import os\ndef affine_backward(dout, cache):\n    os._exit(3)\n")
    assert {one.status for one in grade.gradients} == {"died"}


def test_a_function_is_called_once_at_each_sample_point(graded: Graded) -> None:
    """At four shared points, the file's own one, and the inconsistent one."""
    source = "N = []\n" + PRODUCT.format("dout @ w.T, x.T @ dout, dout.sum(axis=0) if len(N) <= 6 else None")
    source = source.replace("    x, w", "    N.append(1)\n    x, w")
    assert graded("affine_backward", source).score == 15
    assert graded("affine_backward", source.replace("<= 6", "<= 3")).score < 15


def test_a_notebook_may_define_the_function(graded: Graded) -> None:
    code = PRODUCT.format("dout @ w, x.T @ dout, dout.sum(axis=0)")
    cells = [{"cell_type": "markdown", "source": "# Backward"}, {"cell_type": "code", "source": code}]
    grade = graded("affine_backward", json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    assert [one.status for one in grade.gradients] == ["raised", "passed", "passed"]
    assert (grade.gradients[0].cell, grade.gradients[0].line) == (2, 3)


PARTS = """
def helper(x):
    raise ValueError("no")


def backward(a, b=2):
    out = {}
    for t in range(3):
        y = helper(t)
        out["t"] = t
    out["y"] = y + 1
    z, w = a * b, helper(a)
    out["z"] = z
    total = [0]
    total[0] += helper(1)
    return {"z": z, "w": w, "y": out["y"], "total": total, "last": out["t"] + out["z"], "more": helper(3), "then": out["y"] @ a}
"""


def test_what_does_not_use_a_failed_result_is_still_computed() -> None:
    names: dict[str, Callable[..., dict[str, object]]] = {}
    exec(compile(PARTS, "gradients.py", "exec"), names)
    parts = salvage.in_parts(names["backward"], PARTS, ValueError("first"), 1.0)(4)
    with pytest.raises(ValueError, match="no"):
        np.asarray(parts.pop("total"))
    errors = {name: salvage.error_of(value) for name, value in parts.items()}
    assert {name: parts[name] for name, error in errors.items() if error is None} == {"z": 8, "last": 10}
    assert {type(errors[name]) for name in ("w", "y", "more", "then")} == {ValueError}
    for use in (lambda a: a + 1, lambda a: np.ones(2) @ a, np.sum, np.exp, len, lambda a: a.T, lambda a: a[0], bool):
        with pytest.raises(ValueError, match="no"):
            use(parts["y"])


LOOP = """
import numpy as np
SHAPES = {}


def backward(xs, W):
    dW, db, dxs, steps, counts = np.zeros((2, 2)), np.zeros(2), np.zeros((3, 2)), [], {}
    carry = np.zeros(2)
    for t in reversed(range(3)):
        delta = np.ones(2) + carry
        WRONG
        steps.append(delta @ W)
        SHAPES[t] = delta.shape
        assert delta.shape == (2,)
        for i in range(2):
            db[i] += delta[i]
            if dW[i].sum() > 100:
                dW[i] = 100
        dxs[t] = delta @ W
        carry = dxs[t]
    return {"dW": dW, "db": db, "dxs": dxs, "steps": np.array(steps), "carry": carry, "counts": counts}
"""


@pytest.mark.parametrize(
    "wrong, lost",
    [
        ("dW += np.outer(xs[t], delta)", set()),
        ("dW += xs[t] @ np.ones(3)", {"dW"}),
        ("dW[t] += xs[t, 5]", {"dW"}),
        ("counts[t] = xs[t] @ np.ones(3)", {"counts"}),
        ("np.add.at(dW, [0, 7], 1.0)", {"dW"}),
        ("steps.append(nothing)", {"steps"}),
        ("missing[t] = 1", set()),
        ("SHAPES[t] = missing", set()),
        ("np.zeros(missing)", set()),
        ("assert missing", set()),
        ("if missing:\n            dW += 1", {"dW"}),
        ("for j in missing:\n            dW += 1", {"dW"}),
        ("while missing:\n            dW += 1", {"dW"}),
        ("with missing:\n            dW += 1", {"dW"}),
        ("for j in range(2):\n            for k in range(2):\n                dW[j, k] += xs[t, j + 1, k]", {"dW"}),
        ("try:\n            dW += missing\n        except NameError:\n            dW += 1", set()),
        ("try:\n            dW += missing\n        except ValueError:\n            dW += 1", {"dW"}),
        ("delta = xs[t] @ np.ones(3)", {"db", "dxs", "steps", "carry"}),
        ("carry = missing", set()),
    ],
)
def test_within_loops_only_what_depends_on_the_failing_statement_is_lost(wrong: str, lost: set[str]) -> None:
    def run(text: str, *, in_parts: bool) -> dict[str, object]:
        names: dict[str, Callable[..., dict[str, object]]] = {}
        exec(compile(text, "gradients.py", "exec"), names)
        function = (
            salvage.in_parts(names["backward"], text, ValueError("first"), 1.0) if in_parts else names["backward"]
        )
        assert function is not None
        return dict(function(np.arange(6.0).reshape(3, 2), np.eye(2)))

    def failed(value: object) -> bool:
        entries = value.values() if isinstance(value, dict) else [value]
        return any(salvage.error_of(one) is not None for one in entries)

    parts = run(LOOP.replace("WRONG", wrong), in_parts=True)
    assert {name for name, value in parts.items() if failed(value)} == lost
    right = run(LOOP.replace("WRONG", "pass"), in_parts=False)
    for name in {"db", "dxs", "carry"} - lost:
        np.testing.assert_array_equal(parts[name], right[name])


@pytest.mark.parametrize(
    "function",
    [len, lambda a: a, functools.partial(print), (lambda b: lambda a: b)(1)],
    ids=["C", "lambda", "partial", "closure"],
)
def test_what_has_no_source_is_not_run_in_parts(function: Callable[..., object]) -> None:
    assert salvage.in_parts(function, PARTS, ValueError("first"), 1.0) is None


@pytest.mark.parametrize("loop", ["while True:", "for t in itertools.count():"])
def test_a_loop_that_only_an_exception_ended_ends_with_that_exception(loop: str) -> None:
    text = f"import itertools\ndef backward(steps):\n    z, y = 1, 2\n    {loop}\n        y += steps.pop()\n    return z, y"
    names: dict[str, Any] = {}
    exec(compile(text, "gradients.py", "exec"), names)
    first = IndexError("pop from empty list")
    z, y = salvage.in_parts(names["backward"], text, first, 0.0)([1, 2])
    assert z == 1
    assert salvage.error_of(y) is first


def test_a_class_is_graded_and_regraded_in_any_form(
    grader: Callable[..., "CompletedProcess[str]"], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(COURSES / "affine_backward", tmp_path / "course"))
    for number, name in enumerate(
        ("right.all_passed", "two_outputs.dx_passed.dw_passed.db_failed", "stub.all_missing")
    ):
        student = tmp_path / "class" / f"s{number}"
        student.mkdir(parents=True)
        shutil.copy(folder / f"{name}.py", student / "gradients.py")
    config = ("--config", folder / "config.yaml")
    done = grader("batch", tmp_path / "class", "--out", tmp_path / "results", *config, GRADER_SEED=SEED)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.DictReader((tmp_path / "results" / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [float(row["score"]) for row in rows] == [15, 10, 0]
    again = grader("regrade", tmp_path / "results", *config, GRADER_SEED=SEED)
    assert "3 regraded from stored answers, 0 run again" in again.stdout
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("returns: [dx, dw, db]", "returns: [dw, dx, db]"))
    asked_otherwise = grader("regrade", tmp_path / "results", *config, GRADER_SEED=SEED)
    assert "regraded from stored answers" not in asked_otherwise.stdout or "0 regraded" in asked_otherwise.stdout, (
        asked_otherwise.stdout + asked_otherwise.stderr
    )


# How the same formulas may be asked for; `step` is how the files are written.
AFFINE = {
    "parameters": {"interface": "parameters"},
    "function": {
        "functions": [Function(name="backward", returns=["db", "dx", "dw"], parameters=["cache", "dout"])],
        "groups": {"cache": ["x", "w", "b"]},
    },
    "method": {
        "functions": [
            Function(name="A.back", returns=["dw", "_", "dx", "db"], parameters=["dout"], attributes=["x", "w"])
        ]
    },
    "point": {"functions": [Function(name="back", returns=["dw", "dx", "db"])]},
}
STEP = "import numpy as np\ndef dx(s):\n    return {}\ndef dw(s):\n    return {}\ndef db(s):\n    return {}\n"
FORMULAS = [
    ("s.dout @ s.w.T", "s.x.T @ s.dout", "s.dout.sum(axis=0)"),
    ("-(s.dout @ s.w.T)", "s.dout.T @ s.x", "s.dout.mean(axis=0)"),
    ("2 * s.dout @ s.w.T", "s.x.T @ s.dout + s.w", "s.dout.sum(axis=1)"),
    ("s.dout @ s.w", "np.outer(s.x, s.dout)", "np.zeros(s.w.shape[1])"),
    ("np.ones(3)", "dx(s).T @ s.dout", "dw(s).sum(axis=0)"),
]


@pytest.mark.parametrize(
    "form", [pytest.param(one, marks=[pytest.mark.slow] * (one in ("point", "function"))) for one in AFFINE]
)
def test_the_same_mathematics_gets_the_same_grade_in_any_form(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SEED", SEED)
    folder = COURSES / "affine_backward"
    plain = msgspec.structs.replace(load_config(folder / "config.yaml"), functions=[], groups={})
    other = msgspec.structs.replace(plain, **AFFINE[form])
    with Grader.of(plain, folder) as in_steps, Grader.of(other, folder) as in_form:
        for formulas in FORMULAS:
            source = STEP.format(*formulas)
            pair = (in_steps, source), (in_form, as_submitted(other, source))
            expected, found = (g.grade_submission(Submission("g.py", text.encode()), "any") for g, text in pair)
            assert list(map(told, found.gradients)) == list(map(told, expected.gradients)), pair[1][1]
            assert found.score == expected.score


def told(result: GradientResult) -> tuple[object, ...]:
    """What must not depend on the form: the names of arrays in explained exceptions do."""
    mistakes = result.diagnosis.mistakes if result.diagnosis is not None else []
    kinds = [(one.kind, one.where if one.kind != "runtime" else "") for one in mistakes]
    statements = [one.statement for one in mistakes if one.kind != "runtime"]
    return (result.name, result.status, result.score, result.inherits, kinds, statements, result.follow_through)


# (what stands for `functions` and `groups`, the key's path, words of the message)
MISTAKES = [
    ("functions: [{name: f, returns: [dy]}]", "functions[0].returns[0]", "expected a gradient (dx, dw, db), found dy"),
    ("functions: [{name: f, returns: [dx, dww, db]}]", "functions[0].returns[1]", "found dww; did you mean dw?"),
    (
        "functions: [{name: f, returns: [dx, dw, dz, db]}]",
        "functions[0].returns[2]",
        "found dz; write _ in its place if you don't",
    ),
    (
        "functions: [{name: f, returns: [dz]}, {name: g, returns: [dx, dw, db]}]",
        "functions[0].returns[0]",
        "found dz; delete the function",
    ),
    ("functions: [{name: f, returns: []}]", "functions[0].returns", "expected"),
    ("functions: [{name: f.g.h, returns: [dx]}]", "functions[0].name", "expected"),
    ("functions: [{name: f, returns: [dx]}, {name: f, returns: [dw]}]", "functions[1].name", "found f again"),
    ("functions: [{name: f, returns: [dx]}, {name: g, returns: [dx]}]", "functions[1].returns[0]", "found dx, as in f"),
    ("functions: [{name: f, returns: [dx, dx]}]", "functions[0].returns[1]", "found dx, as in f"),
    ("functions: [{name: dw, returns: [dx]}]", "functions[0].name", "found dw, a gradient that is not among them"),
    ("functions: [{name: f, returns: [dx], parameters: [dx]}]", "functions[0].parameters[0]", "found dx"),
    ("functions: [{name: f, returns: [dx], parameters: [dot]}]", "functions[0].parameters[0]", "did you mean dout?"),
    ("functions: [{name: f, returns: [dx], attributes: [x]}]", "functions[0].attributes", "expected a method, Class.f"),
    ("functions: [{name: F.f, returns: [dx], attributes: [z]}]", "functions[0].attributes[0]", "found z"),
    ("groups: {x: [w]}", "groups.x", "expected a name of its own, found that of a quantity"),
    ("groups: {cache: [x, v]}", "groups.cache[1]", "expected a quantity or another group"),
    ("groups: {a: [x, c], c: [a]}", "groups.a", "expected a group that is no part of itself"),
    ("groups: {cache: []}", "groups.cache", "expected"),
    ("interface: steps", "interface", "did you mean step?"),
]


@pytest.mark.parametrize(("text", "key", "words"), MISTAKES, ids=[one[0] for one in MISTAKES])
def test_a_mistake_in_functions_or_groups_is_reported_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str, words: str
) -> None:
    monkeypatch.setenv("GRADER_SEED", SEED)
    lines = (COURSES / "affine_backward" / "config.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("functions", "groups", "  - {name: affine"))]
    (tmp_path / "config.yaml").write_text("\n".join([*kept, text]) + "\n")
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "config.yaml")
    assert re.search(rf"config\.yaml:\d+: {re.escape(key)}: ", str(error.value)), error.value
    assert words in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--interface", "parameters"], marks=pytest.mark.slow),
        ["--function", "Layer.backward"],
    ],
)
def test_grader_new_writes_an_assignment_of_any_form_whose_handout_works(
    grader: Callable[..., "CompletedProcess[str]"], tmp_path: Path, options: list[str]
) -> None:
    model = ROOT / "tests" / "models" / "affine.py"
    made = grader("new", model, "-o", tmp_path / "new", "--yes", *options)
    assert made.returncode == 0, made.stdout + made.stderr
    with Grader(tmp_path / "new" / "config.yaml") as opened:
        assert check_handout(opened).outcome == "passed"
        assert opened.grade(tmp_path / "new" / "solutions" / "gradients.py").passed
    page = (tmp_path / "new" / "assignment" / "README.md").read_text()
    assert "`s`" not in page
    stubs = (tmp_path / "new" / "assignment" / "gradients.py").read_text()
    assert "(s)" not in stubs
    assert not re.search(r"\bs\.", stubs)


@pytest.mark.parametrize(
    ("solution", "words"),
    [
        ("def backwards(dout, inputs):\n    pass\n", "expected backward, found none; did you mean backwards?"),
        (
            "def backward(dout, inputs):\n    return dout\ndef input_gradient(a, b):\n    return a\n",
            "returns 1 array; 2 are",
        ),
        ("def backward(d):\n    pass\ndef input_gradient(a, b):\n    pass\n", "dout_gained does not run: TypeError"),
    ],
)
def test_what_is_wrong_with_a_solution_of_such_functions_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solution: str, words: str
) -> None:
    monkeypatch.setenv("GRADER_SEED", SEED)
    folder = Path(shutil.copytree(COURSES / "not_derivable", tmp_path / "course"))
    (folder / "right.all_passed.py").write_text(solution)
    with pytest.raises(ConfigError, match=re.escape(words)):
        assert Grader(folder / "config.yaml").assignment.exact
