"""`grader.check()` in real kernels: what it shows of a notebook's functions is what `grader check` shows of the saved file."""

import ast
import html
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT, copy_assignment
from rich.console import Console
from right import RIGHT_FILE

from grader.errors import ConfigError, UsageError
from grader.grading.grader import Grader
from grader.inputs.packed import beside, config_of
from grader.notebooks import session
from grader.output.ownlines import quoted_lines
from grader.output.terminal import print_grade
from grader.packaging.archive import zip_bytes
from grader.sandbox.inside.files.definitions import needed

nbclient = pytest.importorskip("nbclient", reason="needs nbclient: pip install nbclient")
nbformat = pytest.importorskip("nbformat", reason="needs nbformat: pip install nbformat")
pytestmark = pytest.mark.slow

RIGHT = RIGHT_FILE.read_text()
DB2 = "def dJ_db2(s):\n    return s.y_hat - s.y"
DU = "def dJ_dU(s):\n    return s.h.T @ dJ_db2(s)"
LAST = "import grader\ngrader.check()"
RESET = "get_ipython().reset()\nget_ipython().execution_count = 0"


@dataclass(frozen=True)
class Notebook:
    """The cells that are run, in order, and those that are in the saved file, if these are others."""

    runs: Sequence[str]
    saved: Sequence[str] = ()


OF = "def of(sign):\n    def gradient(s):\n        return sign * (s.y_hat - s.y)\n    return gradient"
NOTEBOOKS = {
    "right": Notebook([RIGHT]),
    "wrong": Notebook([RIGHT, "def dJ_db2(s):\n    return s.y - s.y_hat"]),
    "raising": Notebook([RIGHT, "def dJ_dU(s):\n    return s.h @ dJ_db2(s)"]),
    "magics": Notebook(["%time x = 1\n!echo hello", "%%time\n" + DB2, "%%capture out\n" + DU, "np.outer?"]),
    "partly executed": Notebook([DB2, DU]),
    "redefined": Notebook(
        ["k = 5", "def dJ_db2(s):\n    return s.yhat", "def dJ_db2(s):\n  return (", DB2, "k = 1", DU + " * k"],
        ["k = 5", "", "", DB2, "k = 1", DU + " * k"],
    ),
    "helpers and constants": Notebook(
        [
            "half = 0.5\ntable = {}",
            "def row(x):\n    return x * table['factor']",
            "table['factor'] = 2 * half",
            "def dJ_db2(s):\n    return row(s.y_hat - s.y)",
            "def experiment():\n    return row(1)",
            "experiment()",
        ]
    ),
    "imports": Notebook(
        [
            "import numpy as np\nfrom model import softmax",
            "def dJ_db2(s):\n    return softmax(s.h @ s.U + s.b2) - s.y",
            "def dJ_dU(s):\n    return np.outer(s.h, dJ_db2(s))",
        ]
    ),
    "a cell that failed": Notebook(
        [DB2, "scale = undefined\n" + DU + " * scale", "def dJ_dh(s)\n    return dJ_db2(s) @ s.U.T"]
    ),
    "closures": Notebook([OF, "dJ_db2 = of(-1)", "dJ_dU = lambda s: s.h.T @ dJ_db2(s)"]),
}


def notebook(cells: Sequence[str]) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    copy_assignment(folder)
    return folder


def run(folder: Path, cells: Sequence[str]) -> list[Any]:
    """The cells, run in a new kernel, with their outputs."""
    ran = notebook(cells)
    options = {"allow_errors": True, "resources": {"metadata": {"path": str(folder)}}, "kernel_name": "python3"}
    nbclient.NotebookClient(ran, timeout=120, **options).execute()
    return list(ran.cells)


@pytest.fixture(scope="module")
def live(home: Path) -> dict[str, Any]:
    """What each notebook shows.  They share a kernel, which forgets everything in between, as if it were started again."""
    shown: dict[str, Any] = {}
    cells = [cell for one in NOTEBOOKS.values() for cell in (*one.runs, LAST, RESET)]
    ran = iter(run(home, cells))
    for name, one in NOTEBOOKS.items():
        *_, last, _ = (next(ran) for _ in (*one.runs, LAST, RESET))
        shown[name] = last.outputs[-1]
    return shown


@pytest.fixture(scope="module")
def saved(home: Path) -> dict[str, str]:
    """What is printed of each saved file."""
    texts = {}
    with Grader(home / "config.yaml", at_home=True) as opened:
        for name, one in NOTEBOOKS.items():
            path = home / f"{name}.ipynb"
            nbformat.write(notebook([*(one.saved or one.runs), LAST]), path)
            text = io.StringIO()
            grade = opened.check(path)
            quoted = quoted_lines(grade, path.read_bytes())
            print_grade(Console(file=text, width=100), grade, opened.config, staff=False, quoted=quoted)
            texts[name] = text.getvalue()
    return texts


def compared(text: str) -> list[str]:
    """The words without the file's name, notes on the file, and why a function that was never run is not there."""
    text = text.partition("   ")[2].replace("not written yet", "not found").replace("NOT WRITTEN YET", "NOT FOUND")
    lines = [line.strip() for line in text.splitlines()]
    return [
        line
        for line in lines
        if line and not line.startswith(("note: ", "no cell that defines it")) and "─" not in line
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_what_the_command_shows_of_its_saved_file(
    name: str, live: dict[str, Any], saved: dict[str, str]
) -> None:
    shown = live[name]
    assert shown.output_type == "execute_result"
    assert compared(shown.data["text/plain"]) == compared(saved[name])


def test_the_notebooks_show_right_and_wrong_gradients_with_hints_behind_a_click(live: dict[str, Any]) -> None:
    assert "8 of 8 gradients right" in live["right"].data["text/html"]
    wrong = live["wrong"].data["text/html"]
    assert re.search(r"<details><summary>Hint 1</summary><p>[^<]", wrong)
    assert "right, given your dJ_db2" in wrong
    raising = html.unescape(live["raising"].data["text/html"])
    assert "2 | return s.h @ dJ_db2(s)\n           ^^^^^^^^^^^^^^^" in raising
    assert "s.h is (1, Dh)  @  dJ_db2(s) is (1, V)" in raising
    assert "cell 2 is the one marked [2]" in raising


def test_what_the_functions_print_is_shown_as_text(home: Path) -> None:
    printing = "def dJ_db2(s):\n    print('</pre><script>x</script>')\n    return s.y_hat - s.y"
    shown, printed = (cell.outputs[-1] for cell in run(home, [printing, LAST, "print(grader.check())"])[1:])
    assert "Your code printed (dJ_db2)</summary><pre>&lt;/pre&gt;&lt;script&gt;" in shown.data["text/html"]
    assert "| </pre><script>x</script>" in shown.data["text/plain"]
    assert printed.text.strip() == shown.data["text/plain"].strip()


def test_the_extension_checks_named_gradients_and_the_assignment_may_be_the_only_zip_there(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    pack(folder / "homework.zip")
    cells = run(
        folder,
        ["%load_ext grader", DB2, DU, "%check dJ_dU", "%check dJ_dUU", "import grader\ngrader.check(config='nothing.zip')",
         "grader.check(config='homework.zip').score", "grader.check('dJ_dU')", "grader.check('dJ_dUU')", "%check --help"],
    )  # fmt: skip
    shown = [cell.outputs[-1] for cell in cells[3:]]
    assert "dJ_dU" in shown[0].data["text/html"]
    assert "dJ_db1" not in shown[0].data["text/html"]
    assert shown[1].text.startswith("error: there is no gradient dJ_dUU; did you mean dJ_dU?")
    assert len(shown[2].traceback) == 1
    assert shown[2].traceback[0].startswith("error: nothing.zip")
    assert float(shown[3].data["text/plain"]) > 0
    assert shown[4].data["text/html"] == shown[0].data["text/html"]
    assert shown[5].traceback == ["error: there is no file or gradient dJ_dUU; did you mean dJ_dU?"]
    assert "%check dJ_dU dJ_db2" in shown[6].text


def pack(archive: Path) -> None:
    """The assignment without its solution, in a folder of a zip."""
    files = {path: (ROOT / path).read_bytes() for path in ("config.yaml", "assignment/model.py")}
    archive.write_bytes(zip_bytes({f"homework/{path}": data for path, data in files.items()}))


def test_in_a_terminal_it_prints_plain_text(home: Path) -> None:
    ipython = [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--quick"]
    lines = "\n".join(["%load_ext grader", DB2.replace("\n   ", ""), "", "%check dJ_db2", ""])
    done = subprocess.run(ipython, cwd=home, input=lines, capture_output=True, text=True, timeout=120, check=False)
    shown = done.stdout.partition("1 of 1 gradient right")[2]
    assert re.search(r"dJ_db2 +✓ +✓ +✓ +right$", shown, re.MULTILINE)
    assert "<table" not in shown


def test_without_a_function_in_the_notebook_the_file_beside_it_is_checked(home: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(home, tmp_path / "work", ignore=shutil.ignore_patterns("*.ipynb"))
    shutil.copy(RIGHT_FILE, folder / "gradients.py")
    assert "<strong>gradients.py</strong>: 8 of 8" in run(folder, [LAST])[-1].outputs[-1].data["text/html"]


SESSIONS = [
    ("k = 1 | k = 2 | def f(s): return k", "-++"),
    ("k = 1 | k = k + 1 | def f(s): return k", "+++"),
    ("def f(s): return 1 | f(3) | print(f(1)) | def f(s): return 2", "---+"),
    ("def g(): return f(1) | def f(s): return h() | def h(): return g()", "+++"),
    ("a = [] | a.append(1) | b = [] | b.append(2) | def f(s): return a", "++--+"),
    ("def fill(x): x[0] = 1 | a = {} | fill(a) | fill({}) | def f(s): return a", "+++-+"),
    ("import numpy as np | np.random.seed(1) | x = 1 | np.sin(x) | def f(s): return np.sin(s)", "++--+"),
    ("for k in range(3): print(k) | for j in range(3): print(j) | def f(s): return k", "+-+"),
    ("def set(): global k; k = 1 | set() | def f(s): return k", "+++"),
    ("from os import * | f = lambda s: path | path = 3", "+++"),
    ("def F(s): return 1 | def other(s): return 2", "+-"),
    ("t = 1 | def deco(x): return x | @deco\ndef f(s, d=t): return 1", "+++"),
    ("await f(1) | def f(s): return 1", "-+"),
]


@pytest.mark.parametrize("session, kept", SESSIONS)
def test_of_a_session_only_that_is_run_which_the_functions_depend_on(session: str, kept: str) -> None:
    statements = [ast.parse(statement).body[0] for statement in session.split(" | ")]
    assert "".join("-+"[one] for one in needed(statements, ["f"])) == kept


class Shell:
    """As much of an IPython as a session is read from."""

    def __init__(self, *runs: str) -> None:
        self.history_manager = SimpleNamespace(input_hist_raw=["", *runs])
        self.user_ns: dict[str, object] = {}


def test_a_session_that_is_too_large_loses_what_was_run_again_and_then_is_refused() -> None:
    versions = [f"def dJ_dU(s):\n    return s.U * {k}" for k in range(50)]
    found = session(Shell(*versions, "x = 1", "x = 1"), ["dJ_dU"], 400)
    assert found is not None
    cells = json.loads(found.source)["cells"]
    assert [(cell["execution_count"], cell["source"]) for cell in cells] == [(50, versions[-1]), (52, "x = 1")]
    with pytest.raises(UsageError, match="restart the kernel"):
        session(Shell(*(f"x{k} = {k}" for k in range(50)), versions[0]), ["dJ_dU"], 400)
    assert session(Shell("x = 1"), ["dJ_dU"], 400) is None


def test_an_archive_without_an_assignment_is_refused_in_words(tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    empty.write_bytes(zip_bytes({"readme.txt": b"nothing"}))
    with pytest.raises(ConfigError, match=r"found no config\.yaml in it"):
        config_of(empty)
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(ConfigError, match="cannot be read"):
        config_of(tmp_path / "damaged.zip")
    with pytest.raises(ConfigError, match=r"found no config\.yaml in it"):
        config_of(tmp_path)
    pack(tmp_path / "homework.zip")
    assert config_of(tmp_path / "homework.zip").parent.joinpath("assignment", "model.py").is_file()
    assert beside(tmp_path) == config_of(tmp_path / "homework.zip")
    pack(tmp_path / "homework (1).zip")
    assert beside(tmp_path) is None, "two could be meant"
