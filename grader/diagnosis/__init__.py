"""Why a gradient is wrong, from its numbers alone.

    solution, model ─► expressions ─► mutants ─► tables (by value) ─► look-ups ─► hypotheses, each verified before it is reported

All it takes from students is arrays.  Import `engine` only where a gradient is wrong: loading it takes time.
"""
