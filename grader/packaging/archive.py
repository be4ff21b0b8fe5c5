"""Zips that come out the same, byte for byte, whenever they are made from the same files; what reading others may raise."""

import contextlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from grader.errors import UsageError

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_FILE, _PROGRAM = 0o100644, 0o100755

# What zipfile raises for a zip that is damaged, encrypted or of an unknown kind.
ZIP_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    zlib.error,
)
with contextlib.suppress(ImportError):  # where Python has no lzma, its zipfile does without
    from lzma import LZMAError

    ZIP_ERRORS += (LZMAError,)


def zip_bytes(files: Mapping[str, bytes], programs: tuple[str, ...] = ()) -> bytes:
    """A zip of `files` by their paths in it, sorted; those in `programs` are executable."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = 3  # Unix: otherwise the modes below mean nothing
            info.external_attr = (_PROGRAM if name in programs else _FILE) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name], compresslevel=6)
    return buffer.getvalue()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; what a link leads to, not the link.

    Raises:
        UsageError: it cannot be written there.
    """
    path = path.resolve()
    try:
        if (
            path.exists() and not path.is_file() and not path.is_dir()
        ):  # a device or pipe: to be written to, not replaced
            path.write_bytes(data)
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except OSError as error:
        os.unlink(name)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
