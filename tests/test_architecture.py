"""The structure of the package: which module may import which, how long they are, and what must never happen in them."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "grader"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The wall: what runs next to a student's code, in the zygote and its children, is one folder.
INSIDE = "grader.sandbox.inside"
SHARED = "grader.sandbox.shared"


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path, *, top_level: bool = False) -> set[str]:
    """The modules of the package that a module imports, those for type checkers only left out."""
    tree = tree_of(path)
    found: set[str] = set()
    nodes = tree.body if top_level else ast.walk(tree)
    skipped = {
        id(child)
        for node in tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("grader")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader"):
            module = node.module or ""
            for alias in node.names:
                sub = ROOT / Path(*module.split(".")) / f"{alias.name}.py"
                found.add(f"{module}.{alias.name}" if sub.exists() else module)
    return found


@cache
def graph() -> dict[str, set[str]]:
    """What each module imports.  Not at once: all workers collect the tests of this file, and one runs them."""
    return {name_of(path): imports_of(path) - {name_of(path)} for path in MODULES}


def test_imports_go_one_way() -> None:
    """No module reaches itself through what it imports, imports inside functions included."""

    def reach(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " imports ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for other in sorted(graph().get(name, ())):
            reach(other, (*path, name))
        done.add(name)

    done: set[str] = set()
    for name in graph():
        reach(name, ())


def test_nobody_imports_a_command_but_the_command_line() -> None:
    for name, imported in graph().items():
        commands = {other for other in imported if other.startswith("grader.cli.commands.")}
        assert name.startswith("grader.cli.commands") or not commands, name


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_what_runs_next_to_students_code_is_imported_by_no_other_part_of_the_grader() -> None:
    for name, imported in graph().items():
        if not within(name, INSIDE):
            assert [other for other in imported if within(other, INSIDE)] == [], name


@pytest.mark.parametrize("package, allowed", [(INSIDE, (INSIDE, SHARED)), (SHARED, (SHARED,))])
def test_what_runs_next_to_students_code_knows_nothing_else_of_the_grader(
    package: str, allowed: tuple[str, ...]
) -> None:
    modules = [name for name in graph() if within(name, package)]
    assert len(modules) > 3
    for name in modules:
        assert [other for other in graph()[name] if not any(within(other, one) for one in allowed)] == [], name


def test_no_folder_is_a_drawer_of_everything() -> None:
    for folder in {path.parent for path in MODULES}:
        files = [path.name for path in folder.glob("*.py") if not path.name.startswith("__")]
        assert len(files) <= 13, f"{folder.relative_to(ROOT)}: {', '.join(sorted(files))}"


def test_a_file_name_appears_twice_only_where_it_means_the_same() -> None:
    """A platform has a module for its downloads and one for its output; a command is called like what it runs."""
    files: dict[str, list[str]] = {}
    for name in graph():
        parent, _, stem = name.rpartition(".")
        command = within(parent, "grader.cli.commands")
        if parent and not command and not parent.endswith(f".{stem}"):  # a package and its first module
            files.setdefault(stem, []).append(name)
    platforms = {path.stem for path in (PACKAGE / "inputs" / "downloads").glob("*.py")}
    twice = {stem: names for stem, names in files.items() if len(names) > 1 and stem not in platforms}
    assert twice == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_too_long_and_each_says_what_it_is(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
    assert ast.get_docstring(tree_of(path)), "a module says what it knows, and what it does not"


TRUSTED = [path for path in MODULES if not within(name_of(path), INSIDE)]


@pytest.mark.parametrize("path", TRUSTED, ids=name_of)
def test_the_grader_never_unpickles_and_evaluates_only_the_staffs_files(path: Path) -> None:
    tree = tree_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"pickle", "shelve", "dill", "cloudpickle"}
            assert "marshal" not in names or isinstance(node, ast.Import), "as a whole, so that its use is seen below"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "marshal":
            assert node.attr == "dumps", "written for a child, never read from one"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert not any(k.arg == "allow_pickle" and getattr(k.value, "value", True) for k in node.keywords)
    named = words_of(tree)
    executes = within(name_of(path), "grader.diagnosis") or name_of(path) in EXECUTING
    assert executes or not named & RUN_CODE, "only instructors' files are executed"


EXECUTING = ("grader.problem.model", "grader.derivation.graph.loading", "grader.derivation.writing.loops")
RUN_CODE = {"exec", "eval", "__import__", "runpy", "run_path", "run_module", "exec_module", "spec_from_file_location"}


def words_of(tree: ast.AST) -> set[str]:
    """All that code names, also in a string, as in `getattr(builtins, "eval")`; `mode="eval"` only parses."""
    modes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "mode"}
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
            case ast.Constant(value=str(name)) if id(node) not in modes:
                found.add(name)
    return found


@pytest.mark.parametrize(
    "code", ["eval(x)", "b.exec(x)", "getattr(b, 'eval')", "import runpy", "from runpy import run_path"]
)
def test_code_is_run_in_none_of_these_ways_unseen(code: str) -> None:
    assert words_of(ast.parse(code)) & RUN_CODE


def test_every_package_is_on_the_map() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = [str(path.parent.relative_to(PACKAGE)) + "/" for path in PACKAGE.rglob("*/__init__.py")]
    assert [name for name in packages if f"`{name}`" not in page] == []


def test_the_version_stands_in_one_place() -> None:
    import grader

    assert (ROOT / "pyproject.toml").read_text().count(grader.__version__) == 0


def test_the_coordinator_of_a_batch_needs_no_numpy() -> None:
    script = "import sys, grader.classroom.batch.summary, grader.cli.commands.batch; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
