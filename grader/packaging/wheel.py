"""The installed grader as a wheel, for the zips that carry it.  Needs no network and no build tool.

Works from an installed wheel and from an editable install alike: the files are those of the package that is running, its
metadata and entry points are those it was installed with.
"""

import base64
import hashlib
import importlib.metadata
from pathlib import Path

import grader
from grader.errors import GraderError
from grader.packaging.archive import zip_bytes

DISTRIBUTION = "gradient-grader"
_IGNORED = {"__pycache__"}
_WHEEL = "Wheel-Version: 1.0\nGenerator: gradient-grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# What is not metadata of the package that is packed: its README may contain formulas, its license stands elsewhere.
_LEFT_OUT = {"Description", "Description-Content-Type", "License-File", "Dynamic", "Requires-Dist", "Provides-Extra"}


def wheel_name() -> str:
    return f"{_stem()}-py3-none-any.whl"


def make_wheel() -> bytes:
    """The wheel: the same package gives the same bytes."""
    info = f"{_stem()}.dist-info"
    files = _package()
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/entry_points.txt"] = _entry_points().encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return zip_bytes(files)


def requirements() -> list[str]:
    """What the grader needs, each with the range of versions that it works with.

    Raises:
        GraderError: the grader was not installed, but copied.
    """
    return [line for line in _distribution().requires or [] if "extra ==" not in line]


def _package() -> dict[str, bytes]:
    """The files of the package by their paths in the wheel."""
    folder = Path(grader.__file__).parent
    found = {}
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not _IGNORED.intersection(parts) and not any(part.startswith(".") for part in parts):
            found["/".join(("grader", *parts))] = path.read_bytes()
    return found


def _metadata() -> str:
    """The metadata as installed; no extras: who wants those has a network and an index."""
    found = _distribution().metadata
    fields = [
        *(
            f"{name}: {_folded(value)}"
            for name in dict.fromkeys(found)
            if name not in _LEFT_OUT
            for value in found.get_all(name) or ()
        ),
        *(f"Requires-Dist: {line}" for line in requirements()),
    ]
    return "\n".join(fields) + "\n"


def _folded(value: str) -> str:
    return value.replace("\n", "\n        ")


def _entry_points() -> str:
    """The commands as installed.

    Raises:
        GraderError: the installation has none.
    """
    found = _distribution().entry_points
    groups = sorted({one.group for one in found})
    if "console_scripts" not in groups:
        raise GraderError(f"{DISTRIBUTION} is installed without its command: install it with pip, then build again")
    return "\n".join(
        line
        for group in groups
        for line in (f"[{group}]", *sorted(f"{one.name} = {one.value}" for one in found if one.group == group), "")
    )


def _record(files: dict[str, bytes], own: str) -> bytes:
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _distribution() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise GraderError(
            f"{DISTRIBUTION} is not installed for this Python: install it with pip, then build again"
        ) from error


def _stem() -> str:
    return f"{DISTRIBUTION.replace('-', '_')}-{_distribution().version}"
