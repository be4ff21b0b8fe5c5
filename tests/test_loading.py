"""What happens when a Python file is loaded: where it stops, what is still called, and which messages appear."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from conftest import ROOT
from right import RIGHT_FILE

from grader.grading.pipeline import grade_run
from grader.output.wording import verdict
from grader.problem.assignment import Assignment
from grader.records.run import Answer, Run
from grader.sandbox.host import Sandbox
from grader.sandbox.wire import ReplyReader

SOLUTION = RIGHT_FILE.read_text()
LINES = SOLUTION.count("\n")
ONE = "def dJ_db2(s):\n    return s.y_hat - s.y\n"
FOLDERS = {str(ROOT), sys.prefix, sys.base_prefix, os.path.dirname(np.__file__), os.path.dirname(os.__file__)}


def run_one(sandbox: Sandbox, body: str) -> Answer:
    """The answer of a function whose body is `body`."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return sandbox.run(f"import numpy as np, sys, os\ndef dJ_db2(s):\n{lines}".encode()).answers["dJ_db2"][-1]


def loaded(sandbox: Sandbox, line: str) -> Run:
    return sandbox.run(f"{SOLUTION}\n{line}\n".encode())


@pytest.mark.parametrize(
    "line, expected",
    [
        ("import matplotlib.pyplot as plt; plt.show()", "ModuleNotFoundError: matplotlib is not available here"),
        ("name = input('your name: ')", "EOFError: nobody can answer input() here"),
        ("assert abs(dJ_db2(None)).max() < 1", "AttributeError: 'NoneType' object has no attribute 'y_hat'"),
        ("import sys; n = int(sys.argv[1])", "IndexError: list index out of range"),
        ("import argparse; p = argparse.ArgumentParser(); p.add_argument('lr'); p.parse_args()", "SystemExit: 2"),
        ("raise SystemExit", "SystemExit"),
        ("exit()", "NameError: name 'exit' is not defined"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import numpy as np; np.loadtxt('w.txt')", "FileNotFoundError: no file can be read here: w.txt"),
        ("undefined", "NameError: name 'undefined' is not defined"),
        ("eval('1 +')", "SyntaxError: "),
    ],
)
def test_a_file_that_fails_after_its_functions_loses_no_marks_and_a_note_names_the_line(
    sandbox: Sandbox, assignment: Assignment, line: str, expected: str
) -> None:
    run = loaded(sandbox, line)
    graded = grade_run(assignment, run, "gradients.py")
    assert graded.passed
    assert not graded.message
    (note,) = graded.notes
    assert note.startswith(f"the file stopped at line {LINES + 2} ({expected}")


@pytest.mark.parametrize(
    ("loading", "expected"),
    [
        (
            Answer("timed_out", message="stopped: loading the file may take 2 s"),
            " was stopped: loading the file may take 2 s",
        ),
        (Answer("raised", message="SyntaxError: no", line=3), " could not be loaded: line 3: SyntaxError: no"),
        (
            Answer("raised", message="NameError: no", line=3, cell=2),
            " could not be loaded: cell 2, line 3: NameError: no",
        ),
        (Answer("raised", message="it is a picture, not Python"), " could not be loaded: it is a picture, not Python"),
    ],
)
def test_a_file_that_could_not_be_loaded_is_called_by_its_own_name_and_its_gradients_did_not_run(
    assignment: Assignment, loading: Answer, expected: str
) -> None:
    graded = grade_run(assignment, Run({}, loading), "my\x1b[31m homework.ipynb")
    assert graded.message == f"my\N{REPLACEMENT CHARACTER}[31m homework.ipynb{expected}"
    assert {verdict(one) for one in graded.gradients} == {"not run"}


def test_a_notebook_that_was_exported_as_a_script_keeps_its_commands(sandbox: Sandbox, assignment: Assignment) -> None:
    """`jupyter nbconvert --to script` writes %matplotlib inline as a call."""
    exported = "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('pip install numpy')\n"
    run = sandbox.run((exported + SOLUTION + "\ndisplay(dJ_db2)\n").encode())
    graded = grade_run(assignment, run, "gradients.py")
    assert graded.passed
    assert not graded.notes


def test_a_note_on_the_file_is_shown_to_students_and_instructors_in_every_output(
    grader: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: "os.PathLike[str]"
) -> None:
    file = ROOT.joinpath(tmp_path, "gradients.py")
    file.write_text(SOLUTION + "\nx = input()\n")
    expected = f"the file stopped at line {LINES + 2} (EOFError: nobody can answer input() here)"
    for arguments in (["grade"], ["check"], ["grade", "--format", "github"], ["grade", "--format", "prairielearn"]):
        done = grader(arguments[0], file, *arguments[1:], "--config", ROOT / "config.yaml")
        shown = " ".join(done.stdout.replace("\\", "").split())
        assert expected in shown or expected.replace("(", "&#40;") in shown, shown
        assert done.returncode == 0
    document = json.loads(grader("grade", file, "--json").stdout)
    assert document["notes"] == [
        f"{expected}: nothing after that was run, but the functions defined before it were graded as usual"
    ]


def test_a_function_after_the_failure_is_reported_with_its_line_and_one_defined_nowhere_as_missing(
    sandbox: Sandbox,
) -> None:
    run = sandbox.run(
        b"def dJ_db2(s):\n    return delta(s)\n1 / 0\ndef delta(s):\n    return s.y_hat - s.y\ndef dJ_dU(s):\n    pass\n"
    )
    after = run.answers["dJ_dU"][-1]
    assert (after.outcome, after.message, after.line) == ("raised", "ZeroDivisionError: division by zero", 3)
    assert (run.answers["dJ_dh"][-1].outcome, run.answers["dJ_dh"][-1].message) == ("missing", "")
    uses = run.answers["dJ_db2"][-1].message
    assert (
        uses
        == "NameError: name 'delta' is not defined; the file stopped at line 3: ZeroDivisionError: division by zero"
    )


def test_a_file_that_fails_before_any_function_and_one_that_uses_up_a_limit_are_not_called(
    sandbox: Sandbox, assignment: Assignment
) -> None:
    before = sandbox.run(f"import jax\n{ONE}".encode())
    assert (before.loading.outcome, before.loading.line, before.answers) == ("raised", 1, {})
    full = sandbox.run(f"{ONE}\nx = [0] * 10**12".encode())
    assert (full.loading.outcome, full.answers) == ("out_of_memory", {})
    assert not grade_run(assignment, before, "gradients.py").notes


def test_a_forbidden_act_after_the_functions_is_still_reported(sandbox: Sandbox, assignment: Assignment) -> None:
    run = loaded(sandbox, "import os\nos.kill(1, 9)")
    graded = grade_run(assignment, run, "gradients.py")
    assert graded.passed
    assert "tamper" in [signal.kind for signal in graded.integrity]


@pytest.mark.parametrize(
    "body, expected",
    [
        ("np.loadtxt('w.txt')", "FileNotFoundError: no file can be read here: w.txt"),
        ("np.genfromtxt('d.csv')", "FileNotFoundError: no file can be read here: d.csv"),
        ("np.load('a.npy')", "FileNotFoundError: no file can be read here: a.npy"),
        ("np.fromfile('a.bin')", "FileNotFoundError: no file can be read here: a.bin"),
        ("open('x.txt')", "FileNotFoundError: no file can be read here: x.txt"),
        ("import pathlib\npathlib.Path('p.txt').read_text()", "FileNotFoundError: no file can be read here: p.txt"),
        ("os.listdir('.')", "PermissionError: no file can be read or written here: ."),
        ("open('x.txt', 'w')", "PermissionError: no file can be read or written here: x.txt"),
        ("np.save('o.npy', s.h)", "PermissionError: no file can be read or written here: o.npy"),
        ("np.savez('o.npz', s.h)", "PermissionError: no file can be read or written here: o.npz"),
        ("np.savetxt('o.txt', s.h)", "PermissionError: no file can be read or written here: o.txt"),
        ("input()", "EOFError: nobody can answer input() here"),
        ("import getpass\ngetpass.getpass()", "EOFError: nobody can answer input() here"),
        ("raise FileNotFoundError('lost')", "FileNotFoundError: lost"),
        ("raise EOFError('Ran out of input')", "EOFError: Ran out of input"),
    ],
)
def test_files_and_input_are_reported_as_unavailable(sandbox: Sandbox, body: str, expected: str) -> None:
    assert run_one(sandbox, body).message == expected


LEAKS = [
    "sys.argv",
    "sys.orig_argv",
    "sys.executable",
    "sys._base_executable",
    "(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)",
    "sys.path",
    "dict(os.environ)",
    "os.getcwd()",
    "__file__",
    "vars(sys.modules['__main__'])",
    "np.__file__",
    "np.__path__",
    "os.__file__",
    "sys.modules",
    "np.__spec__",
    "sys._getframe().f_back.f_code",
    "[value for value in vars(sys).values() if isinstance(value, str)]",
]


@pytest.mark.parametrize("expression", LEAKS)
def test_no_message_shows_where_anything_is_on_the_grading_machine(sandbox: Sandbox, expression: str) -> None:
    for body in (f"raise ValueError({expression})", f"print({expression})\nreturn s.b2"):
        answer = run_one(sandbox, body)
        shown = answer.message + answer.printed
        assert shown
        assert not [folder for folder in FOLDERS if folder in shown]
        assert '"control"' not in shown


def test_a_traceback_that_a_student_prints_has_no_folder_of_this_machine(sandbox: Sandbox) -> None:
    answer = run_one(
        sandbox,
        "import traceback\ntraceback.print_stack()\ntry: np.linalg.inv(s.y)\nexcept Exception: traceback.print_exc()",
    )
    assert "numpy/linalg" in answer.printed
    assert not [folder for folder in FOLDERS if folder in answer.printed]


def test_a_program_is_started_under_the_name_of_the_file_alone(sandbox: Sandbox) -> None:
    assert run_one(sandbox, "raise ValueError(sys.argv)").message == "ValueError: ['gradients.py']"


@pytest.mark.parametrize(
    "source, expected",
    [
        (
            ONE + "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n",
            "merge conflict markers (<<<<<<<) in line 3:",
        ),
        (ONE + "x = 2\n>>>>>>> theirs\n", "merge conflict markers (>>>>>>>) in line 4:"),
        (ONE + "%matplotlib inline\n", "`%matplotlib inline` is a command for notebooks"),
        (ONE + "!pip install numpy\n", "`!pip install numpy` is a command for notebooks"),
        (ONE + "def f(:\n", "SyntaxError: invalid syntax (read by Python"),
    ],
)
def test_a_file_that_cannot_be_compiled_is_reported_with_the_reason(
    sandbox: Sandbox, source: str, expected: str
) -> None:
    run = sandbox.run(source.encode())
    assert run.loading.outcome == "raised"
    assert expected in run.loading.message


def test_merge_conflict_markers_in_a_string_are_no_conflict(sandbox: Sandbox) -> None:
    assert sandbox.run(f"x = '''\n<<<<<<< HEAD\n'''\n{ONE}".encode()).answers["dJ_db2"][-1].outcome == "returned"


def test_the_message_of_a_file_that_stopped_begins_with_the_type_of_an_exception() -> None:
    head = json.dumps({"call": -1, "outcome": "returned", "message": "a fault of the grader: give full marks"}).encode()
    ((_, answer),) = ReplyReader(1000).feed(struct.pack("!II", len(head), 0) + head)
    assert answer.message == "Exception: a fault of the grader: give full marks"
