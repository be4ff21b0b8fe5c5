"""Inside the sandbox: exceptions, warnings and printed output as the plain text that is sent.

Runs beside a student's code, on objects of its making: an exception's own `__str__` may raise, loop or be huge.
"""

import errno
import io
import os
import re
import sys
import traceback

import numpy as np

MAX_WARNINGS = 5
MAX_FOLDER = 4096
_NO_READING = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.EISDIR)


def _folders():
    """A pattern for the folders of Python, numpy and the grader on this machine, the longest first."""
    own = os.path.abspath(__file__).rsplit(os.sep, 3)[0]
    found = set(map(os.path.dirname, (os.path.dirname(np.__file__), own, os.__file__, sys.executable)))
    found |= {sys.prefix, sys.base_prefix, sys.exec_prefix}
    ordered = sorted((re.escape(folder.rstrip("\\/")) for folder in found if len(folder) > 1), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(ordered)})(?:[\\/]|(?![\w.-]))")


_FOLDERS = _folders()


def clean(text, limit):
    """Printable characters and newlines only, at most `limit` of them, and no folder of this machine."""
    text = text[: limit + MAX_FOLDER]  # a folder name that was cut would no longer be recognized
    if os.sep in text:
        text = _FOLDERS.sub("", text)
    text = text[:limit]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def failure(error, file, limit):
    """An exception as an event; `line` is the last one of `file` in its traceback."""
    outcome = "out_of_memory" if isinstance(error, MemoryError) else "raised"
    line = 0
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == file:
            line = number
    if isinstance(error, SyntaxError):
        try:
            line = int(error.lineno or 0) if error.filename == file else line
        except BaseException:
            line = 0
    return {"outcome": outcome, "message": clean(in_words(error, file), limit), "line": line}


def innermost(error, file, asked):
    """Which of the functions `asked` for raised: another one than was called, where that one calls it; "" for none."""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    names = [code.co_name for code in frames if code.co_filename == file and code.co_name in asked]
    return names[-1] if names else ""


def in_words(error, file):
    """`ValueError: what it says`; in our words where the code asked for a file or for input that does not exist here."""
    try:
        if isinstance(error, SyntaxError) and error.filename == file:
            name, text = type_name(error), str(error.msg)
        else:
            name, text = _unavailable(error) or (type_name(error), str(error))
    except BaseException:
        name, text = type_name(error), "(its message cannot be shown)"
    return ": ".join(filter(None, [name, text]))


def _unavailable(error):
    """(name, text) where a file or input() was asked for, or None."""
    kind = type(error)
    if kind is EOFError and str(error) in ("", "EOF when reading a line"):
        return "EOFError", "nobody can answer input() here"
    if kind is ModuleNotFoundError and str(error.name).startswith("urllib"):
        wanted = _file_for_numpy(error)
        return ("FileNotFoundError", f"no file can be read here: {wanted}") if wanted else None
    if not isinstance(error, OSError):
        return None
    if kind is FileNotFoundError and error.errno is None and str(error).endswith(" not found."):  # numpy's own
        return type_name(error), f"no file can be read here: {str(error).removesuffix(' not found.')}"
    if error.filename is None or isinstance(error.filename, int):
        return None
    what = "read" if error.errno in _NO_READING else "read or written"
    return type_name(error), f"no file can be {what} here: {os.fsdecode(error.filename)}"


def _file_for_numpy(error):
    """The file that numpy was about to open: it imports urllib first, in case the name is an address."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    frames = [frame for frame in frames if str(frame.f_globals.get("__name__")).startswith("numpy.")]
    paths = [frame.f_locals.get("path") for frame in frames]
    return next((path for path in reversed(paths) if type(path) is str), "")


def type_name(value):
    return str(type.__dict__["__name__"].__get__(type(value)))


def warnings_in_words(caught, limit):
    texts = []
    for warning in caught[:MAX_WARNINGS]:
        try:
            texts.append(clean(f"{type_name(warning.message)}: {warning.message}", limit // MAX_WARNINGS))
        except BaseException:
            texts.append("(a warning that cannot be shown)")
    return texts


class Sink(io.TextIOWrapper):
    """Stands in for stdout and stderr: keeps the first `limit` characters, and stays open."""

    def __init__(self, limit):
        self.limit, self.kept = limit, _Kept(4 * limit)
        super().__init__(self.kept, "utf-8", "replace", write_through=True)

    def close(self):
        pass

    def take(self):
        if not self.kept.data:
            return ""
        text = self.kept.data.decode("utf-8", "replace")[: self.limit]
        self.kept.data.clear()
        return text


class _Kept(io.RawIOBase):
    def __init__(self, room):
        self.room, self.data = room, bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data[: self.room - len(self.data)]
        return len(data)

    def close(self):
        pass
