"""What students get: the assignment's public files, a config without secrets, and the grader.  Nothing of the solution."""

import ast
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from grader.config.keys import Config
from grader.config.small_sizes import by_size, small_sizes, with_sizes
from grader.errors import ConfigError, GraderError
from grader.grading.grader import Grader
from grader.inputs.kinds import CODE, digest
from grader.packaging.archive import ZIP_ERRORS, zip_bytes
from grader.packaging.handout.readme import fill_in, text_of
from grader.packaging.soundness import refuse_unsound, stubs_path
from grader.packaging.wheel import make_wheel, requirements, wheel_name
from grader.problem.assignment import load_assignment
from grader.problem.derivatives import relative_error
from grader.validation.submissions import ways_of

# Students don't get other keys of the config: a new key stays private until it is listed here.
PUBLIC_KEYS = (
    "title model submission loss objective dimensions steps quantities gradients checks follow_through".split()
)
CALLING_KEYS = ("interface", "functions", "groups")  # public, too; only where functions take more than a sample point
_IGNORED = {"__pycache__", ".pytest_cache", ".ipynb_checkpoints"}
_NOT_PUSHED = b".venv/\n__pycache__/\n.pytest_cache/\n.ipynb_checkpoints/\n"
_INSTRUCTORS = ("gradescope-utils",)  # what students need not install
_MIN_FORMULA = 8  # characters without spaces; shorter ones are found in any file
_NAME = re.compile(r"(self\.)?\w+")  # what a function or a method is given
_SMALLEST = 2

_WIDTH = 100
_HEADER = """\
# The assignment for the checks at home: other sample points and smaller sizes than when your work is marked.
# It contains no answers, and you don't need to change anything.
"""
PYTEST = """\
[pytest]
addopts = -q -rs --no-header --tb=short
testpaths = test_gradients.py
"""

# For any assignment that has no file of this name beside its model.
_TESTS_NAME = "test_gradients.py"
_TESTS = '''\
"""Tests of your gradients: run `pytest` in this folder.

There is one test for each gradient and each check.  None contains an answer.  A gradient that you haven't written yet
is skipped, not failed; so is a check that runs only once the previous one passes.

To experiment, start `python -i test_gradients.py` and take a sample point: `s = homework.points[0]`.
"""

from pathlib import Path

import pytest

from grader import Homework

homework = Homework(Path(__file__).parent)


def test_the_file_can_be_loaded():
    homework.expect_loaded()


@pytest.mark.parametrize(("gradient", "check"), homework.cases)
def test_gradient(gradient, check):
    reason = homework.not_yet(gradient, check)
    if reason:
        pytest.skip(reason)
    homework.expect(gradient, check)
'''


def build_handout(grader: Grader, *, force: bool = False, github: bool = False) -> bytes:
    """The zip; the same assignment and the same grader give the same bytes.

    Args:
        force: pack an unsound assignment, too.
        github: with a workflow that checks each push, and a .gitignore.

    Raises:
        GraderError: the assignment is not sound or lacks a file, or a part of the solution would be in the zip.
    """
    files = handout_files(grader)
    if not force:
        refuse_unsound(grader)
    return with_grader(files, github=github)


def with_grader(files: dict[str, bytes], *, github: bool) -> bytes:
    """The zip of these files, with the grader."""
    if github:
        files[".github/workflows/check.yml"] = Path(__file__).with_name("workflow.yaml").read_bytes()
        files[".gitignore"] = _NOT_PUSHED
    return zip_bytes({**files, wheel_name(): make_wheel(without=_INSTRUCTORS)})


def requirements_text() -> str:
    """What students install."""
    return "\n".join([f"./{wheel_name()}", *requirements(without=_INSTRUCTORS)]) + "\n"


def handout_files(grader: Grader) -> dict[str, bytes]:
    """What is in the zip beside the grader's own wheel.

    Raises:
        GraderError: the assignment lacks a file, or a part of the solution would be among these.
    """
    config, folder = grader.config, grader.folder
    public = _public_files(config, folder)
    stubs = stubs_path(config, folder)
    if not stubs.is_file():
        raise ConfigError(f"{stubs}: there is no such file: students start from stubs beside the model")
    files = {_TESTS_NAME: _TESTS.encode(), **public}
    originals = [digest(data) for name, data in files.items() if PurePosixPath(name).suffix in CODE]
    files |= {
        "config.yaml": public_config(config, public_dimensions(config, folder), originals),
        "pytest.ini": PYTEST.encode(),
        "requirements.txt": requirements_text().encode(),
    }
    reference = grader.assignment.reference
    sources = [reference.source.decode()] if reference is not None else []
    sources += [source for _, source in ways_of(grader.assignment)] if not config.is_plain else []
    _refuse_leaks(config, sources, files)
    return files


def public_config(config: Config, dimensions: Mapping[str, Any] | None = None, originals: Sequence[str] = ()) -> bytes:
    """The config that students get: no solution, no secrets, small sizes, and a seed of its own.

    Args:
        originals: digests of the files that students start from.
    """
    data: dict[str, Any] = json.loads(msgspec.json.encode(config))
    shown = {
        "handout": True,
        **{key: data[key] for key in (*PUBLIC_KEYS, *(() if config.is_plain else CALLING_KEYS))},
        "model": Path(config.model).name,
        "dimensions": dict(dimensions or small_dimensions(config)),
        "steps": {"count": config.steps.count, "seed": _public_seed(config)},
        "hints": {
            "check_level": config.hints.check_level,
            "diagnosis_level": config.hints.diagnosis_level,
        },  # its files are the instructors'
        "sandbox": {**data["sandbox"], "require": "any"},
        "originals": sorted(originals),
    }
    entries = (f"  {json.dumps(key)}: {_on_lines(value)}" for key, value in shown.items())
    return f"{_HEADER}{{\n{f',{chr(10)}'.join(entries)}\n}}\n".encode()


def _on_lines(value: Any) -> str:
    """JSON, which is YAML, too, and is read sooner; each entry of a longer value is on a line of its own."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) < _WIDTH or not isinstance(value, dict | list):
        return text
    if isinstance(value, list):
        rows = [json.dumps(one, ensure_ascii=False) for one in value]
    else:
        rows = [f"{json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}" for key, one in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n    {f',{chr(10)}    '.join(rows)}\n  {closing}"


def public_dimensions(config: Config, folder: Path) -> Mapping[str, Any]:
    """Small sizes; the real ones where the solution is not right at small ones.

    The model may need sizes that are related in a way that no formula says, or a gradient may be badly conditioned, such as
    that of a batch norm of two rows.
    """
    small = small_dimensions(config)
    steps = msgspec.structs.replace(config.steps, seed=_public_seed(config))
    at_home = msgspec.structs.replace(config, dimensions=dict(small), steps=steps)
    try:
        solved, unsolved = (load_assignment(at_home, folder, with_solution=with_it) for with_it in (True, False))
        errors = [
            relative_error(a, b)
            for name in solved.names
            for a, b in zip(solved.exact[name], unsolved.exact[name], strict=True)
        ]
        numeric = [error for found in solved.numeric_errors.values() for error in found]
    except ConfigError:
        return config.dimensions
    checks = config.checks
    exact = all(error <= checks.reference.tolerance for error in errors)
    return (
        small if exact and all(error <= checks.finite_difference.tolerance for error in numeric) else config.dimensions
    )


def _public_seed(config: Config) -> str:
    return hashlib.sha256(f"handout: {config.title}".encode()).hexdigest()[:32]  # unrelated to the secret one


def small_dimensions(config: Config) -> Mapping[str, Any]:
    """Sizes in the same order as the real ones, but small enough to read: 2, 3, 4, then 3, 4, 5, and so on."""
    found = [small_sizes(config, k, by_size(config, k), _SMALLEST + k) for k in range(config.size_sets)]
    sizes = [each for each in found if each is not None]
    return with_sizes(config, sizes) if len(sizes) == len(found) else config.dimensions


def _public_files(config: Config, folder: Path) -> dict[str, bytes]:
    """All files in the model's folder but instructors' hints; texts with what follows from the config filled in.

    Raises:
        ConfigError: the folder isn't one of students' files alone, or a marked part of a text is unknown.
    """
    public = (folder / config.model).parent.resolve()
    if public == folder.resolve() or public in (folder / config.solution).resolve().parents:
        raise ConfigError(
            f"{folder / 'config.yaml'}: model: expected a folder of its own for what students get (such as assignment/),"
            f" with the solution elsewhere, found {config.model}{config.solution and f' and {config.solution}'}"
        )
    private = {(folder / name).resolve() for name in (config.hints.file, config.hints.mistakes) if name}
    files = {}
    for path in sorted(public.rglob("*")):
        parts = path.relative_to(public).parts
        ignored = _IGNORED.intersection(parts) or parts[-1].startswith(".") or path.is_symlink()
        if path.is_file() and not ignored and path.resolve() not in private:
            files["/".join(parts)] = _filled_in(path, config) if path.suffix == ".md" else path.read_bytes()
    return files


def _filled_in(path: Path, config: Config) -> bytes:
    text = text_of(path)
    try:
        return fill_in(text, config).encode()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _refuse_leaks(config: Config, solutions: Iterable[str], files: Mapping[str, bytes]) -> None:
    """Search every file, and those inside zips, for the secret seed and the formulas of the solution, written or derived.

    Raises:
        GraderError: one was found; the message says where.
    """
    given = (config.submission, Path(config.model).name)  # what the stubs and the model say is no secret
    public = "".join(_dense(files.get(name, b"").decode("utf-8", "replace")) for name in given)
    every = (formula for solution in solutions for formula in solution_formulas(solution))
    formulas = [formula for formula in every if formula not in public]
    for name, data in _unpacked(files):
        text = data.replace(b"\0", b"").decode("utf-8", "replace")  # UTF-16 is the same text with zeros between
        if config.steps.seed.lower() in text.lower():
            raise GraderError(f"{name} contains the secret seed (`steps.seed`): remove it")
        for formula in formulas:
            if formula in _dense(text):
                raise GraderError(f"{name} contains a formula of the solution: remove it ({formula})")


def _unpacked(files: Mapping[str, bytes], depth: int = 3) -> Iterator[tuple[str, bytes]]:
    """Every file, and those inside zips, such as an autograder.zip that was built in the wrong folder."""
    for name, data in files.items():
        yield name, data
        if depth and zipfile.is_zipfile(BytesIO(data)):
            try:
                with zipfile.ZipFile(BytesIO(data)) as archive:
                    inside = {f"{name}: {info.filename}": archive.read(info) for info in archive.infolist()}
            except ZIP_ERRORS as error:
                raise GraderError(f"{name}: this zip cannot be searched for the solution: {error}") from error
            yield from _unpacked(inside, depth - 1)


def solution_formulas(source: str) -> list[str]:
    """What the solution's functions return or assign, without spaces, if it is long enough not to match by chance."""
    values = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Return | ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None
    ]
    dense = [_dense(ast.get_source_segment(source, value) or "") for value in values]
    return [formula for formula in dense if len(formula) >= _MIN_FORMULA and not _NAME.fullmatch(formula)]


def _dense(text: str) -> str:
    return "".join(text.split())
