"""The entry point of the command: start a zygote for the commands that will need one, then load the command line."""

import os
import sys

_RUN_STUDENTS_CODE = ("check", "grade")


def main() -> None:
    """Run `grader` with the arguments of this process."""
    quick = sys.argv[1:2] and sys.argv[1] in _RUN_STUDENTS_CODE and not {"-h", "--help"}.intersection(sys.argv)
    if quick:
        from grader.sandbox.launch import hatch

        hatch()
    from grader.cli import main as command_line

    try:
        command_line(prog_name="grader")
    except SystemExit as end:
        if quick and isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """End without taking the interpreter apart, which takes as long as grading does; nothing is left to be closed."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # whoever was reading has gone: the interpreter knows what to do
    os._exit(code)
