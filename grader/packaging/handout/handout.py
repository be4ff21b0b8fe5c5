"""What students get: the assignment's public files, a config without secrets, and the grader.  Nothing of the solution."""

import ast
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import yaml

from grader.config.keys import Config
from grader.errors import ConfigError, GraderError
from grader.grading.grader import Grader
from grader.packaging.archive import ZIP_ERRORS, zip_bytes
from grader.packaging.smoke_test import stubs_path
from grader.packaging.soundness import refuse_unsound
from grader.packaging.wheel import make_wheel, requirements, wheel_name
from grader.problem.assignment import load_assignment
from grader.problem.derivatives import relative_error

# Everything else in a config is the staff's: a key that is added some day stays at home until it is listed here.
PUBLIC_KEYS = (
    "title",
    "model",
    "submission",
    "loss",
    "objective",
    "dimensions",
    "steps",
    "quantities",
    "gradients",
    "checks",
)
_IGNORED = {"__pycache__", ".pytest_cache", ".ipynb_checkpoints"}
_MIN_FORMULA = 8  # characters without spaces; shorter ones stand everywhere
_SMALLEST = 2

_HEADER = """\
# The assignment as the checks at home use it: other random steps and smaller sizes than when your work is marked.
# There is no answer in here, and nothing that needs changing.
"""
_PYTEST = """\
[pytest]
addopts = -q -rs --no-header --tb=short
testpaths = test_gradients.py
"""

# For any assignment; one that wants others has a file of this name beside its model.
_TESTS_NAME = "test_gradients.py"
_TESTS = '''\
"""Tests of your gradients: run `pytest` in this folder.

There is one test for each gradient and each check, and no answer in any of them.  A gradient that is not written yet
is skipped, not failed; so is a check whose turn comes only after another one passes.

To try things out, start `python -i test_gradients.py` and take a step: `s = homework.steps[0]`.
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


def build_handout(config: Config, folder: Path, *, force: bool = False) -> bytes:
    """The zip; the same assignment and the same grader give the same bytes.

    Raises:
        GraderError: the assignment is not sound (with `force` that is no reason), or something of the solution would be in it.
    """
    public = {_TESTS_NAME: _TESTS.encode(), **_public_files(config, folder)}
    stubs = stubs_path(config, folder)
    if not stubs.is_file():
        raise ConfigError(f"{stubs}: there is no such file: students start from stubs beside the model")
    if not force:
        refuse_unsound(Grader.of(config, folder))
    files = {
        **public,
        "config.yaml": public_config(config, public_dimensions(config, folder)),
        "pytest.ini": _PYTEST.encode(),
        "requirements.txt": ("\n".join([f"./{wheel_name()}", *requirements()]) + "\n").encode(),
    }
    _refuse_leaks(config, folder, files)
    return zip_bytes({**files, wheel_name(): make_wheel()})


def public_config(config: Config, dimensions: Mapping[str, list[int]] | None = None) -> bytes:
    """The config as students get it: no solution, no marking secrets, small sizes, and a seed that tells nothing of ours."""
    data: dict[str, Any] = json.loads(msgspec.json.encode(config))
    shown = {key: data[key] for key in PUBLIC_KEYS}
    shown["model"] = Path(config.model).name
    shown["dimensions"] = dimensions or small_dimensions(config.dimensions)
    shown["steps"] = {"count": config.steps.count, "seed": _public_seed(config)}
    shown["follow_through"] = data["follow_through"]
    shown["hints"] = {"check_level": config.hints.check_level}  # its files are the staff's
    shown["sandbox"] = {**data["sandbox"], "require": "any"}
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)
    return (_HEADER + text).encode()


def public_dimensions(config: Config, folder: Path) -> Mapping[str, list[int]]:
    """Small sizes; the real ones where the solution is not right at small ones.

    The model may need a relation between sizes, such as `O = W - K + 1`, or a gradient may be badly conditioned, such as that of
    a batch norm of two rows.
    """
    small = small_dimensions(config.dimensions)
    steps = msgspec.structs.replace(config.steps, seed=_public_seed(config))
    at_home = msgspec.structs.replace(config, dimensions=small, steps=steps)
    try:
        solved, unsolved = (load_assignment(at_home, folder, with_solution=with_it) for with_it in (True, False))
        errors = [
            relative_error(a, b)
            for name in solved.names
            for a, b in zip(solved.exact[name], unsolved.exact[name], strict=True)
        ]
    except ConfigError:
        return config.dimensions
    return small if all(error <= config.checks.reference.tolerance for error in errors) else config.dimensions


def small_dimensions(dimensions: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Sizes in the same order as the real ones, but small enough to be looked at: 2, 3, 4, then 3, 4, 5, and so on."""
    small: dict[str, list[int]] = {name: [] for name in dimensions}
    for k in range(max(map(len, dimensions.values()), default=0)):
        by_size = sorted(dimensions, key=lambda name: dimensions[name][k])
        for rank, name in enumerate(by_size):
            small[name].append(_SMALLEST + rank + k)
    return small


def _public_seed(config: Config) -> str:
    """From the title alone: it tells nothing about the secret seed."""
    return hashlib.sha256(f"handout: {config.title}".encode()).hexdigest()[:32]


def _public_files(config: Config, folder: Path) -> dict[str, bytes]:
    """All files of the folder that the model stands in, but for hints and misconceptions of the staff's."""
    public = (folder / config.model).parent.resolve()
    solution = (folder / config.solution).resolve()
    if not config.solution:
        raise ConfigError(
            f"{folder / 'config.yaml'}: expected `solution:`, found none: a handout is made where the solution is"
        )
    if public == folder.resolve() or public in solution.parents:
        raise ConfigError(
            f"{folder / 'config.yaml'}: model: expected a folder of its own for what students get (such as assignment/),"
            f" with the solution elsewhere, found {config.model} and {config.solution}"
        )
    staff = {(folder / name).resolve() for name in (config.hints.file, config.hints.mistakes) if name}
    files = {}
    for path in sorted(public.rglob("*")):
        parts = path.relative_to(public).parts
        if (
            path.is_file()
            and path.resolve() not in staff
            and not path.is_symlink()
            and not _IGNORED.intersection(parts)
            and not parts[-1].startswith(".")
        ):
            files["/".join(parts)] = path.read_bytes()
    return files


def _refuse_leaks(config: Config, folder: Path, files: Mapping[str, bytes]) -> None:
    """Look for the secret seed, and for any formula of the solution, in every file, and in those inside zips.

    Raises:
        GraderError: one was found; the message says where.
    """
    given = (stubs_path(config, folder).name, Path(config.model).name)  # what stands there is no secret
    public = "".join(_dense(files.get(name, b"").decode("utf-8", "replace")) for name in given)
    formulas = [
        formula for formula in solution_formulas((folder / config.solution).read_text("utf-8")) if formula not in public
    ]
    for name, data in _unpacked(files):
        text = data.replace(b"\0", b"").decode("utf-8", "replace")  # UTF-16 is the same text with zeros between
        if config.steps.seed.lower() in text.lower():
            raise GraderError(f"{name}: the secret seed of the steps is in it: take it out")
        for formula in formulas:
            if formula in _dense(text):
                raise GraderError(f"{name}: a formula of the solution is in it: take it out ({formula})")


def _unpacked(files: Mapping[str, bytes], depth: int = 3) -> Iterator[tuple[str, bytes]]:
    """Every file; of a zip those inside as well, such as an autograder.zip that was built in the wrong folder."""
    for name, data in files.items():
        yield name, data
        if depth and zipfile.is_zipfile(BytesIO(data)):
            try:
                with zipfile.ZipFile(BytesIO(data)) as archive:
                    inside = {f"{name}: {info.filename}": archive.read(info) for info in archive.infolist()}
            except ZIP_ERRORS as error:
                raise GraderError(f"{name}: this zip cannot be looked into: {error}") from error
            yield from _unpacked(inside, depth - 1)


def solution_formulas(source: str) -> list[str]:
    """What the solution's functions return or assign, without spaces, where it is long enough to be told from chance."""
    values = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Return | ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None
    ]
    dense = [_dense(ast.get_source_segment(source, value) or "") for value in values]
    return [formula for formula in dense if len(formula) >= _MIN_FORMULA]


def _dense(text: str) -> str:
    return "".join(text.split())
