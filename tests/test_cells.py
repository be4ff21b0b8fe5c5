"""How a notebook's cell is read, with IPython's own reading of it as the oracle."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from grader.sandbox.inside.files.notebook_cells import RUNS_CELL, RUNS_STATEMENT, Cell

LINES = [
    "x = 1",
    "y = (17\n     % 4)",
    "name = '''\n!important\n%s\n? >>> not a prompt\n''' % 3",
    'text = f"{x!r} 100%" # what?',
    "total = [1,\n  # a comment\n  2]",
    "label = x if x \\\n    else y",
    "print('why?');",
    "%matplotlib inline",
    "!pip install torch",
    "!!ls -l \\\n   -a",
    "%cd ..",
    "!echo \"it's here",
    "files = !ls *.py",
    "a, b = !echo 'x",
    "found['k'] = %timeit -o -n1 1+1",
    "rows = %sql SELECT * FROM t WHERE name = 'it''s'",
    "big = %time sum([1, 2])",
    "%time d = dict(a=1)",
    "%time for i in range(3): print(i)",
    "%time print('what?')",
    "%timeit d = 2",
    "%prun -l 5 -s cumulative e = max(1, 2)",
    "np.outer?",
    "?np.outer",
    "np.o*?",
    "d[0].real??",
    "%time?",
    "??",
    "/print 1 2",
    ",print a b",
    ";print a b",
    "%%time",
    "lambda s: s",
    "x %= 4",
    "assert x != 2, 'x % 2'",
]
HEADS = [
    "def f(s):",
    "if x:",
    "for i in range(2):",
    "try:\n    pass\nexcept ImportError:",
    "if x:\n    pass\nelse:",
    "with open(x) as g:",
    "@property\ndef h(s):",
    "class A:\n  def f(self):\n      pass\n  def g(self):",
    "while False: # why?",
]
FIRST = [
    "",
    "\n\n",
    "%%time\n",
    "%%capture out\n\n",
    "%%prun -l 5\n%%time\n",
    "# %%time\n",
    "%%bash\n",
    "%%timeit x = 3\n",
]
statements = st.sampled_from(LINES)
indented = st.builds(
    lambda head, body, depth: head + "\n" + "\n".join(" " * depth + line for line in body),
    st.sampled_from(HEADS),
    st.lists(statements.filter(lambda line: "\n" not in line), min_size=1, max_size=3),
    st.sampled_from([4, 6, 10]),
)
cells = st.builds(
    lambda first, blocks, end: first + "\n".join(blocks) + end,
    st.sampled_from(FIRST),
    st.lists(statements | indented, min_size=1, max_size=6),
    st.sampled_from(["", "\n", "\n\n  "]),
)


class Plain(ast.NodeTransformer):
    """IPython's calls of itself, replaced by the Python that they run, or by `pass`."""

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = called(node.value)
        if call is None:
            return self.generic_visit(node)
        method, arguments = call
        runs = (method == "run_cell_magic" and arguments[0] in RUNS_CELL) or (
            method == "run_line_magic" and arguments[0] in RUNS_STATEMENT
        )
        return (read_by_ipython(without_options(arguments[-1])).body if runs else []) or ast.Pass()

    def visit_Assign(self, node: ast.Assign) -> Any:
        call = called(node.value)
        if call is None:
            return self.generic_visit(node)
        if call[1][0] == "time":
            return ast.Assign(node.targets, ast.parse(call[1][1], mode="eval").body)
        return ast.Pass()


def without_options(text: str) -> str:
    return text.removeprefix("-l 5 -s cumulative ")


def called(node: ast.expr) -> "tuple[str, list[str]] | None":
    """The method and arguments of `get_ipython().method(...)`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("get_ipython()."):
        return ast.unparse(node.func).partition("().")[2], [ast.literal_eval(a) for a in node.args]
    return None


def read_by_ipython(text: str) -> ast.Module:
    return Plain().visit(ast.parse(TransformerManager().transform_cell(text)))


def significant(tree: ast.Module) -> list[str]:
    """The statements, but for those that do nothing at the top."""
    return [ast.dump(node) for node in tree.body if not isinstance(node, ast.Pass)]


def assert_read_like_ipython(text: str) -> None:
    try:
        expected = read_by_ipython(text)
    except SyntaxError:
        return
    cell = Cell(text)
    assert cell.unreadable == []
    assert significant(ast.parse(cell.python)) == significant(expected)
    assert cell.python.count("\n") == text.count("\n")


@given(cells)
def test_a_cell_is_read_as_ipython_reads_it(text: str) -> None:
    assert_read_like_ipython(text)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("head", ["", *HEADS])
def test_every_kind_of_line_in_every_kind_of_block(line: str, head: str) -> None:
    body = line if not head else f"{head}\n     {line}"
    assert_read_like_ipython(f"before = 1\n{body}\nafter = 2")


@pytest.mark.parametrize(
    "text",
    [
        ">>> x = 1\n>>> def f():\n...     return x\n...\n>>> y = f()",
        "    >>> x = 1\n    >>> if x:\n    ...     y = 2",
        '>>> def f():\n...     """Doc\n...     string"""\n...     return 1',
        "In [1]: x = 1\n   ...: y = 2\n\nIn [2]: z = 3",
        "In [1]: x = 1",
        "In [12]: %time d = 3\n    ...: !ls",
        "    x = 1\n    %cd ..\n    y = 2",
        "\n\n  %%time\n  x = 1",
        "\n%%time\nx = 1",
    ],
)
def test_prompts_and_indentation_are_removed_as_ipython_removes_them(text: str) -> None:
    assert_read_like_ipython(text)


@given(st.text(alphabet="ab =()[]'\"\\\n%!?#:;,/>.\t1", max_size=60))
def test_whatever_ipython_accepts_is_accepted_and_nothing_breaks_the_reader(text: str) -> None:
    cell = Cell(text)
    ast.parse(cell.python)
    assert cell.python.count("\n") == len(text.split("\n")) - 1


@pytest.mark.parametrize(
    "bad",
    [
        "y = (2",
        "def f(s)\n    return 1",
        "x = = 3",
        "print 'hello'",
        "for i in range(3)\n    pass",
        "  indented = 1\n z",
        "x = 'open",
        "))",
        "%time x = (1,",
        "@decorated",
        "try:\n    x = 1",
        "what ever this is",
    ],
)
def test_a_bad_statement_costs_only_itself(bad: str) -> None:
    cell = Cell(f"%cd ..\nbefore = 1\n\n{bad}\ndef after(s):\n    %time d = s\n    return d\n!ls\nlast = [\n1]")
    names = {
        node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node) for node in ast.parse(cell.python).body
    }
    assert {"before = 1", "after", "last = [1]"} <= names or bad.startswith("  indented")
    assert {"after", "last = [1]"} <= names


def test_a_bad_statement_is_reported_with_its_own_line() -> None:
    cell = Cell("before = 1\n!ls\ndef f(s):\n    return (s\n\nafter = 2\nx = = 3")
    assert [(line, why) for line, _, why in cell.unreadable] == [
        (4, "SyntaxError: '(' was never closed"),
        (7, "SyntaxError: invalid syntax"),
    ]


def test_a_cell_with_merge_conflict_markers_is_skipped() -> None:
    cell = Cell("x = 1\n<<<<<<< HEAD\ny = 2\n=======\ny = 3\n>>>>>>> 4e2b407f\n")
    assert not cell.python.strip()
    assert [(line, why) for line, _, why in cell.unreadable] == [(2, "merge conflict markers (<<<<<<<)")]
    assert not Cell("x = '''\n<<<<<<< HEAD\n'''").unreadable


def test_brackets_and_quotes_in_a_command_belong_to_the_command() -> None:
    cell = Cell("!echo \"it's (here\nx = 1\nnp.outer?\nfiles = !ls [a\ny = 2")
    assert cell.python.split("\n") == ["pass", "x = 1", "pass", "pass", "y = 2"]


def test_a_session_quoted_in_a_docstring_stays_as_it_is() -> None:
    assert Cell('"""\n>>> x\n... y\n"""\n!ls').python == '"""\n>>> x\n... y\n"""\npass'
