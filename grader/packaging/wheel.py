"""The installed grader as a wheel, for the zips that carry it.  Needs no network and no build tool.

Works for an installed wheel and for an editable install: the files are those of the running package, the metadata and the
entry points those of the installation.
"""

import base64
import email
import hashlib
import re
from collections.abc import Collection
from email.policy import EmailPolicy
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import grader
from grader.errors import GraderError
from grader.packaging.archive import zip_bytes

DISTRIBUTION = "gradient-grader"
_WHEEL = "Wheel-Version: 1.0\nGenerator: gradient-grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# The README may contain formulas, and extras need an index; requirements come back without those of extras.
_LEFT_OUT = ("Description", "Description-Content-Type", "License-File", "Dynamic", "Requires-Dist", "Provides-Extra")


def wheel_name() -> str:
    return f"{_stem(_installed())}-py3-none-any.whl"


def make_wheel(without: Collection[str] = ()) -> bytes:
    """The wheel: the same package gives the same bytes.

    Args:
        without: what is not required where the wheel is installed.

    Raises:
        GraderError: the installation has no metadata, or not the command.
    """
    installed = _installed()
    entry_points = installed.read_text("entry_points.txt")
    if entry_points is None or "[console_scripts]" not in entry_points:
        raise GraderError(f"{DISTRIBUTION} is installed without its command: install it with pip, then build again")
    info = f"{_stem(installed)}.dist-info"
    files = _package()
    files[f"{info}/METADATA"] = _metadata(installed, without)
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/entry_points.txt"] = entry_points.encode()
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    return zip_bytes(files)


def requirements(without: Collection[str] = ()) -> list[str]:
    """What the grader needs, each with the range of versions that it works with.

    Args:
        without: names that are left out.

    Raises:
        GraderError: the grader was copied, not installed.
    """
    needed = [line for line in _installed().requires or [] if "extra ==" not in line]
    return [line for line in needed if not any(re.match(rf"{re.escape(name)}(?![\w.-])", line) for name in without)]


def _package() -> dict[str, bytes]:
    """The files of the package by their paths in the wheel."""
    folder = Path(grader.__file__).parent
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(folder).parts)
    }


def _metadata(installed: Distribution, without: Collection[str]) -> bytes:
    """The installed METADATA without its README and its extras."""
    text = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    fields = email.message_from_string(text, policy=EmailPolicy(utf8=True, max_line_length=0))
    for name in _LEFT_OUT:
        del fields[name]
    for line in requirements(without):
        fields["Requires-Dist"] = line
    fields.set_payload("")
    return fields.as_string().encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _installed() -> Distribution:
    try:
        return distribution(DISTRIBUTION)
    except PackageNotFoundError as error:
        raise GraderError(
            f"{DISTRIBUTION} is not installed for this Python: install it with pip, then build again"
        ) from error


def _stem(installed: Distribution) -> str:
    return f"{DISTRIBUTION.replace('-', '_')}-{installed.version}"
