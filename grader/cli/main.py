"""The entry point of the command: its output, whose reader may leave, and a zygote for the commands that will need one."""

import codecs
import contextlib
import errno
import gc
import io
import os
import select
import sys
from typing import Any, TextIO

_RUN_STUDENTS_CODE = ("check", "grade")
# For encodings that lack a sign.  Lines and corners of pictures and tables become "-", "|" and "+".
_ASCII = {
    **dict.fromkeys("─", "-"), **dict.fromkeys("│", "|"), **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    "✓": "+", "✗": "x", "·": "-", "…": "...", "×": "x", "∘": "o", "⊙": "*", "−": "-", "≠": "!=", "⏎": "|",
    "→": "->", "←": "<-", "↳": ">", "►": ">", "⟨": "<", "⟩": ">",
    "∂": "d", "δ": "delta", "Σ": "sum", "Π": "product",
}  # fmt: skip
_FAILED = 3  # the exit code when the work could not be done
# The arrays are small: on a busy machine threads that wait for one another take fifty times as long as one alone.
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM")}


# Modules that are loaded leave no garbage, but by default are searched for it some hundred times.
_OBJECTS_TO_COLLECT = 100_000


def main() -> None:
    """Run `grader` with the arguments of this process."""
    try:
        _run()
    except KeyboardInterrupt:  # before the command line was loaded, which reports it otherwise
        with contextlib.suppress(OSError):
            os.write(2, b"interrupted\n")
        sys.exit(_FAILED)


def _run() -> None:
    for variable, count in _ONE_THREAD.items():
        os.environ.setdefault(variable, count)
    quick = sys.argv[1:2] and sys.argv[1] in _RUN_STUDENTS_CODE and not {"-h", "--help"}.intersection(sys.argv)
    if quick:
        gc.set_threshold(_OBJECTS_TO_COLLECT)
        from grader.sandbox.launch import prestart

        prestart()
    from grader.cli.app import main as command_line

    sys.stdout, sys.stderr = _unbroken(sys.stdout), _unbroken(sys.stderr)
    try:
        command_line(prog_name="grader")
    except SystemExit as end:
        if isinstance(end.code, int):
            _finish(end.code, at_once=bool(quick))
        raise


def _finish(code: int, *, at_once: bool) -> None:
    """Flush the output as the interpreter would, but report a failure in one line, without a traceback and code 120.

    Args:
        at_once: end without tearing down the interpreter, which takes as long as grading; nothing is left to be closed.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None if it was closed before we started
            stream.flush()
    except OSError as error:
        if code != _FAILED:  # otherwise it has been reported
            with contextlib.suppress(OSError):
                os.write(2, f"error: the result could not be written: {error.strerror}\n".encode())
        os._exit(_FAILED)
    if at_once:
        os._exit(code)


class _Unbroken(io.FileIO):
    """A file that drops what nobody reads any more, as with `| head`: the command ends as if it had been read."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # A pipe, a socket over a network or, with an error of its own, a pipe on Windows.
            if isinstance(error, ConnectionError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
                return memoryview(data).nbytes
            raise


def _unbroken(stream: TextIO | Any) -> TextIO | Any:
    """The same stream, for which a closed pipe is no error, nor a sign that its encoding lacks.

    Other pipes still raise: those of the sandbox must.  A console of Windows is left as it is: it takes every sign.
    """
    if not isinstance(stream, io.TextIOWrapper):  # None if it was closed before we started
        return stream
    if not isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
        return stream
    raw = _Unbroken(stream.fileno(), "wb", closefd=False)
    at_once = stream.line_buffering or stream.write_through
    errors = _ERRORS.get(stream.errors or "", stream.errors)
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, errors, line_buffering=at_once)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What to write for signs that an encoding such as cp1252 lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_stand_in(sign, "?") for sign in lacking), error.end


def _in_ascii_or_escaped(error: UnicodeError) -> tuple[str, int]:
    """The same for messages, where names must still be told apart in a script that the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_stand_in(sign, ascii(sign)[1:-1]) for sign in lacking), error.end


def _stand_in(sign: str, other: str) -> str:
    """What is written for a sign: for letters with accents and strokes the letter, `other` where nothing is like it."""
    import re
    import unicodedata

    if unicodedata.combining(sign):
        return ""
    letter = re.match(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z])\b", unicodedata.name(sign, ""))
    if letter:
        return letter[2] if letter[1] == "CAPITAL" else letter[2].lower()
    return _ASCII.get(sign, other)


_ERRORS: dict[str, str | None] = {"strict": "grader.in_ascii", "backslashreplace": "grader.in_ascii_or_escaped"}
for _name, _handler in zip(
    ("grader.in_ascii", "grader.in_ascii_or_escaped"), (_in_ascii, _in_ascii_or_escaped), strict=True
):
    codecs.register_error(_name, _handler)


def reader_gone() -> bool:
    """Whether nobody reads standard output any more.  Windows cannot say."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or never open
        poll.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
