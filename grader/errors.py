"""What can go wrong for the grader or an instructor, one class per cause.

    GraderError            exit code 3: could not grade
      UsageError           exit code 2: a path or an option is wrong
        ConfigError        exit code 2: config.yaml, or a file that it names, is wrong
      UnreadableError      exit code 3: what was submitted cannot be read
      SandboxError         exit code 3: the sandbox could not be set up or used

Whatever a *student's* file does is data (`grader.records.run`), never one of these exceptions.
"""


class GraderError(Exception):
    """The grader could not do its work; this says nothing about the submission."""

    exit_code = 3

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the message alone."""
        return [f"error: {self}"]


class UsageError(GraderError):
    """A command or function was given something that it cannot use."""

    exit_code = 2


class ConfigError(UsageError):
    """config.yaml, or a file that it names, cannot be used."""


class UnreadableError(GraderError):
    """Something was submitted, and none of it can be read: a damaged archive, a zip bomb, a link."""


class SandboxError(GraderError):
    """No sandbox as strong as asked for, or a sandbox that failed."""


def did_you_mean(found: str, known: list[str]) -> str:
    """`; did you mean wall_seconds?`, or nothing where no name is near."""
    import difflib  # only where something is wrong

    near = difflib.get_close_matches(found, known, n=3, cutoff=0.6)
    ratios = [difflib.SequenceMatcher(None, name, found).ratio() for name in near]
    best = [name for name, ratio in zip(near, ratios, strict=True) if ratio == max(ratios)]
    best.sort(key=lambda name: name.casefold() != found.casefold())  # of equally near ones that of another case
    return f"; did you mean {best[0]}?" if best else ""
