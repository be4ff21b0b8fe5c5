"""Automatic grading of hand-derived gradients: right or wrong, and why.

The public API, documented in docs/api.md.  Names are imported when they are first used: `import grader` costs next to nothing.
"""

TYPE_CHECKING = False  # as typing has it, whose import would delay the start of every command
if TYPE_CHECKING:
    from grader.api import Student, check, derive, grade, results
    from grader.derivation import Formula
    from grader.errors import ConfigError, GraderError, SandboxError, UnreadableError, UsageError
    from grader.grading.grader import Grader
    from grader.packaging.handout.homework import Homework
    from grader.records.result import Grade

__version__ = "0.1.0"
__all__ = [
    "ConfigError",
    "Formula",
    "Grade",
    "Grader",
    "GraderError",
    "Homework",
    "SandboxError",
    "Student",
    "UnreadableError",
    "UsageError",
    "__version__",
    "check",
    "derive",
    "grade",
    "results",
]

_PLACES = {
    "Formula": "grader.derivation",
    "Grade": "grader.records.result",
    "Grader": "grader.grading.grader",
    "Homework": "grader.packaging.handout.homework",
    "Student": "grader.api",
    "check": "grader.api",
    "derive": "grader.api",
    "grade": "grader.api",
    "load_ipython_extension": "grader.magic",
    "results": "grader.api",
    **dict.fromkeys(("ConfigError", "GraderError", "SandboxError", "UnreadableError", "UsageError"), "grader.errors"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
