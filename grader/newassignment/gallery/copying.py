"""The gallery: complete assignments to copy, each a folder.  Only instructors' installations have it."""

import importlib.util
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import grader
from grader.errors import UsageError, did_you_mean
from grader.newassignment.gallery.labelled import Case, read_cases

_PACKAGE = "grader_gallery"
_SEED = re.compile(r"^(  seed: ).*$", re.MULTILINE)
_OURS = ("cases.txt", "graph.svg")


def gallery() -> dict[str, Path]:
    """The folders by name.

    Raises:
        UsageError: this installation has none.
    """
    found = importlib.util.find_spec(_PACKAGE)
    folders = [Path(each) for each in (found.submodule_search_locations or [])] if found else []
    folders.append(Path(grader.__file__).parents[1] / "gallery")  # an editable installation
    for folder in folders:
        if named := {path.parent.name: path.parent for path in sorted(folder.glob("*/config.yaml"))}:
            return named
    raise UsageError("this installation has no gallery, as students' have none: install gradient-grader itself")


def find_in_gallery(name: str) -> Path:
    """One of the folders.

    Raises:
        UsageError: there is none of that name, or its files are not there.
    """
    known = gallery()
    if name not in known:
        near = did_you_mean(name, list(known))
        raise UsageError(f"--from {name}: the gallery has no such assignment, but {', '.join(known)}{near}")
    if not (known[name] / "assignment").is_dir():  # a checkout on Windows has links as files with their targets
        raise UsageError(
            f"--from {name}: {known[name] / 'assignment'}: expected a folder, found a file: Git wrote the links of the"
            " repository as text; set `git config core.symlinks true` and check it out again, or install a wheel"
        )
    return known[name]


def copied_files(folder: Path) -> Mapping[str, str]:
    """The files of a copy, with a secret seed of its own, and the wrong submissions as files."""
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(_files_in(folder))
        if path.name not in _OURS and not _is_cache(path.relative_to(folder))
    }
    texts["config.yaml"] = with_new_seed(texts["config.yaml"])
    return {**texts, **{f"wrong/{case.id}.py": _labelled(case) for case in read_cases(folder)}}


def _files_in(folder: Path) -> Iterator[Path]:
    """All files, those in linked folders too: the assignment of the repository itself is one of the gallery."""
    for inside, _, names in os.walk(folder, followlinks=True):
        yield from (Path(inside, name) for name in names)


def with_new_seed(config: str) -> str:
    """The text of a config with another random seed."""
    return _SEED.sub(rf'\g<1>"{secrets.token_hex(16)}"', config, count=1)


def _is_cache(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _labelled(case: Case) -> str:
    return "\n".join([f"# {line}" for line in _label(case)]) + "\n\n" + case.source


def _label(case: Case) -> Iterator[str]:
    yield f"Wrong: {case.truth}"
    for fault in case.faults:
        kinds = " or ".join(sorted(kind.replace("-", " ") for kind in fault.kinds))
        yield f"{fault.gradient}: {kinds}" if kinds else fault.gradient
