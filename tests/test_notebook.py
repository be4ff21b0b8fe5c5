"""Notebooks: accepted wherever a Python file is, and never read by the grader itself."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from right import RIGHT_FILE

from grader.config.load import load_config
from grader.errors import UsageError
from grader.grading.pipeline import grade_run
from grader.inputs.submission import read_submission
from grader.output.wording import happened
from grader.packaging.gradescope.dryrun.submitted import submitted
from grader.problem.assignment import Assignment
from grader.records.run import Run
from grader.sandbox.host import Sandbox
from grader.sandbox.inside.files.notebook import read

Command = Callable[..., "subprocess.CompletedProcess[str]"]
FUNCTION = "def dJ_db2(s):\n    return s.y_hat - s.y\n"


def notebook(*cells: str | list[str]) -> bytes:
    content: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    content["cells"] = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    content["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": ["# My gradients"]})
    return json.dumps(content).encode()


def last(run: Run, name: str = "dJ_db2") -> Any:
    return run.answers[name][-1]


def test_the_functions_in_the_cells_are_called(sandbox: Sandbox) -> None:
    run = sandbox.run(
        notebook(FUNCTION, ["import numpy as np\n", "def dJ_dU(s):\n", "    return np.outer(s.h, dJ_db2(s))"])
    )
    assert last(run).outcome == last(run, "dJ_dU").outcome == "returned"


def test_magic_and_failing_experiments_do_not_take_the_gradients_with_them(sandbox: Sandbox) -> None:
    run = sandbox.run(
        notebook("%matplotlib inline\nimport matplotlib.pyplot as plt\nimport numpy", "!ls", FUNCTION + "plt.plot(1)")
    )
    assert last(run).outcome == "returned"
    assert "matplotlib" in run.loading.warnings[0]


def test_a_cell_that_is_not_python_is_reported_as_why_a_function_is_missing(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("1/0", "def dJ_dU(s)\n    return 1", FUNCTION))
    assert last(run).outcome == "returned"
    missing = last(run, "dJ_dU")
    assert missing.outcome == "missing"
    assert missing.message == "cell 3, line 1 could not be read: SyntaxError: expected ':'"


def test_what_is_below_a_timed_or_captured_cells_first_line_is_run_and_other_languages_are_not(
    sandbox: Sandbox,
) -> None:
    timed = notebook("%%time\n" + FUNCTION, "%%capture out --no-stderr\ndef dJ_dU(s):\n    return s.U", "%%bash\nls -l")
    run = sandbox.run(timed)
    assert last(run).outcome == last(run, "dJ_dU").outcome == "returned"
    assert run.loading.warnings == ()
    assert last(sandbox.run(notebook("%%timeit\n" + FUNCTION))).outcome == "missing"


def test_a_name_that_a_failed_cell_should_define_is_explained_by_the_failure(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("import jax.numpy as jnp", "def dJ_db2(s):\n    return jnp.exp(s.b2)"))
    expected = last(run).message
    assert expected.startswith("NameError: name 'jnp' is not defined; cell 2, line 1 failed: ModuleNotFoundError: jax")


def test_notebooks_of_version_3_are_read_too(sandbox: Sandbox) -> None:
    cell = {"cell_type": "code", "input": FUNCTION.splitlines(keepends=True), "language": "python", "outputs": []}
    content = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}, {}, 3]}
    assert last(sandbox.run(json.dumps(content).encode())).outcome == "returned"


def test_a_notebook_that_is_too_large_gets_advice_to_clear_its_outputs(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook(FUNCTION, "# " + "x" * 2**18))
    assert run.loading.message.endswith("kB that are accepted; if it is a notebook, clear its outputs")


def test_a_line_is_that_of_its_cell_and_cells_of_text_count(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("a = 1\nb = 2", "", "def dJ_db2(s):\n    return 1 / 0"))
    assert (last(run).outcome, last(run).cell, last(run).line) == ("raised", 4, 2)


@pytest.mark.parametrize(
    "source",
    [b"{}", b"{1: 2}", b'{"cells": 3, "nbformat": 4}', b"[", b'{"cells": []}', b"\xff\xfe{", b'{"a":' * 5000, b"x = 1"],
)
def test_what_only_looks_like_a_notebook_is_python(source: bytes) -> None:
    assert read(source) is None


@pytest.mark.parametrize(
    "cell", [{}, {"cell_type": "code"}, {"cell_type": "code", "source": 3}, 7, {"cell_type": "code", "source": [1]}]
)
def test_odd_cells_do_no_harm(sandbox: Sandbox, cell: Any) -> None:
    content = json.loads(notebook(FUNCTION))
    content["cells"].insert(0, cell)
    assert last(sandbox.run(json.dumps(content).encode())).outcome == "returned"


def test_a_cell_that_ends_the_process_ends_only_the_child(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("import os\nos._exit(0)", FUNCTION))
    assert run.loading.outcome == "died"


def test_it_is_found_in_folders_and_zips_where_there_is_no_python_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "gradients.ipynb").write_bytes(notebook(FUNCTION))
    assert read_submission(tmp_path, "gradients.py", 2**18).name == "deep/gradients.ipynb"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "deep" / "gradients.ipynb", "a/gradients.ipynb")
    assert read_submission(tmp_path / "all.zip", "gradients.py", 2**18).name == "a/gradients.ipynb"
    (tmp_path / "gradients.py").write_bytes(RIGHT_FILE.read_bytes())
    assert read_submission(tmp_path, "gradients.py", 2**18).name == "gradients.py"


def test_two_notebooks_at_one_depth_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "gradients.ipynb").write_bytes(notebook(FUNCTION, f"x = '{folder}'"))
    with pytest.raises(UsageError, match=r"found a/gradients\.ipynb and b/gradients\.ipynb"):
        read_submission(tmp_path, "gradients.py", 2**18)


def test_check_takes_the_notebook_of_the_folder_or_the_file_that_the_assignment_names(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    config = copy_of_assignment / "config.yaml"
    (tmp_path / "gradients.ipynb").write_bytes(notebook(RIGHT_FILE.read_text()))
    done = grader("check", "--config", config, cwd=tmp_path)
    assert "gradients.ipynb   8 of 8 gradients right" in done.stdout, done.stderr
    config.write_text(config.read_text().replace("submission: gradients.py", "submission: backward.py"))
    (tmp_path / "backward.py").write_text(FUNCTION)
    assert "backward.py   1 of 8 gradients right" in grader("check", "--config", config, cwd=tmp_path).stdout


def test_a_smoke_test_submits_a_notebook_under_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "week 3.ipynb").write_bytes(notebook(FUNCTION))
    handed = submitted(tmp_path / "week 3.ipynb", load_config(ROOT / "config.yaml"), tmp_path)
    assert handed.name == "gradients.ipynb"
    assert handed.read_bytes() == notebook(FUNCTION)


def with_cells(*cells: tuple[str, str]) -> bytes:
    """A notebook of (type, source)."""
    found = [{"cell_type": kind, "metadata": {}, "source": source} for kind, source in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found}).encode()


@pytest.mark.parametrize(
    "before",
    [
        "try:\n    import torch\nexcept ImportError:\n    !pip install torch",
        "import sys\nif 'google.colab' in sys.modules:\n    !pip install torch\nelse:\n    %cd ..",
        "def debug():\n    %debug\n",
        "np.outer?\n?np.outer",
        "files = !ls\nt = %timeit -o -n1 1+1",
        "%time big = 3\n%%time\n!!ls",
        "k = (17\n    % 4)\nname = '''\n!important\n%s\n''' % k",
        "IN_COLAB = 'google.colab' in str(get_ipython())\nget_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(3)",
        "import sys\nsys.exit()",
        "raise KeyboardInterrupt",
        "plt.plot([1]);\nx = = 3\ny = (",
    ],
)
def test_code_that_is_no_gradient_costs_no_gradient(sandbox: Sandbox, before: str) -> None:
    assert last(sandbox.run(notebook(f"{before}\n{FUNCTION}"))).outcome == "returned"


def test_a_timed_statement_is_run_at_the_top_and_in_a_function(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("%time one = 1", "def dJ_db2(s):\n    %time d = s.y_hat - s.y\n    return d * one"))
    assert last(run).outcome == "returned"


@pytest.mark.parametrize(
    "kind, source, expected",
    [
        (
            "code",
            f"%%writefile gradients.py\n{FUNCTION}",
            "cell 2 was skipped because it begins with %%writefile gradients.py",
        ),
        ("code", f"%%bash\n{FUNCTION}", "cell 2 was skipped because it begins with %%bash"),
        ("markdown", f"```python\n{FUNCTION}```", "cell 2 is a Markdown cell, which is not run: make it a code cell"),
        ("raw", FUNCTION, "cell 2 is a raw cell, which is not run: make it a code cell"),
        (
            "code",
            f"<<<<<<< HEAD\n{FUNCTION}=======\n",
            "cell 2, line 1 could not be read: merge conflict markers (<<<<<<<)",
        ),
        ("code", f"1 / 0\n{FUNCTION[:-1]})", "cell 2, line 3 could not be read: SyntaxError: unmatched ')'"),
        ("code", "dJ_db2 = jax.grad(J)", "cell 2, line 1 failed: NameError: name 'jax' is not defined"),
        ("code", "dJ_db2 = %sql SELECT", "cell 2, line 1 was skipped: `dJ_db2 = %sql SELECT` is not Python"),
    ],
)
def test_a_missing_function_is_explained_by_what_was_not_run(
    sandbox: Sandbox, kind: str, source: str, expected: str
) -> None:
    run = sandbox.run(with_cells(("code", "import jax\n%cd .."), (kind, source), ("code", "y = = 3")))
    assert (last(run).outcome, last(run).message) == ("missing", expected)


def test_a_function_defined_nowhere_may_be_explained_by_a_program_that_was_not_run_but_not_by_a_failed_experiment(
    sandbox: Sandbox,
) -> None:
    assert last(sandbox.run(notebook("import matplotlib\ny = = 3"))).message == ""
    expected = "cell 2, line 2 was skipped: `%run mine.py` is not Python"
    assert last(sandbox.run(notebook("import matplotlib\n%run mine.py"))).message == expected


def test_a_statement_that_uses_up_the_memory_costs_only_itself(sandbox: Sandbox) -> None:
    assert last(sandbox.run(notebook("x = [0] * 10**12", FUNCTION))).outcome == "returned"


def test_a_notebook_without_code_cells_is_reported_as_one(sandbox: Sandbox, grader: Command, tmp_path: Path) -> None:
    source = with_cells(("markdown", "# My answers: dJ_db2 is y_hat - y"))
    assert last(sandbox.run(source)).message == "the notebook has no code cells"
    (tmp_path / "gradients.ipynb").write_bytes(source)
    done = grader("check", tmp_path / "gradients.ipynb", "--config", ROOT / "config.yaml")
    assert "None of the required functions was found: the notebook has no code cells" in done.stdout
    assert "not written yet" not in done.stdout


def test_a_name_that_a_command_should_define_is_explained_by_the_command(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("import numpy as np\nfiles = !ls", "def dJ_db2(s):\n    return files"))
    expected = "NameError: name 'files' is not defined; cell 2, line 2 was skipped: `files = !ls` is not Python"
    assert (last(run).message, last(run).explanation) == (expected, ())


def test_a_name_that_nothing_in_the_notebook_defines_is_not_blamed_on_a_failed_experiment(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("import matplotlib", "def dJ_db2(s):\n    gradients = s.y\n    return gradient"))
    assert last(run).message == "NameError: name 'gradient' is not defined"
    assert last(run).explanation == ("gradient is not defined; did you mean gradients?",)


def test_an_exception_is_explained_even_if_another_cell_cannot_be_read(
    sandbox: Sandbox, assignment: Assignment
) -> None:
    source = notebook("x = = 3\n%cd ..", "y = (", "!ls\ndef dJ_db2(s):\n    return s.h @ s.U.T")
    run = sandbox.run(source)
    assert last(run).explanation[0] == "s.h is (1, Dh)  @  s.U.T is (V, Dh)"
    place = next(g for g in grade_run(assignment, run, "gradients.ipynb").gradients if g.name == "dJ_db2")
    assert (place.cell, place.line) == (4, 3)
    assert happened(place).startswith("cell 4, line 3: ValueError")


def test_the_line_at_which_a_value_goes_wrong_is_that_of_its_cell(sandbox: Sandbox) -> None:
    source = notebook("x = = 3", "!ls\ndef dJ_db2(s):\n    back = s.y - s.y_hat\n    return back")
    traced = sandbox.trace(source, ["dJ_db2"], sandbox.run(source))["dJ_db2"][-1].traced
    assert [(one.name, one.cell, one.line) for one in traced] == [("back", 3, 3), ("return", 3, 4)]


@pytest.mark.parametrize(
    "source, expected",
    [
        (notebook(FUNCTION)[:-30], "the notebook is damaged or incomplete: it is not valid JSON from line 1 on;"),
        (
            json.dumps(json.loads(notebook(FUNCTION)), indent=1).encode()[:-30],
            "the notebook is damaged or incomplete: it is not valid JSON from line",
        ),
        (
            b'{\n "cells": [\n<<<<<<< HEAD\n  1,\n=======\n  2,\n>>>>>>> 4e2b407f\n  3]}',
            "merge conflict markers (<<<<<<<) in line 3 of the notebook:",
        ),
        (b"{bad json", "the notebook is damaged or incomplete: it is not valid JSON from line 1 on;"),
        (b'{"cells": []}', "this is JSON, but not a notebook"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 100_000, "the notebook is damaged: it is not valid JSON;"),
    ],
)
def test_a_notebook_that_is_not_json_is_not_reported_as_bad_python(
    sandbox: Sandbox, assignment: Assignment, source: bytes, expected: str
) -> None:
    run = sandbox.run(source)
    assert (run.loading.outcome, run.loading.line) == ("raised", 0)
    message = grade_run(assignment, run, "hw.ipynb").message
    assert message.startswith(f"hw.ipynb could not be loaded: {expected}")
