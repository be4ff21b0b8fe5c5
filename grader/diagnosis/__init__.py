"""Why a gradient is wrong, from its numbers alone.

    solution, model ─► expressions ─► mutants ─► tables (by value) ─► look-ups ─► stories, each recomputed before it is told

Nothing of the student's enters but arrays.  Import `diagnose` only where a gradient is wrong: it is not needed otherwise.
"""

from grader.diagnosis.hypothesis import Edit, Explanation, Hypothesis

__all__ = ["Edit", "Explanation", "Hypothesis"]
