"""What can go wrong for the grader or an instructor, one class per cause.

    GraderError            exit code 3: could not grade
      UsageError           exit code 2: a path or an option is wrong
        ConfigError        exit code 2: config.yaml, or a file that it names, is wrong
      SandboxError         exit code 3: the sandbox could not be set up or used

Whatever a *student's* file does is data (`grader.records.run`), never one of these exceptions.
"""

import difflib


class GraderError(Exception):
    """The grader could not do its work; this says nothing about the submission."""

    exit_code = 3


class UsageError(GraderError):
    """A command or function was given something that it cannot use."""

    exit_code = 2


class ConfigError(UsageError):
    """config.yaml, or a file that it names, cannot be used."""


class SandboxError(GraderError):
    """No sandbox as strong as asked for, or a sandbox that failed."""


def did_you_mean(found: str, known: list[str]) -> str:
    """`; did you mean wall_seconds?`, or nothing where no name is near."""
    near = [name for name in known if name.casefold() == found.casefold()]
    near = near or difflib.get_close_matches(found, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
