"""The entry point of the command: start a zygote for the commands that will need one, then load the command line."""

import contextlib
import os
import sys

_RUN_STUDENTS_CODE = ("check", "grade")
_FAILED = 3  # the exit code of what could not be done


def main() -> None:
    """Run `grader` with the arguments of this process."""
    try:
        _run()
    except KeyboardInterrupt:  # before the command line was there to say so
        with contextlib.suppress(OSError):
            os.write(2, b"interrupted\n")
        sys.exit(_FAILED)


def _run() -> None:
    quick = sys.argv[1:2] and sys.argv[1] in _RUN_STUDENTS_CODE and not {"-h", "--help"}.intersection(sys.argv)
    if quick:
        from grader.sandbox.launch import prestart

        prestart()
    from grader.cli.app import main as command_line
    from grader.cli.pipes import outlive_readers

    outlive_readers()
    try:
        command_line(prog_name="grader")
    except SystemExit as end:
        if isinstance(end.code, int):
            _finish(end.code, at_once=bool(quick))
        raise


def _finish(code: int, *, at_once: bool) -> None:
    """Write out what is still in a buffer.  What the interpreter would do itself, but for a traceback and code 120 on failure.

    Args:
        at_once: end without taking the interpreter apart, which takes as long as grading does; nothing is left to be closed.
    """
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None where it was closed before we started
            stream.flush()
    except OSError as error:
        if code != _FAILED:  # otherwise that has been reported
            with contextlib.suppress(OSError):
                os.write(2, f"error: the result could not be written: {error.strerror}\n".encode())
        os._exit(_FAILED)
    if at_once:
        os._exit(code)
