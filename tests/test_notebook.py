"""Notebooks: accepted wherever a Python file is, and never read by the grader itself."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from grader.answers import Run
from grader.configfile import load_config
from grader.errors import UsageError
from grader.gradescope.rehearsal import handed_in
from grader.sandbox.host import Sandbox
from grader.sandbox.notebook import read
from grader.submission import read_submission

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


def test_a_cell_that_is_no_python_is_said_to_be_why_a_function_is_missing(sandbox: Sandbox) -> None:
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


def test_a_name_that_a_failed_cell_was_to_define_is_explained_by_what_failed(sandbox: Sandbox) -> None:
    run = sandbox.run(notebook("import jax.numpy as jnp", "def dJ_db2(s):\n    return jnp.exp(s.b2)"))
    said = last(run).message
    assert said.startswith("NameError: name 'jnp' is not defined; cell 2, line 1 failed: ModuleNotFoundError: jax")


def test_notebooks_of_version_3_are_read_too(sandbox: Sandbox) -> None:
    cell = {"cell_type": "code", "input": FUNCTION.splitlines(keepends=True), "language": "python", "outputs": []}
    content = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}, {}, 3]}
    assert last(sandbox.run(json.dumps(content).encode())).outcome == "returned"


def test_a_notebook_that_is_too_large_is_told_how_it_becomes_smaller(sandbox: Sandbox) -> None:
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
def test_odd_cells_are_survived(sandbox: Sandbox, cell: Any) -> None:
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
    (tmp_path / "gradients.py").write_bytes((ROOT / "solutions" / "gradients.py").read_bytes())
    assert read_submission(tmp_path, "gradients.py", 2**18).name == "gradients.py"


def test_two_notebooks_at_one_depth_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "gradients.ipynb").write_bytes(notebook(FUNCTION))
    with pytest.raises(UsageError, match=r"found a/gradients\.ipynb and b/gradients\.ipynb"):
        read_submission(tmp_path, "gradients.py", 2**18)


def test_check_takes_the_notebook_of_the_folder_or_the_file_that_the_assignment_names(
    grader: Command, copy_of_assignment: Path, tmp_path: Path
) -> None:
    config = copy_of_assignment / "config.yaml"
    (tmp_path / "gradients.ipynb").write_bytes(notebook((ROOT / "solutions" / "gradients.py").read_text()))
    done = grader("check", "--config", config, cwd=tmp_path)
    assert "gradients.ipynb   8 of 8 gradients right" in done.stdout, done.stderr
    config.write_text(config.read_text().replace("submission: gradients.py", "submission: backward.py"))
    (tmp_path / "backward.py").write_text(FUNCTION)
    assert "backward.py   1 of 8 gradients right" in grader("check", "--config", config, cwd=tmp_path).stdout


def test_a_rehearsal_hands_in_a_notebook_under_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "week 3.ipynb").write_bytes(notebook(FUNCTION))
    handed = handed_in(tmp_path / "week 3.ipynb", load_config(ROOT / "config.yaml"), tmp_path)
    assert handed.name == "gradients.ipynb"
    assert handed.read_bytes() == notebook(FUNCTION)
