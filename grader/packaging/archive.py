"""Zips with the same bytes whenever they are made from the same files; what reading other zips may raise."""

import contextlib
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_FILE, _PROGRAM = 0o100644, 0o100755

# What zipfile raises for a zip that is damaged, encrypted or of an unknown kind.
ZIP_ERRORS: tuple[type[Exception], ...] = (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, zlib.error)
with contextlib.suppress(ImportError):  # a Python without lzma has a zipfile without it
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
